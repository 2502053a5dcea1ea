"""The data we ship: enough of it, all of a piece, and small."""

from __future__ import annotations

import csv
import doctest
from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import HOOKS

DATA = HOOKS / "medialibrary" / "data"


def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def titles(parts: Mapping[str, ModuleType]) -> list[Any]:
    shipped: list[Any] = parts["titles"].shipped_titles()
    return shipped


def test_there_are_movies_series_candidates_and_people_enough(titles: list[Any]) -> None:
    kinds = Counter(title.kind for title in titles)

    assert kinds["movie"] >= 150
    assert kinds["series"] >= 50
    assert len(table("candidates.csv")) >= 50
    assert 6 <= len(table("users.csv")) <= 8
    assert len(table("history.csv")) >= 250


def test_all_of_it_is_small() -> None:
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 400_000


def test_no_two_titles_share_a_key_or_a_file(parts: Mapping[str, ModuleType], titles: list[Any]) -> None:
    assert len({title.key for title in titles}) == len(titles)
    assert len({parts["titles"].file_of(title).casefold() for title in titles}) == len(titles)


def test_no_candidate_is_in_the_library_already(parts: Mapping[str, ModuleType], titles: list[Any]) -> None:
    candidates = {title.key for title in parts["titles"].shipped_titles("candidates.csv")}

    assert candidates.isdisjoint(title.key for title in titles)


def test_the_history_and_the_facts_speak_of_titles_and_users_that_exist(titles: list[Any]) -> None:
    keys, users = {title.key for title in titles}, {row["user"] for row in table("users.csv")}

    assert {row["key"] for row in table("history.csv")} <= keys
    assert {row["user"] for row in table("history.csv")} == users
    assert {row["key"] for row in table("facts.csv")} <= keys


def test_what_a_file_does_not_say_the_facts_do(titles: list[Any]) -> None:
    facts = {row["key"]: row for row in table("facts.csv")}
    bare = [title for title in titles if not (title.plot and title.genres)]

    assert len(bare) >= 20
    assert all((title.plot or facts[title.key]["plot"]) for title in titles)
    assert all((title.genres or facts[title.key]["genres"]) for title in titles)


def test_events_are_numbered_in_the_order_of_their_instants() -> None:
    events = table("history.csv")

    assert [int(event["event"]) for event in events] == list(range(1, len(events) + 1))
    assert [event["watched_at"] for event in events] == sorted(event["watched_at"] for event in events)


def test_every_shipped_title_is_read_back_from_its_file(parts: Mapping[str, ModuleType], titles: list[Any]) -> None:
    nfo_text, read_nfo = parts["titles"].nfo_text, parts["titles"].read_nfo

    assert [read_nfo(nfo_text(title)) for title in titles] == titles


line = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" ")).map(
    lambda text: " ".join(text.split())
)


@given(title=line.filter(bool), year=st.integers(1000, 9999), genres=line, plot=line)
def test_any_title_is_read_back_from_its_file(
    parts: Mapping[str, ModuleType], title: str, year: int, genres: str, plot: str
) -> None:
    one = parts["titles"].Title(kind="movie", title=title, year=year, genres=genres, plot=plot)

    assert parts["titles"].read_nfo(parts["titles"].nfo_text(one)) == one


def test_a_file_may_be_written_by_hand(parts: Mapping[str, ModuleType]) -> None:
    text = "Kind: series\r\nTITLE :  The Loft \r\nyear: 2020\r\nstudio: none\r\nplot: Pigeons\r\n\tcome home.\r\n"

    title = parts["titles"].read_nfo(text)

    assert (title.kind, title.title, title.year, title.genres, title.plot) == (
        *("series", "The Loft", 2020, ""),
        "Pigeons come home.",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'expected a kind of movie or series, found ""'),
        ("kind: song\ntitle: A\nyear: 2020", 'expected a kind of movie or series, found "song"'),
        ("kind: movie\nyear: 2020", "it has no title"),
        ("kind: movie\ntitle: A\nyear: soon", 'expected a year of four digits, found "soon"'),
    ],
)
def test_a_file_that_tells_of_no_title_says_why(parts: Mapping[str, ModuleType], text: str, message: str) -> None:
    with pytest.raises(parts["titles"].NotATitle) as refused:
        parts["titles"].read_nfo(text)

    assert str(refused.value) == message


def test_every_example_in_a_docstring_is_true(plugin: ModuleType, parts: Mapping[str, ModuleType]) -> None:
    results = [doctest.testmod(module) for module in (plugin, *parts.values())]

    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) >= 5
