"""Due slots become claims and runs, in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from aperture_plugin.config.model import JobConfig
from aperture_plugin.loop.stages.auto_pause import hold_back
from aperture_plugin.loop.stages.complete import circumstances
from aperture_plugin.loop.tick import Tick
from aperture_plugin.loop.wakeups import GAP
from aperture_plugin.ports import Claim
from aperture_plugin.rules.completion import gives_way, runs_again, settle_given_way
from aperture_plugin.rules.due_slots import Due, Pass, Queue, fire
from aperture_plugin.rules.new_runs import slot_run
from aperture_plugin.rules.runs import WAITING, Run, Status

__all__ = ["claim"]


def claim(tick: Tick, due: Mapping[str, Due]) -> None:
    """Claim every slot in *due*, by job, and queue, or record, what becomes of it."""
    state = tick.state
    marks = tick.ledger.watermarks(list(due)) if due and tick.is_foreign else {}
    tick.finds_ahead = any(mark > tick.now + GAP for mark in marks.values())
    claims: list[Claim] = []
    runs: list[Run] = []
    for name, slots in due.items():
        job = tick.in_force.config.jobs.get(name)
        left = _later_than(slots, marks.get(name))
        if left is not None and name in state.ahead:
            left = _without(left, state.ahead[name])
        if job is None or left is None or not tick.division.is_ours(name):
            continue  # A slot that another loop claims stays due: it is found again should the job be taken over.
        for answer in _answers(tick, job, left):
            run = slot_run(job, answer, run_id=state.new_id(tick.now), now=tick.now)
            runs.append(run)
            claims.append(_claim_of(run, answer))
    if not claims:
        return
    for run, taken in zip(runs, tick.ledger.claim(claims), strict=True):
        if taken:
            tick.add(run)


def _answers(tick: Tick, job: JobConfig, due: Due) -> list[Queue | Pass]:
    """Decide what becomes of the slots of *job*; retries that wait give way to the run of one that is queued."""
    state = tick.state
    in_hand = [run for run in tick.queue.of_job(job.name) if not run.is_backfill]
    retries = [run for run in in_hand if gives_way(run, job)]
    decide = partial(
        fire,
        job,
        due,
        now=tick.now,
        able_since=max(state.able_since, state.able_from.get(job.name, state.able_since)),
        waiting=any(run.status in WAITING and not runs_again(run) for run in in_hand if run not in retries),
        running=any(run.status is Status.RUNNING or runs_again(run) for run in in_hand),
    )
    answers = decide(held_back=state.held_back(job.name))
    if not retries:
        return answers
    if any(isinstance(answer, Queue) for answer in answers):
        for retry in retries:
            _let_give_way(tick, job, retry, slot=due.first_due)
        return decide(held_back=state.held_back(job.name))
    return decide(held_back=state.held_back(job.name), waiting=True)


def _let_give_way(tick: Tick, job: JobConfig, retry: Run, *, slot: datetime) -> None:
    """End *retry*, so that its run has failed for good."""
    last = tick.state.last_run(job.name, tick.ledger)
    failed = last if last is not None and last.key == (retry.id, retry.attempt - 1) else None
    settled = settle_given_way(retry, job, circumstances(tick), failed=failed, slot=slot)
    tick.change(settled.run)
    if settled.hold is not None:
        hold_back(tick, job.name, settled.hold)


def _claim_of(run: Run, answer: Queue | Pass) -> Claim:
    return Claim(
        job=run.job,
        due=answer.slot.due,
        nominal=answer.slot.nominal,
        first_due=answer.first_due,
        count=answer.count,
        run_id=run.id,
    )


def _later_than(due: Due, mark: datetime | None) -> Due | None:
    """Return what of *due* is later than *mark*, which has been claimed already; None for nothing."""
    if mark is None or mark < due.first_due:
        return due
    slots = tuple(slot for slot in due.slots if slot.due > mark)
    return Due.of(*slots) if slots else None


def _without(due: Due, ran: frozenset[datetime]) -> Due | None:
    """Return what of *due* did not run while the clock was ahead; None for nothing."""
    slots = tuple(slot for slot in due.slots if slot.due not in ran)
    if len(slots) == len(due.slots):
        return due
    return replace(due, slots=slots, first_due=due.first_due if due.folded else slots[0].due) if slots else None
