"""Calendars that have ended, and jobs that will not be due for a year."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aperture_plugin.config.checks.lint.lint_context import LintContext
from aperture_plugin.config.layers.entries import place_of
from aperture_plugin.config.model import JobConfig
from aperture_plugin.config.schema.parsed_values import FAULTY
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.schedules import AtStart, Once, Several, has_slots, schedules_in

__all__ = ["calendar_ended", "no_slot_ahead"]

_AHEAD: Final = timedelta(days=366)


def calendar_ended(file: LintContext) -> None:
    """Report of each calendar whose last date is past: nobody has written down the days of this year."""
    calendars = file.words.calendars or {}
    if not calendars:
        return
    from aperture_plugin.triggers.closed_days import ends_on

    today = file.now.astimezone(file.config.zone).date()
    for name, parsed in calendars.items():
        if parsed.value is FAULTY:
            continue
        last = ends_on([item.value for item in parsed.value])
        if last is not None and last < today:
            file.warn(
                "calendar-ended",
                place_of(parsed.key, 0),
                f"the calendar {quoted(name)} has ended: its last day was {last}",
                "add the dates to come, write days of every year as  every 05-01, or take the calendar out",
            )


def no_slot_ahead(file: LintContext) -> None:
    """Report of each job that has a schedule and no slot within the coming year."""
    for job in file.scheduled:
        if not _may_lack_slots(job):
            continue
        slot = job.trigger().next_after(file.now)
        if slot is not None and slot.due - file.now <= _AHEAD:
            continue
        message = "it is never due again" if slot is None else f"it is not due before {slot.nominal.date()}"
        hint = "the job will not run by itself in the coming year; change its schedule"
        if job.calendars:
            hint += f", or the calendars that it leaves out ({', '.join(job.calendars)})"
        file.warn("no-slot-ahead", file.schedule_place(job, "cron", "time", "at"), message, hint, job.name)


def _may_lack_slots(job: JobConfig) -> bool:
    """Return whether all slots may be left out or past. A lone `once` that is past is warned of elsewhere."""
    parts = [part for part in schedules_in(job.schedule) if not isinstance(part, AtStart)]
    if all(isinstance(part, Once) for part in parts):
        return isinstance(job.schedule, Several)
    return bool(job.closed) and has_slots(job.schedule)
