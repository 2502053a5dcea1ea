"""Is a job due at all: in the file, switched on, not paused?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from aperture_plugin.app.doctor.evidence import Case
from aperture_plugin.app.doctor.finding_text import ago
from aperture_plugin.app.doctor.findings import Finding, note, ok, problem
from aperture_plugin.config.layers.provenance import Provenance
from aperture_plugin.config.model import JobConfig
from aperture_plugin.rules.run_stats import closest
from aperture_plugin.rules.runs import Status
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import After, AtStart, Manual, Once
from aperture_plugin.words.time_display import wall_time

__all__ = ["coming", "first_due", "pause_step", "schedule_step", "slot_distance"]

_LONG_OFF: Final = timedelta(days=90)
"""A job that is off for so long was forgotten, or is not wanted any more."""

_LOOKED_AT: Final = 8
"""Number of coming slots that show how a job's slots lie."""


def schedule_step(case: Case, name: str) -> Iterator[Finding]:
    """Report whether the job is in the file and switched on, its schedule, and when it runs next."""
    job = None if case.config is None else case.config.jobs.get(name)
    if job is None:
        yield _not_in_the_file(case, name)
        return
    phrase = phrase_of(job.schedule)
    run = case.line(f"run {name}")
    if not job.enabled:
        yield _off(case, name)
    elif isinstance(job.schedule, Manual):
        yield ok("schedule", f"{phrase}: it never runs by itself", advice=run, job=name)
    elif isinstance(job.schedule, After):
        yield _after(case, job, job.schedule)
    elif isinstance(job.schedule, AtStart):
        yield ok("schedule", f"{phrase}: it runs when the first loop on the store begins", advice=run, job=name)
    elif (slot := next(iter(coming(case, name)), None)) is None:
        past = "its time is past, and it does" if isinstance(job.schedule, Once) else "it does"
        yield note("schedule", f"{phrase}: {past} not fire again", advice=run, job=name)
    else:
        due = f"{wall_time(slot.due, job.zone, now=case.now)} ({job.zone})"
        found = f"{phrase}: next run {ago(slot.due, now=case.now)}, scheduled for {due}"
        frozen = None if case.config is None else case.config.freeze_at(slot.due)
        if frozen is None:
            yield ok("schedule", found, job=name)
        else:
            found = f"{phrase}: its next slot, {due}, is skipped: {frozen.text}"
            yield note("schedule", found, advice=run, job=name)


def pause_step(case: Case, name: str) -> Iterator[Finding]:
    """Report whether the job is paused: by whom, until when and why."""
    pause = case.seen.pauses.get(name)
    if pause is None or (pause.until is not None and pause.until <= case.now):
        yield ok("pause", "it is not paused", job=name)
        return
    zone = case.zone_of(name)
    until = "" if pause.until is None else f" until {wall_time(pause.until, zone, now=case.now)}"
    by = "" if pause.by is None else f" by {pause.by}"
    why = f": {pause.note}" if pause.note else ""
    since = wall_time(pause.since, zone, now=case.now)
    found = f"it is paused{by} since {since}{until}, and its slots are skipped{why}"
    # A pause by a person is intended; one by failures waits for somebody to look.
    tell = problem if pause.by is not None and pause.by.startswith("on failure") else note
    yield tell("pause", found, advice=case.line(f"resume {name}"), job=name)


def coming(case: Case, name: str) -> list[Slot]:
    """Return the next slots of a job; none of one that is off, or never due by itself."""
    job = None if case.config is None else case.config.jobs.get(name)
    if job is None or not job.enabled:
        return []
    if name not in case.slots:
        case.slots[name] = list(islice(job.trigger().upcoming(case.now), _LOOKED_AT))
    return case.slots[name]


def first_due(case: Case, name: str) -> datetime | None:
    """Return when a job is due next; of one that comes after others, when the last of those is."""
    job = None if case.config is None else case.config.jobs.get(name)
    if job is None or not job.enabled:
        return None
    if isinstance(job.schedule, After):
        firsts = [first_due(case, before) for before in job.schedule.jobs]
        known = [first for first in firsts if first is not None]
        return max(known) if len(known) == len(firsts) else None
    return next((slot.due for slot in coming(case, name)), None)


def slot_distance(case: Case, name: str) -> timedelta | None:
    """Return how close a job's slots lie to each other, as far as those to come tell; None where they do not."""
    return closest(coming(case, name))


def _not_in_the_file(case: Case, name: str) -> Finding:
    file = case.source.name
    if name in case.registered:
        found = f"{file} does not name it, so it runs only by hand"
        return note("schedule", found, advice=f"{name}: daily at 2:00 AM  # under schedules:", job=name)
    if case.config is None:
        return problem("schedule", f"{file} cannot be read, and the store remembers none of it", job=name)
    revision = case.seen.revisions.get(name)
    since = (
        "" if revision is None or revision.schedule else f" since {wall_time(revision.since, case.zone, now=case.now)}"
    )
    found = f"it is not in {file}{since}, so it does not run"
    return problem("schedule", found, advice=f"{name}: daily at 2:00 AM  # under schedules:", job=name)


def _off(case: Case, name: str) -> Finding:
    """Report where the job is switched off, since when if the store knows, and whether that is long ago."""
    revision = case.seen.revisions.get(name)
    since = late = ""
    if revision is not None and not revision.schedule:
        since = f" since {wall_time(revision.since, case.zone_of(name), now=case.now)}"
        if case.now - revision.since >= _LONG_OFF:
            late = "; after so long it may as well be taken out of the file"
    at = _place_of(case, name, "enabled")
    found = f"it is switched off at {at} (enabled: no){since}, so none of its slots fire{late}"
    return note("schedule", found, advice="enabled: yes", job=name)


def _after(case: Case, job: JobConfig, schedule: After) -> Finding:
    """Report which of the jobs it comes after have not completed since it was last begun."""
    seen = case.seen
    missing = [name for name in schedule.jobs if name not in seen.done.get(job.name, ())]
    found = f"{phrase_of(schedule)}: it runs once {' and '.join(missing or schedule.jobs)} completed"
    for name in missing:
        last = seen.last_runs.get(name)
        if last is not None and last.status is not Status.COMPLETED:
            found += f"; {name} last ended as {last.status}"
            return problem("schedule", found, advice=case.line(f"doctor {name}"), job=job.name)
    return ok("schedule", found, job=job.name)


def _place_of(case: Case, name: str, key: str) -> str:
    """Return where the file says a key of a job: on it, in a preset, or among the defaults."""
    assert case.config is not None, "a job that is switched off is in a file"
    for origin in Provenance(case.config).job(name):
        if origin.key == key and origin.place is not None:
            return f"{case.config.file}:{origin.place.line}"
    return f"{case.config.file}:{case.config.jobs[name].place.line}"
