"""Moments as a person types them behind an option."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from aperture_plugin.app.time_arguments import Towards, read_instant
from aperture_plugin.words.parse_error import Unreadable

RIGA = ZoneInfo("Europe/Riga")
NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)  # a Saturday, 2 PM in Riga


def said(text: str, towards: Towards = Towards.FUTURE) -> str:
    """Return what *text* says, as wall time of Riga."""
    instant = read_instant(text, now=NOW, zone=RIGA, towards=towards)
    return instant.astimezone(RIGA).replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("now", "2026-01-10 14:00"),
        ("2026-03-01", "2026-03-01 00:00"),
        ("2026-03-01 18:00", "2026-03-01 18:00"),
        ("2026-03-01T18:00", "2026-03-01 18:00"),
        ("2026-03-01 6:00 PM", "2026-03-01 18:00"),
        ("2026-03-01T16:00:00Z", "2026-03-01 18:00"),
        ("2026-03-01T18:00+02:00", "2026-03-01 18:00"),
        ("tomorrow", "2026-01-11 00:00"),
        ("tomorrow 6 AM", "2026-01-11 06:00"),
        ("Tomorrow at 06:00", "2026-01-11 06:00"),
        ("today 6 PM", "2026-01-10 18:00"),
        ("sunday 4 AM", "2026-01-11 04:00"),
        ("sat 4 AM", "2026-01-17 04:00"),
        ("3:00 PM", "2026-01-10 15:00"),
        ("1:00 PM", "2026-01-11 13:00"),
        ("2 hours", "2026-01-10 16:00"),
        ("in 1 hour 30 minutes", "2026-01-10 15:30"),
        ("1000 days", "2028-10-06 15:00"),  # in summer time
    ],
)
def test_a_moment_to_come(text: str, wall: str) -> None:
    assert said(text) == wall


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("yesterday", "2026-01-09 00:00"),
        ("yesterday 6 PM", "2026-01-09 18:00"),
        ("sunday", "2026-01-04 00:00"),
        ("saturday 1 PM", "2026-01-10 13:00"),
        ("3:00 PM", "2026-01-09 15:00"),
        ("1:00 PM", "2026-01-10 13:00"),
        ("2 days", "2026-01-08 14:00"),
        ("2 days ago", "2026-01-08 14:00"),
    ],
)
def test_a_moment_that_was(text: str, wall: str) -> None:
    assert said(text, Towards.PAST) == wall


@pytest.mark.parametrize("towards", Towards)
@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("2 hours ago", "2026-01-10 12:00"),
        ("90 minutes AGO", "2026-01-10 12:30"),
        ("in 2 hours", "2026-01-10 16:00"),
        ("2 hours from now", "2026-01-10 16:00"),
        ("in 2 hours from now", "2026-01-10 16:00"),
    ],
)
def test_ago_and_in_mean_the_same_behind_every_option(text: str, wall: str, towards: Towards) -> None:
    assert said(text, towards) == wall


def test_a_duration_cannot_be_both_to_come_and_past() -> None:
    with pytest.raises(Unreadable) as told:
        said("in 2 hours ago")

    assert told.value.message == '"in 2 hours ago" is both to come and past'
    assert told.value.hint == 'write "in 2 hours" for a time to come, "2 hours ago" for one that has passed'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-02-30", '"2026-02-30" is not in the calendar: February 2026 has 28 days'),
        ("2026-02-30 18:00", '"2026-02-30" is not in the calendar: February 2026 has 28 days'),
        ("2026-06-31T18:00:00Z", '"2026-06-31" is not in the calendar: June 2026 has 30 days'),
        ("2026-13-01", '"2026-13-01" is not in the calendar: there is no month 13'),
    ],
)
def test_a_date_that_the_calendar_lacks_is_called_that(text: str, message: str) -> None:
    with pytest.raises(Unreadable) as told:
        said(text)

    assert told.value.message == message


def test_a_wall_time_that_the_clocks_skip_is_the_end_of_the_gap() -> None:
    assert said("2026-03-29 03:30") == "2026-03-29 04:00"


@pytest.mark.parametrize(
    "text",
    ["", "whenever", "25:00", "2026-13-01", "0001-01-01", "9999-12-31T23:59-12:00", "٣ hours", "3 parsecs", "2026"],
)
def test_what_says_no_moment_is_told_so_with_an_example(text: str) -> None:
    with pytest.raises(Unreadable) as told:
        said(text)

    assert told.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("25:00", '"25:00" is not a time: 25 is not an hour of a day'),
        ("2:60 AM", '"2:60 AM" is not a time: 60 is not a minute of an hour'),
        ("13 PM", '"13 PM" is not a time: hours with PM go from 1 to 12'),
        ("tomorrow 24:00", '"24:00" is not a time: no day has an hour 24'),
        ("2026-03-29 25:00", '"25:00" is not a time: 25 is not an hour of a day'),
        ("yesterday at 2:60 AM", '"2:60 AM" is not a time: 60 is not a minute of an hour'),
    ],
)
def test_a_time_that_no_clock_shows_is_told_as_a_time(text: str, message: str) -> None:
    with pytest.raises(Unreadable) as told:
        said(text)

    assert told.value.message == message
    assert "such as" in told.value.hint


@settings(max_examples=200)
@given(some.text(max_size=30))
def test_any_text_is_a_moment_or_unreadable(text: str) -> None:
    try:
        instant = read_instant(text, now=NOW, zone=RIGA, towards=Towards.FUTURE)
    except Unreadable:
        return

    assert instant.tzinfo is UTC
