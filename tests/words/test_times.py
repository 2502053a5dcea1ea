"""Wall times: how they are read, printed, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from inspect import cleandoc

import pytest
from hypothesis import given

from aperture_plugin.testing.word_strategies import times, times_of_day
from aperture_plugin.words.times import read_time, read_times, time_text, times_text

Refusal = Callable[[Callable[[str], object], str], str]

READ = {
    "02:00": time(2),
    "2:00": time(2),
    "2:00 AM": time(2),
    "2:00AM": time(2),
    "2 AM": time(2),
    "2am": time(2),
    "  2 \u202fpM ": time(14),
    "12:30 AM": time(0, 30),
    "12 AM": time(0),
    "12 PM": time(12),
    "12:30 PM": time(12, 30),
    "00:00": time(0),
    "0:05": time(0, 5),
    "23:59": time(23, 59),
    "09:05 pm": time(21, 5),
}

REFUSED = {
    "": """
        no time is written [nothing-written]

        ^
        hint: expected a time, or several such as 2:00 AM, 2:00 PM
    """,
    "2": """
        "2" could be morning or evening [ambiguous-time]
        2
        ^
        hint: write 2:00 AM or 2:00 PM
    """,
    "2 AM and 14": """
        "14" is not a time [bad-time]
        2 AM and 14
                 ^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00; did you mean "14:00"?
        write: 2 AM and 14:00
    """,
    "24:00": """
        "24:00" is not a time: no day has an hour 24 [midnight-24]
        24:00
        ^^^^^
        hint: the day begins at 00:00, or 12:00 AM; write 00:00
        write: 00:00
    """,
    "24:30": """
        "24:30" is not a time: no day has an hour 24 [midnight-24]
        24:30
        ^^^^^
        hint: the day begins at 00:00, or 12:00 AM; write 00:30
        write: 00:30
    """,
    "25:00": """
        "25:00" is not a time: 25 is not an hour of a day [bad-time]
        25:00
        ^^
        hint: expected 00:00 to 23:59
    """,
    "2:60": """
        "2:60" is not a time: 60 is not a minute of an hour [bad-time]
        2:60
          ^^
        hint: expected 00 to 59
    """,
    "2:5": """
        "2:5" is not a time [bad-time]
        2:5
        ^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00
    """,
    "13:00 PM": """
        "13:00 PM" is not a time: hours with PM go from 1 to 12 [bad-time]
        13:00 PM
        ^^^^^^^^
        hint: write 1:00 PM or 13:00
        write: 1:00 PM
    """,
    "13 AM": """
        "13 AM" is not a time: hours with AM go from 1 to 12 [bad-time]
        13 AM
        ^^^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00
    """,
    "0:30 AM": """
        "0:30 AM" is not a time: hours with AM go from 1 to 12 [bad-time]
        0:30 AM
        ^^^^^^^
        hint: write 12:30 AM
        write: 12:30 AM
    """,
    "0 PM": """
        "0 PM" is not a time: hours with PM go from 1 to 12 [bad-time]
        0 PM
        ^^^^
        hint: write 12:00 PM
        write: 12:00 PM
    """,
    "2:00:00": """
        "2:00:00" has seconds [time-with-seconds]
        2:00:00
        ^^^^^^^
        hint: times are whole minutes: 2:00
        write: 2:00
    """,
    "2:00:30 PM": """
        "2:00:30 PM" has seconds [time-with-seconds]
        2:00:30 PM
        ^^^^^^^^^^
        hint: times are whole minutes: 2:00 PM
        write: 2:00 PM
    """,
    "noon": """
        "noon" is a time in words [time-in-words]
        noon
        ^^^^
        hint: expected it in numbers: 12:00 PM
        write: 12:00 PM
    """,
    "midnight": """
        "midnight" is a time in words [time-in-words]
        midnight
        ^^^^^^^^
        hint: expected it in numbers: 12:00 AM
        write: 12:00 AM
    """,
    "2.30 pm": """
        "2.30 pm" is not a time [bad-time]
        2.30 pm
        ^^^^^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00; did you mean "2:30 PM"?
        write: 2:30 PM
    """,
    "1400": """
        "1400" is not a time [bad-time]
        1400
        ^^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00; did you mean "14:00"?
        write: 14:00
    """,
    "2 o'clock": """
        "2 o'clock" is not a time [bad-time]
        2 o'clock
        ^^^^^^^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00
    """,
    "14h": """
        "14h" is not a time [bad-time]
        14h
        ^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00; did you mean "14:00"?
        write: 14:00
    """,
    "2:00 a.m.": """
        "2:00 a.m." is not a time [bad-time]
        2:00 a.m.
        ^^^^^^^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00; did you mean "2:00 AM"?
        write: 2:00 AM
    """,
    "2 AM 4 PM": """
        "2 AM 4 PM" is not a time [bad-time]
        2 AM 4 PM
        ^^^^^^^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00
    """,
    "2 AM,, 4 PM": """
        a time is missing before "," [missing-item]
        2 AM,, 4 PM
             ^
        hint: join several with a comma or "and", as in 2:00 AM, 2:00 PM
    """,
    ", 2 AM": """
        a time is missing before "," [missing-item]
        , 2 AM
        ^
        hint: join several with a comma or "and", as in 2:00 AM, 2:00 PM
    """,
    "2 AM and": """
        a time is missing after "and" [missing-item]
        2 AM and
             ^^^
        hint: join several with a comma or "and", as in 2:00 AM, 2:00 PM
    """,
    "2 AM, and": """
        a time is missing after "and" [missing-item]
        2 AM, and
              ^^^
        hint: join several with a comma or "and", as in 2:00 AM, 2:00 PM
    """,
    "at 2 AM": """
        "at 2 AM" is not a time [bad-time]
        at 2 AM
        ^^^^^^^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00
    """,
    "٢:٠٠": """
        "٢" is not written in the digits 0 to 9 [digits-not-ascii]
        ٢:٠٠
        ^
        hint: write "2" with the digits of an English keyboard
        write: 2:00
    """,
    "99:99 PM": """
        "99:99 PM" is not a time: 99 is not a minute of an hour [bad-time]
        99:99 PM
           ^^
        hint: expected 00 to 59
    """,
    "2:75 PM": """
        "2:75 PM" is not a time: 75 is not a minute of an hour [bad-time]
        2:75 PM
          ^^
        hint: expected 00 to 59
    """,
}


@pytest.mark.parametrize("text", READ)
def test_a_time_is_read_as_clocks_show_it(text: str) -> None:
    assert read_time(text) == READ[text]


@given(times())
def test_a_time_printed_and_read_again_is_the_same(at: time) -> None:
    assert read_time(time_text(at)) == at
    assert read_time(at.strftime("%H:%M")) == at


@given(times_of_day())
def test_times_printed_and_read_again_are_the_same(at: tuple[time, ...]) -> None:
    assert read_times(times_text(at)) == at


def test_times_are_sorted_and_each_is_kept_once() -> None:
    assert read_times("4 PM, 2 AM and 16:00, and 2:00 AM") == (time(2), time(16))


def test_times_print_as_displays_show_them() -> None:
    assert times_text([time(2), time(14, 5)]) == "2:00 AM, 2:05 PM"


@pytest.mark.parametrize("text", REFUSED)
def test_a_time_that_cannot_be_read_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_times, text) == cleandoc(REFUSED[text])


def test_one_time_is_refused_as_a_list_of_them_is(refusal: Refusal) -> None:
    assert refusal(read_time, "") == cleandoc("""
        no time is written [nothing-written]

        ^
        hint: expected a time such as 2:00 AM, 2 AM or 14:00
    """)
