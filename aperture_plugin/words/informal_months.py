"""Informal schedules of months and years: the last day, the first Monday, every January 1."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from typing import Final

from aperture_plugin.words.informal_lexicon import LAST
from aperture_plugin.words.informal_parts import InformalParts
from aperture_plugin.words.meanings import Incomplete, Meaning, Meant, Unsupported
from aperture_plugin.words.schedules import Cron, Monthly, Schedule, Several, schedules_in

__all__ = ["monthly_meaning", "months_alone", "several", "sorted_times", "yearly_meaning"]

_MONTHS_IN: Final = {"month": 1, "quarter": 3, "year": 12}
_EXAMPLE_TIME: Final = time(4)


def months_alone(parts: InformalParts) -> Meaning | None:
    """Return the meaning of months, quarters and years without a day."""
    if len(parts.lengths) != 1 or parts.pasts:
        return None
    count, unit = parts.lengths[0]
    months = count * _MONTHS_IN.get(unit, 0)
    at = parts.times[0] if parts.times else _EXAMPLE_TIME
    if months == 1:
        return Incomplete("day of the month", Monthly(day=1, times=(at,)))
    if months == 12:
        return Incomplete("date", Cron(expression=f"{at.minute} {at.hour} 1 1 *"))
    if months in {2, 3, 4, 6}:
        return Incomplete("day of the month", Cron(expression=f"{at.minute} {at.hour} 1 */{int(months)} *"))
    return Unsupported("months differ in length; name the months in a cron schedule, such as  cron 0 4 1 1,6,11 *")


def yearly_meaning(parts: InformalParts) -> Meaning | None:
    """Return the meaning of a date of every year."""
    yearly = parts.lengths in ([], [(1, "year")])
    if (
        not yearly
        or len(parts.months) != 1
        or len(parts.month_days) != 1
        or parts.days
        or parts.ordinals
        or parts.pasts
    ):
        return None
    if parts.counts:
        return None
    [month], [day] = parts.months, parts.month_days
    if not 1 <= day <= (29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31):
        return None
    return _at_cron_times(parts, f"{day} {month} *")


def monthly_meaning(parts: InformalParts) -> Meaning | None:
    """Return the meaning of days of a month: the 15th, the last day, the first Monday."""
    months = [length for length in parts.lengths if length[1] == "month"]
    if parts.pasts or len(months) < len(parts.lengths) or any(count != 1 for count, _ in months):
        return None
    if parts.counts and parts.counts != [1]:
        return None
    if parts.ordinals:
        return _nth_weekdays(parts, monthly=bool(months))
    if parts.days:
        return None
    days = list(dict.fromkeys(parts.month_days))
    if any(day != LAST and not 1 <= day <= 31 for day in days):
        return None
    times = sorted_times(parts.times) or (_EXAMPLE_TIME,)
    schedule = several(Monthly(day="last" if day == LAST else day, times=times) for day in days)
    return Meant(schedule) if parts.times else Incomplete("time of day", schedule)


def _nth_weekdays(parts: InformalParts, *, monthly: bool) -> Meaning | None:
    if parts.month_days or len(parts.ordinals) != 1:
        return None
    [nth] = parts.ordinals
    if parts.workday:
        if nth != LAST:
            return Unsupported(
                "the first workday of a month has no schedule; nearest is the last one,  cron 0 9 LW * *, or a day of "
                "the week, such as  cron 0 9 * * MON#1"
            )
        return _at_cron_times(parts, "LW * *")
    if len(parts.days) != 1 or nth > 5 or nth == 0:
        return None
    [day] = parts.days
    if not monthly and nth not in {1, LAST}:
        return Unsupported(
            "it may be every other week or a week of each month; of each month it is  "
            f"cron 0 9 * * {day.name[:3]}#{nth}"
        )
    number = (day + 1) % 7
    return _at_cron_times(parts, f"* * {number}L" if nth == LAST else f"* * {day.name[:3]}#{nth}")


def _at_cron_times(parts: InformalParts, fields: str) -> Meaning | None:
    """Return the cron schedule of *fields*, from the day of the month on, at the times in the text."""
    times = sorted_times(parts.times) or (time(9),)
    schedule = several(Cron(expression=f"{at.minute} {at.hour} {fields}") for at in times)
    return Meant(schedule) if parts.times else Incomplete("time of day", schedule)


def sorted_times(times: Iterable[time]) -> tuple[time, ...]:
    """Return *times* as a schedule has them: sorted, each once."""
    return tuple(sorted(set(times)))


def several(schedules: Iterable[Schedule]) -> Schedule:
    """Return *schedules* as one; those that are several are taken apart."""
    parts = tuple(dict.fromkeys(part for schedule in schedules for part in schedules_in(schedule)))
    return parts[0] if len(parts) == 1 else Several(schedules=parts)
