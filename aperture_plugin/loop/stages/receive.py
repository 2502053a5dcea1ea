"""Applies each message to a tick: requests and reports of other threads and processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from aperture_plugin.loop.effects import Answer
from aperture_plugin.loop.messages import (
    BackfillAsked,
    Begun,
    CancelAsked,
    CannotBeKilled,
    ConfigRead,
    ConfigRefusedMessage,
    Message,
    PauseAsked,
    PluginsChanged,
    ReadyAnswered,
    ResumeAsked,
    RunAsked,
)
from aperture_plugin.loop.stages.complete import ask_to_stop, begin, cancel_waiting, finish, give_up
from aperture_plugin.loop.stages.share import is_left
from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import Claims, Ended, Logged, Pause, Progressed, Spawned
from aperture_plugin.rules.new_runs import asked_run, backfill_runs, refusal
from aperture_plugin.rules.runs import WAITING, Run, RunTrigger, Status, but
from aperture_plugin.rules.sanitize import recordable_count

__all__ = ["lift", "receive"]


def receive(tick: Tick, messages: Iterable[Message]) -> None:
    """Carry out *messages*, oldest first; files that were read have a stage of their own."""
    for message in messages:
        _receive(tick, message)


def _receive(tick: Tick, message: Message) -> None:  # noqa: PLR0912  # one branch a message
    state = tick.state
    match message:
        case Ended():
            finish(tick, message)
        case Begun():
            begin(tick, message.key, at=message.at)
        case CannotBeKilled():
            run = tick.queue.get(message.key)
            if run is not None and run.status is Status.RUNNING and run.owner == state.id:
                give_up(tick, run)
        case Progressed():
            _progress(tick, message)
        case Logged():
            tick.logs.append(message.line)
        case Spawned():
            run = tick.queue.get(message.key)
            if run is not None and run.status is Status.RUNNING:
                tick.change(but(run, group=message.group), report=False)
        case RunAsked():
            tick.effects.append(Answer(message, _queue_asked(tick, message)))
        case BackfillAsked():
            tick.effects.append(Answer(message, _queue_backfill(tick, message)))
        case CancelAsked():
            tick.effects.append(Answer(message, _cancel(tick, message)))
        case PauseAsked():
            pause = message.pause.after(state.pauses.get(message.pause.job))
            tick.ledger.set_pause(pause)
            state.pauses[pause.job] = pause
            tick.queue.job_changed(pause.job)
            tick.effects.append(Answer(message, None))
        case ResumeAsked():
            lifted = lift(tick.ledger, message.job, now=tick.now)
            if lifted is not None:
                state.pauses[message.job] = lifted
                tick.queue.job_changed(message.job)
            tick.effects.append(Answer(message, lifted is not None))
        case ReadyAnswered():
            state.readiness.heard(message, at=tick.at)
            tick.queue.readiness_changed(message.job)
        case PluginsChanged():
            tick.in_force = replace(tick.in_force, changed_plugins=tuple(message.files))
        case ConfigRead() | ConfigRefusedMessage():
            pass
        case _:
            assert_never(message)


def lift(ledger: Claims, job: str, *, now: datetime) -> Pause | None:
    """End a job's pause at *now*; return it as it stands then, None if there was none in force.

    What was due in it is held back even if it is claimed only later: while nothing ran, or since the last tick.
    """
    pause = ledger.pauses().get(job)
    if pause is None or not pause.holds(now):
        return None
    lifted = replace(pause, until=max(pause.since, now))
    ledger.set_pause(lifted)
    return lifted


def _progress(tick: Tick, message: Progressed) -> None:
    run = tick.queue.get(message.key)
    if run is not None and run.status is Status.RUNNING:
        done, total = recordable_count(message.done), recordable_count(message.total)
        tick.change(but(run, items_done=done, items_total=total), report=False)
        tick.progressed.add(message.key)


def _queue_asked(tick: Tick, message: RunAsked) -> Run:
    """Queue a run somebody asked for, unless one of its job waits already."""
    [run_id] = _ids_for(tick, message, 1)
    written = tick.current((run_id, 1))
    if written is not None:
        return written  # A commit that seemed to fail was done all the same.
    job = tick.in_force.job_config(message.job)
    in_hand = tick.queue.of_job(message.job)
    reason: str | None = None
    if job is None and is_left(tick, message.job):
        run = _run_of_no_job(message, run_id)  # The loop that knows it puts it in its queue.
    elif job is None:
        reason = f"{message.job} is not in {tick.in_force.config.file}"
        run = _run_of_no_job(message, run_id)
    else:
        run = asked_run(job, run_id=run_id, now=message.at, by=message.by, params=message.params, note=message.note)
        reason = refusal(job, in_hand)
    if reason is not None:
        run = but(run, status=Status.SKIPPED, reason=reason, finished_at=tick.now)
    tick.add(run)
    return run


def _queue_backfill(tick: Tick, message: BackfillAsked) -> list[Run]:
    """Queue a run for each past slot that somebody asked for, unless a run in hand carries it."""
    ids = _ids_for(tick, message, len(message.slots))
    written = [run for run_id in ids if (run := tick.current((run_id, 1))) is not None]
    job = tick.in_force.job_config(message.job)
    if written or job is None:
        return written  # A commit that seemed to fail was done all the same; or a save took the job out meanwhile.
    runs = backfill_runs(
        job,
        message.slots,
        in_hand=tick.queue.of_job(message.job),
        new_id=iter(ids).__next__,
        now=message.at,
        by=message.by,
        note=message.note,
    )
    for run in runs:
        tick.add(run)
    return runs


def _ids_for(tick: Tick, message: RunAsked | BackfillAsked, count: int) -> list[str]:
    """Return the ids of the runs that *message* asks for: the same each time it is dealt with."""
    state = tick.state
    ids = state.run_ids.get(message)
    if ids is None:
        ids = state.run_ids[message] = [state.new_id(tick.now) for _ in range(count)]
    tick.requests.append(message)
    if state.only is not None:
        state.only.update(ids)
    return ids


def _run_of_no_job(message: RunAsked, run_id: str) -> Run:
    """Return the run of a job that a save took out while it was asked for."""
    return Run(
        id=run_id,
        job=message.job,
        trigger=RunTrigger.MANUAL,
        priority_at=message.at,
        priority_nominal=message.at.replace(tzinfo=None),
        queued_at=message.at,
        requested_by=message.by,
        params=message.params,
        note=message.note,
    )


def _cancel(tick: Tick, message: CancelAsked) -> list[Run]:
    """Cancel the runs of a job, or one run; return those that were in hand and not asked before."""
    asked = [
        run
        for run in tick.queue
        if message.job in {None, run.job} and message.run_id in {None, run.id} and run.cancel_reason is None
    ]
    for run in asked:
        if run.is_pre_assigned:
            # The loop knows only after the recall if a worker has begun it.
            tick.change(but(run, cancel_reason=message.reason), report=False)
        elif run.status in WAITING:
            cancel_waiting(tick, run, reason=message.reason)
        else:
            ask_to_stop(tick, run, message.reason)
    return asked
