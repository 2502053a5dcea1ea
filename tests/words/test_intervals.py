"""Intervals and their offsets: how they are read, printed, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from inspect import cleandoc

import pytest
from hypothesis import given

from aperture_plugin.testing.word_strategies import intervals
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.intervals import (
    interval_text,
    offset_text,
    read_interval_offset,
    require_interval,
    require_offset,
)
from aperture_plugin.words.schedules import LONGEST_INTERVAL, Interval

Refusal = Callable[[Callable[[str], object], str], str]

READ = {
    ":10": timedelta(minutes=10),
    "1:10": timedelta(hours=1, minutes=10),
    ":10:30": timedelta(minutes=10, seconds=30),
    " 1:10:05 ": timedelta(hours=1, minutes=10, seconds=5),
    ":00:30": timedelta(seconds=30),
    "30:00": timedelta(hours=30),
    ":00": timedelta(0),
}

REFUSED = {
    "": """
        no offset is written [bad-offset]

        ^
        hint: expected minutes past the hour such as :10, or hours and minutes such as 1:10
    """,
    "10": """
        "10" is not an offset [bad-offset]
        10
        ^^
        hint: expected minutes past the hour such as :10, or hours and minutes such as 1:10
        write: :10
    """,
    "90": """
        "90" is not an offset [bad-offset]
        90
        ^^
        hint: expected minutes past the hour such as :10, or hours and minutes such as 1:10
    """,
    ":60": """
        ":60" is not an offset [bad-offset]
        :60
        ^^^
        hint: expected minutes past the hour such as :10, or hours and minutes such as 1:10
    """,
    "1:60": """
        "1:60" is not an offset [bad-offset]
        1:60
        ^^^^
        hint: expected minutes past the hour such as :10, or hours and minutes such as 1:10
    """,
    "2 AM": """
        "2 AM" is not an offset [bad-offset]
        2 AM
        ^^^^
        hint: expected minutes past the hour such as :10, or hours and minutes such as 1:10
    """,
    "10 minutes": """
        "10 minutes" is not an offset [bad-offset]
        10 minutes
        ^^^^^^^^^^
        hint: expected minutes past the hour such as :10, or hours and minutes such as 1:10
    """,
    ":٣0": """
        "٣" is not written in the digits 0 to 9 [digits-not-ascii]
        :٣0
         ^
        hint: write "3" with the digits of an English keyboard
        write: :30
    """,
}


@pytest.mark.parametrize("text", READ)
def test_an_offset_is_read_as_a_clock_after_midnight(text: str) -> None:
    assert read_interval_offset(text) == READ[text]


@given(intervals())
def test_an_offset_printed_and_read_again_is_the_same(interval: Interval) -> None:
    assert read_interval_offset(offset_text(interval.offset)) == interval.offset


def test_an_interval_prints_in_its_largest_unit_and_a_single_one_without_a_number() -> None:
    seconds = (1, 2, 60, 90, 120, 3600, 5400, 86_400, 172_800)

    printed = [interval_text(timedelta(seconds=n)) for n in seconds]

    assert printed == [
        "second",
        "2 seconds",
        "minute",
        "90 seconds",
        "2 minutes",
        "hour",
        "90 minutes",
        "24 hours",
        "48 hours",
    ]


def test_an_interval_may_be_a_leap_year_long_and_no_longer(refusal: Refusal) -> None:
    require_interval(LONGEST_INTERVAL, "366 days")

    told = refusal(lambda text: require_interval(LONGEST_INTERVAL + timedelta(seconds=1), text), "366 days 1 second")

    assert told == cleandoc("""
        "366 days 1 second" is longer than an interval may be [interval-too-long]
        366 days 1 second
        ^^^^^^^^^^^^^^^^^
        hint: expected an interval from 1 second to 366 days
    """)


def test_an_offset_is_less_than_its_interval_and_the_same_grid_is_offered(refusal: Refusal) -> None:
    every, offset = timedelta(hours=2), timedelta(hours=3)
    require_offset(every - timedelta(seconds=1), every, "1:59:59")

    as_duration = refusal(lambda text: require_offset(offset, every, text), "3 hours")
    as_clock = refusal(lambda text: require_offset(offset, every, text, write=offset_text), "3:00")

    assert as_duration == cleandoc("""
        "3 hours" is not less than the interval of 2 hours [offset-too-long]
        3 hours
        ^^^^^^^
        hint: expected less than the interval: the offset says how long after midnight the first run is
        write: 1 hour
    """)
    assert as_clock.endswith("write: 1:00")
    assert duration_text(offset % every) == "1 hour"


@pytest.mark.parametrize("text", REFUSED)
def test_an_offset_that_cannot_be_read_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_interval_offset, text) == cleandoc(REFUSED[text])
