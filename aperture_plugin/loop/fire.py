"""Due slots become claims and runs, in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from aperture_plugin.config.model import JobConfig, OnFailure
from aperture_plugin.loop.pausing import pause_if_it_goes_on
from aperture_plugin.loop.ready import Ready
from aperture_plugin.loop.state import State
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Claim
from aperture_plugin.rules.endings import gave_way, gives_way, runs_again
from aperture_plugin.rules.firing import Due, Pass, Queue, fire
from aperture_plugin.rules.jittering import jitter_of
from aperture_plugin.rules.runs import WAITING, Run, RunTrigger, Status, but, queued_at
from aperture_plugin.words.times import time_text

__all__ = ["asked_run", "fire_due", "following_run", "join_due", "made_ready"]


def made_ready(state: State, job: JobConfig, due: Due) -> Ready | None:
    """Return what becomes of *due*, one slot of *job* that lies ahead; None where it depends on when it is found."""
    if job.jitter:
        return None
    slot = due.slots[0]
    answer = Queue(slot=slot, trigger=RunTrigger.SCHEDULE, first_due=slot.due)
    run = _run_of(state, job, answer, slot.due)
    return Ready(job, due, run, _claim_of(run, answer))


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
        ready = state.ready.pop(name, None)
        if ready is not None and _holds(state, ready, job, left):
            runs.append(queued_at(ready.run, turn.now))
            claims.append(ready.claim)
            continue
        for answer in _answers(state, turn, job, left):
            run = _run_of(state, job, answer, turn.now)
            runs.append(run)
            claims.append(_claim_of(run, answer))
    if not claims:
        return
    for run, taken in zip(runs, turn.ledger.claim(claims), strict=True):
        if taken:
            turn.add(run)


def _answers(state: State, turn: Turn, job: JobConfig, due: Due) -> list[Queue | Pass]:
    """Decide what becomes of the slots of *job*; retries that wait give way to the run of one that is queued."""
    in_hand = state.lines.of_job(job.name)
    retries = [run for run in in_hand if gives_way(run, job)]
    decide = partial(
        fire,
        job,
        due,
        now=turn.now,
        able_since=state.able_since,
        waiting=any(run.status in WAITING and not runs_again(run) for run in in_hand if run not in retries),
        running=any(run.status is Status.RUNNING or runs_again(run) for run in in_hand),
    )
    answers = decide(held_back=state.held_back(job.name))
    if not retries:
        return answers
    if any(isinstance(answer, Queue) for answer in answers):
        for retry in retries:
            _let_give_way(state, turn, job, retry, slot=due.first_due)
        return decide(held_back=state.held_back(job.name))
    return decide(held_back=state.held_back(job.name), waiting=True)


def _let_give_way(state: State, turn: Turn, job: JobConfig, retry: Run, *, slot: datetime) -> None:
    """End *retry*, so that its run has failed for good: `on failure: pause` may hold back that very *slot*."""
    last = state.last_run(job.name, turn.ledger)
    failed = last if last is not None and last.key == (retry.id, retry.attempt - 1) else None
    turn.change(gave_way(retry, job, failed=failed, slot=slot, now=turn.now))
    if failed is not None and job.on_failure is OnFailure.PAUSE:
        pause_if_it_goes_on(state, turn, job, failed, since=slot)


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


def _holds(state: State, ready: Ready, job: JobConfig, due: Due) -> bool:
    """Say whether the answer would be now what was foreseen."""
    is_same = ready.job is job and ready.due is due and due.first_due >= state.able_since
    return is_same and job.name not in state.pauses and not state.lines.of_job(job.name)


def _claim_of(run: Run, answer: Queue | Pass) -> Claim:
    return Claim(
        job=run.job,
        due=answer.slot.due,
        nominal=answer.slot.nominal,
        first_due=answer.first_due,
        count=answer.count,
        run_id=run.id,
    )


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
