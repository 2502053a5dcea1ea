"""Shared budgets of calls: how they are read, printed, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from inspect import cleandoc

import pytest
from hypothesis import given

from aperture_plugin.testing.word_strategies import limits
from aperture_plugin.words.limits import Limit, limit_text, read_limit

Refusal = Callable[[Callable[[str], object], str], str]

READ = {
    "40 per 10 seconds": Limit(calls=40, per=timedelta(seconds=10)),
    "1000 per day": Limit(calls=1000, per=timedelta(days=1)),
    "5 PER 1h30m": Limit(calls=5, per=timedelta(minutes=90)),
    " 1 per   s ": Limit(calls=1, per=timedelta(seconds=1)),
    "1000 per day from midnight America/New_York": Limit(
        calls=1000, per=timedelta(days=1), resets_at=time(0), zone_name="America/New_York"
    ),
    "1000 per 24 hours from 8:00 AM America/New_York": Limit(
        calls=1000, per=timedelta(days=1), resets_at=time(8), zone_name="America/New_York"
    ),
    "7 per day from 08:30 UTC": Limit(calls=7, per=timedelta(days=1), resets_at=time(8, 30), zone_name="UTC"),
    "7 per day from 8 pm": Limit(calls=7, per=timedelta(days=1), resets_at=time(20)),
    "7 per day from Midnight": Limit(calls=7, per=timedelta(days=1), resets_at=time(0)),
}

REFUSED = {
    "": """
        no limit is written [nothing-written]

        ^
        hint: expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day
    """,
    "40": """
        "40" is not a number of calls per duration [bad-limit]
        40
        ^^
        hint: expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day
    """,
    "40 per": """
        "40 per" is not a number of calls per duration [bad-limit]
        40 per
        ^^^^^^
        hint: expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day
    """,
    "40/s": """
        "40/s" is not a number of calls per duration [bad-limit]
        40/s
        ^^^^
        hint: expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day
        write: 40 per s
    """,
    "1,000 per day": """
        "1,000 per day" is not a number of calls per duration [bad-limit]
        1,000 per day
        ^^^^^^^^^^^^^
        hint: expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day
        write: 1000 per day
    """,
    "40 calls per minute": """
        "40 calls per minute" is not a number of calls per duration [bad-limit]
        40 calls per minute
        ^^^^^^^^^^^^^^^^^^^
        hint: expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day
        write: 40 per minute
    """,
    "100 x a day": """
        "100 x a day" is not a number of calls per duration [bad-limit]
        100 x a day
        ^^^^^^^^^^^
        hint: expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day
    """,
    "forty per day": """
        "forty" is not a whole number [bad-number]
        forty per day
        ^^^^^
        hint: expected a whole number from 1 to 1000000000
        write: 40 per day
    """,
    "0 per day": """
        "0" is too small [number-out-of-range]
        0 per day
        ^
        hint: expected a whole number from 1 to 1000000000
    """,
    "2000000000 per day": """
        "2000000000" is too large [number-out-of-range]
        2000000000 per day
        ^^^^^^^^^^
        hint: expected a whole number from 1 to 1000000000
    """,
    "40 per mintue": """
        "mintue" is not a number with a unit of time [bad-duration]
        40 per mintue
               ^^^^^^
        hint: expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes; did you mean
              "minutes"?
        write: 40 per 1 minute
    """,
    "40 per 0 seconds": """
        "0 seconds" is no time at all [zero-duration]
        40 per 0 seconds
               ^^^^^^^^^
        hint: expected a duration of 1 second or more
    """,
    "40 per from midnight": """
        "40 per from midnight" is not a number of calls per duration [bad-limit]
        40 per from midnight
        ^^^^^^^^^^^^^^^^^^^^
        hint: expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day
    """,
    "40 per hour from midnight": """
        "from midnight" begins a day's budget anew, and this limit is not per day [limit-not-daily]
        40 per hour from midnight
                    ^^^^^^^^^^^^^
        hint: write it per day, or leave this out
        write: 40 per hour
    """,
    "40 per day from": """
        no time is written after "from" [bad-limit]
        40 per day from
                   ^^^^
        hint: expected the time at which the day's calls begin anew, such as from midnight America/New_York
    """,
    "40 per day from noon UTC": """
        "noon" is a time in words [time-in-words]
        40 per day from noon UTC
                        ^^^^
        hint: expected it in numbers: 12:00 PM
        write: 40 per day from 12:00 PM UTC
    """,
    "40 per day from 8 UTC": """
        "8" could be morning or evening [ambiguous-time]
        40 per day from 8 UTC
                        ^
        hint: write 8:00 AM or 8:00 PM
    """,
    "40 per day from 8 AM New York": """
        "New York" is not the name of a time zone [bad-limit]
        40 per day from 8 AM New York
                             ^^^^^^^^
        hint: expected the time at which the day's calls begin anew, such as from midnight America/New_York
    """,
    "40 per day from 8 AM 'UTC'": """
        "'UTC'" is not the name of a time zone [bad-limit]
        40 per day from 8 AM 'UTC'
                             ^^^^^
        hint: expected the time at which the day's calls begin anew, such as from midnight America/New_York
    """,
    "40 per 10": """
        "10" does not say of what [duration-without-unit]
        40 per 10
               ^^
        hint: expected a unit: seconds, minutes, hours, days, weeks; write 10 minutes, for example
    """,
}


@pytest.mark.parametrize("text", READ)
def test_a_limit_is_read_as_people_write_it(text: str) -> None:
    assert read_limit(text) == READ[text]


@given(limits())
def test_a_limit_printed_and_read_again_is_the_same(limit: Limit) -> None:
    assert read_limit(limit_text(limit)) == limit


@pytest.mark.parametrize(
    "text",
    [
        "40 per 10 seconds",
        "1000 per day",
        "3 per hour",
        "3 per 1 hour 30 minutes",
        "1000 per day from midnight America/New_York",
        "1000 per day from 8:00 AM",
    ],
)
def test_a_limit_prints_as_the_shortest_text_that_says_it(text: str) -> None:
    assert limit_text(read_limit(text)) == text


@pytest.mark.parametrize("text", REFUSED)
def test_a_limit_that_cannot_be_read_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_limit, text) == cleandoc(REFUSED[text])
