"""A file comes into force: at the start, and after each save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.loop.finish import skip_waiting
from aperture_plugin.loop.state import State
from aperture_plugin.loop.ticking import Fire
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Era
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import WAITING, RunTrigger
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import After, Manual

__all__ = ["swap"]


def swap(
    state: State, turn: Turn, config: Config, jobs: Mapping[str, Job], *, fire: Fire, starting: bool = False
) -> None:
    """Put *config* in force: jobs whose words did not change keep their next run, the others begin anew.

    A job seen for the first time, or whose schedule reads otherwise than before, has nothing to catch
    up (DESIGN.md, section 4, promise 3): its new era begins now.

    Args:
        starting: Nothing has fired here until now, so the slots of the old words are not all claimed.
    """
    before = state.config.jobs
    if starting or not state.knows_eras:
        # Whatever another process has begun meanwhile, each job is held against.
        state.eras, state.knows_eras, before = turn.ledger.eras(), True, {}
    # Another process may have begun the eras of this very file already: what stands in the timetable here is still old.
    reworded = {job.name for job in config.jobs.values() if not _reads_the_same(state.config.jobs.get(job.name), job)}
    state.take_config(config, jobs)
    begun = _begin_eras(state, turn, config, before, starting=starting)
    state.chains.forget(begun)
    _set_timetable(state, turn, config, begun | reworded, fire)
    _let_go(state, turn, config)
    _move_lines(turn, config)
    turn.lines.ask_everyone()


def _begin_eras(
    state: State, turn: Turn, config: Config, before: Mapping[str, JobConfig], *, starting: bool
) -> set[str]:
    """Begin an era for each job whose schedule is new or reads otherwise; return their names.

    Args:
        before: Jobs whose eras are as their words say. What a file says unchanged is read as the very same value.
    """
    changed: dict[str, tuple[str, str]] = {}
    for job in config.jobs.values():
        if before.get(job.name) is job:
            continue
        words = (phrase_of(job.schedule) if job.enabled else "", str(job.zone))
        era = state.eras.get(job.name)
        if era is None or (era.schedule, era.zone) != words:
            changed[job.name] = words
    for name, era in state.eras.items():
        if era.schedule and name not in config.jobs:
            changed[name] = ("", era.zone)
    marks = turn.ledger.watermarks(None if starting else list(changed)) if changed or starting else {}
    if starting:
        for job in config.jobs.values():
            era, mark = state.eras.get(job.name), marks.get(job.name)
            if era is not None and job.name not in changed and mark is not None and _rules_changed(job, era, mark):
                changed[job.name] = (era.schedule, era.zone)
    new = [
        Era(job=name, schedule=schedule, zone=zone, since=_since(turn.now, marks.get(name)))
        for name, (schedule, zone) in changed.items()
    ]
    if starting:
        # What fell due under the old words while nothing ran is let go: nobody shall look for it.
        left = [(state.eras[name], marks.get(name)) for name in changed if name in state.eras]
        ended = [replace(era, schedule="", since=_since(era.since, mark)) for era, mark in left if era.schedule]
        turn.ledger.begin_eras(ended)
    turn.ledger.begin_eras(new)
    state.eras.update((era.job, era) for era in new)
    return set(changed)


def _reads_the_same(before: JobConfig | None, job: JobConfig) -> bool:
    return before is job or (before is not None and (before.schedule, before.zone) == (job.schedule, job.zone))


def _rules_changed(job: JobConfig, era: Era, mark: datetime) -> bool:
    """Whether the latest slot that was claimed in *era* is none any more, though no word has changed.

    Then the zone's rules have: a new database of zones came with an update. What its rules make of the time before
    now would be past slots that nobody has claimed, and that were never due.
    """
    if mark < era.since or not _has_slots(job):
        return False
    slot = trigger_of(job.schedule, job.zone).next_after(mark - timedelta(microseconds=1))
    return slot is None or slot.due != mark


def _since(earliest: datetime, mark: datetime | None) -> datetime:
    """Return when a new era begins: at *earliest*, or just after the last slot that the old one claimed.

    That slot may be due at this very instant; after the clock was set back it may even lie ahead.
    """
    return earliest if mark is None else max(earliest, mark + timedelta(microseconds=1))


def _set_timetable(state: State, turn: Turn, config: Config, changed: set[str], fire: Fire) -> None:
    timetable = state.timetable
    for name in [entry.name for entry in timetable.entries()]:
        job = config.jobs.get(name)
        if job is None or not _has_slots(job):
            timetable.take_out(name)
    wanted = [job for job in config.jobs.values() if _has_slots(job)]
    unset = {job.name for job in wanted if job.name in changed or job.name not in timetable}
    marks = turn.ledger.watermarks(unset if len(unset) < len(wanted) else None)
    for job in wanted:
        if job.name not in unset:
            timetable.reorder(job.name, job.order)
            continue
        # Slots due at the very instant an era begins belong to it; claimed ones are never due again.
        after = state.eras[job.name].since - timedelta(microseconds=1)
        if (mark := marks.get(job.name)) is not None:
            after = max(after, mark)
        timetable.put(job.name, trigger_of(job.schedule, job.zone), order=job.order, after=after, fire=fire)


def _let_go(state: State, turn: Turn, config: Config) -> None:
    """Skip what waits of jobs that the file no longer has, or has switched off."""
    if state.only is not None:
        return
    for run in turn.lines:
        if run.status not in WAITING or run.is_given:
            continue  # Whoever was given it reads the same file.
        job = state.job_config(run.job)
        if job is None:
            skip_waiting(turn, [run], reason=f"{run.job} was taken out of {config.file}")
        elif not job.enabled and run.trigger is not RunTrigger.MANUAL:
            skip_waiting(turn, [run], reason=f"{run.job} was switched off in {config.file} (enabled: no)")


def _move_lines(turn: Turn, config: Config) -> None:
    """Let what waits stand in the queue that its job's words name now."""
    for run in turn.lines:
        job = config.jobs.get(run.job)
        if run.status in WAITING and not run.is_given and job is not None and job.queue != run.queue:
            turn.change(replace(run, queue=job.queue), tell=False)
            turn.lines.stand_again(run.key)


def _has_slots(job: JobConfig) -> bool:
    return job.enabled and not isinstance(job.schedule, After | Manual)
