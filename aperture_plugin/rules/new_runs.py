"""The run that a slot, a person, or a completion calls for, as it is queued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from aperture_plugin.config.model import JobConfig
from aperture_plugin.rules.due_slots import HeldBack, Pass, Queue, held_back_at
from aperture_plugin.rules.jitter import jitter_of
from aperture_plugin.rules.jobs import Json
from aperture_plugin.rules.runs import Run, RunTrigger, Status, but
from aperture_plugin.words.times import time_text

__all__ = ["asked_run", "following_run", "slot_run"]


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
