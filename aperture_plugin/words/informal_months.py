"""Informal schedules of months and years: the last day, the first Monday, every January 1."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from typing import Final

from aperture_plugin.words.informal_lexicon import LAST
from aperture_plugin.words.informal_parts import Said
from aperture_plugin.words.meanings import Incomplete, Meaning, Meant, Unsupported
from aperture_plugin.words.schedules import Cron, Monthly, Schedule, Several, schedules_in

__all__ = ["monthly_meaning", "months_alone", "several", "sorted_times", "yearly_meaning"]

_MONTHS_IN: Final = {"month": 1, "quarter": 3, "year": 12}
_EXAMPLE_TIME: Final = time(4)


def months_alone(said: Said) -> Meaning | None:
    """Return the meaning of months, quarters and years without a day."""
    if len(said.lengths) != 1 or said.pasts:
        return None
    count, unit = said.lengths[0]
    months = count * _MONTHS_IN.get(unit, 0)
    at = said.times[0] if said.times else _EXAMPLE_TIME
    if months == 1:
        return Incomplete("day of the month", Monthly(day=1, times=(at,)))
    if months == 12:
        return Incomplete("date", Cron(expression=f"{at.minute} {at.hour} 1 1 *"))
    if months in {2, 3, 4, 6}:
        return Incomplete("day of the month", Cron(expression=f"{at.minute} {at.hour} 1 */{int(months)} *"))
    return Unsupported("months differ in length; name the months in a cron schedule, such as  cron 0 4 1 1,6,11 *")


def yearly_meaning(said: Said) -> Meaning | None:
    """Return the meaning of a date of every year."""
    yearly = said.lengths in ([], [(1, "year")])
    if not yearly or len(said.months) != 1 or len(said.month_days) != 1 or said.days or said.ordinals or said.pasts:
        return None
    if said.counts:
        return None
    [month], [day] = said.months, said.month_days
    if not 1 <= day <= (29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31):
        return None
    return _at_cron_times(said, f"{day} {month} *")


def monthly_meaning(said: Said) -> Meaning | None:
    """Return the meaning of days of a month: the 15th, the last day, the first Monday."""
    months = [length for length in said.lengths if length[1] == "month"]
    if said.pasts or len(months) < len(said.lengths) or any(count != 1 for count, _ in months):
        return None
    if said.counts and said.counts != [1]:
        return None
    if said.ordinals:
        return _nth_weekdays(said, monthly=bool(months))
    if said.days:
        return None
    days = list(dict.fromkeys(said.month_days))
    if any(day != LAST and not 1 <= day <= 31 for day in days):
        return None
    times = sorted_times(said.times) or (_EXAMPLE_TIME,)
    schedule = several(Monthly(day="last" if day == LAST else day, times=times) for day in days)
    return Meant(schedule) if said.times else Incomplete("time of day", schedule)


def _nth_weekdays(said: Said, *, monthly: bool) -> Meaning | None:
    if said.month_days or len(said.ordinals) != 1:
        return None
    [nth] = said.ordinals
    if said.workday:
        if nth != LAST:
            return Unsupported(
                "the first workday of a month has no schedule; nearest is the last one,  cron 0 9 LW * *, or a day of "
                "the week, such as  cron 0 9 * * MON#1"
            )
        return _at_cron_times(said, "LW * *")
    if len(said.days) != 1 or nth > 5 or nth == 0:
        return None
    [day] = said.days
    if not monthly and nth not in {1, LAST}:
        return Unsupported(
            "it may be every other week or a week of each month; of each month it is  "
            f"cron 0 9 * * {day.name[:3]}#{nth}"
        )
    number = (day + 1) % 7
    return _at_cron_times(said, f"* * {number}L" if nth == LAST else f"* * {day.name[:3]}#{nth}")


def _at_cron_times(said: Said, fields: str) -> Meaning | None:
    """Return the cron schedule of *fields*, from the day of the month on, at the times in the text."""
    times = sorted_times(said.times) or (time(9),)
    schedule = several(Cron(expression=f"{at.minute} {at.hour} {fields}") for at in times)
    return Meant(schedule) if said.times else Incomplete("time of day", schedule)


def sorted_times(times: Iterable[time]) -> tuple[time, ...]:
    """Return *times* as a schedule has them: sorted, each once."""
    return tuple(sorted(set(times)))


def several(schedules: Iterable[Schedule]) -> Schedule:
    """Return *schedules* as one; those that are several are taken apart."""
    parts = tuple(dict.fromkeys(part for schedule in schedules for part in schedules_in(schedule)))
    return parts[0] if len(parts) == 1 else Several(schedules=parts)
