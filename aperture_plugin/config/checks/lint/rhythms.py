"""Rhythms of schedules in the day and in the week, as far as they show without looking at dates."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import time, timedelta
from functools import lru_cache, reduce
from itertools import chain, pairwise
from operator import or_
from typing import Final

from aperture_plugin.triggers.cron_expression import fields_of
from aperture_plugin.triggers.cron_fields import CronFields, bits_of
from aperture_plugin.words.schedules import (
    DAY,
    AtStart,
    Cron,
    Daily,
    Interval,
    Monthly,
    Once,
    Schedule,
    Several,
    Weekly,
)

__all__ = ["EVERY_DAY", "closest", "hours_of_day", "is_rhythm", "minutes_of_day", "runs_per_week", "weekly_times"]

EVERY_DAY: Final = 0b1111111
_HALF_A_DAY: Final = timedelta(hours=12)
_WEEK: Final = timedelta(days=7)
_MINUTES: Final = 24 * 60
_EVERY_HOUR: Final = (1 << 24) - 1
_MOST_TIMES: Final = 12
"""A cron that names more times a day than this is looked at as if it were a rhythm."""
_WEEKS_A_MONTH: Final = 365 / 12 / 7
_SOME_YEAR: Final = 2025
_REMEMBERED: Final = 16_384

Times = tuple[tuple[int, int], ...]


def is_rhythm(schedule: Schedule) -> bool:
    """Return whether *schedule* says how often, rather than when: an interval below half a day, or a cron like one.

    >>> is_rhythm(Cron(expression="0 */2 * * *")), is_rhythm(Cron(expression="*/30 2 * * *"))
    (True, False)
    """
    if isinstance(schedule, Several):
        return all(is_rhythm(one) for one in schedule.schedules if not isinstance(one, AtStart))
    if isinstance(schedule, Interval):
        return schedule.every < _HALF_A_DAY
    if not isinstance(schedule, Cron):
        return False
    hours = bits_of(fields_of(schedule.expression).hours)
    if len(hours) < 3:
        return False
    around = pairwise((*hours, hours[0] + 24))
    return schedule.expression.split()[1].startswith("*") or len({later - earlier for earlier, later in around}) == 1


@lru_cache(maxsize=_REMEMBERED)
def weekly_times(schedule: Schedule) -> Times:
    """Return the wall times at which *schedule* is due in every week: pairs of minute of the day and days.

    Days are bits, Monday the lowest. What is not the same in every week, or is a rhythm, has none.

    >>> from aperture_plugin.words.phrases import read_phrase
    >>> weekly_times(read_phrase("weekly on mon and tue at 1:30 AM"))
    ((90, 3),)
    """
    match schedule:
        case Daily(times=times):
            return tuple((_minute(at), EVERY_DAY) for at in times)
        case Weekly(days=days, times=times):
            mask = sum(1 << day for day in days)
            return tuple((_minute(at), mask) for at in times)
        case Interval() if schedule.divides_the_day and not is_rhythm(schedule):
            return tuple((minute, EVERY_DAY) for minute in _grid(schedule))
        case Cron(expression=expression) if not is_rhythm(schedule):
            fields = fields_of(expression)
            mask = _weekdays(fields)
            return (
                tuple((minute, mask) for minute in _minutes(fields)) if mask and _count(fields) <= _MOST_TIMES else ()
            )
        case Several():
            return _weekly_times_of_several(schedule)
        case _:
            return ()


def _weekly_times_of_several(schedule: Several) -> Times:
    days_at: dict[int, int] = {}
    for one in schedule.schedules:
        times = weekly_times(one)
        if not times and not isinstance(one, AtStart):
            return ()
        for minute, days in times:
            days_at[minute] = days_at.get(minute, 0) | days
    return tuple(sorted(days_at.items()))


def minutes_of_day(schedule: Schedule) -> tuple[int, ...]:
    """Return the minutes of the day, ascending, at which *schedule* may be due; none for what is due at any."""
    match schedule:
        case Daily(times=times) | Weekly(times=times) | Monthly(times=times):
            return tuple(_minute(at) for at in times)
        case Once(at=at):
            return (_minute(at.time()),)
        case Interval() if schedule.divides_the_day and schedule.every >= timedelta(minutes=1):
            return _grid(schedule)
        case Cron(expression=expression):
            return _minutes(fields_of(expression))
        case Several(schedules=schedules):
            each = [minutes_of_day(one) for one in schedules if not isinstance(one, AtStart)]
            return tuple(sorted(set(chain(*each)))) if all(each) else ()
        case _:
            return ()


def hours_of_day(schedule: Schedule) -> int:
    """Return the hours of the day, as bits, in which *schedule* may be due."""
    match schedule:
        case Cron(expression=expression):
            return fields_of(expression).hours
        case Daily(times=times) | Weekly(times=times) | Monthly(times=times):
            hours = 0
            for at in times:
                hours |= 1 << at.hour
            return hours
        case Once(at=at):
            return 1 << at.hour
        case Several(schedules=schedules):
            return reduce(or_, (hours_of_day(one) for one in schedules if not isinstance(one, AtStart)))
        case _:
            return _EVERY_HOUR


def closest(schedule: Schedule) -> timedelta | None:
    """Return the shortest time from one slot to the next by the wall clock; None where that takes dates to know."""
    if isinstance(schedule, Interval):
        return schedule.every
    if isinstance(schedule, Several) and not weekly_times(schedule):
        return min((apart for one in schedule.schedules if (apart := closest(one)) is not None), default=None)
    times = weekly_times(schedule)
    moments = sorted(day * _MINUTES + minute for minute, days in times for day in range(7) if days >> day & 1)
    if not moments:
        return None
    around = pairwise((*moments, moments[0] + 7 * _MINUTES))
    return timedelta(minutes=min(later - earlier for earlier, later in around))


@lru_cache(maxsize=_REMEMBERED)
def runs_per_week(schedule: Schedule) -> float:
    """Return how often *schedule* is due in a week, on average over the years and clock changes aside."""
    match schedule:
        case Daily(times=times):
            return 7 * len(times)
        case Weekly(days=days, times=times):
            return len(days) * len(times)
        case Monthly(times=times):
            return len(times) / _WEEKS_A_MONTH
        case Interval(every=every):
            return _WEEK / every
        case Cron(expression=expression):
            fields = fields_of(expression)
            return sum(map(int.bit_count, _dates_of_a_year(fields))) * _count(fields) * 7 / 365
        case Several(schedules=schedules):
            weekly = weekly_times(schedule)
            return sum(days.bit_count() for _, days in weekly) or sum(map(runs_per_week, schedules))
        case _:
            return 0


def _dates_of_a_year(fields: CronFields) -> Iterator[int]:
    for month in bits_of(fields.months):
        yield fields.days_of(*monthrange(_SOME_YEAR, month))


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _minutes(fields: CronFields) -> tuple[int, ...]:
    return tuple(hour * 60 + minute for hour in bits_of(fields.hours) for minute in bits_of(fields.minutes))


def _count(fields: CronFields) -> int:
    """Return how many times a day an expression names."""
    return fields.hours.bit_count() * fields.minutes.bit_count()


def _grid(schedule: Interval) -> tuple[int, ...]:
    """Return the labels of an interval that divides the day, in whole minutes."""
    labels = (schedule.offset + number * schedule.every for number in range(DAY // schedule.every))
    return tuple(label // timedelta(minutes=1) for label in labels)


def _weekdays(fields: CronFields) -> int:
    """Return the days of the week that a cron expression names, Monday the lowest bit; 0 if it looks at dates too."""
    every_date = fields.days == 0b11111111111111111111111111111110 and fields.months == 0b1111111111110
    if not every_date or fields.nth_weekdays or not fields.both_days:
        return 0
    return sum(1 << (weekday - 1) % 7 for weekday in bits_of(fields.weekdays))
