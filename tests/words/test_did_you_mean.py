"""The name that a person probably meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.testing.word_strategies import job_names
from aperture_plugin.words.did_you_mean import Neighbors, did_you_mean, nearest
from aperture_plugin.words.homoglyphs import odd_letter_clause, plain_letters

JOBS = ("library-scan", "user-sync", "database-backup", "watch-history", "embeddings", "recommendations")
MANY = tuple(f"{place}-{kind}-{number}" for place in ("riga", "oslo") for kind in JOBS for number in range(400))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("library-scam", "library-scan"),
        ("libary-scan", "library-scan"),
        ("librayr-scan", "library-scan"),
        ("Library-Scan", "library-scan"),
        ("library_scan", "library-scan"),
        ("scan library", "library-scan"),
        ("  embeddings ", "embeddings"),
        ("embedings", "embeddings"),
        ("recomendation", "recommendations"),
        ("еmbeddings", "embeddings"),
        ("ｕｓｅｒ-sync", "user-sync"),
    ],
)
def test_a_slip_of_the_finger_finds_the_name_that_was_meant(written: str, meant: str) -> None:
    assert nearest(written, JOBS) == meant


@pytest.mark.parametrize("written", ["", " ", "x", "scan", "thumbnails", "sync-user-list", "a" * 10_000, "\0", "💿"])
def test_a_name_that_is_near_to_none_finds_none(written: str) -> None:
    assert nearest(written, JOBS) is None
    assert did_you_mean(written, JOBS) == ""


def test_where_two_names_are_as_near_the_one_that_begins_alike_is_meant() -> None:
    assert nearest("munday", ["sunday", "monday"]) == "monday"
    assert nearest("sonday", ["monday", "sunday"]) == "sunday"


def test_one_letter_alone_is_not_a_misspelt_other_letter() -> None:
    assert nearest("a", ["b", "c"]) is None
    assert nearest("B", ["b", "c"]) == "b"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("riga-user-sync-7", "riga-user-sync-7"),
        ("riga-user-synk-7", "riga-user-sync-7"),
        ("rgia-user-sync-7", "riga-user-sync-7"),
        ("oslo-librray-scam-31", "oslo-library-scan-31"),
        ("scan-oslo-library-399", "oslo-library-scan-399"),
        ("bergen-user-sync-x", None),
        ("nothing-like-it", None),
    ],
)
def test_one_name_of_thousands_is_found_as_well(written: str, meant: str | None) -> None:
    assert nearest(written, MANY) == meant


def test_any_collection_of_names_can_be_asked() -> None:
    names = {"user-sync": 1, "library-scan": 2}

    found = [
        nearest("user-sink", names.keys()),
        nearest("user-sink", frozenset(names)),
        nearest("user-sink", set(names)),
    ]

    assert found == ["user-sync"] * 3
    assert nearest("user-sink", (name for name in names)) == "user-sync"
    assert Neighbors(names).nearest("user-sink") == "user-sync"


@given(st.lists(job_names(), min_size=1, max_size=8), st.data())
def test_each_name_is_its_own_nearest_but_for_case(names: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in names if len(name) <= 64]))

    found = nearest(name, names)

    assert found is not None
    assert found.casefold() == name.casefold()


@given(st.text(max_size=90), st.lists(st.text(max_size=20), max_size=5))
def test_any_text_among_any_texts_is_answered_with_one_of_them_or_none(name: str, candidates: list[str]) -> None:
    assert nearest(name, candidates) in {None, *candidates}


def test_a_hint_names_the_nearest_and_the_letter_that_only_looks_right() -> None:
    assert did_you_mean("saterday", ["sunday", "saturday"]) == '; did you mean "saturday"?'
    assert did_you_mean("ѕunday", ["sunday"]) == '; did you mean "sunday"? (its "ѕ" is a cyrillic small letter dze)'


def test_letters_that_only_look_right_are_put_right_and_others_are_left() -> None:
    assert plain_letters("ѕundау ｄａｉｌｙ größe") == "sunday daily größe"
    assert odd_letter_clause("größe sunday") == ""
