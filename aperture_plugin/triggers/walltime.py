"""Local wall times, and the instants they stand for.

A person writes 02:30; the store keeps an instant. This module decides how clock changes affect the conversion,
for the whole package (DESIGN.md, section 3). `offset_periods` splits time at clock changes, for schedules that
follow the clocks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.slots import Slot, slot_of

__all__ = [
    "EARLIEST",
    "LATEST",
    "LOOK_AHEAD",
    "RESOLUTION",
    "SECOND",
    "due_of",
    "first_change",
    "first_nominal",
    "instant_of",
    "offset_at",
    "offset_by",
    "reading_of",
    "slots_at",
    "utc_of",
    "wall_at",
]

RESOLUTION: Final = datetime.resolution
SECOND: Final = timedelta(seconds=1)

# Adding an offset, a skipped day and a look ahead must stay within the years that datetime can represent.
_BEYOND: Final = timedelta(days=8)
EARLIEST: Final = datetime.min.replace(tzinfo=UTC) + _BEYOND
LATEST: Final = datetime.max.replace(tzinfo=UTC, microsecond=0) - _BEYOND

# `datetime.replace` is slow: where speed counts, conversions go through the time since the epoch.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # a naive wall time is meant

# Two changes of one zone are never closer than 96 hours (Freetown 1939; since then, 167), and no change is
# larger than 24. So where offsets this far apart are equal, there is no change between them and no gap
# at the first of them. A test holds the whole tz database to it.
LOOK_AHEAD: Final = timedelta(days=3)


def utc_of(instant: datetime) -> datetime:
    """Return *instant* in UTC.

    Raises:
        ValueError: *instant* is a naive time.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"an instant must be aware, got {instant.isoformat()}")
    try:
        return instant.astimezone(UTC)
    except OverflowError:  # the first or last hours that datetime can tell, in a zone beside UTC
        return LATEST + _BEYOND if instant.year > 1 else EARLIEST - _BEYOND


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    """Return how far wall times in *zone* are ahead of UTC at *instant*, an aware datetime in UTC."""
    reading = reading_of(instant, zone)
    return zone.fromutc(reading) - reading


def instant_of(wall: datetime, offset: timedelta) -> datetime:
    """Return the instant, in UTC, at which clocks that are *offset* ahead of it show the naive time *wall*."""
    return _EPOCH + (wall - _WALL_EPOCH - offset)


def wall_at(instant: datetime, offset: timedelta) -> datetime:
    """Return the naive time that clocks *offset* ahead of UTC show at *instant*, an aware datetime in UTC."""
    return _WALL_EPOCH + (instant - _EPOCH + offset)


def due_of(nominal: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the wall time *nominal* falls due in *zone*.

    A time that the clocks skip is due when the gap ends; a repeated one, the first time round.

    Args:
        nominal: Naive wall time in whole seconds, as the person wrote it.
        zone: The schedule's own time zone.
    Returns:
        Aware datetime in UTC. For one *zone* it never decreases as *nominal* grows.
    Raises:
        ValueError: *nominal* already carries a time zone.
        OverflowError: *nominal* is within a few days of the first or last that datetime can represent.

    >>> due_of(datetime(2026, 3, 29, 3, 30), ZoneInfo("Europe/Riga")).isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    if nominal.tzinfo is not None:
        raise ValueError(f"nominal must be a naive wall time, got {nominal.isoformat()}")
    if nominal.fold:
        nominal = nominal.replace(fold=0)
    # Of a skipped or repeated wall time, fold=0 is read by the offset before the change: the right one
    # for a repeat. It is wrong in a gap only, and there the offset soon becomes another.
    before = offset_by(nominal, zone)
    if before != offset_by(nominal + LOOK_AHEAD, zone):
        after = offset_by(nominal.replace(fold=1), zone)
        if after > before:
            return first_change(instant_of(nominal, after), instant_of(nominal, before), zone)
    return instant_of(nominal, before)


def first_nominal(since: datetime, zone: ZoneInfo) -> datetime:
    """Return the earliest naive wall time that may be due at *since* (in UTC) or later.

    That is what the clocks show at *since*, unless a gap ends at *since*: everything that the gap skipped is due
    then, so it is the first skipped wall time.
    """
    reading = reading_of(since, zone)
    offset = zone.fromutc(reading) - reading
    reading -= RESOLUTION
    before = zone.fromutc(reading) - reading
    return wall_at(since, min(offset, before))


def slots_at(nominals: Iterable[datetime], zone: ZoneInfo, since: datetime) -> Iterator[Slot]:
    """Yield the slots of ascending wall times that are due at *since* or later.

    Wall times due at the same instant are one slot, whose nominal is the earliest of them: *nominals*
    must begin no later than `first_nominal(since, zone)`, else that earliest one may be missing.
    """
    last = since - RESOLUTION
    for nominal in nominals:
        due = due_of(nominal, zone)
        if due > last:
            if due >= LATEST:
                return
            yield slot_of((due, nominal))
            last = due


def first_change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant in (*low*, *high*] at which *zone* leaves the offset it has at *low*.

    Both are whole seconds in UTC, with one change between them; the answer is exact to the second,
    which is as fine as the tz database is.
    """
    before = offset_at(low, zone)

    def changed(seconds: int) -> bool:
        return offset_at(low + timedelta(seconds=seconds), zone) != before

    return low + timedelta(seconds=bisect_left(range((high - low) // SECOND), True, lo=1, key=changed))


def reading_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return *instant* in UTC, labeled with *zone* as `fromutc` needs it."""
    return datetime(1970, 1, 1, tzinfo=zone) + (instant - _EPOCH)


def offset_by(wall: datetime, zone: ZoneInfo) -> timedelta:
    """Return how far the naive *wall* is ahead of UTC, by its fold."""
    return zone.utcoffset(wall)  # type: ignore[return-value]  # a ZoneInfo always answers
