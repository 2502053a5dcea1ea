"""What each message in the inbox does to the state, within the tick's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import assert_never

from aperture_plugin.config.model import Overlap
from aperture_plugin.loop.finish import AskToStop, begin, cancel_waiting, finish
from aperture_plugin.loop.inbox import (
    Begun,
    CancelAsked,
    ConfigRead,
    ConfigRefusedMessage,
    Message,
    PauseAsked,
    ReadyAnswered,
    ResumeAsked,
    RunAsked,
    answer,
)
from aperture_plugin.loop.readiness import Readiness
from aperture_plugin.loop.state import State
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Ended, Ledger, Logged, Pause, Progressed, Spawned
from aperture_plugin.rules.recordable import recordable_count
from aperture_plugin.rules.runs import WAITING, Run, Status, but

__all__ = ["handle", "lift"]


def handle(state: State, turn: Turn, message: Message, readiness: Readiness, *, ask_to_stop: AskToStop) -> None:  # noqa: PLR0912  # one branch a message
    """Let *message* take effect. A file that was read is the loop's own affair, and is passed over here."""
    match message:
        case Ended():
            finish(state, turn, message)
        case Begun():
            begin(state, turn, message.key, at=message.at, ask_to_stop=ask_to_stop)
        case Progressed():
            _progress(state, turn, message)
        case Logged():
            turn.logs.append(message.line)
        case Spawned():
            run = turn.lines.get(message.key)
            if run is not None and run.status is Status.RUNNING:
                turn.change(but(run, group=message.group), tell=False)
        case RunAsked():
            if state.only is not None:
                state.only.add(message.run.id)
            # A commit that seemed to fail may have written it all the same.
            run = turn.current(message.run.key) or _queue_asked(state, turn, message.run)
            turn.settled.append(partial(answer, message.answer, run))
        case CancelAsked():
            asked = _cancel(state, turn, message, ask_to_stop=ask_to_stop)
            turn.settled.append(partial(answer, message.answer, asked))
        case PauseAsked():
            pause = message.pause.after(state.pauses.get(message.pause.job))
            turn.ledger.set_pause(pause)
            state.pauses[pause.job] = pause
            turn.settled.append(partial(answer, message.answer, None))
        case ResumeAsked():
            lifted = lift(turn.ledger, message.job, now=turn.now)
            if lifted is not None:
                state.pauses[message.job] = lifted
            turn.settled.append(partial(answer, message.answer, lifted is not None))
        case ReadyAnswered():
            readiness.heard(message, at=state.clock.monotonic())
            turn.lines.heard_ready(message.job)
        case ConfigRead() | ConfigRefusedMessage():
            pass
        case _:
            assert_never(message)


def lift(ledger: Ledger, job: str, *, now: datetime) -> Pause | None:
    """End a job's pause at *now*; return it as it stands then, None if there was none in force.

    What was due in it is held back even if nobody has looked at it yet: while nothing ran, or since the last tick.
    """
    pause = ledger.pauses().get(job)
    if pause is None or not pause.holds(now):
        return None
    lifted = replace(pause, until=max(pause.since, now))
    ledger.set_pause(lifted)
    return lifted


def _progress(state: State, turn: Turn, message: Progressed) -> None:
    run = turn.lines.get(message.key)
    if run is not None and run.status is Status.RUNNING:
        done, total = recordable_count(message.done), recordable_count(message.total)
        turn.change(but(run, items_done=done, items_total=total), tell=False)
        state.deadlines.progressed(message.key, at=state.clock.monotonic())


def _queue_asked(state: State, turn: Turn, run: Run) -> Run:
    """Queue a run somebody asked for, unless one of its job waits already."""
    job = state.job_config(run.job)
    in_hand = turn.lines.of_job(run.job)
    reason: str | None = None
    if job is None:
        reason = f"{run.job} is not in {state.config.file}"
    elif job.overlap is Overlap.SKIP and in_hand:
        reason = f"{run.job} was still in hand (overlap: skip)"
    elif job.overlap is Overlap.QUEUE_ONE and any(other.status in WAITING for other in in_hand):
        reason = f"another run of {run.job} was already waiting"
    if reason is not None:
        run = but(run, status=Status.SKIPPED, reason=reason, finished_at=turn.now)
    turn.add(run)
    return run


def _cancel(state: State, turn: Turn, message: CancelAsked, *, ask_to_stop: AskToStop) -> list[Run]:
    """Cancel the runs of a job, or one run; return those that were in hand and not asked before."""
    asked = [
        run
        for run in turn.lines
        if message.job in {None, run.job} and message.run_id in {None, run.id} and run.cancel_reason is None
    ]
    for run in asked:
        if run.is_given:
            # Whether a worker has begun it is known when the loop has taken it back.
            turn.change(but(run, cancel_reason=message.reason), tell=False)
        elif run.status in WAITING:
            cancel_waiting(state, turn, run, reason=message.reason)
        else:
            ask_to_stop(turn, run, message.reason)
    return asked
