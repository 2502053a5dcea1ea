"""The ways a schedule can be written, as values.

The value is independent of how the schedule was written: `daily at 2 AM`, `type: daily` with `time: 02:00` and
`Daily at 2:00 AM` are equal (DESIGN.md, section 2). A schedule has no zone and no clock; `triggers` turns it into
slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from typing import Final, Literal

__all__ = [
    "DAY",
    "LONGEST_INTERVAL",
    "After",
    "AtStart",
    "Cron",
    "Daily",
    "Interval",
    "Manual",
    "Monthly",
    "Once",
    "Schedule",
    "Several",
    "Single",
    "Weekday",
    "Weekly",
    "at_start_of",
    "exchanged",
    "has_slots",
    "schedules_in",
]

DAY: Final = timedelta(days=1)
LONGEST_INTERVAL: Final = timedelta(days=366)


class Weekday(IntEnum):
    """A day of the week, numbered as `datetime.weekday` numbers it."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """Due every local date at each of *times* (naive, whole minutes, sorted, at least one)."""

    times: tuple[time, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Due at each of *times* on each of *days* (both sorted, without repeats, at least one)."""

    days: tuple[Weekday, ...]
    times: tuple[time, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """Due at each of *times* on the given *day* of the month, or on its last day, whichever that is."""

    day: int | Literal["last"]
    times: tuple[time, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Due *every* so long (1 second to 366 days), counted from midnight plus *offset* (less than *every*)."""

    every: timedelta
    offset: timedelta = timedelta(0)

    @property
    def divides_the_day(self) -> bool:
        """True if the slots stand on a grid of wall-clock labels (DESIGN.md, section 3)."""
        return DAY % self.every == timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Due when the five fields of *expression* say so (single spaces between the fields)."""

    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Due a single time, at the naive wall time *at* (whole minutes)."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Due when every one of *jobs* has completed since this job's last run; it has no slots."""

    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """Never due by itself: it runs when a person asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtStart:
    """One run each time the first loop on a store begins, *delay* after it; it has no slots.

    Attributes:
        unless_ran_within: No run if the job has completed within this time before; None for a run in any case.
    """

    delay: timedelta = timedelta(0)
    unless_ran_within: timedelta | None = None


Single = Daily | Weekly | Monthly | Interval | Cron | Once | After | AtStart | Manual


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Due whenever one of *schedules* is (two or more, none twice, no `After`, no `Manual`, at most one `AtStart`)."""

    schedules: tuple[Single, ...]


Schedule = Single | Several


def schedules_in(schedule: Schedule) -> tuple[Single, ...]:
    """Return the schedules that *schedule* consists of: itself, unless it is several."""
    return schedule.schedules if isinstance(schedule, Several) else (schedule,)


def at_start_of(schedule: Schedule) -> AtStart | None:
    """Return the `AtStart` that *schedule* is or holds; None if it holds none."""
    return next((part for part in schedules_in(schedule) if isinstance(part, AtStart)), None)


def exchanged(schedule: Schedule, old: Single, new: Single) -> Schedule:
    """Return *schedule* with *new* in place of *old*, one of those that it consists of."""
    parts = tuple(dict.fromkeys(new if part == old else part for part in schedules_in(schedule)))
    return parts[0] if len(parts) == 1 else Several(schedules=parts)


def has_slots(schedule: Schedule) -> bool:
    """Return whether *schedule* is of a kind that falls due by itself, at slots."""
    return any(not isinstance(part, After | AtStart | Manual) for part in schedules_in(schedule))
