"""Steps that look at what keeps a slot from becoming a run: unmet needs, and its place in the queue."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from aperture_plugin.app.doctor.evidence import Case
from aperture_plugin.app.doctor.finding_text import ago, ordinal
from aperture_plugin.app.doctor.findings import Finding, note, ok, problem
from aperture_plugin.app.doctor.schedule_steps import coming, first_due, slot_distance
from aperture_plugin.config.model import JobConfig
from aperture_plugin.rules.completion import gives_way
from aperture_plugin.rules.limits import free_at
from aperture_plugin.rules.runs import WAITING, Run, Status
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.mask import mask_of_environment
from aperture_plugin.words.time_display import wall_time
from aperture_plugin.words.windows import window_text

__all__ = ["needs_step", "queue_step"]

_LONG: Final = timedelta(days=1)
"""A run that has waited for so long waits too long, however rare its slots are."""


def needs_step(case: Case, name: str) -> Iterator[Finding]:
    """Report each condition of a start that is not met: its needs, environment, window, limits."""
    job = case.job(name)
    if job is None:
        return
    wrong = [
        *_needs(case, job),
        *_environment(case, job),
        *_window(case, job),
        *_limits(case, job),
        *_ready(case, name),
    ]
    yield from wrong
    if not wrong:
        there = [*job.needs, *job.requires_env, *(["an open window"] if job.window else []), *job.limits]
        found = f"all is there that it needs: {', '.join(there)}" if there else "it needs nothing but its turn"
        yield ok("needs", found, job=name)


def queue_step(case: Case, name: str) -> Iterator[Finding]:
    """Report the job's runs in hand, the reasons they wait, and their places in the queue."""
    in_hand = case.seen.in_hand_of.get(name, ())
    waiting = [run for run in in_hand if run.status in WAITING]
    for run in waiting:
        yield _waits(case, run)
    if not waiting:
        now = f"{_lasting(in_hand[0], case)}, and no other run of it waits" if in_hand else "no run of it is in hand"
        yield ok("queue", now, job=name)


def _waits(case: Case, run: Run) -> Finding:
    running = [one for one in case.seen.in_hand if one.status is Status.RUNNING and one.queue == run.queue]
    since = wall_time(run.queued_at, case.zone_of(run.job), now=case.now)
    found = f"run {run.id} is {run.status} since {since}"
    if run.status is Status.QUEUED:
        before = case.seen.lines[run.queue]
        number = bisect_left(before, run.place, key=lambda other: other.place) + 1
        found += f", {ordinal(number)} of {len(before)} in queue {run.queue}"
        found += f", where {_lasting(running[0], case)}" if running else ""
        found += f"; it waits for: {run.reason or 'its turn'}"
    else:  # Its place in the queue is not what it waits for.
        found += f": {run.reason or 'its turn'}"
    job, slots = case.job(run.job), coming(case, run.job)
    if job is not None and slots and gives_way(run, job):
        at = wall_time(slots[0].due, job.zone, now=case.now)
        found += f"; as a retry it gives way to the job's next slot ({at})"
    seats = 1 if case.config is None else case.config.queues.get(run.queue, 1)
    advice = case.line("status", on_file=True)
    if run.status is Status.QUEUED and len(running) >= seats:
        advice = f"{run.queue}: {seats + 1}  # under queues:"
    too_long = case.now - run.queued_at > min(slot_distance(case, run.job) or _LONG, _LONG)
    return (problem if too_long else note)("queue", found, advice=advice, job=run.job)


def _needs(case: Case, job: JobConfig) -> Iterator[Finding]:
    for need in job.needs:
        in_hand = case.seen.in_hand_of.get(need, ())
        last = case.seen.last_runs.get(need)
        if in_hand:
            yield note("needs", f"{need}, which it needs, is {in_hand[0].status}; it waits for that", job=job.name)
        elif last is None and _comes_first(case, need, job.name):
            yield ok("needs", f"{need}, which it needs, has never run, and is due before it", job=job.name)
        elif last is None:
            found = f"{need}, which it needs, has never run; its slots are skipped until {need} completes"
            yield problem("needs", found, advice=case.line(f"run {need}"), job=job.name)
        elif last.status is not Status.COMPLETED:
            ended = f"{last.status} ({wall_time(last.finished_at or last.queued_at, job.zone, now=case.now)})"
            found = f"{need}, which it needs, last ended as {ended}; its slots are skipped until {need} completes"
            yield problem("needs", found, advice=case.line(f"doctor {need}"), job=job.name)


def _comes_first(case: Case, need: str, job: str) -> bool:
    """Return whether a job that never ran is due before the next slot of the one that needs it."""
    first, then = first_due(case, need), first_due(case, job)
    return first is not None and (then is None or first <= then)


def _environment(case: Case, job: JobConfig) -> Iterator[Finding]:
    for variable in job.requires_env:
        if case.source.environ.get(variable):
            continue
        advice = f"export {variable}=…"
        if case.loop is None:
            found = f"{variable}, which it requires, is not set; its slots are skipped"
            yield problem("needs", found, advice=advice, job=job.name)
        else:
            found = f"{variable}, which it requires, is not set in this shell; what counts is the loop's environment"
            yield note("needs", found, advice=advice, job=job.name)


def _window(case: Case, job: JobConfig) -> Iterator[Finding]:
    window = job.window
    if window is None:
        return
    value = window_text(window)
    if not window.contains(case.now.astimezone(job.zone).time()):
        yield note("needs", f"its window ({value}) is closed now; what is due waits until it opens", job=job.name)
    slots = coming(case, job.name)
    if slots and not any(window.contains(slot.due.astimezone(job.zone).time()) for slot in slots):
        found = f"its slots lie outside of its window ({value}); each waits until the window opens"
        yield note("needs", found, advice=case.line(f"next --job {job.name}", on_file=True), job=job.name)


def _limits(case: Case, job: JobConfig) -> Iterator[Finding]:
    for name in job.limits:
        assert case.config is not None, "only a file in force has jobs with limits"
        zone = case.zone_of_limit(name)
        free = free_at(case.config.limits[name], case.spent(name), 1, now=case.now, zone=zone)
        if free is not None and free > case.now:
            at = wall_time(free, zone, now=case.now)
            found = f"limit {name} is used up; it returns {ago(free, now=case.now)}, at {at}"
            yield note("needs", found, job=job.name)


def _ready(case: Case, name: str) -> Iterator[Finding]:
    if case.plugins is not None and case.plugins.asks_ready and name in case.plugins.jobs:
        mask = mask_of_environment(case.source.environ, case.reading.secrets)
        for reason in case.plugins.ready(case.plugins.jobs[name]):
            yield problem("needs", f"a plugin holds it back: {mask(reason)}", job=name)


def _lasting(run: Run, case: Case) -> str:
    lasted = max(case.now - (run.started_at or run.queued_at), timedelta(0))
    return f"{run.job} has been {run.status} for {short_duration(lasted)}"
