"""Durations as a person is told of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.words.duration_display import in_words, short_duration


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(0), "now"),
        (timedelta(milliseconds=-900), "now"),
        (timedelta(seconds=1), "in a second"),
        (timedelta(seconds=40), "in 40 seconds"),
        (timedelta(minutes=20), "in 20 minutes"),
        (timedelta(hours=1), "in an hour"),
        (timedelta(hours=3), "in 3 hours"),
        (timedelta(hours=-3), "3 hours ago"),
        (timedelta(days=-1), "a day ago"),
        (timedelta(days=12), "in 12 days"),
    ],
)
def test_how_far_away_something_is_is_said_in_words(away: timedelta, said: str) -> None:
    assert in_words(away) == said


@pytest.mark.parametrize(
    ("took", "said"),
    [
        (timedelta(0), "0 ms"),
        (timedelta(milliseconds=120), "120 ms"),
        (timedelta(milliseconds=999.7), "1 s"),
        (timedelta(milliseconds=3210), "3.2 s"),
        (timedelta(seconds=3), "3 s"),
        (timedelta(seconds=9.97), "10 s"),
        (timedelta(seconds=42.4), "42 s"),
        (timedelta(seconds=59.7), "1 min"),
        (timedelta(seconds=250), "4 min 10 s"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=1, minutes=5, seconds=7), "1 h 5 min"),
        (timedelta(days=2, hours=3, minutes=59), "2 d 3 h"),
        (timedelta(seconds=-250), "-4 min 10 s"),
    ],
)
def test_how_long_something_took_is_said_in_its_two_largest_units(took: timedelta, said: str) -> None:
    assert short_duration(took) == said


@given(st.timedeltas())
def test_any_duration_at_all_is_said_in_few_letters(took: timedelta) -> None:
    assert 3 <= len(short_duration(took)) <= 20
