"""A date and a time: how they are read, printed, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from inspect import cleandoc

import pytest
from hypothesis import given

from aperture_plugin.testing.word_strategies import moments
from aperture_plugin.words.datetimes import moment_text, read_moment

Refusal = Callable[[Callable[[str], object], str], str]

EVE = datetime(2026, 12, 24, 18, 0)  # noqa: DTZ001 - a wall time

REFUSED = {
    "": """
        no date and time is written [nothing-written]

        ^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
    """,
    "2026-12-24": """
        "2026-12-24" does not say at what time [moment-without-time]
        2026-12-24
        ^^^^^^^^^^
        hint: write the time after the date, such as 2026-12-24 6:00 PM
    """,
    "2026-02-30 10:00": """
        "2026-02-30" is not in the calendar: February 2026 has 28 days [impossible-date]
        2026-02-30 10:00
                ^^
        hint: expected a day from 01 to 28
    """,
    "2026-24-12 18:00": """
        "2026-24-12" is not in the calendar: there is no month 24 [impossible-date]
        2026-24-12 18:00
             ^^
        hint: expected year-month-day, the month from 01 to 12
        write: 2026-12-24 18:00
    """,
    "2026-00-30 18:00": """
        "2026-00-30" is not in the calendar: there is no month 0 [impossible-date]
        2026-00-30 18:00
             ^^
        hint: expected year-month-day, the month from 01 to 12
    """,
    "2026-04-31 10:00": """
        "2026-04-31" is not in the calendar: April 2026 has 30 days [impossible-date]
        2026-04-31 10:00
                ^^
        hint: expected a day from 01 to 30
    """,
    "1969-12-31 10:00": """
        "1969" is not a year that can be scheduled [year-out-of-range]
        1969-12-31 10:00
        ^^^^
        hint: expected a year from 1970 to 9998; for a job that never runs by itself write manual only
    """,
    "9999-12-31 23:59": """
        "9999" is not a year that can be scheduled [year-out-of-range]
        9999-12-31 23:59
        ^^^^
        hint: expected a year from 1970 to 9998; for a job that never runs by itself write manual only
    """,
    "2026-12-24 25:00": """
        "25:00" is not a time: 25 is not an hour of a day [bad-time]
        2026-12-24 25:00
                   ^^
        hint: expected 00:00 to 23:59
    """,
    "2026-12-24 18:00Z": """
        "Z" names a time zone beside the time [moment-with-zone]
        2026-12-24 18:00Z
                        ^
        hint: write the date and the time as the clocks of the job's timezone show them then
    """,
    "2026-12-24 18:00 +02:00": """
        "+02:00" names a time zone beside the time [moment-with-zone]
        2026-12-24 18:00 +02:00
                         ^^^^^^
        hint: write the date and the time as the clocks of the job's timezone show them then
    """,
    "2026-12-24 6:00 PM UTC": """
        "UTC" names a time zone beside the time [moment-with-zone]
        2026-12-24 6:00 PM UTC
                           ^^^
        hint: write the date and the time as the clocks of the job's timezone show them then
    """,
    "2026-12-24T18:00:00Z": """
        "Z" names a time zone beside the time [moment-with-zone]
        2026-12-24T18:00:00Z
                           ^
        hint: write the date and the time as the clocks of the job's timezone show them then
    """,
    "2026/12/24 18:00": """
        "2026/12/24 18:00" is not a date and a time [bad-moment]
        2026/12/24 18:00
        ^^^^^^^^^^^^^^^^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
        write: 2026-12-24 18:00
    """,
    "24.12.2026 18:00": """
        "24.12.2026 18:00" is not a date and a time [bad-moment]
        24.12.2026 18:00
        ^^^^^^^^^^^^^^^^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
        write: 2026-12-24 18:00
    """,
    "2026-1-2 18:00": """
        "2026-1-2 18:00" is not a date and a time [bad-moment]
        2026-1-2 18:00
        ^^^^^^^^^^^^^^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
        write: 2026-01-02 18:00
    """,
    "20261-12-24 18:00": """
        "20261-12-24 18:00" is not a date and a time [bad-moment]
        20261-12-24 18:00
        ^^^^^^^^^^^^^^^^^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
    """,
    "2026-12-2418:00": """
        "2026-12-2418:00" is not a date and a time [bad-moment]
        2026-12-2418:00
        ^^^^^^^^^^^^^^^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
    """,
    "tomorrow": """
        "tomorrow" is not a date and a time [bad-moment]
        tomorrow
        ^^^^^^^^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
    """,
    "2026-12-24, 18:00": """
        "2026-12-24, 18:00" is not a date and a time [bad-moment]
        2026-12-24, 18:00
        ^^^^^^^^^^^^^^^^^
        hint: expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM
    """,
}


@pytest.mark.parametrize(
    "text",
    ["2026-12-24 18:00", "2026-12-24 6:00 PM", "2026-12-24T18:00", "2026-12-24 t 6 pm", "  2026-12-24   18:00 "],
)
def test_a_moment_is_read_as_people_write_it(text: str) -> None:
    assert read_moment(text) == EVE


@given(moments())
def test_a_moment_printed_and_read_again_is_the_same(at: datetime) -> None:
    assert read_moment(moment_text(at)) == at
    assert read_moment(at.isoformat(timespec="minutes")) == at


def test_a_moment_prints_as_displays_show_it() -> None:
    assert moment_text(EVE) == "2026-12-24 6:00 PM"


def test_a_leap_day_is_a_date_in_a_leap_year_only(refusal: Refusal) -> None:
    assert read_moment("2028-02-29 10:00").day == 29
    assert "February 2026 has 28 days" in refusal(read_moment, "2026-02-29 10:00")


@pytest.mark.parametrize("text", REFUSED)
def test_a_moment_that_cannot_be_read_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_moment, text) == cleandoc(REFUSED[text])
