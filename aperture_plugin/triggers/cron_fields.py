"""The five fields of a cron expression as sets of numbers, and the wall times that match them.

Each field is a set of small numbers, kept as the bits of one int: ten thousand of them weigh little,
and the days of a month are found by a few operations on whole months instead of a question per day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from aperture_plugin.triggers.month_lengths import month_of
from aperture_plugin.triggers.walltime import LATEST

__all__ = ["CronFields", "bits_of"]

_LAST_YEAR: Final = LATEST.year - 1
_ONE_MINUTE: Final = timedelta(minutes=1)
_ONE_DAY: Final = timedelta(days=1)
# The days 1 to 31, 8 to 31 and so on that fall on the weekday of day 1: bit n stands for day n.
_SAME_WEEKDAY: Final = sum(1 << day for day in (1, 8, 15, 22, 29))


@dataclass(frozen=True, slots=True, kw_only=True)
class CronFields:
    """A parsed cron expression.

    Attributes:
        minutes, hours, days, months: Bit n is set where the field holds n.
        last_day, last_workday: Whether the day field holds `L`, `LW`.
        weekdays: Bits 0 (Sunday) to 6.
        nth_weekdays: Pairs of weekday and its number in the month, -1 for the last.
        both_days: True if a date must match the day *and* the weekday field; else either will do.
        starred: True if the minute or hour field starts with a star: such an expression follows the
            clocks as they are; one of fixed times is due at the end of a gap, and never twice.
    """

    minutes: int
    hours: int
    days: int
    last_day: bool
    last_workday: bool
    months: int
    weekdays: int
    nth_weekdays: tuple[tuple[int, int], ...]
    both_days: bool
    starred: bool

    def wall_times(self, since: datetime) -> Iterator[datetime]:
        """Yield the matching naive wall times from *since* on, ascending, until the calendar ends."""
        start = since - timedelta(seconds=since.second, microseconds=since.microsecond)
        if start < since:
            start += _ONE_MINUTE
        first_day = start.date()
        hours, minutes = bits_of(self.hours), bits_of(self.minutes)
        for day in self.dates(first_day):
            year, month, number = day.year, day.month, day.day
            later_hours = hours
            if day == first_day:
                later_hours = hours[bisect_left(hours, start.hour) :]
                if later_hours and later_hours[0] == start.hour:
                    for minute in minutes[bisect_left(minutes, start.minute) :]:
                        yield datetime(year, month, number, start.hour, minute)  # noqa: DTZ001  # a wall time
                    later_hours = later_hours[1:]
            for hour in later_hours:
                for minute in minutes:
                    yield datetime(year, month, number, hour, minute)  # noqa: DTZ001  # a wall time

    def first_after(self, wall: datetime) -> datetime | None:
        """Return the first matching naive wall time after *wall*; None at the calendar's end."""
        year, month, day, hour = wall.year, wall.month, wall.day, wall.hour
        if self.months >> month & 1 and self.days_of(*month_of(year, month)) >> day & 1 and year <= _LAST_YEAR:
            if self.hours >> hour & 1 and (later := self.minutes >> (wall.minute + 1)):
                return datetime(year, month, day, hour, wall.minute + 1 + _lowest(later))  # noqa: DTZ001  # a wall time
            if later := self.hours >> (hour + 1):
                return datetime(year, month, day, hour + 1 + _lowest(later), _lowest(self.minutes))  # noqa: DTZ001  # same
        for date_named in self.dates(wall.date() + _ONE_DAY):
            return datetime.combine(date_named, time(_lowest(self.hours), _lowest(self.minutes)))
        return None

    def dates(self, first: date) -> Iterator[date]:
        """Yield the matching dates from *first* on, ascending, until the calendar ends."""
        year, month, skipped = first.year, first.month, first.day
        while year <= _LAST_YEAR:
            if self.months >> month & 1:
                left = self.days_of(*month_of(year, month)) >> skipped << skipped
                while left:
                    day = _lowest(left)
                    yield date(year, month, day)
                    left ^= 1 << day
            skipped = 0
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def days_of(self, first_weekday: int, length: int) -> int:
        """Return the matching days in a month of *length* days, as bits; Monday is *first_weekday* 0."""
        whole = (2 << length) - 2
        by_day = self.days & whole
        if self.last_day:
            by_day |= 1 << length
        if self.last_workday:
            last_weekday = (first_weekday + length - 1) % 7
            by_day |= 1 << (length - max(0, last_weekday - 4))
        by_weekday = _days_on_any(self.weekdays, first_weekday)
        for weekday, nth in self.nth_weekdays:
            those = _days_on(weekday, first_weekday) & whole
            last = those.bit_length() - 1
            by_weekday |= 1 << (last if nth < 0 else _first_on(weekday, first_weekday) + 7 * (nth - 1))
        return (by_day & by_weekday if self.both_days else by_day | by_weekday) & whole

    def ever_fires(self) -> bool:
        """Return whether any possible date matches, over every length of a month and every weekday it can begin on."""
        lengths = {2: (28, 29), 4: (30,), 6: (30,), 9: (30,), 11: (30,)}
        return any(
            self.days_of(first_weekday, length)
            for month in bits_of(self.months)
            for length in lengths.get(month, (31,))
            for first_weekday in range(7)
        )


@lru_cache(maxsize=4096)
def bits_of(mask: int) -> tuple[int, ...]:
    """Return the numbers of the bits set in *mask*, ascending."""
    return tuple(number for number in range(mask.bit_length()) if mask >> number & 1)


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


@lru_cache(maxsize=7 * 128)
def _days_on_any(weekdays: int, first_weekday: int) -> int:
    """Return the days that fall on one of *weekdays*, given as bits, in a month starting on *first_weekday*."""
    return sum(_days_on(weekday, first_weekday) for weekday in bits_of(weekdays))


def _first_on(weekday: int, first_weekday: int) -> int:
    """Return the first day that falls on *weekday* (Sunday 0) in a month starting on *first_weekday* (Monday 0)."""
    return (weekday - 1 - first_weekday) % 7 + 1


def _days_on(weekday: int, first_weekday: int) -> int:
    return _SAME_WEEKDAY << (_first_on(weekday, first_weekday) - 1)
