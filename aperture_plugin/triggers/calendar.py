"""Daily, weekly and monthly: local dates, each with the same wall times.

Every (local date, wall time) is one slot, exactly once; what a clock change makes of it is for
`walltime` to say.
"""

from __future__ import annotations

from abc import abstractmethod
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.base import SlotStream
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.walltime import LATEST, first_nominal, slots_at
from aperture_plugin.words.schedules import Weekday

__all__ = ["DailyTrigger", "MonthlyTrigger", "WeeklyTrigger"]

_DAY: Final = timedelta(days=1)
_LAST_DATE: Final = LATEST.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class _CalendarTrigger(SlotStream):
    """Wall times on the local dates that a subclass names.

    Attributes:
        times: Naive and ascending, at least one.
    """

    times: tuple[time, ...]
    zone: ZoneInfo

    @abstractmethod
    def _dates(self, first: date) -> Iterator[date]:
        """Yield the dates from *first* on, ascending; some may lie beyond the last one looked at."""

    def _from(self, since: datetime) -> Iterator[Slot]:
        return slots_at(self._nominals(first_nominal(since, self.zone)), self.zone, since)

    def _nominals(self, first: datetime) -> Iterator[datetime]:
        for day in self._dates(first.date()):
            if day > _LAST_DATE:
                return
            for wall_time in self.times:
                nominal = datetime.combine(day, wall_time)
                if nominal >= first:
                    yield nominal


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyTrigger(_CalendarTrigger):
    """Due on every local date at each of *times*."""

    def _dates(self, first: date) -> Iterator[date]:
        day = first
        while True:
            yield day
            day += _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyTrigger(_CalendarTrigger):
    """Due on each of *days* of every week, at each of *times*."""

    days: tuple[Weekday, ...]

    def _dates(self, first: date) -> Iterator[date]:
        day = first
        while True:
            if day.weekday() in self.days:
                yield day
            day += _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyTrigger(_CalendarTrigger):
    """Due on one day of each month that has it (the last one every month has), at each of *times*."""

    day: int | Literal["last"]

    def _dates(self, first: date) -> Iterator[date]:
        year, month = first.year, first.month
        while year <= _LAST_DATE.year:
            length = monthrange(year, month)[1]
            day = length if self.day == "last" else self.day
            if day <= length and (found := date(year, month, day)) >= first:
                yield found
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
