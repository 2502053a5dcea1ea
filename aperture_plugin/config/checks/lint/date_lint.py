"""Schedules whose dates or steps are others than they seem: short months, both day fields, uneven steps."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from typing import Final

from aperture_plugin.config.checks.lint.lint_context import LintContext
from aperture_plugin.config.checks.lint.lint_text import listed
from aperture_plugin.config.model import JobConfig
from aperture_plugin.triggers.cron_expression import both_day_fields, fields_of, restarts_each_day, restarts_each_hour
from aperture_plugin.triggers.cron_fields import bits_of
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.schedules import Cron, Interval, Monthly, Single, exchanged, schedules_in
from aperture_plugin.words.times import time_text

__all__ = ["cron_both_days", "cron_restarts", "short_month"]

_IN_EVERY_MONTH: Final = 28
_LEAP_YEAR: Final = 2024
_OTHER_YEAR: Final = 2025


def short_month(file: LintContext) -> None:
    """Report of each schedule on a day that some months lack."""
    for job, schedule in _each(file):
        match schedule:
            case Monthly(day=int(day), times=times) if day > _IN_EVERY_MONTH:
                instead = exchanged(job.schedule, schedule, Monthly(day="last", times=times))
                hint = f"the last day is in every month\nWrite:  {file.line(job, instead, 'day: last')}"
                _short(file, job, day, range(1, 13), hint)
            case Cron(expression=expression):
                fields = fields_of(expression)
                days, months = bits_of(fields.days), bits_of(fields.months)
                # A person who writes 29 February means it; and where the weekday will do, no month is without a run.
                otherwise = fields.last_day or fields.last_workday or not fields.both_days
                if days and days[0] > _IN_EVERY_MONTH and len(months) > 1 and not otherwise:
                    _short(file, job, days[0], months, "L in the day field is the last day of every month")


def _each(file: LintContext) -> Iterator[tuple[JobConfig, Single]]:
    """Yield each enabled job with each schedule that it has."""
    return ((job, schedule) for job in file.scheduled for schedule in schedules_in(job.schedule))


def _short(file: LintContext, job: JobConfig, day: int, months: Sequence[int], hint: str) -> None:
    lacking = [month for month in months if monthrange(_OTHER_YEAR, month)[1] < day]
    if not lacking:
        return
    if all(monthrange(_LEAP_YEAR, month)[1] >= day for month in lacking):
        when = "February of three years in four"
    else:
        when = "February" if lacking == [2] else f"{len(lacking)} of {len(months)} months"
    at = file.schedule_place(job, "day", "cron")
    file.warn("short-month", at, f"there is no day {day}, and so no run, in {when}", hint, job.name)


def cron_both_days(file: LintContext) -> None:
    """Report of each cron expression that restricts both day fields, and so fires on either."""
    for job, schedule in _each(file):
        if isinstance(schedule, Cron) and both_day_fields(schedule.expression):
            day, _, weekday = schedule.expression.split()[2:]
            file.warn(
                "cron-both-days",
                file.schedule_place(job, "cron"),
                f"the expression fires on day {day} of the month and on day {weekday} of the week too, "
                "not only where both meet",
                "where both fields are restricted, cron takes either; leave one of them at *, "
                "or write the second Friday of a month as FRI#2",
                job.name,
            )


def cron_restarts(file: LintContext) -> None:
    """Report of each cron expression whose step does not come out even, and so begins anew each hour or day."""
    for job, schedule in _each(file):
        if not isinstance(schedule, Cron):
            continue
        expression = schedule.expression
        minute, hour, *_ = expression.split()
        fields = fields_of(expression)
        if (step := restarts_each_hour(expression)) is not None:
            minutes = bits_of(fields.minutes)
            when = listed([f":{number:02}" for number in minutes])
            message = f"{quoted(minute)} begins anew each hour, at {when}: {60 - minutes[-1]} minutes are left over"
            even = Interval(every=timedelta(minutes=step))
        elif (step := restarts_each_day(expression)) is not None:
            hours = bits_of(fields.hours)
            when = listed([time_text(time(number)) for number in hours])
            message = f"{quoted(hour)} begins anew each day, at {when}: {24 - hours[-1]} hours are left over"
            even = Interval(every=timedelta(hours=step))
        else:
            continue
        write = file.line(job, exchanged(job.schedule, schedule, even), None)
        file.warn(
            "cron-restarts",
            file.schedule_place(job, "cron"),
            message,
            f"an interval does not; it stands in place of the cron expression\nWrite:  {write}",
            job.name,
        )
