"""Section 3 of DESIGN.md read word for word: it walks the line of instants and looks at the clocks.

Slow, and that is the point: nothing is computed or searched. The clocks of a zone are read at every
step (each minute, or each second), and what they do from one reading to the next (go on, leave wall
times out, show some again) decides what fires. Nothing of the package is used but its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim

from aperture_plugin.triggers.slots import Slot
from aperture_plugin.words.schedules import Cron, Daily, Interval, Monthly, Once, Schedule, Weekly

__all__ = ["MINUTE", "SECOND", "Change", "changes_of", "slots_by_walking"]

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

Span = tuple[datetime, datetime]
Named = Callable[[datetime], bool]
# No stretch repeated since 1970 is longer than a day: a walk that begins earlier than that knows which
# wall times have been seen before.
APPROACH = timedelta(hours=26)


@dataclass(frozen=True)
class Reading:
    """What the clocks show at one step of the walk.

    Attributes:
        new_since: The wall times from here to *wall* have never been seen before; None in a second pass.
        repeat: How long the second pass is in all; zero outside of one.
    """

    instant: datetime
    wall: datetime
    new_since: datetime | None
    repeat: timedelta


@dataclass(frozen=True)
class Change:
    """One change of the clocks of *zone*: *instant* is the first at which the new offset holds."""

    zone: str
    instant: datetime
    before: timedelta
    after: timedelta


def slots_by_walking(
    schedule: Schedule, zone: ZoneInfo, span: Span, step: timedelta = MINUTE, approach: timedelta = APPROACH
) -> list[Slot]:
    """Return the slots of *schedule* in the half-open *span*, whose ends stand on steps of the walk."""
    since, until = span
    readings = walk(zone, since - approach, until, step)
    fires: Callable[[Reading], datetime | None]
    match schedule:
        case Interval() if not schedule.divides_the_day:
            return list(_elapsed(schedule, zone, since, until))
        case Interval():
            fires = _grid(schedule, step)
        case Cron() if schedule.expression.split()[0][0] == "*" or schedule.expression.split()[1][0] == "*":
            fires = _as_the_clocks_go(_cron(schedule, since, until))
        case Cron():
            fires = _once_each(_cron(schedule, since, until), step)
        case _:
            fires = _once_each(_told(schedule), step)
    found = ((reading.instant, fires(reading)) for reading in readings)
    return [Slot(instant, nominal) for instant, nominal in found if nominal is not None and instant >= since]


@lru_cache(maxsize=64)
def walk(zone: ZoneInfo, since: datetime, until: datetime, step: timedelta) -> tuple[Reading, ...]:
    """Read the clocks of *zone* at every *step* from *since* (in) to *until* (out)."""
    return tuple(_walk(zone, since, until, step))


def _walk(zone: ZoneInfo, since: datetime, until: datetime, step: timedelta) -> Iterator[Reading]:
    instant = since
    last = seen = (since - step).astimezone(zone).replace(tzinfo=None)
    repeat = timedelta(0)
    while instant < until:
        wall = instant.astimezone(zone).replace(tzinfo=None)
        if wall <= last:
            repeat = last + step - wall
        if wall > seen:
            yield Reading(instant, wall, seen + step, timedelta(0))
            seen = wall
        else:
            yield Reading(instant, wall, None, repeat)
        last = wall
        instant += step


def _once_each(named: Named, step: timedelta) -> Callable[[Reading], datetime | None]:
    """Every wall time once: when it is first seen, or when the clocks have left it out."""

    def fires(reading: Reading) -> datetime | None:
        return None if reading.new_since is None else _earliest(named, reading.new_since, reading.wall, step)

    return fires


def _as_the_clocks_go(named: Named) -> Callable[[Reading], datetime | None]:
    """Whatever the clocks show, whenever they show it."""
    return lambda reading: reading.wall if named(reading.wall) else None


def _grid(schedule: Interval, step: timedelta) -> Callable[[Reading], datetime | None]:
    """Every label once, and a second time in a repeat that is at least one interval long."""

    def named(wall: datetime) -> bool:
        midnight = wall.replace(hour=0, minute=0, second=0)
        return (wall - midnight - schedule.offset) % schedule.every == timedelta(0)

    once_each = _once_each(named, step)

    def fires(reading: Reading) -> datetime | None:
        if reading.new_since is None:
            return reading.wall if named(reading.wall) and reading.repeat >= schedule.every else None
        return once_each(reading)

    return fires


def _elapsed(schedule: Interval, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Slot]:
    due = first_midnight_of_2000(zone) + schedule.offset
    due += (since - due) // schedule.every * schedule.every
    while due < until:
        if due >= since:
            yield Slot(due, due.astimezone(zone).replace(tzinfo=None))
        due += schedule.every


@cache
def first_midnight_of_2000(zone: ZoneInfo) -> datetime:
    """Return the instant at which 2000 began in *zone*, found by waiting for it."""
    instant = datetime(1999, 12, 30, tzinfo=UTC)
    while instant.astimezone(zone).year < 2000:
        instant += MINUTE
    return instant


def _earliest(named: Named, since: datetime, until: datetime, step: timedelta) -> datetime | None:
    wall = since
    while wall <= until:
        if named(wall):
            return wall
        wall += step
    return None


def _told(schedule: Schedule) -> Named:
    match schedule:
        case Daily(times=times):
            return lambda wall: wall.time() in times
        case Weekly(days=days, times=times):
            return lambda wall: wall.time() in times and wall.weekday() in days
        case Monthly(day="last", times=times):
            return lambda wall: wall.time() in times and (wall + DAY).day == 1
        case Monthly(day=day, times=times):
            return lambda wall: wall.time() in times and wall.day == day
        case Once(at=at):
            return lambda wall: wall == at
        case _:
            return lambda wall: False


def _cron(schedule: Cron, since: datetime, until: datetime) -> Named:
    """The wall times an expression names: cronsim's, which needs no zone for that."""
    return _named_by_cron(schedule.expression, since - 3 * DAY, until + DAY).__contains__


@lru_cache(maxsize=256)
def _named_by_cron(expression: str, since: datetime, until: datetime) -> frozenset[datetime]:
    last = until.replace(tzinfo=None)
    named = set()
    for wall in CronSim(expression, since.replace(tzinfo=None)):
        if wall > last:
            break
        named.add(wall)
    return frozenset(named)


@cache
def changes_of(zone_name: str, year: int) -> tuple[Change, ...]:
    """Return the clock changes of a zone within a year, found by comparing days, then hours, minutes and seconds."""
    zone = ZoneInfo(zone_name)
    spans = [(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))]
    for step in (DAY, timedelta(hours=1), MINUTE, SECOND):
        spans = [closer for span in spans for closer in _steps_with_a_change(zone, span, step)]
    return tuple(
        Change(zone_name, instant, _offset(zone, instant - SECOND), _offset(zone, instant)) for _, instant in spans
    )


def _steps_with_a_change(zone: ZoneInfo, span: Span, step: timedelta) -> Iterator[Span]:
    instant, until = span
    while instant < until:
        if _offset(zone, instant) != _offset(zone, instant + step):
            yield instant, instant + step
        instant += step


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
