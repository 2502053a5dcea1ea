"""Daily, weekly and monthly: local dates, each with the same wall times.

Every (local date, wall time) is one slot, exactly once; what a clock change makes of it is for
`walltime` to say.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.base import WallTrigger
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.walltime import LATEST, first_nominal, slots_at
from aperture_plugin.words.schedules import Weekday

__all__ = ["DailyTrigger", "MonthlyTrigger", "WeeklyTrigger"]

_DAY: Final = timedelta(days=1)
_LAST_DATE: Final = LATEST.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class _CalendarTrigger(WallTrigger):
    """Wall times on the local dates that a subclass names.

    Attributes:
        times: Naive and ascending, at least one.
    """

    times: tuple[time, ...]
    zone: ZoneInfo

    @abstractmethod
    def _first_date(self, day: date) -> date:
        """Return the first date named that is *day* or later."""

    def _from(self, since: datetime) -> Iterator[Slot]:
        return slots_at(self._walls(first_nominal(since, self.zone)), self.zone, since)

    def _walls(self, first: datetime) -> Iterator[datetime]:
        first_day = first.date()
        day = self._first_date(first_day)
        while day <= _LAST_DATE:
            for wall_time in self.times:
                wall = datetime.combine(day, wall_time)
                if day > first_day or wall >= first:
                    yield wall
            day = self._first_date(day + _DAY)

    def _wall_after(self, wall: datetime) -> datetime:
        today = wall.date()
        day = self._first_date(today)
        if day == today:
            passed = bisect_right(self.times, wall.time())
            if passed < len(self.times):
                return datetime.combine(day, self.times[passed])
            day = self._first_date(today + _DAY)
        return datetime.combine(day, self.times[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyTrigger(_CalendarTrigger):
    """Due on every local date at each of *times*."""

    def _first_date(self, day: date) -> date:
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyTrigger(_CalendarTrigger):
    """Due on each of *days* of every week, at each of *times*."""

    days: tuple[Weekday, ...]

    def _first_date(self, day: date) -> date:
        while day.weekday() not in self.days:
            day += _DAY
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyTrigger(_CalendarTrigger):
    """Due on one day of each month that has it (the last one every month has), at each of *times*."""

    day: int | Literal["last"]

    def _first_date(self, day: date) -> date:
        year, month = day.year, day.month
        while year <= date.max.year:
            length = monthrange(year, month)[1]
            number = length if self.day == "last" else self.day
            if number <= length and (year > day.year or month > day.month or number >= day.day):
                return date(year, month, number)
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return date.max
