"""Due slots become claims and runs, in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from aperture_plugin.config.model import JobConfig
from aperture_plugin.loop.state import State
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Claim
from aperture_plugin.rules.firing import Due, Pass, Queue, fire
from aperture_plugin.rules.jittering import jitter_of
from aperture_plugin.rules.runs import WAITING, Run, RunTrigger, Status, but
from aperture_plugin.words.times import time_text

__all__ = ["asked_run", "fire_due", "following_run", "join_due"]


def fire_due(state: State, turn: Turn, due: Mapping[str, Due], *, may_be_taken: bool) -> None:
    """Claim every slot in *due* and queue, or record, what becomes of it.

    Args:
        may_be_taken: Another process may have claimed some of them since the timetable was set.
    """
    marks = turn.ledger.watermarks(list(due)) if may_be_taken else {}
    claims: list[Claim] = []
    runs: list[Run] = []
    for name, slots in due.items():
        job = state.config.jobs.get(name)
        left = _later_than(slots, marks.get(name))
        if job is None or left is None:
            continue
        in_hand = state.lines.of_job(name)
        answers = fire(
            job,
            left,
            now=turn.now,
            able_since=state.able_since,
            held_back=state.held_back(name),
            waiting=any(run.status in WAITING for run in in_hand),
            running=any(run.status is Status.RUNNING for run in in_hand),
        )
        for answer in answers:
            run = _run_of(state, job, answer, turn.now)
            runs.append(run)
            claims.append(
                Claim(
                    job=name,
                    due=answer.slot.due,
                    nominal=answer.slot.nominal,
                    first_due=answer.first_due,
                    count=answer.count,
                    run_id=run.id,
                )
            )
    if not claims:
        return
    for run, taken in zip(runs, turn.ledger.claim(claims), strict=True):
        if taken:
            turn.add(run)


def asked_run(job: JobConfig, *, run_id: str, now: datetime, by: str) -> Run:
    """Return the run that a person asks for; its place in the queue is the moment of asking."""
    return Run(
        id=run_id,
        job=job.name,
        trigger=RunTrigger.MANUAL,
        queue=job.queue,
        priority_at=now,
        priority_nominal=_wall(now, job),
        order=job.order,
        queued_at=now,
        requested_by=by,
    )


def following_run(state: State, job: JobConfig, now: datetime) -> Run:
    """Return the run of a job whose `after` has come about."""
    held_back = state.held_back(job.name)
    run = Run(
        id=state.new_id(now),
        job=job.name,
        trigger=RunTrigger.AFTER,
        queue=job.queue,
        priority_at=now,
        priority_nominal=_wall(now, job),
        order=job.order,
        queued_at=now,
    )
    if held_back is not None and held_back.covers(now):
        return but(run, status=Status.SKIPPED, reason=held_back.reason, finished_at=now)
    return run


def join_due(earlier: Due | None, later: Due) -> Due:
    """Return both as one, for a job that fell due again before the first could be claimed."""
    if earlier is None:
        return later
    slots = earlier.slots + later.slots
    return Due(slots=slots, folded=earlier.folded + later.folded, first_due=earlier.first_due)


def _run_of(state: State, job: JobConfig, answer: Queue | Pass, now: datetime) -> Run:
    run = Run(
        id=state.new_id(now),
        job=job.name,
        trigger=answer.trigger if isinstance(answer, Queue) else RunTrigger.SCHEDULE,
        due=answer.slot.due,
        nominal=answer.slot.nominal,
        missed=answer.missed if isinstance(answer, Queue) else (answer.count if answer.count > 1 else 0),
        queue=job.queue,
        priority_at=answer.slot.due,
        priority_nominal=answer.slot.nominal,
        order=job.order,
        queued_at=now,
    )
    if isinstance(answer, Pass):
        return but(run, status=Status.SKIPPED, reason=answer.reason, finished_at=now)
    if job.jitter and (starts_at := answer.slot.due + jitter_of(job.name, answer.slot.due, job.jitter)) > now:
        wall = time_text(_wall(starts_at, job).time().replace(second=0, microsecond=0))
        return but(run, status=Status.WAITING, not_before=starts_at, reason=f"its jitter ends at {wall}")
    return run


def _later_than(due: Due, mark: datetime | None) -> Due | None:
    """Return what of *due* is later than *mark*, which somebody has claimed already; None for nothing."""
    if mark is None or mark < due.first_due:
        return due
    slots = tuple(slot for slot in due.slots if slot.due > mark)
    return Due.of(*slots) if slots else None


def _wall(instant: datetime, job: JobConfig) -> datetime:
    return instant.astimezone(job.zone).replace(tzinfo=None)
