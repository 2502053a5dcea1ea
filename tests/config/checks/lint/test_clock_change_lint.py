"""What is told of clock changes, and what is not. Every test opens with the real transitions it stands on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.config.checks.lint.clock_change_lint import surprises
from aperture_plugin.config.model import Reading
from aperture_plugin.testing.word_strategies import dailies, weeklies
from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.schedules import Schedule

ReadFile = Callable[..., Reading]
Warned = Callable[..., list[str]]

SINCE = datetime(2026, 1, 10, 12, tzinfo=UTC)


def transitions(zone: str, days: int = 365) -> list[tuple[str, str, str]]:
    """Return what the clocks of *zone* do: the kind, and the wall times skipped or repeated."""
    found = changes(ZoneInfo(zone), SINCE, SINCE + timedelta(days=days))
    return [(change.kind, f"{change.wall_since:%Y-%m-%d %H:%M}", f"{change.wall_until:%H:%M}") for change in found]


RIGA = [("gap", "2026-03-29 03:00", "04:00"), ("repeat", "2026-10-25 03:00", "04:00")]


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        ("daily at 3:30 AM", "clock-change-gap"),
        ("daily at 3:00 AM", "clock-change-gap"),
        ("weekly on sunday at 3:30 AM", "clock-change-gap"),
        ("cron 30 3 * * *", "clock-change-gap"),
        ("once at 2026-03-29 3:30 AM", "clock-change-gap"),
        ("daily at 3:10 AM, 3:50 AM", "clock-change-merge"),
        ("daily at 3:10 AM, 4:00 AM", "clock-change-merge"),
        ("cron */20 3 * 3 *", "clock-change-lost"),
        ("cron */20 3 * 10 *", "clock-change-repeat"),
        ("every 48 hours", "clock-change-shift"),
    ],
)
def test_a_time_that_the_clocks_move_is_told(schedule: str, code: str, warned: Warned) -> None:
    assert transitions("Europe/Riga") == RIGA

    assert warned(f"timezone: Europe/Riga\nschedules:\n  scan: {schedule}\n") == [f"scan: {code}"]


@pytest.mark.parametrize(
    "schedule",
    [
        "daily at 2:59 AM",
        "daily at 4:00 AM",
        "weekly on monday at 3:30 AM",
        "monthly on day 1 at 3:30 AM",
        "once at 2026-03-28 3:30 AM",
        "every hour",
        "every 30 minutes",
        "every 2 hours",
        "every 5 hours",
        "cron 0 * * * *",
        "cron 0 */2 * * *",
        "cron 30 3 * 1 *",
        "manual",
    ],
)
def test_a_time_that_is_kept_and_a_rhythm_are_not_told(schedule: str, warned: Warned) -> None:
    assert transitions("Europe/Riga") == RIGA

    assert warned(f"timezone: Europe/Riga\nschedules:\n  scan: {schedule}\n") == []


def test_a_time_that_is_repeated_and_runs_once_is_not_told(warned: Warned) -> None:
    assert transitions("Europe/Riga") == RIGA

    assert warned("timezone: Europe/Riga\nschedules:\n  scan: once at 2026-10-25 3:30 AM\n") == []


def test_a_job_in_a_zone_of_its_own_is_held_against_the_clocks_of_that_zone(warned: Warned) -> None:
    assert transitions("America/New_York")[0] == ("gap", "2026-03-08 02:00", "03:00")
    assert transitions("Asia/Tokyo") == []

    found = warned(
        "timezone: Asia/Tokyo\nschedules:\n  scan: daily at 2:30 AM\n"
        "  sync:\n    schedule: daily at 2:30 AM\n    timezone: America/New_York\n"
    )

    assert found == ["sync: clock-change-gap"]


def test_half_an_hour_that_is_skipped_is_told_to_the_minute(read_file: ReadFile) -> None:
    assert transitions("Australia/Lord_Howe")[1] == ("gap", "2026-10-04 02:00", "02:30")

    [problem] = read_file("timezone: Australia/Lord_Howe\nschedules:\n  scan: daily at 2:10 AM, 2:30 AM\n").problems

    assert problem.message == (
        "on 2026-10-04 it runs once, at 2:30 AM, for 2:10 AM and 2:30 AM: "
        "the clocks of Australia/Lord_Howe go from 2:00 AM to 2:30 AM; so on 1 more date within two years"
    )


def test_a_midnight_that_is_skipped_is_told(read_file: ReadFile) -> None:
    assert transitions("Africa/Cairo")[0] == ("gap", "2026-04-24 00:00", "01:00")

    [problem] = read_file("timezone: Africa/Cairo\nschedules:\n  scan: every 12 hours\n").problems

    assert problem.message.startswith("on 2026-04-24 it runs at 1:00 AM in place of 12:00 AM: ")


def test_a_disabled_job_is_not_looked_at(warned: Warned) -> None:
    assert transitions("Europe/Riga") == RIGA

    text = "timezone: Europe/Riga\nschedules:\n  scan:\n    schedule: daily at 3:30 AM\n    enabled: no\n"

    assert warned(text) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(dailies(), weeklies()), st.sampled_from(("Europe/Riga", "America/New_York", "Australia/Lord_Howe")))
def test_a_schedule_of_wall_times_is_told_of_exactly_where_a_slot_runs_at_another_time(
    schedule: Schedule, name: str
) -> None:
    zone, until = ZoneInfo(name), SINCE + timedelta(days=730)
    moved = {
        change.instant
        for change in changes(zone, SINCE, until)
        for slot in trigger_of(schedule, zone).slots(change.instant, change.instant + timedelta(seconds=1))
        if slot.nominal != slot.due.astimezone(zone).replace(tzinfo=None)
    }

    found = surprises(schedule, zone, changes(zone, SINCE, until))

    assert {surprise.change.instant for surprise in found} == moved
