"""The run that a slot, a person, or a completion calls for, as it is queued."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from aperture_plugin.config.model import JobConfig, Overlap
from aperture_plugin.rules.due_slots import HeldBack, Pass, Queue, held_back_at
from aperture_plugin.rules.jitter import jitter_of
from aperture_plugin.rules.jobs import Json
from aperture_plugin.rules.runs import BEHIND_ALL, WAITING, Run, RunTrigger, Status, but
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.words.times import time_text

__all__ = ["asked_run", "backfill_runs", "following_run", "refusal", "slot_run"]


def asked_run(
    job: JobConfig,
    *,
    run_id: str,
    now: datetime,
    by: str,
    params: Mapping[str, Json] | None = None,
    note: str | None = None,
) -> Run:
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
        params=params,
        note=note,
    )


def refusal(job: JobConfig, in_hand: Sequence[Run]) -> str | None:
    """Return the reason why a run that a person asks for may not be queued beside those *in_hand*; None if it may.

    Backfills do not count: they come behind it.
    """
    others = [run for run in in_hand if not run.is_backfill]
    if job.overlap is Overlap.SKIP and others:
        return f"{job.name} was still in hand (overlap: skip)"
    if job.overlap is Overlap.QUEUE_ONE and any(run.status in WAITING for run in others):
        return f"another run of {job.name} was already waiting"
    return None


def backfill_runs(
    job: JobConfig,
    slots: Sequence[Slot],
    *,
    in_hand: Sequence[Run],
    new_id: Callable[[], str],
    now: datetime,
    by: str,
    note: str | None = None,
) -> list[Run]:
    """Return the runs that carry past *slots* again, one each, behind whatever is due.

    Args:
        slots: Ascending.
        in_hand: The attempts of the job that are in hand: a slot that one of them carries is passed over.
    """
    carried = {run.due for run in in_hand}
    return [
        Run(
            id=new_id(),
            job=job.name,
            trigger=RunTrigger.BACKFILL,
            status=Status.WAITING,
            due=slot.due,
            nominal=slot.nominal,
            queue=job.queue,
            priority_at=slot.due + BEHIND_ALL,
            priority_nominal=slot.nominal,
            order=job.order,
            reason="it is behind whatever is due",
            queued_at=now,
            requested_by=by,
            note=note,
        )
        for slot in slots
        if slot.due not in carried
    ]


def following_run(job: JobConfig, *, run_id: str, now: datetime, held_back: Sequence[HeldBack]) -> Run:
    """Return the run of a job whose predecessors have completed; it is skipped in a pause or a freeze."""
    run = Run(
        id=run_id,
        job=job.name,
        trigger=RunTrigger.AFTER,
        queue=job.queue,
        priority_at=now,
        priority_nominal=_wall(now, job),
        order=job.order,
        queued_at=now,
    )
    if (reason := held_back_at(held_back, now)) is not None:
        return but(run, status=Status.SKIPPED, reason=reason, finished_at=now)
    return run


def slot_run(job: JobConfig, answer: Queue | Pass, *, run_id: str, now: datetime) -> Run:
    """Return the run that stands for the slots of *answer*."""
    run = Run(
        id=run_id,
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


def _wall(instant: datetime, job: JobConfig) -> datetime:
    return instant.astimezone(job.zone).replace(tzinfo=None)
