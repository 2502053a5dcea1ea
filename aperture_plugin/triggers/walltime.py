"""Local wall times, and the instants they stand for.

A person writes 02:30; the store keeps an instant. Everything a clock change does to the way from one
to the other is decided here, once (DESIGN.md, section 3). Two views of the same line are offered: a
wall time asks for its instant (`due_of`), and the line of instants asks to be walked in `stretches`
through which the clocks run evenly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.slots import Slot

__all__ = [
    "EARLIEST",
    "LATEST",
    "RESOLUTION",
    "SECOND",
    "Stretch",
    "due_of",
    "first_change",
    "first_nominal",
    "offset_at",
    "slots_at",
    "stretches",
    "utc_of",
    "wall_of",
]

RESOLUTION: Final = datetime.resolution
SECOND: Final = timedelta(seconds=1)

# An offset, a lost day and a look at the day beyond must never leave the years that datetime knows.
_BEYOND: Final = timedelta(days=8)
EARLIEST: Final = datetime.min.replace(tzinfo=UTC) + _BEYOND
LATEST: Final = datetime.max.replace(tzinfo=UTC, microsecond=0) - _BEYOND

# Two changes of one zone are never closer than 167 hours (Noronha 2000, Gaza 2040), so instants less
# than that apart which share an offset have no change between them. A test holds the tz database to it.
_LOOK_AHEAD: Final = timedelta(days=5)


class Stretch(NamedTuple):
    """A half-open span of instants through which a zone's clocks run evenly.

    Attributes:
        begin, end: Aware, in UTC. *end* is a clock change, or just as far as one look reaches.
        offset: What a wall time is ahead of UTC, from *begin* to *end*.
        skipped: How much wall time a gap that ends exactly at *begin* has skipped, else zero.
        repeated: Length of the repeat whose second pass *begin* lies in, else zero.
        repeats_until: Naive wall time at which that second pass is over; *begin*'s own if there is none.
    """

    begin: datetime
    end: datetime
    offset: timedelta
    skipped: timedelta
    repeated: timedelta
    repeats_until: datetime

    @property
    def wall(self) -> datetime:
        """The naive wall time that clocks show at *begin*."""
        return self.begin.replace(tzinfo=None) + self.offset


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
    """Return what wall times in *zone* are ahead of UTC at the aware *instant*."""
    return instant.astimezone(zone).utcoffset()  # type: ignore[return-value]  # a ZoneInfo always answers


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the naive wall time that clocks in *zone* show at *instant*, an aware datetime in UTC."""
    return instant.replace(tzinfo=None) + offset_at(instant, zone)


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
        OverflowError: *nominal* is within a day of the first or last that datetime can tell.

    >>> due_of(datetime(2026, 3, 29, 3, 30), ZoneInfo("Europe/Riga")).isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    if nominal.tzinfo is not None:
        raise ValueError(f"nominal must be a naive wall time, got {nominal.isoformat()}")
    before: timedelta = zone.utcoffset(nominal.replace(fold=0))  # type: ignore[assignment]  # a ZoneInfo always answers
    after: timedelta = zone.utcoffset(nominal.replace(fold=1))  # type: ignore[assignment]  # a ZoneInfo always answers
    first = nominal.replace(tzinfo=UTC, fold=0) - before
    # In a repeat the offset before the change is the larger one, so the reading by it comes first.
    if before >= after:
        return first
    return first_change(first - (after - before), first, zone)


def first_nominal(since: datetime, zone: ZoneInfo) -> datetime:
    """Return the earliest naive wall time that may be due at *since* or later.

    That is what the clocks show at *since*, save when a gap ends right there: all that the gap skipped
    is due then, so its first wall time is meant.
    """
    wall = wall_of(since, zone)
    just_before = wall_of(since - RESOLUTION, zone) + RESOLUTION
    return min(wall, just_before)


def slots_at(nominals: Iterable[datetime], zone: ZoneInfo, since: datetime) -> Iterator[Slot]:
    """Yield the slots of ascending wall times that are due at *since* or later.

    Wall times due at the same instant are one slot, whose nominal is the earliest of them: *nominals*
    must begin no later than `first_nominal(since, zone)`, else that earliest one may be missing.
    """
    last = since - RESOLUTION
    for nominal in nominals:
        due = due_of(nominal, zone)
        if due > last:
            yield Slot(due, nominal)
            last = due


def stretches(since: datetime, zone: ZoneInfo) -> Iterator[Stretch]:
    """Yield the even stretches of *zone* from *since* (aware, in UTC) on, without end but `LATEST`."""
    nothing = timedelta(0)
    local = since.astimezone(zone)
    offset = offset_at(since, zone)
    wall = since.replace(tzinfo=None) + offset
    skipped, repeated, repeats_until = max(nothing, wall - first_nominal(since, zone)), nothing, wall
    if local.fold:  # the second pass of a repeat is under way
        repeated = zone.utcoffset(wall) - offset  # type: ignore[operator]  # a ZoneInfo always answers
        change = first_change(since.replace(microsecond=0) - repeated, since.replace(microsecond=0), zone)
        repeats_until = change.replace(tzinfo=None) + offset + repeated
    begin = since
    while begin < LATEST:
        end = min(begin + _LOOK_AHEAD, LATEST)
        after = offset_at(end, zone)
        if after != offset:
            end = first_change(begin.replace(microsecond=0), end.replace(microsecond=0), zone)
        yield Stretch(begin, end, offset, skipped, repeated, repeats_until)
        begin, skipped, repeated = end, max(nothing, after - offset), max(nothing, offset - after)
        repeats_until = end.replace(tzinfo=None) + max(offset, after)
        offset = after


def first_change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant in (*low*, *high*] at which *zone* leaves the offset it has at *low*.

    Both are whole seconds in UTC, with one change between them; the answer is exact to the second,
    which is as fine as the tz database is.
    """
    before = offset_at(low, zone)

    def changed(seconds: int) -> bool:
        return offset_at(low + timedelta(seconds=seconds), zone) != before

    return low + timedelta(seconds=bisect_left(range((high - low) // SECOND), True, lo=1, key=changed))
