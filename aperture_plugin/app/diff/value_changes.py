"""Lists the values that differ between two files: those of jobs, and those at the top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from aperture_plugin.app.value_text import as_shown, as_written
from aperture_plugin.config.model import Command, Config, JobConfig
from aperture_plugin.words.days import month_day_text, weekdays_text
from aperture_plugin.words.limits import limit_text
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import Daily, Monthly, Schedule, Weekly
from aperture_plugin.words.times import times_text

__all__ = ["Difference", "is_moved", "job_differences", "move_text", "order_differs", "setting_differences"]

_NOT_WORDS: Final = frozenset({"name", "order", "place", "schedule", "zone"})
_KEYS: Final = {"limits": "limit", "calendars": "except", "closed": "days without slots"}
_TOP: Final = ("executor", "broker", "celery app", "ping", "state", "preset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that differs.

    Attributes:
        job: The job it belongs to; None at the top of the file.
        key: As the file has it, those within others behind a colon (`params: depth`).
        before, after: The value as the file would write it; None where it is not set. Secrets are masked.
    """

    job: str | None
    key: str
    before: str | None
    after: str | None


def is_moved(old: JobConfig, new: JobConfig) -> bool:
    """Return whether the job is due at other times, by its words or by its zone."""
    return old.schedule != new.schedule or old.zone != new.zone


def move_text(old: JobConfig, new: JobConfig) -> str:
    """Return a move in as few words as tell it: `2:00 AM → 1:00 AM`, else the two phrases.

    The zones are shown where they differ.
    """
    if old.schedule == new.schedule:
        return f"{phrase_of(old.schedule)}, {_named(old.zone)} → {_named(new.zone)}"
    before, after = _distinct_texts(old.schedule, new.schedule)
    if old.zone == new.zone:
        return f"{before} → {after}"
    return f"{before} {_named(old.zone)} → {after} {_named(new.zone)}"


def job_differences(old: JobConfig, new: JobConfig) -> Iterator[Difference]:
    """Yield the differences of a job, apart from when it is due."""
    for field in fields(JobConfig):
        was, is_now = getattr(old, field.name), getattr(new, field.name)
        if field.name in _NOT_WORDS or was == is_now:
            continue
        key = _KEYS.get(field.name, field.name.replace("_", " "))
        yield from _differing(_parts(key, was), _parts(key, is_now), new.name)


def setting_differences(old: Config, new: Config) -> Iterator[Difference]:
    """Yield the differences between the tops of two files; those of `defaults` are shown with their jobs."""
    yield from _differing(_settings(old), _settings(new), None)


def order_differs(old: Config, new: Config) -> bool:
    """Return whether the jobs that both have stand in another order, in which those due together start."""
    return [name for name in old.jobs if name in new.jobs] != [name for name in new.jobs if name in old.jobs]


def _distinct_texts(old: Schedule, new: Schedule) -> tuple[str, str]:
    match old, new:
        case (Daily(), Daily()) | (Weekly(), Weekly()) | (Monthly(), Monthly()):
            was, is_now = cast("Daily", old).times, cast("Daily", new).times
            days, days_now = _days(old), _days(new)
            if days != days_now:
                return (days, days_now) if was == is_now else (phrase_of(old), phrase_of(new))
            gone, come = [at for at in was if at not in is_now], [at for at in is_now if at not in was]
            if len(gone) == len(come):
                return times_text(gone), times_text(come)
            return times_text(was), times_text(is_now)
    return phrase_of(old), phrase_of(new)


def _days(schedule: Schedule) -> str:
    match schedule:
        case Weekly(days=days):
            return weekdays_text(days)
        case Monthly(day=day):
            return month_day_text(day)
    return ""


def _settings(config: Config) -> dict[str, Any]:
    found: dict[str, Any] = {"timezone": f"{config.zone_name} ({_named(config.zone)})"}
    if config.zone_name != "local":
        found["timezone"] = config.zone_name
    found |= {key: getattr(config, key.replace(" ", "_")) for key in _TOP}
    if config.preset_is_auto:
        found["preset"] = "auto"
    found |= {f"queues: {name}": str(seats) for name, seats in config.queues.items()}
    found |= {f"celery queues: {name}": queue for name, queue in config.celery_queues.items()}
    return found | {f"limits: {name}": limit_text(limit) for name, limit in config.limits.items()}


def _parts(key: str, value: Any) -> dict[str, Any]:
    """Return a value part by part: parameters and variables each stand for themselves."""
    match value:
        case Command(directory=directory, environment=environment):
            background = "leave" if value.leaves_background else None
            beside = {"directory": directory, "background": background}
            return {key: value, **beside, **_parts("environment", environment)}
        case Mapping():
            return {f"{key}: {name}": one for name, one in value.items()}
    return {key: value}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], job: str | None) -> Iterator[Difference]:
    for key in dict.fromkeys((*before, *after)):
        was, is_now = before.get(key), after.get(key)
        if as_written(was) != as_written(is_now):
            yield Difference(job=job, key=key, before=as_shown(key, was), after=as_shown(key, is_now))


def _named(zone: ZoneInfo) -> str:
    return zone.key or "this zone"
