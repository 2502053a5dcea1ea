"""Decides when a message to people is sent: after how many failures, outside of quiet hours, and at which tries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.model import JobConfig, Streak
from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.words.expectations import ReadyBy, deadline_of
from aperture_plugin.words.schedules import has_slots
from aperture_plugin.words.windows import Window

__all__ = ["GIVEN_UP_AFTER", "PassedDeadline", "is_late", "last_deadline", "next_try", "streak_holds", "when_loud"]

GIVEN_UP_AFTER: Final = timedelta(hours=24)
_FIRST_DELAY: Final = timedelta(seconds=5)
_LONGEST_DELAY: Final = timedelta(minutes=10)
_LATE_MARGIN: Final = timedelta(minutes=5)
_DAY: Final = timedelta(days=1)
_MISSED_FOR: Final = timedelta(hours=12)
"""A deadline that passed longer ago is of no use to anybody any more."""


def streak_holds(streak: Streak, results: Sequence[bool]) -> bool:
    """Return whether enough of a job's latest runs have failed.

    Args:
        results: True for each run that completed, newest first.

    >>> streak_holds(Streak(3, 3), [False, False]), streak_holds(Streak(2, 3), [False, True, False])
    (False, True)
    """
    return results[: streak.of].count(False) >= streak.failures


def when_loud(quiet: Window | None, zone: ZoneInfo, now: datetime) -> datetime:
    """Return *now*, or the end of the quiet hours that it lies in.

    >>> from datetime import UTC, time
    >>> night = Window(since=time(23), until=time(7))
    >>> when_loud(night, ZoneInfo("UTC"), datetime(2026, 1, 10, 23, 30, tzinfo=UTC)).isoformat()
    '2026-01-11T07:00:00+00:00'
    """
    if quiet is None:
        return now
    local = now.astimezone(zone).replace(tzinfo=None)
    if not quiet.contains(local.time()):
        return now
    day = local.date() if local.time() < quiet.until else local.date() + timedelta(days=1)
    return max(now, due_of(datetime.combine(day, quiet.until), zone))


def next_try(tries: int, now: datetime, *, since: datetime) -> datetime | None:
    """Return when a message that did not arrive is tried again: after 5 s, doubling to 10 minutes; None after a day.

    Args:
        tries: Number of tries, from 1.
        since: Time of the event.
    """
    if now - since >= GIVEN_UP_AFTER:
        return None
    doubled = _FIRST_DELAY * int(2 ** min(tries - 1, 20))
    return now + min(doubled, _LONGEST_DELAY)


def is_late(started_at: datetime, p95: timedelta | None, now: datetime) -> bool:
    """Return whether a run takes three times what 19 of 20 take, and five minutes more."""
    return p95 is not None and now - started_at > 3 * p95 + _LATE_MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedDeadline:
    """A time by which a job is expected to be ready.

    Attributes:
        at: The instant.
        since: The due instant of the last slot that is held to it, of the job or of what it runs after: a run that
            began before that does not count.
    """

    at: datetime
    since: datetime


def last_deadline(
    expected: ReadyBy, jobs: Mapping[str, JobConfig], zone: ZoneInfo, now: datetime
) -> PassedDeadline | None:
    """Return the deadline of *expected* that has passed last; None where nothing was due for it, or it is long past.

    Args:
        jobs: The jobs of the file, by name.
        zone: The file's own, in which the time is meant.
    """
    wall = now.astimezone(zone).replace(tzinfo=None)
    nominal = datetime.combine(wall.date() if wall.time() >= expected.by else wall.date() - _DAY, expected.by)
    at = due_of(nominal, zone)
    if not at <= now < at + _MISSED_FOR:
        return None
    dues = [
        slot.due
        for job in _sources(expected.job, jobs)
        for slot in job.trigger().slots(at - _DAY, at)
        if deadline_of(slot.due.astimezone(zone).replace(tzinfo=None), expected.by) == nominal
    ]
    return PassedDeadline(at=at, since=max(dues)) if dues else None


def _sources(name: str, jobs: Mapping[str, JobConfig]) -> Iterator[JobConfig]:
    """Yield the jobs whose slots start *name*: itself, or those at the beginning of what it runs after."""
    seen, left = {name}, [name]
    while left:
        job = jobs.get(left.pop())
        if job is None or not job.enabled:
            continue
        if has_slots(job.schedule):
            yield job
        left += [one for one in job.predecessors if one not in seen]
        seen.update(job.predecessors)
