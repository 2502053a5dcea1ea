"""The clock changes of a zone: when its wall time skips or repeats a stretch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.offset_periods import stretches
from aperture_plugin.triggers.walltime import EARLIEST, RESOLUTION, offset_at, utc_of, wall_at

__all__ = ["ClockChange", "changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """One change of a zone's offset from UTC, seasonal or permanent.

    Attributes:
        instant: The first at which the new offset holds; aware, in UTC.
        before, after: How far wall times are ahead of UTC before *instant*, and from it on.
    """

    instant: datetime
    before: timedelta
    after: timedelta

    @property
    def kind(self) -> Literal["gap", "repeat"]:
        """The kind of change: the clocks skip wall times, or show them a second time."""
        return "gap" if self.after > self.before else "repeat"

    @property
    def size(self) -> timedelta:
        """The length of wall time that is skipped or repeated; always positive."""
        return abs(self.after - self.before)

    @property
    def wall_since(self) -> datetime:
        """The first naive wall time that is skipped or repeated."""
        return wall_at(self.instant, min(self.before, self.after))

    @property
    def wall_until(self) -> datetime:
        """The first naive wall time after the skipped or repeated stretch."""
        return self.wall_since + self.size


def changes(zone: ZoneInfo, since: datetime, until: datetime) -> list[ClockChange]:
    """Return the clock changes of *zone* from *since* (in) to *until* (out), exact to the second, ascending.

    The search asks the zone for its offsets, so it follows whatever provides them: the system's tz database, the
    tzdata package, or the rule for the years beyond.

    >>> from datetime import UTC
    >>> [change] = changes(ZoneInfo("Europe/Riga"), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    >>> change.kind, change.wall_since.isoformat(), change.wall_until.isoformat()
    ('gap', '2026-03-29T03:00:00', '2026-03-29T04:00:00')
    """
    begin, end = max(utc_of(since), EARLIEST), utc_of(until)
    found = []
    before = offset_at(begin - RESOLUTION, zone)
    for stretch in stretches(begin, zone):
        if stretch.begin >= end:
            break
        if stretch.offset != before:
            found.append(ClockChange(instant=stretch.begin, before=before, after=stretch.offset))
        before = stretch.offset
    return found
