"""Calendars and freezes: the days on which jobs have no slots, and those on which slots are skipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from aperture_plugin.config.layers.entries import FileWords
from aperture_plugin.config.model import Freeze, JobConfig
from aperture_plugin.config.schema.parsed_values import FAULTY
from aperture_plugin.words.calendars import Days

__all__ = ["calendars_of", "freezes_of", "with_closed_days"]

Calendars = Mapping[str, tuple[Days, ...]]


def calendars_of(words: FileWords) -> Calendars:
    """Return the days of each calendar that the file declares, as far as they could be read."""
    return {
        name: tuple(parsed.value for parsed in listed.value)
        for name, listed in (words.calendars or {}).items()
        if listed.value is not FAULTY
    }


def with_closed_days(job: JobConfig | None, calendars: Calendars) -> JobConfig | None:
    """Return *job* with the days of the calendars that it names."""
    if job is None or not job.calendars:
        return job
    days = dict.fromkeys(days for name in job.calendars for days in calendars.get(name, ()))
    return replace(job, closed=tuple(days))


def freezes_of(words: FileWords, zone: ZoneInfo) -> tuple[Freeze, ...]:
    """Return the freezes of the file, whose dates begin and end in *zone*, in the order of the file."""
    if not words.freeze:
        return ()
    from aperture_plugin.triggers.walltime import due_of  # few files have any

    def begins(day: datetime) -> datetime:
        return due_of(day, zone)

    return tuple(
        Freeze(
            since=begins(datetime.combine(days.first, time())),
            until=begins(datetime.combine(days.last, time()) + timedelta(days=1)),
            days=days,
            reason=reason,
        )
        for days, reason in (parsed.value for parsed in words.freeze)
    )
