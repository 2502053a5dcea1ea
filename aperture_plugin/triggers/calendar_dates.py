"""Daily, weekly and monthly: local dates, each with the same wall times.

Every (local date, wall time) is exactly one slot. `walltime` decides how a clock change moves it.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.month_lengths import month_of
from aperture_plugin.triggers.offset_periods import Calm
from aperture_plugin.triggers.slot_stream import WallTrigger
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.walltime import LATEST, first_nominal, instant_of, slots_at, wall_at
from aperture_plugin.words.schedules import Weekday

__all__ = ["DailyTrigger", "MonthlyTrigger", "WeeklyTrigger"]

_DAY: Final = timedelta(days=1)
_LAST_DATE: Final = LATEST.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class _CalendarTrigger(WallTrigger):
    """The wall times of each local date that a subclass selects.

    Attributes:
        times: Naive and ascending, at least one.
        waits: The same as spans from midnight, followed by the first one of the next day.
    """

    times: tuple[time, ...]
    zone: ZoneInfo
    waits: tuple[timedelta, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        waits = [_since_midnight(wall_time) for wall_time in self.times]
        object.__setattr__(self, "waits", (*waits, _DAY + waits[0]))

    @abstractmethod
    def _first_date(self, day: date) -> date:
        """Return the first selected date that is *day* or later."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyTrigger(_CalendarTrigger):
    """Due on every local date at each of *times*."""

    def _first_date(self, day: date) -> date:
        return day

    def _due_after(self, instant: datetime, calm: Calm) -> datetime:
        midnight = calm.midnights[(instant - calm.midnight).days]
        return midnight + self.waits[bisect_right(self.waits, instant - midnight)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyTrigger(_CalendarTrigger):
    """Due on each of *days* of every week, at each of *times*."""

    days: tuple[Weekday, ...]
    ahead: tuple[timedelta, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super(WeeklyTrigger, self).__post_init__()  # slots=True makes the class anew: a bare super() would miss it
        object.__setattr__(self, "ahead", _days_to_the_next(self.days))

    def _first_date(self, day: date) -> date:
        while day.weekday() not in self.days:
            day += _DAY
        return day

    def _due_after(self, instant: datetime, calm: Calm) -> datetime:
        number = (instant - calm.midnight).days
        midnight = calm.midnights[number]
        weekday = (calm.weekday + number) % 7
        ahead = self.ahead[weekday]
        if not ahead:
            passed = bisect_right(self.waits, instant - midnight)
            if passed < len(self.times):
                return midnight + self.waits[passed]
            ahead = self.ahead[(weekday + 1) % 7] + _DAY
        return midnight + (ahead + self.waits[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyTrigger(_CalendarTrigger):
    """Due on one day of each month that has it (the last one every month has), at each of *times*."""

    day: int | Literal["last"]

    def _first_date(self, day: date) -> date:
        year, month = day.year, day.month
        while year <= date.max.year:
            length = month_of(year, month)[1]
            number = length if self.day == "last" else self.day
            if number <= length and (year > day.year or month > day.month or number >= day.day):
                return date(year, month, number)
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return date.max

    def _due_after(self, instant: datetime, calm: Calm) -> datetime:
        number = (instant - calm.midnight).days
        midnight = calm.midnights[number]
        today = wall_at(midnight, calm.offset).date()
        if self._first_date(today) == today:
            passed = bisect_right(self.waits, instant - midnight)
            if passed < len(self.times):
                return midnight + self.waits[passed]
        return instant_of(datetime.combine(self._first_date(today + _DAY), self.times[0]), calm.offset)


@lru_cache(maxsize=4096)
def _since_midnight(wall_time: time) -> timedelta:
    return timedelta(hours=wall_time.hour, minutes=wall_time.minute, seconds=wall_time.second)


@lru_cache(maxsize=128)
def _days_to_the_next(days: tuple[Weekday, ...]) -> tuple[timedelta, ...]:
    """Return, for a date of each weekday, how far ahead the first of *days* is; nothing for one of them."""
    return tuple(timedelta(days=min((day - weekday) % 7 for day in days)) for weekday in range(7))
