"""Ways to say when something is due, the one that reads best first; which of them is right, the proof says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from itertools import pairwise
from typing import Final, Literal

from aperture_plugin.triggers.cron_expression import fields_of
from aperture_plugin.triggers.cron_fields import bits_of
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import DAY, Daily, Interval, Monthly, Weekday, Weekly

__all__ = ["phrases_of_cron", "phrases_of_times"]

_MOST_TIMES: Final = 6
"""More times of a day than anybody reads in one line."""

_HOUR: Final = timedelta(hours=1)
_EVERY_DAY: Final = 0xFFFFFFFE
_EVERY_MONTH: Final = 0x1FFE
_EVERY_WEEKDAY: Final = 0b1111111


def phrases_of_cron(expression: str) -> tuple[str, ...]:
    """Return the phrases that may say what a valid cron *expression* of five fields says; its own comes last.

    >>> phrases_of_cron("0 3 * * 1-5")
    ('Weekly on weekdays at 3:00 AM', 'Cron 0 3 * * 1-5')
    """
    fields = fields_of(expression)
    phrases: list[str] = []
    if fields.months == _EVERY_MONTH and not fields.nth_weekdays and not fields.last_workday:
        times = [time(hour, minute) for hour in bits_of(fields.hours) for minute in bits_of(fields.minutes)]
        any_day = fields.days & _EVERY_DAY == _EVERY_DAY
        days: list[int | Literal["last"]] = [*bits_of(fields.days)]
        days += ["last"] * fields.last_day
        if fields.weekdays == _EVERY_WEEKDAY:
            phrases += phrases_of_times(times, month_days=None if any_day else days)
        elif any_day:
            weekdays = [Weekday((number - 1) % 7) for number in bits_of(fields.weekdays)]
            phrases += phrases_of_times(times, weekdays=weekdays)
    return (*phrases, f"Cron {expression}")


def phrases_of_times(
    times: Sequence[time],
    *,
    weekdays: Sequence[Weekday] | None = None,
    month_days: Sequence[int | Literal["last"]] | None = None,
) -> Iterator[str]:
    """Yield the phrases that say these *times*, sorted, on every day or only on some; none where no phrase does.

    Args:
        weekdays, month_days: The only days; None for every one.
    """
    few = len(times) <= _MOST_TIMES and not any(at.second for at in times)
    every_day = weekdays is None and month_days is None
    even = _even(times) if every_day else None
    if even is not None and (not few or (len(times) > 1 and even.offset < _HOUR)):
        yield phrase_of(even)
    if not few:
        return
    if every_day:
        yield phrase_of(Daily(times=tuple(times)))
    elif month_days is None and weekdays:
        yield phrase_of(Weekly(days=tuple(sorted(weekdays)), times=tuple(times)))
    elif weekdays is None and month_days is not None and len(month_days) == 1:
        yield phrase_of(Monthly(day=month_days[0], times=tuple(times)))


def _even(times: Sequence[time]) -> Interval | None:
    """Return the interval whose grid *times* are; None if their distances differ."""
    at = [timedelta(hours=one.hour, minutes=one.minute, seconds=one.second) for one in times]
    steps = {later - earlier for earlier, later in pairwise([*at, at[0] + DAY])}
    if len(steps) != 1:
        return None
    every = steps.pop()
    return Interval(every=every, offset=at[0])
