"""A file comes into force: at the start, and after each save."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.loop.effects import ConfigLoaded, ConfigRejected
from aperture_plugin.loop.generations import keep_generation
from aperture_plugin.loop.messages import ConfigRead, ConfigRefusedMessage, Message
from aperture_plugin.loop.published import nobody_offers
from aperture_plugin.loop.stages.complete import skip_waiting
from aperture_plugin.loop.stages.share import is_left, share
from aperture_plugin.loop.state import InForce, Rejected
from aperture_plugin.loop.tick import Tick
from aperture_plugin.loop.timetable import TimetableChanges
from aperture_plugin.ports import ScheduleRevision
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import WAITING
from aperture_plugin.triggers.trigger import Trigger
from aperture_plugin.words.revision_text import revision_text
from aperture_plugin.words.schedules import has_slots

__all__ = ["HANDOVER", "accept", "divide_anew", "move_to_queues", "put_in_force", "reload"]

HANDOVER: Final = timedelta(seconds=2)
"""How far back the slots of a job that is taken over from another loop count as due now, and not as missed."""


def reload(tick: Tick, messages: Iterable[Message]) -> None:
    """Put in force what was read, now that the slots of the file before it are claimed; note what was refused."""
    for message in messages:
        if isinstance(message, ConfigRead):
            previous = tick.in_force.config
            put_in_force(tick, message.config, message.jobs)
            tick.log(logging.INFO, f"{message.config.file} is in force")
            tick.effects.append(ConfigLoaded(message.config, previous))
        elif isinstance(message, ConfigRefusedMessage):
            tick.in_force = replace(tick.in_force, rejected=Rejected(tuple(message.problems), tick.now))
            tick.effects.append(ConfigRejected(tuple(message.problems)))


def accept(tick: Tick) -> None:
    """Number the text that this loop begins with, and take for gone what its file does not list any more.

    Where the text is new and another one had the file's name, a person has edited the file: a job that the other one
    names was taken out. Otherwise the loop that knows the job may just be restarting beside this one.
    """
    config = tick.in_force.config
    before = tick.ledger.latest_text(config.file)
    if not keep_generation(tick, saved=False) or before is None:
        return
    named = {run.job for run in tick.queue} | {
        name for name, revision in tick.ledger.revisions().items() if revision.schedule
    }
    tick.state.absent.take_out(name for name in named if name not in config.jobs and f"{name}:" in before)


def put_in_force(tick: Tick, config: Config, jobs: Mapping[str, Job], *, starting: bool = False) -> None:
    """Put *config* in force: jobs whose words did not change keep their next run, the others begin anew.

    A job seen for the first time, or whose schedule reads otherwise than before, has nothing to catch
    up (DESIGN.md, section 4, promise 3): its new schedule revision begins now.

    Args:
        starting: Nothing has fired here until now, so the slots of the old words are not all claimed.
    """
    before = tick.in_force
    # Another process may have begun the revisions of this very file already: the timetable here is still the old one.
    listed = before.config.jobs
    reworded = {job.name for job in config.jobs.values() if not _reads_the_same(listed.get(job.name), job)}
    tick.in_force = replace(
        InForce.of(config, jobs, loaded_at=tick.now),
        changed_plugins=before.changed_plugins,
        number=before.number,
        accepted_at=before.accepted_at,
    )
    if not starting:
        keep_generation(tick, saved=True)
        share(tick, anew=True)
        division, absent = tick.division, tick.state.absent
        absent.forget(lambda job: job in config.jobs or division.is_elsewhere(job))
        absent.take_out(name for name in listed if name not in config.jobs and not division.is_elsewhere(name))
    ends_at_mark = starting or tick.is_redivided or not tick.division.is_alone
    _take_over(tick, listed, reworded, ends_at_mark=ends_at_mark, starting=starting)


def divide_anew(tick: Tick) -> None:
    """Adapt the timetable to what has changed of the other loops, where no file has come into force."""
    gone = tick.state.absent.passed(tick.at)
    if tick.is_redivided or gone:
        tick.gone += gone
        _take_over(tick, tick.in_force.config.jobs, set(), ends_at_mark=True)


def _take_over(
    tick: Tick, listed: Mapping[str, JobConfig], reworded: set[str], *, ends_at_mark: bool, starting: bool = False
) -> None:
    """Adapt revisions, timetable and queue to the file in force and the division of the jobs.

    Args:
        listed: The jobs of the file before.
        reworded: Those of which the file in force says something else.
        ends_at_mark: Whether slots may be left of the old words that nobody has claimed: they are expected no more.
    """
    state = tick.state
    unchanged = listed
    if starting or tick.is_redivided or not state.knows_revisions:
        # Another process may have begun revisions meanwhile: each job is compared with the one that the store has.
        state.revisions, state.knows_revisions, unchanged = tick.ledger.revisions(), True, {}
    tick.predecessors.take_config(tick.in_force.config, elsewhere=tick.division.after)
    begun = _begin_revisions(tick, unchanged, starting=starting, ends_at_mark=ends_at_mark)
    tick.predecessors.forget(begun)
    tick.timetable = _timetable_changes(tick, begun | reworded)
    _tell_nobodys(tick)
    if tick.is_redivided and not starting:
        since = tick.now - HANDOVER
        tick.able_from.update((name, since) for name, *_ in tick.timetable.put)
    tick.is_redivided = False
    _skip_jobs_that_are_gone(tick)
    move_to_queues(tick)
    tick.queue.requeue_all()


def _tell_nobodys(tick: Tick) -> None:
    """Warn of jobs that nobody offers: nothing else tells of them before their first run fails."""
    sentence = nobody_offers(tick.in_force.nobodys, tick.state.looked_in)
    if sentence is not None:
        tick.log(logging.WARNING, sentence)


def _begin_revisions(tick: Tick, before: Mapping[str, JobConfig], *, starting: bool, ends_at_mark: bool) -> set[str]:
    """Begin a revision for each job of this loop whose schedule is new or reads otherwise; return their names.

    Args:
        before: Jobs whose revision is as their words say. What a file says unchanged is read as the very same value.
    """
    state, config = tick.state, tick.in_force.config
    changed: dict[str, tuple[str, str]] = {}
    for job in config.jobs.values():
        if before.get(job.name) is job or not tick.division.is_ours(job.name):
            continue
        words = (revision_text(job.schedule, job.closed) if job.enabled else "", str(job.zone))
        revision = state.revisions.get(job.name)
        if revision is None or (revision.schedule, revision.zone) != words:
            changed[job.name] = words
    for name, revision in state.revisions.items():
        if not revision.schedule or name in config.jobs or tick.division.is_elsewhere(name):
            continue
        if tick.is_gone(name):
            changed[name] = ("", revision.zone)
    marks = tick.ledger.watermarks(None if starting else list(changed)) if changed or starting else {}
    if starting:
        for job in config.jobs.values():
            revision, mark = state.revisions.get(job.name), marks.get(job.name)
            if revision is None or mark is None or job.name in changed or not tick.division.is_ours(job.name):
                continue
            if _rules_changed(job, revision, mark):
                changed[job.name] = (revision.schedule, revision.zone)
    new = [
        ScheduleRevision(job=name, schedule=schedule, zone=zone, since=_since(tick.now, marks.get(name)))
        for name, (schedule, zone) in changed.items()
    ]
    if ends_at_mark:
        # Slots that fell due under the old words while nothing ran are not expected any more.
        left = [(state.revisions[name], marks.get(name)) for name in changed if name in state.revisions]
        ended = [
            replace(revision, schedule="", since=_since(revision.since, mark))
            for revision, mark in left
            if revision.schedule
        ]
        tick.ledger.begin_revisions(ended)
    tick.ledger.begin_revisions(new)
    state.revisions.update((revision.job, revision) for revision in new)
    return set(changed)


def _reads_the_same(before: JobConfig | None, job: JobConfig) -> bool:
    return before is job or (before is not None and before.timing == job.timing)


def _rules_changed(job: JobConfig, revision: ScheduleRevision, mark: datetime) -> bool:
    """Return whether the latest slot that was claimed in *revision* no longer exists, though no word has changed.

    Then the zone's rules have: a new database of zones came with an update. What its rules make of the time before
    now would be past slots that nobody has claimed, and that were never due.
    """
    if mark < revision.since or not _has_slots(job):
        return False
    slot = job.trigger().next_after(mark - timedelta(microseconds=1))
    return slot is None or slot.due != mark


def _since(earliest: datetime, mark: datetime | None) -> datetime:
    """Return when a new revision begins: at *earliest*, or just after the last slot that the old one claimed.

    That slot may be due at this very instant; after the clock was set back it may even lie ahead.
    """
    return earliest if mark is None else max(earliest, mark + timedelta(microseconds=1))


def _timetable_changes(tick: Tick, changed: set[str]) -> TimetableChanges:
    state, config = tick.state, tick.in_force.config
    wanted = [job for job in config.jobs.values() if _has_slots(job) and tick.division.is_ours(job.name)]
    names = {job.name for job in wanted}
    new = {job.name for job in wanted if job.name in changed or job.name not in state.timetable}
    marks = tick.ledger.watermarks(new if len(new) < len(wanted) else None)
    put: list[tuple[str, Trigger, int, datetime]] = []
    for job in wanted:
        if job.name not in new:
            continue
        # Slots due at the very instant a revision begins belong to it; claimed ones are never due again.
        after = state.revisions[job.name].since - timedelta(microseconds=1)
        if (mark := marks.get(job.name)) is not None:
            after = max(after, mark)
        put.append((job.name, job.trigger(), job.order, after))
    return TimetableChanges(
        out=[entry.name for entry in state.timetable.entries() if entry.name not in names],
        put=put,
        order=[(job.name, job.order) for job in wanted if job.name not in new],
    )


def _skip_jobs_that_are_gone(tick: Tick) -> None:
    """Skip what waits of jobs that the file no longer has, or has switched off."""
    if tick.state.only is not None:
        return
    file = tick.in_force.config.file
    for run in tick.queue:
        if run.status not in WAITING or run.is_pre_assigned:
            continue  # The process that it is pre-assigned to reads the same file.
        if is_left(tick, run.job):
            continue
        job = tick.in_force.job_config(run.job)
        if job is None:
            skip_waiting(tick, [run], reason=f"{run.job} was taken out of {file}")
        elif not job.enabled and not run.is_asked_for:
            skip_waiting(tick, [run], reason=f"{run.job} was switched off in {file} (enabled: no)")


def move_to_queues(tick: Tick) -> None:
    """Move waiting runs to the queue that their job's words name now."""
    for run in tick.queue:
        job = tick.in_force.config.jobs.get(run.job)
        if run.status not in WAITING or run.is_pre_assigned or job is None or job.queue == run.queue:
            continue
        if tick.division.is_ours(run.job):
            tick.change(replace(run, queue=job.queue), report=False)
            tick.queue.requeue(run.key)


def _has_slots(job: JobConfig) -> bool:
    return job.enabled and has_slots(job.schedule)
