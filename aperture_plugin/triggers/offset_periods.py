"""Spans of instants between a zone's clock changes.

Within a span a wall time and its instant differ by a constant offset, so a trigger that follows the clocks is
plain arithmetic there. A stretch also describes the clock change at its beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.walltime import (
    EARLIEST,
    LATEST,
    LOOK_AHEAD,
    RESOLUTION,
    first_change,
    offset_by,
    reading_of,
    wall_at,
)

__all__ = ["Calm", "Stretch", "calm_at", "last_calm", "stretches"]

_NOTHING: Final = timedelta(0)
_DAY: Final = timedelta(days=1)
_LONGEST_CALM: Final = timedelta(days=100)


class Stretch(NamedTuple):
    """A half-open span of instants through which a zone's clocks run evenly.

    Attributes:
        begin, end: Aware, in UTC. *end* is a clock change, or as far as one search looks ahead.
        offset: Time by which wall times are ahead of UTC, from *begin* to *end*.
        skipped: Wall time that a gap that ends exactly at *begin* has skipped, else zero.
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
        return wall_at(self.begin, self.offset)


@dataclass(frozen=True, slots=True)
class Calm:
    """A half-open span of instants through which a zone's clocks run evenly, no second pass of a repeat in it.

    Within it the next wall time by the clocks is also the next one due.

    Attributes:
        begin, end: Aware, in UTC. *end* is a clock change, or as far as the search has looked ahead.
        sure: For an instant before this one, the calm span goes on for at least a day.
        offset: Time by which wall times are ahead of UTC, from *begin* to *end*.
        midnight: The last instant up to *begin* at which clocks that always ran like this would have shown 00:00.
        midnights: *midnight* and those of the dates that follow, up to *end*.
        dates: The naive wall time at each of *midnights*.
        date: The first of *dates*.
        weekday: That of *date*, Monday 0.
    """

    begin: datetime
    end: datetime
    sure: datetime
    offset: timedelta
    midnight: datetime
    midnights: tuple[datetime, ...]
    dates: tuple[datetime, ...]
    date: datetime
    weekday: int


# A cache of facts of the tz database. Two threads may at worst look up the same one.
_calms: Final[dict[ZoneInfo, Calm]] = {}
last_calm: Final = _calms.get


def stretches(since: datetime, zone: ZoneInfo) -> Iterator[Stretch]:
    """Yield the even stretches of *zone* from *since* (aware, in UTC) on, without end but `LATEST`."""
    begin, reading = since, reading_of(since, zone)
    local = zone.fromutc(reading)
    offset = local - reading
    skipped, repeated, repeats_until = _NOTHING, _NOTHING, wall_at(since, offset)
    just_before = reading - RESOLUTION
    before = zone.fromutc(just_before) - just_before
    if before < offset:
        skipped = offset - before
    elif local.fold:  # the second pass of a repeat is under way
        repeated = offset_by(repeats_until, zone) - offset
        second = since.replace(microsecond=0)
        change = first_change(second - repeated, second, zone)
        repeats_until = wall_at(change, offset + repeated)
    while begin < LATEST:
        end = min(begin + LOOK_AHEAD, LATEST)
        reading += end - begin
        after = zone.fromutc(reading) - reading
        if after != offset:
            end = first_change(begin.replace(microsecond=0), end.replace(microsecond=0), zone)
            reading = reading_of(end, zone)
        yield Stretch(begin, end, offset, skipped, repeated, repeats_until)
        skipped, repeated = max(_NOTHING, after - offset), max(_NOTHING, offset - after)
        repeats_until = wall_at(end, max(offset, after))
        begin, offset = end, after


def calm_at(instant: datetime, zone: ZoneInfo) -> Calm | None:
    """Return the calm span of *zone* that *instant* (aware, in UTC) is in; None where clocks repeat just then.

    The last answer for each zone is cached: a loop, which asks for one instant after the other, searches the zone
    once in months. None, too, at the ends of the calendar.
    """
    known = _calms.get(zone)
    if known is not None and known.begin <= instant < known.end:
        return known
    if not EARLIEST + LOOK_AHEAD <= instant < LATEST - 2 * _LONGEST_CALM:
        return None
    if zone.fromutc(reading_of(instant, zone)).fold:  # the second pass of a repeat is under way
        return None
    end = instant
    for stretch in stretches(instant, zone):
        if end == instant:
            offset = stretch.offset
        elif stretch.offset != offset or end - instant > _LONGEST_CALM:
            break
        end = stretch.end
    wall = wall_at(instant, offset)
    date = datetime.combine(wall, time.min)
    midnights = [instant - (wall - date)]
    while midnights[-1] < end + _DAY:
        midnights.append(midnights[-1] + _DAY)
    dates = tuple(date + _DAY * number for number in range(len(midnights)))
    calm = _calms[zone] = Calm(
        begin=instant,
        end=end,
        sure=end - _DAY,
        offset=offset,
        midnight=midnights[0],
        midnights=tuple(midnights),
        dates=dates,
        date=date,
        weekday=date.weekday(),
    )
    return calm
