"""Warnings about names that lead to the wrong place: needs that are disabled or run later, and names nobody uses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from aperture_plugin.config.checks.lint.lint_context import LintContext
from aperture_plugin.config.checks.lint.lint_text import minute_text
from aperture_plugin.config.checks.lint.rhythms import weekly_times
from aperture_plugin.config.layers.entries import JobWords, LayerValue, place_of
from aperture_plugin.config.model import JobConfig
from aperture_plugin.config.problems import Place
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.schedules import After, Schedule

__all__ = ["needs_disabled", "needs_later", "unused_limit", "unused_presets", "unused_queue"]

_WEEK: Final = 7 * 24 * 60
_DAY: Final = 24 * 60
_SOON: Final = 2 * 60
"""A job due at most so many minutes later was probably meant to come before."""
_SAME_NIGHT: Final = 6 * 60
"""And so was what comes within so many minutes of the same day."""
_OLDER: Final = 3
"""Factor by which the last one must be longer ago than the next one is ahead."""


def needs_later(file: LintContext) -> None:
    """Report of each job that is always due just before what it needs, and so works with what is a day or a week old.

    Only schedules of wall times in one zone are held against each other.
    """
    for job in file.scheduled:
        if not job.needs:
            continue
        moments = _moments(job.schedule)
        for name in job.needs if moments else ():
            needed = file.config.jobs.get(name)
            if needed is None or not needed.enabled or needed.zone != job.zone:
                continue
            theirs = _moments(needed.schedule)
            if theirs and all(_just_before(moment, theirs) for moment in moments):
                _tell_later(file, job, needed, moments[0], theirs)


def _just_before(moment: int, theirs: tuple[int, ...]) -> bool:
    """Return whether the next of *theirs* follows soon after *moment*, and the last one was long ago."""
    place = bisect_left(theirs, moment)
    ahead = (theirs[place % len(theirs)] - moment) % _WEEK
    ago = (moment - theirs[place - 1] - 1) % _WEEK + 1
    soon = _SAME_NIGHT if moment % _DAY + ahead < _DAY else _SOON
    return 0 < ahead <= soon and ago > _OLDER * ahead


def _tell_later(file: LintContext, job: JobConfig, needed: JobConfig, moment: int, theirs: tuple[int, ...]) -> None:
    following = theirs[bisect_left(theirs, moment) % len(theirs)]
    ago = (moment - theirs[bisect_left(theirs, moment) - 1] - 1) % _WEEK + 1
    file.warn(
        "needs-later",
        _place_of_need(file, job, needed.name),
        f"it is due at {minute_text(moment % _DAY)} and needs {quoted(needed.name)}, "
        f"which is due at {minute_text(following % _DAY)}",
        f"the last run of {needed.name} is {_age(ago)} old by then; put {job.name} after it, "
        f"or let it run as soon as that is done\nWrite:  {file.line(job, After(jobs=(needed.name,)), None)}",
        job.name,
    )


def _age(minutes: int) -> str:
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"


def needs_disabled(file: LintContext) -> None:
    """Report of each job that needs, or runs after, one that is not enabled, and so never runs by itself."""
    disabled = {job.name for job in file.config.jobs.values() if not job.enabled}
    if not disabled:
        return
    for job in file.scheduled:
        followed = job.predecessors
        for name in (name for name in (*followed, *job.needs) if name in disabled):
            after = name in followed
            file.warn(
                "needs-disabled",
                file.schedule_place(job, "jobs") if after else _place_of_need(file, job, name),
                f"it {'runs after' if after else 'needs'} {quoted(name)}, which is not enabled",
                f"{name} runs only when a person asks for it, and so does {job.name}; enable the one or disable both"
                if after
                else f"{name} runs only when a person asks for it, and {job.name} is skipped until it has completed; "
                "enable the one, or take the need out",
                job.name,
            )


def _place_of_need(file: LintContext, job: JobConfig, name: str) -> Place:
    chosen = file.beside(job, "needs")
    if chosen is None:
        return job.place
    item = next((item for item in chosen.parsed.value if item.value == name), chosen.parsed)
    return LayerValue(item, chosen.entry).place


@lru_cache(maxsize=16_384)
def _moments(schedule: Schedule) -> tuple[int, ...]:
    """Return the minutes of the week at which *schedule* is due in every week, ascending."""
    times = weekly_times(schedule)
    return tuple(sorted(day * _DAY + minute for minute, days in times for day in range(7) if days >> day & 1))


_BUILT_IN = "default"


def unused_queue(file: LintContext) -> None:
    """Report of each queue that no job of any layer or preset waits in; `default` is for all the others."""
    declared = (file.words.queues or {}).keys() - {_BUILT_IN}
    used = {entry.words["queue"].value for entry in _entries(file) if "queue" in entry.words} if declared else ()
    for name, parsed in (file.words.queues or {}).items():
        if name in declared and name not in used:
            file.warn(
                "unused-queue",
                place_of(parsed.key, 0),
                f"no job of this file has the queue {quoted(name)}",
                f"give it to a job, or take this line out\nWrite:  queue: {name}",
            )


def unused_limit(file: LintContext) -> None:
    """Report of each limit that no job of any layer or preset counts its calls against."""
    used: set[str] = set()
    if file.words.limits:
        for entry in _entries(file):
            if "limit" in entry.words:
                used.update(item.value for item in entry.words["limit"].value)
    for name, parsed in (file.words.limits or {}).items():
        if name not in used:
            file.warn(
                "unused-limit",
                place_of(parsed.key, 0),
                f"no job of this file has the limit {quoted(name)}",
                f"give it to the jobs whose calls it counts, or take this line out\nWrite:  limit: {name}",
            )


def unused_presets(file: LintContext) -> None:
    """Report of a file that declares presets and puts none in force; that it has others beside the one is normal."""
    presets = file.words.presets or {}
    if presets and "preset" not in file.words.settings:
        first = next(iter(presets.values()))
        named = f"preset {quoted(first.name)} is" if len(presets) == 1 else f"{len(presets)} presets are"
        file.warn(
            "unused-presets",
            first.place,
            f"{named} declared, and the file puts none in force",
            f"name one at the top of the file\nWrite:  preset: {first.name}",
        )


def _entries(file: LintContext) -> Iterator[JobWords]:
    """Yield every entry there is, in force or not."""
    if file.words.defaults is not None:
        yield file.words.defaults
    for preset in (file.words.presets or {}).values():
        yield from preset.jobs.values()
    yield from file.words.schedules.values()
