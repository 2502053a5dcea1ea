"""Durations: how they are read, printed, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from inspect import cleandoc

import pytest
from hypothesis import given

from aperture_plugin.testing.word_strategies import durations
from aperture_plugin.words.durations import LONGEST_DURATION, duration_text, read_duration
from aperture_plugin.words.parse_error import Unreadable

Refusal = Callable[[Callable[[str], object], str], str]

READ = {
    "90 seconds": timedelta(seconds=90),
    "30m": timedelta(minutes=30),
    "1 hour 30 minutes": timedelta(minutes=90),
    "1h30m": timedelta(minutes=90),
    "1 hour, 30 minutes": timedelta(minutes=90),
    "1 hour and 30 minutes": timedelta(minutes=90),
    "1 day, 2 hours, and 5 secs": timedelta(days=1, hours=2, seconds=5),
    "30 min 1 hr": timedelta(minutes=90),
    "2 days": timedelta(days=2),
    "1 WEEK": timedelta(weeks=1),
    "  5\u202fMins ": timedelta(minutes=5),
    "007s": timedelta(seconds=7),
    "0 hours 5 minutes": timedelta(minutes=5),
    "36500 days": LONGEST_DURATION,
}

REFUSED = {
    "": """
        no duration is written [nothing-written]

        ^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
    """,
    "30": """
        "30" does not say of what [duration-without-unit]
        30
        ^^
        hint: expected a unit: seconds, minutes, hours, days, weeks; write 30 minutes, for example
    """,
    "1h30": """
        "30" does not say of what [duration-without-unit]
        1h30
          ^^
        hint: expected a unit: seconds, minutes, hours, days, weeks; write 30 minutes, for example
    """,
    "1.5 hours": """
        "1.5 hours" is not a whole number [duration-fraction]
        1.5 hours
        ^^^^^^^^^
        hint: write whole numbers, such as 1 hour 30 minutes
        write: 1 hour 30 minutes
    """,
    "1,5 hours": """
        "1,5 hours" is not a whole number [duration-fraction]
        1,5 hours
        ^^^^^^^^^
        hint: write whole numbers, such as 1 hour 30 minutes
        write: 1 hour 30 minutes
    """,
    "0.0001 hours": """
        "0.0001 hours" is not a whole number [duration-fraction]
        0.0001 hours
        ^^^^^^^^^^^^
        hint: write whole numbers, such as 1 hour 30 minutes
    """,
    "1 hour and": """
        "and" at the end joins nothing [bad-duration]
        1 hour and
               ^^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
        write: 1 hour
    """,
    "5 months": """
        "months" is not a unit of time [unknown-unit]
        5 months
          ^^^^^^
        hint: months and years differ in length; count days or weeks instead
        write: 150 days
    """,
    "2 years": """
        "years" is not a unit of time [unknown-unit]
        2 years
          ^^^^^
        hint: months and years differ in length; count days or weeks instead
        write: 730 days
    """,
    "5 mintues": """
        "mintues" is not a unit of time [unknown-unit]
        5 mintues
          ^^^^^^^
        hint: expected seconds, minutes, hours, days or weeks; did you mean "minutes"?
        write: 5 minutes
    """,
    "5 parsecs": """
        "parsecs" is not a unit of time [unknown-unit]
        5 parsecs
          ^^^^^^^
        hint: expected seconds, minutes, hours, days or weeks
    """,
    "300 ms": """
        "ms" is not a unit of time [unknown-unit]
        300 ms
            ^^
        hint: the shortest unit is the second
    """,
    "an hour": """
        "an" is not a number with a unit of time [bad-duration]
        an hour
        ^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
        write: 1 hour
    """,
    "hour": """
        "hour" is not a number with a unit of time [bad-duration]
        hour
        ^^^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
        write: 1 hour
    """,
    "mintue": """
        "mintue" is not a number with a unit of time [bad-duration]
        mintue
        ^^^^^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes; did you mean
              "minutes"?
        write: 1 minute
    """,
    "half an hour": """
        "half" is not a number with a unit of time [bad-duration]
        half an hour
        ^^^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
        write: 30 minutes
    """,
    "thirty minutes": """
        "thirty" is not a number with a unit of time [bad-duration]
        thirty minutes
        ^^^^^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
        write: 30 minutes
    """,
    "a while": """
        "a" is not a number with a unit of time [bad-duration]
        a while
        ^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
    """,
    "+5 minutes": """
        "+5" is not a number with a unit of time [bad-duration]
        +5 minutes
        ^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
        write: 5 minutes
    """,
    "-5 minutes": """
        "-5 minutes" is less than nothing [negative-duration]
        -5 minutes
        ^^^^^^^^^^
        hint: expected a duration of 1 second or more, without a minus sign
    """,
    "1 hour -5 minutes": """
        "-5 minutes" is less than nothing [negative-duration]
        1 hour -5 minutes
               ^^^^^^^^^^
        hint: expected a duration of 1 second or more, without a minus sign
    """,
    "0s": """
        "0s" is no time at all [zero-duration]
        0s
        ^^
        hint: expected a duration of 1 second or more
    """,
    "0 hours 0 minutes": """
        "0 hours 0 minutes" is no time at all [zero-duration]
        0 hours 0 minutes
        ^^^^^^^^^^^^^^^^^
        hint: expected a duration of 1 second or more
    """,
    "1h 1h": """
        "1h" counts hours a second time [bad-duration]
        1h 1h
           ^^
        hint: write each unit once, such as 1 hour 30 minutes
    """,
    "200000 days": """
        "200000 days" is longer than anything that is scheduled [duration-too-long]
        200000 days
        ^^^^^^^^^^^
        hint: expected at most 36500 days
    """,
    "36500 days 1 second": """
        "36500 days 1 second" is longer than anything that is scheduled [duration-too-long]
        36500 days 1 second
        ^^^^^^^^^^^^^^^^^^^
        hint: expected at most 36500 days
    """,
    "10000000000000 seconds": """
        "10000000000000 seconds" is longer than anything that is scheduled [duration-too-long]
        10000000000000 seconds
        ^^^^^^^^^^^^^^^^^^^^^^
        hint: expected at most 36500 days
    """,
    "３０ minutes": """
        "３０" is not written in the digits 0 to 9 [digits-not-ascii]
        ３０ minutes
        ^^
        hint: write "30" with the digits of an English keyboard
        write: 30 minutes
    """,
    "٣ hours": """
        "٣" is not written in the digits 0 to 9 [digits-not-ascii]
        ٣ hours
        ^
        hint: write "3" with the digits of an English keyboard
        write: 3 hours
    """,
    "1 hour; 30 minutes": """
        ";" is not a number with a unit of time [bad-duration]
        1 hour; 30 minutes
              ^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes
    """,
}


@pytest.mark.parametrize("text", READ)
def test_a_duration_is_read_as_people_write_it(text: str) -> None:
    assert read_duration(text) == READ[text]


@given(durations())
def test_a_duration_printed_and_read_again_is_the_same(duration: timedelta) -> None:
    assert read_duration(duration_text(duration)) == duration


def test_a_duration_prints_in_the_words_that_say_it_best() -> None:
    printed = [duration_text(timedelta(seconds=seconds)) for seconds in (1, 90, 3600, 5400, 86_400, 604_800, 691_200)]

    assert printed == [
        "1 second",
        "1 minute 30 seconds",
        "1 hour",
        "1 hour 30 minutes",
        "1 day",
        "1 week",
        "8 days",
    ]


def test_no_time_at_all_prints_although_it_does_not_read_back() -> None:
    assert duration_text(timedelta(0)) == "0 seconds"


@pytest.mark.parametrize("duration", [timedelta(seconds=-1), timedelta(milliseconds=1)])
def test_a_duration_nobody_could_have_written_is_not_printed(duration: timedelta) -> None:
    with pytest.raises(ValueError, match="whole seconds and is not negative"):
        duration_text(duration)


@pytest.mark.parametrize("text", REFUSED)
def test_a_duration_that_cannot_be_read_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_duration, text) == cleandoc(REFUSED[text])


@pytest.mark.parametrize("text", ["P99999999999999D", "PT" + "9" * 5000 + "H"])
def test_a_length_in_another_notation_that_no_clock_reaches_is_refused_in_words(text: str) -> None:
    with pytest.raises(Unreadable):
        read_duration(text)
