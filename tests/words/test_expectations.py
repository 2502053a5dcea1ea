"""Sentences that say what is expected."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.testing.word_strategies import durations, job_names, times, windows
from aperture_plugin.words.expectations import (
    AtMost,
    Before,
    Expectation,
    Nothing,
    ReadyBy,
    expectation_text,
    read_expectation,
)
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.schedules import Weekday
from aperture_plugin.words.windows import Window

EVENING = Window(since=time(18), until=time(23))
lasting = st.one_of(st.none(), durations())


@st.composite
def expectations(draw: st.DrawFn) -> Expectation:
    took = draw(lasting)
    match draw(st.integers(0, 3)):
        case 0:
            first, then = draw(st.lists(job_names(), min_size=2, max_size=2, unique=True))
            return Before(first=first, then=then, lasting=took)
        case 1:
            days = tuple(sorted(draw(st.sets(st.sampled_from(Weekday)))))
            return Nothing(window=draw(windows()), days=days, lasting=took)
        case 2:
            queue = draw(st.one_of(st.none(), job_names()))
            return AtMost(most=draw(st.integers(1, 1000)), queue=queue, lasting=took)
        case _:
            return ReadyBy(job=draw(job_names()), by=draw(times()), lasting=took)


@given(expectations())
def test_an_expectation_printed_and_read_again_is_the_same(expectation: Expectation) -> None:
    assert read_expectation(expectation_text(expectation)) == expectation


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("sync-movies before embeddings", Before(first="sync-movies", then="embeddings")),
        ("nothing between 6 PM and 11 PM on friday", Nothing(window=EVENING, days=(Weekday.FRIDAY,))),
        ("  Nothing  BETWEEN 18:00 and 23:00 ", Nothing(window=EVENING)),
        ("at most 2 at once in default", AtMost(most=2, queue="default")),
        ("at most 2 at once", AtMost(most=2)),
        ("library-build ready by 6:30 AM", ReadyBy(job="library-build", by=time(6, 30))),
        (
            "library-build ready by 6:30 AM if runs take 2 hours",
            ReadyBy(job="library-build", by=time(6, 30), lasting=timedelta(hours=2)),
        ),
        ("nothing before at", Before(first="nothing", then="at")),
        ("scan before if", Before(first="scan", then="if")),
    ],
)
def test_four_kinds_of_sentence_are_read(text: str, read: Expectation) -> None:
    assert read_expectation(text) == read


@pytest.mark.parametrize(
    ("text", "code", "part", "instead"),
    [
        ("", "nothing-written", "", None),
        ("hello world", "unknown-expectation", "hello world", None),
        ("scan befor backup", "unknown-expectation", "scan befor backup", "scan before backup"),
        ("noting between 6 PM and 7 PM", "unknown-expectation", None, "nothing between 6 PM and 7 PM"),
        ("backup after scan", "unknown-expectation", "backup after scan", "scan before backup"),
        ("scan is ready by 6 AM", "unknown-expectation", None, "scan ready by 6 AM"),
        ("scan before scan", "unknown-expectation", "scan", None),
        ("scan before", "incomplete-phrase", "before", None),
        ("scan before backup and sync", "unexpected-words", "and sync", "scan before backup"),
        ("scan ready 6:30", "unexpected-words", "6:30", "scan ready by 6:30"),
        ("scan ready by 25:00", "bad-time", "25", None),
        ("nothing between 6 PM", "incomplete-phrase", "6 PM", None),
        ("nothing between 6 PM to 11 PM", "unexpected-words", "to", None),
        ("nothing between 6 PM and 18:00", "empty-window", "6 PM and 18:00", None),
        ("nothing between 6 PM and 7 PM on fryday", "unknown-day", "fryday", "nothing between 6 PM and 7 PM on friday"),
        ("at most two at once", "bad-number", "two", "at most 2 at once"),
        ("at most 0 at once", "number-out-of-range", "0", None),
        ("at most 2 in default", "unexpected-words", "in", "at most 2 at once in default"),
        ("scan ready by 2 AM if runs take long", "bad-duration", "long", None),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(text: str, code: str, part: str | None, instead: str | None) -> None:
    with pytest.raises(Unreadable) as told:
        read_expectation(text)

    problem = told.value
    assert (problem.code, problem.instead) == (code, instead)
    assert part is None or text[problem.start : problem.start + problem.length] == part
