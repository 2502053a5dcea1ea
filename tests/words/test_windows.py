"""Hours in which a run may start: how they are read, printed, asked, and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from inspect import cleandoc

import pytest
from hypothesis import given

from aperture_plugin.testing.word_strategies import times, windows
from aperture_plugin.words.windows import Window, read_window, window_text

Refusal = Callable[[Callable[[str], object], str], str]

REFUSED = {
    "": """
        no window is written [nothing-written]

        ^
        hint: expected two times, such as 1:00 AM to 6:00 AM
    """,
    "night": """
        "night" is not a window of the day [bad-window]
        night
        ^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
    """,
    "1:00 AM - 6:00 AM": """
        "1:00 AM - 6:00 AM" is not a window of the day [bad-window]
        1:00 AM - 6:00 AM
        ^^^^^^^^^^^^^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
        write: 1:00 AM to 6:00 AM
    """,
    "1 AM–6 AM": """
        "1 AM–6 AM" is not a window of the day [bad-window]
        1 AM–6 AM
        ^^^^^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
        write: 1 AM to 6 AM
    """,
    "from 1 AM to 6 AM": """
        "from 1 AM to 6 AM" is not a window of the day [bad-window]
        from 1 AM to 6 AM
        ^^^^^^^^^^^^^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
        write: 1 AM to 6 AM
    """,
    "between 1 AM and 6 AM": """
        "between 1 AM and 6 AM" is not a window of the day [bad-window]
        between 1 AM and 6 AM
        ^^^^^^^^^^^^^^^^^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
        write: 1 AM to 6 AM
    """,
    "1 AM until 6 AM": """
        "1 AM until 6 AM" is not a window of the day [bad-window]
        1 AM until 6 AM
        ^^^^^^^^^^^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
        write: 1 AM to 6 AM
    """,
    "to 6 AM": """
        "to 6 AM" is not a window of the day [bad-window]
        to 6 AM
        ^^^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
    """,
    "1 AM to": """
        "1 AM to" is not a window of the day [bad-window]
        1 AM to
        ^^^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
    """,
    "1 AM to 2 AM to 3 AM": """
        "1 AM to 2 AM to 3 AM" is not a window of the day [bad-window]
        1 AM to 2 AM to 3 AM
        ^^^^^^^^^^^^^^^^^^^^
        hint: expected two times, such as 1:00 AM to 6:00 AM
    """,
    "1 to 6": """
        "1" could be morning or evening [ambiguous-time]
        1 to 6
        ^
        hint: write 1:00 AM or 1:00 PM
    """,
    "1 AM to 1:00": """
        "1 AM to 1:00" begins and ends at the same time [empty-window]
        1 AM to 1:00
        ^^^^^^^^^^^^
        hint: expected two different times; leave the window out for a job that may start at any hour
    """,
    "8 PM to 24:00": """
        "24:00" is not a time: no day has an hour 24 [midnight-24]
        8 PM to 24:00
                ^^^^^
        hint: the day begins at 00:00, or 12:00 AM; write 00:00
        write: 8 PM to 00:00
    """,
}


@pytest.mark.parametrize("text", ["1:00 AM to 6:00 AM", "01:00 to 06:00", "1 AM TO 6am", "  1:00   to 6 AM "])
def test_a_window_is_read_as_people_write_it(text: str) -> None:
    assert read_window(text) == Window(since=time(1), until=time(6))


@given(windows())
def test_a_window_printed_and_read_again_is_the_same(window: Window) -> None:
    assert read_window(window_text(window)) == window


@given(windows(), times())
def test_each_time_of_the_day_is_in_a_window_or_in_the_rest_of_the_day(window: Window, at: time) -> None:
    rest = Window(since=window.until, until=window.since)

    assert window.contains(at) != rest.contains(at)


@given(windows())
def test_a_window_holds_its_beginning_and_not_its_end(window: Window) -> None:
    assert window.contains(window.since)
    assert not window.contains(window.until)


def test_a_window_past_midnight_holds_the_night_and_not_the_day() -> None:
    night = read_window("10:00 PM to 6:00 AM")

    held = [hour for hour in range(24) if night.contains(time(hour))]

    assert night.crosses_midnight
    assert held == [0, 1, 2, 3, 4, 5, 22, 23]


def test_a_window_up_to_midnight_ends_with_the_day() -> None:
    evening = read_window("8 PM to 12 AM")

    assert [hour for hour in range(24) if evening.contains(time(hour))] == [20, 21, 22, 23]


@pytest.mark.parametrize("text", REFUSED)
def test_a_window_that_cannot_be_read_says_why_and_where(text: str, refusal: Refusal) -> None:
    assert refusal(read_window, text) == cleandoc(REFUSED[text])
