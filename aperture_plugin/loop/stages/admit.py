"""Starts waiting runs, and pre-assigns others: the last stage of a tick."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from aperture_plugin.loop.effects import AskReady
from aperture_plugin.loop.stages.share import is_left
from aperture_plugin.loop.tick import Tick
from aperture_plugin.rules.admission import Admission, Leave, OnReady, PreAssign, Skip, Start, Surroundings, Wait
from aperture_plugin.rules.admission import admit as decide
from aperture_plugin.rules.due_slots import HeldBack
from aperture_plugin.rules.runs import Run, Status, but

__all__ = ["admit"]


def admit(tick: Tick, *, allowance: Mapping[str, int]) -> None:
    """Start every run that can start, and record what the others wait for.

    Args:
        allowance: Number of further runs of a queue that may be pre-assigned, by queue.
    """
    state = tick.state
    tick.queue.requeue_due(now=tick.now)
    left = dict(allowance)
    # A start must not precede the end whose seat it takes.
    began = max(tick.now, state.clock.now())
    around = Surroundings(
        now=tick.now,
        in_hand=tick.queue.of_job,
        last_run=lambda name: state.last_run(name, tick.ledger),
        running_in=tick.queue.running_in,
        seats={**tick.in_force.config.queues, **tick.division.queues},
        environ=state.environ,
        abandoned=_abandoned_jobs(tick),
        ready=state.readiness.answers if state.asks_ready else None,
        allowance=left,
        reserved=tick.queue.left_before,
        paused=partial(_pause_of, tick),
    )
    for run, admission in tick.queue.decide(partial(_admission, tick, around)):
        match admission:
            case Start():
                state.readiness.forget(run.job)
                tick.start(
                    but(run, status=Status.RUNNING, owner=state.id, started_at=began, reason=None, not_before=None)
                )
            case PreAssign():
                left[run.queue] -= 1
                tick.pre_assign(but(run, status=Status.QUEUED, owner=state.id, reason=None, not_before=None))
            case Wait(reason=reason):
                if (run.status, run.reason) != (admission.status, reason):
                    report = run.status is not admission.status
                    tick.change(but(run, status=admission.status, reason=reason), report=report)
            case Leave():
                pass
            case Skip(reason=reason):
                tick.change(but(run, status=Status.SKIPPED, reason=reason, finished_at=tick.now))


def _admission(tick: Tick, around: Surroundings, run: Run) -> Admission:
    if is_left(tick, run.job):
        return Leave(holds_seat=run.status is Status.QUEUED and run.job in tick.division.in_force)
    job = tick.in_force.job_config(run.job)
    if job is None:
        others = "" if tick.state.is_alone else ", and no other loop knows it"
        return Skip(f"{run.job} is not in {tick.in_force.config.file}{others}")
    admission = decide(run, job, around)
    match admission:
        case Wait(on=OnReady(job=name)) if name not in tick.state.readiness.answers:
            tick.effects.append(AskReady(name))
    return admission


def _pause_of(tick: Tick, name: str) -> HeldBack | None:
    pause = tick.state.pauses.get(name)
    return tick.state.held_back(name)[0] if pause is not None and pause.holds(tick.now) else None


def _abandoned_jobs(tick: Tick) -> dict[str, datetime]:
    """Return the jobs whose given-up handler still lives here, and since when."""
    abandoned = {**tick.state.abandoned, **tick.abandoned}
    return {run.job: run.started_at or run.queued_at for key, run in abandoned.items() if key not in tick.ended}
