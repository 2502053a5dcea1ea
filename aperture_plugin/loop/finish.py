"""An attempt has ended, was cut off, or must be asked to: what the loop writes, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

from aperture_plugin.config.model import JobConfig, OnFailure
from aperture_plugin.loop.fire import following_run
from aperture_plugin.loop.pausing import pause_if_it_goes_on
from aperture_plugin.loop.state import State
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Ended
from aperture_plugin.rules.endings import again, cut_off, ended, held_off, put_off
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.recordable import recordable
from aperture_plugin.rules.runs import WAITING, Run, Status, but
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.schedules import After, Manual

__all__ = ["AskToStop", "begin", "cancel_waiting", "finish", "give_up", "recover", "skip_waiting"]

Key = tuple[str, int]
AskToStop = Callable[[Turn, Run, str], None]
"""Asks a running attempt to stop, with the reason."""


def finish(state: State, turn: Turn, event: Ended) -> None:
    """Write how an attempt ended, and queue what follows from it."""
    state.live.pop(event.key, None)
    state.deadlines.forget(event.key)
    ghost = state.ghosts.pop(event.key, None)
    run = turn.lines.get(event.key)
    if run is None or run.status is not Status.RUNNING or run.owner != state.id:
        # Its end was written when it was given up, or another process took it for dead.
        if ghost is not None:
            turn.lines.stir(ghost.job)
            words = f"its handler came back only now ({event.outcome.status}); how the attempt ended stands already"
            turn.write_line(ghost, "WARNING", words)
        return
    verdict = _verdict(state, turn, run)
    outcome = recordable(event.outcome)
    if verdict is not None:
        outcome = replace(outcome, status=OutcomeStatus.FAILED, reason=verdict, permanent=False)
    if outcome.status is OutcomeStatus.PUT_OFF and run.cancel_reason is None:
        turn.change(put_off(run, outcome))
        return
    _write_end(state, turn, run, outcome, at=event.at or turn.now)


def begin(state: State, turn: Turn, key: Key, *, at: datetime, ask_to_stop: AskToStop) -> None:
    """Write that a worker began an attempt that was given to this process, at the instant *at*."""
    run = turn.lines.get(key)
    if run is None or run.owner != state.id:
        return  # Another process took it for dead.
    if run.is_given:
        run = but(run, status=Status.RUNNING, started_at=at)
        turn.change(run)
    state.live[key] = run
    job = state.job_config(run.job)
    if job is not None:
        monotonic = state.clock.monotonic()
        state.deadlines.watch(key, at=monotonic, timeout=job.timeout, stalled_after=job.stalled_after)
    if run.cancel_reason is not None:
        ask_to_stop(turn, run, run.cancel_reason)


def give_up(state: State, turn: Turn, run: Run, *, was_forced: bool = False) -> None:
    """Write the end of an attempt that was asked to stop, does not, and cannot be killed.

    Its handler still lives, in a thread of this process or wherever its executor has it: until its end is told
    after all, the job is not started beside it.

    Args:
        was_forced: Force was used, and nothing came of it.
    """
    turn.settled.append(partial(state.deadlines.forget, run.key))
    state.ghosts[run.key] = run
    verdict = _verdict(state, turn, run)
    status = OutcomeStatus.CANCELLED if verdict is None else OutcomeStatus.FAILED
    how = "when asked, and could not be ended by force" if was_forced else "when asked"
    reason = f"{verdict or run.cancel_reason}; its handler did not stop {how}, and was given up"
    _write_end(state, turn, but(run, cancel_reason=reason), Outcome(status=status, reason=reason), at=turn.now)


def recover(state: State, turn: Turn, runs: Iterable[Run], *, reason: str) -> None:
    """Mark attempts whose process is gone `interrupted`, and queue the attempts that follow."""
    for run in runs:
        interrupted, following = cut_off(run, state.job_config(run.job), now=turn.now, reason=reason)
        state.live.pop(run.key, None)
        state.deadlines.forget(run.key)
        turn.change(interrupted)
        state.last[run.job] = interrupted
        if following is None:
            continue
        # A process that fires no schedule looks after its own runs, and leaves those of others to whoever does.
        if state.only is None or run.id in state.only:
            turn.add(following)
        else:
            turn.leave(following)


def cancel_waiting(state: State, turn: Turn, run: Run, *, reason: str) -> None:
    """End a run that has not started: somebody does not want it any more."""
    cancelled = but(run, status=Status.CANCELLED, reason=reason, cancel_reason=reason, finished_at=turn.now)
    turn.change(cancelled)
    state.last[run.job] = cancelled


def skip_waiting(turn: Turn, runs: Iterable[Run], *, reason: str) -> None:
    """End runs that will never start, with the reason."""
    for run in runs:
        if run.status in WAITING:
            turn.change(but(run, status=Status.SKIPPED, reason=reason, finished_at=turn.now))


def _verdict(state: State, turn: Turn, run: Run) -> str | None:
    """Return why *run* was asked to stop, where that makes it `failed`; forgotten once its end is written."""
    verdict = state.verdicts.get(run.key)
    if verdict is not None:
        turn.settled.append(partial(state.verdicts.pop, run.key, None))
    return verdict


def _write_end(state: State, turn: Turn, run: Run, outcome: Outcome, *, at: datetime) -> None:
    job = state.job_config(run.job)
    end = ended(run, outcome, now=at)
    following = None
    if job is not None and run.cancel_reason is None:
        following = again(run, job, outcome, now=at)
    if following is not None and job is not None and (why := _held_off(turn, following, job)) is not None:
        end, following = replace(end, reason=f"{end.reason}; {why}"), None
    turn.change(end)
    state.last[run.job] = end
    if following is not None:
        turn.add(following)
    elif end.status is Status.COMPLETED:
        _queue_followers(state, turn, end)
    elif end.status is Status.FAILED and job is not None and job.on_failure is OnFailure.PAUSE:
        pause_if_it_goes_on(state, turn, job, end, since=turn.now)


def _held_off(turn: Turn, retry: Run, job: JobConfig) -> str | None:
    next_slot = None
    if job.enabled and not isinstance(job.schedule, After | Manual):
        slot = trigger_of(job.schedule, job.zone).next_after(turn.now)
        next_slot = None if slot is None else slot.due
    waiting = any(run.status in WAITING and run.id != retry.id for run in turn.lines.of_job(job.name))
    return held_off(retry, job, next_slot=next_slot, waiting=waiting)


def _queue_followers(state: State, turn: Turn, completed: Run) -> None:
    """Queue each job whose `after` this completion fulfils, in the transaction that writes the completion."""
    state.chains.completed(completed.job)
    for job in state.followers.get(completed.job, ()):
        if any(run.status in WAITING for run in turn.lines.of_job(job.name)):
            continue  # The run that waits will come after this completion as well.
        if state.chains.may_follow(job.name):
            follower = following_run(state, job, turn.now)
            if state.only is None:
                turn.add(follower)
            else:
                turn.leave(follower)
