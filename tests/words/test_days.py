"""Days of the week and of the month: how they are read, printed, and refused."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.testing.word_strategies import weekdays
from aperture_plugin.words.days import month_day_text, read_month_day, read_weekdays, weekdays_text
from aperture_plugin.words.schedules import Weekday

Refusal = Callable[[Callable[[str], object], str], str]

READ = {
    "sunday": "Sunday",
    "SUN": "Sunday",
    "Mon": "Monday",
    "weekdays": "weekdays",
    "weekends": "weekends",
    "sat, sun": "weekends",
    "fri and mon": "Monday, Friday",
    "sunday, monday, and tuesday": "Sunday, Monday, Tuesday",
    "mon,mon , monday": "Monday",
    "weekdays, saturday": "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday",
    "weekdays and weekends": "Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday",
}

REFUSED = {
    "": """
        no day is written [nothing-written]

        ^
        hint: expected a day, or several such as sunday, monday
    """,
    "saterday": """
        "saterday" is not a day of the week [unknown-day]
        saterday
        ^^^^^^^^
        hint: expected sunday to saturday, weekdays or weekends; did you mean "saturday"?
        write: saturday
    """,
    "sunday, munday": """
        "munday" is not a day of the week [unknown-day]
        sunday, munday
                ^^^^^^
        hint: expected sunday to saturday, weekdays or weekends; did you mean "monday"?
        write: sunday, monday
    """,
    "ѕunday": """
        "ѕunday" is not a day of the week [unknown-day]
        ѕunday
        ^^^^^^
        hint: expected sunday to saturday, weekdays or weekends; did you mean "sunday"? (its "ѕ" is a
              cyrillic small letter dze)
        write: sunday
    """,
    "1": """
        "1" is not a day of the week [unknown-day]
        1
        ^
        hint: days of the week have names here; expected sunday to saturday, weekdays or weekends
    """,
    "daily": """
        "daily" is not a day of the week [unknown-day]
        daily
        ^^^^^
        hint: for every day of the week, make the schedule daily
    """,
    "mon-wed": """
        "mon-wed" is not a day of the week [unknown-day]
        mon-wed
        ^^^^^^^
        hint: join several days with a comma: monday, tuesday, wednesday
        write: monday, tuesday, wednesday
    """,
    "fri to mon": """
        "fri to mon" is not a day of the week [unknown-day]
        fri to mon
        ^^^^^^^^^^
        hint: join several days with a comma: friday, saturday, sunday, monday
        write: friday, saturday, sunday, monday
    """,
    "mon – fri": """
        "mon – fri" is not a day of the week [unknown-day]
        mon – fri
        ^^^^^^^^^
        hint: join several days with a comma: weekdays
        write: weekdays
    """,
    "mon tue": """
        "mon tue" is not a day of the week [unknown-day]
        mon tue
        ^^^^^^^
        hint: join several days with a comma: mon, tue
        write: mon, tue
    """,
    "weekends-weekdays": """
        "weekends-weekdays" is not a day of the week [unknown-day]
        weekends-weekdays
        ^^^^^^^^^^^^^^^^^
        hint: expected sunday to saturday, weekdays or weekends
    """,
    "sunday,": """
        a day is missing after "," [missing-item]
        sunday,
              ^
        hint: join several with a comma or "and", as in sunday, monday
    """,
    "sunday,, monday": """
        a day is missing before "," [missing-item]
        sunday,, monday
               ^
        hint: join several with a comma or "and", as in sunday, monday
    """,
    "someday": """
        "someday" is not a day of the week [unknown-day]
        someday
        ^^^^^^^
        hint: expected sunday to saturday, weekdays or weekends
    """,
}

REFUSED_OF_A_MONTH = {
    "": """
        no day is written [nothing-written]

        ^
        hint: expected a day from 1 to 31, or last
    """,
    "0": """
        "0" is not a day of a month [bad-month-day]
        0
        ^
        hint: expected a day from 1 to 31, or last for the last day, whichever that is
    """,
    "32": """
        "32" is not a day of a month [bad-month-day]
        32
        ^^
        hint: expected a day from 1 to 31, or last for the last day, whichever that is
    """,
    "-1": """
        "-1" is not a day of a month [bad-month-day]
        -1
        ^^
        hint: expected a day from 1 to 31, or last for the last day, whichever that is
        write: last
    """,
    "-2": """
        "-2" is not a day of a month [bad-month-day]
        -2
        ^^
        hint: expected a day from 1 to 31, or last for the last day, whichever that is
    """,
    "1st": """
        "1st" is not a day of a month [bad-month-day]
        1st
        ^^^
        hint: expected a day from 1 to 31, or last; write 1
        write: 1
    """,
    "the 15th": """
        "the 15th" is not a day of a month [bad-month-day]
        the 15th
        ^^^^^^^^
        hint: expected a day from 1 to 31, or last; write 15
        write: 15
    """,
    "day 3": """
        "day 3" is not a day of a month [bad-month-day]
        day 3
        ^^^^^
        hint: expected a day from 1 to 31, or last; write 3
        write: 3
    """,
    "45th": """
        "45th" is not a day of a month [bad-month-day]
        45th
        ^^^^
        hint: expected a day from 1 to 31, or last for the last day, whichever that is
    """,
    "lst": """
        "lst" is not a day of a month [bad-month-day]
        lst
        ^^^
        hint: expected a day from 1 to 31, or last; did you mean "last"?
        write: last
    """,
    "1, 15": """
        "1, 15" is not a day of a month [bad-month-day]
        1, 15
        ^^^^^
        hint: a monthly schedule takes one day; for several, write cron, such as cron 0 4 1,15 * *
    """,
    "sunday": """
        "sunday" is not a day of a month [bad-month-day]
        sunday
        ^^^^^^
        hint: expected a day from 1 to 31, or last
    """,
    "first": """
        "first" is not a day of a month [bad-month-day]
        first
        ^^^^^
        hint: expected a day from 1 to 31, or last
    """,
    "１": """
        "１" is not written in the digits 0 to 9 [digits-not-ascii]
        １
        ^
        hint: write "1" with the digits of an English keyboard
        write: 1
    """,
}


@pytest.mark.parametrize("text", READ)
def test_days_of_the_week_print_as_displays_show_them_however_they_were_written(text: str) -> None:
    assert weekdays_text(read_weekdays(text)) == READ[text]


@given(weekdays())
def test_days_of_the_week_printed_and_read_again_are_the_same(days: tuple[Weekday, ...]) -> None:
    assert read_weekdays(weekdays_text(days)) == days


@given(st.lists(st.sampled_from(Weekday), min_size=1))
def test_days_of_the_week_are_sorted_and_each_is_kept_once(days: list[Weekday]) -> None:
    read = read_weekdays(" and ".join(day.name for day in days))

    assert read == tuple(sorted(set(days)))


@pytest.mark.parametrize(
    ("text", "day"),
    [("1", 1), ("31", 31), (" 07 ", 7), ("last", "last"), ("Last Day", "last"), ("the last day", "last")],
)
def test_a_day_of_the_month_is_a_number_or_the_last(text: str, day: int | Literal["last"]) -> None:
    assert read_month_day(text) == day


def test_a_day_of_the_month_prints_as_a_phrase_says_it() -> None:
    assert [month_day_text(day) for day in (1, 31)] == ["day 1", "day 31"]
    assert month_day_text("last") == "the last day"


@pytest.mark.parametrize("text", REFUSED)
def test_a_word_that_is_no_day_of_the_week_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_weekdays, text) == cleandoc(REFUSED[text])


@pytest.mark.parametrize("text", REFUSED_OF_A_MONTH)
def test_a_word_that_is_no_day_of_the_month_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_month_day, text) == cleandoc(REFUSED_OF_A_MONTH[text])
