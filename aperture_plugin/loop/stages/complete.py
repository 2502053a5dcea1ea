"""An attempt has ended, was cut off, or is given up: what the tick writes, and what follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from aperture_plugin.config.model import JobConfig
from aperture_plugin.loop.effects import AskToStop
from aperture_plugin.loop.stages.auto_pause import hold_back
from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import Ended
from aperture_plugin.rules.completion import Circumstances, Settled, settle, settle_cut_off
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.new_runs import following_run
from aperture_plugin.rules.runs import WAITING, AttemptKey, Run, Status, but
from aperture_plugin.rules.sanitize import recordable

__all__ = ["ask_to_stop", "begin", "cancel_waiting", "circumstances", "cut_off", "finish", "give_up", "skip_waiting"]


_CUT_OFF: Final = (OutcomeStatus.INTERRUPTED, OutcomeStatus.DIED)


def finish(tick: Tick, event: Ended) -> None:
    """Write how an attempt ended, and queue what follows from it."""
    state = tick.state
    tick.ended.add(event.key)
    run = tick.queue.get(event.key)
    if run is None or run.status is not Status.RUNNING or run.owner != state.id:
        # Its end was written when it was given up, or another process took this one for dead.
        abandoned = state.abandoned.get(event.key) or tick.abandoned.get(event.key)
        if abandoned is not None:
            tick.queue.job_changed(abandoned.job)
            came_back = f"its handler came back only now ({recordable(event.outcome).status})"
            tick.write_line(abandoned, "WARNING", f"{came_back}; how the attempt ended stands already")
        return
    outcome = recordable(event.outcome)
    verdict = state.verdicts.get(event.key)
    if outcome.status in _CUT_OFF and verdict is None and run.cancel_reason is None:
        reason = outcome.reason or "it was cut off under its handler"
        cut_off(tick, [run], reason=reason, died=outcome.status is OutcomeStatus.DIED)
        return
    if verdict is not None:
        outcome = replace(outcome, status=OutcomeStatus.FAILED, reason=verdict, permanent=False)
    _settle(tick, run, outcome, at=event.at or tick.now)


def begin(tick: Tick, key: AttemptKey, *, at: datetime) -> None:
    """Write that a worker began an attempt that was pre-assigned to this process, at the instant *at*."""
    run = tick.queue.get(key)
    if run is None or run.owner != tick.state.id:
        return  # Another process took this one for dead.
    if run.is_pre_assigned:
        run = but(run, status=Status.RUNNING, started_at=at)
        tick.change(run)
    tick.begun[key] = run
    if run.cancel_reason is not None:
        ask_to_stop(tick, run, run.cancel_reason)


def ask_to_stop(tick: Tick, run: Run, reason: str) -> None:
    """Ask a running attempt to stop; one of another process reads it in the store."""
    run = replace(run, cancel_reason=reason)
    tick.change(run, report=False)
    if run.owner == tick.state.id:
        tick.effects.append(AskToStop(run, reason))


def give_up(tick: Tick, run: Run, *, was_forced: bool = False) -> None:
    """Write the end of an attempt that was asked to stop, does not, and cannot be killed.

    Its handler still lives, in a thread of this process or wherever its executor has it: until it ends
    after all, the job is not started beside it.

    Args:
        was_forced: Force was used, and nothing came of it.
    """
    verdict = tick.state.verdicts.get(run.key)
    tick.abandoned[run.key] = run
    tick.unwatched.add(run.key)
    status = OutcomeStatus.CANCELLED if verdict is None else OutcomeStatus.FAILED
    how = "when asked, and could not be ended by force" if was_forced else "when asked"
    reason = f"{verdict or run.cancel_reason}; its handler did not stop {how}, and was given up"
    _settle(tick, but(run, cancel_reason=reason), Outcome(status=status, reason=reason), at=tick.now)


def cut_off(tick: Tick, runs: Iterable[Run], *, reason: str, died: bool) -> None:
    """Write the end of attempts that were cut off, and queue the attempts that follow.

    Args:
        died: True if their process died under them; else it was stopped, or had not begun them.
    """
    for run in runs:
        job = tick.in_force.job_config(run.job)
        tick.ended.add(run.key)
        _write(tick, settle_cut_off(run, job, circumstances(tick), reason=reason, died=died))


def cancel_waiting(tick: Tick, run: Run, *, reason: str) -> None:
    """End a run that has not started: somebody does not want it any more."""
    cancelled = but(run, status=Status.CANCELLED, reason=reason, cancel_reason=reason, finished_at=tick.now)
    tick.change(cancelled)
    _keep_last(tick, cancelled)


def skip_waiting(tick: Tick, runs: Iterable[Run], *, reason: str) -> None:
    """End runs that will never start, with the reason."""
    for run in runs:
        if run.status in WAITING:
            tick.change(but(run, status=Status.SKIPPED, reason=reason, finished_at=tick.now))


def circumstances(tick: Tick) -> Circumstances:
    """Return what a decision about the end of an attempt looks at."""

    def failures(failed: Run, job: JobConfig) -> int:
        return tick.ledger.failures_in_a_row(job.name, but=failed.id, most=job.pause_after)

    return Circumstances(
        now=tick.now,
        waits=lambda name: any(run.status in WAITING and not run.is_backfill for run in tick.queue.of_job(name)),
        failures=failures,
        followers=lambda name: [
            job for job in tick.in_force.followers.get(name, ()) if tick.division.is_ours(job.name)
        ],
        completed=tick.predecessors.completed_for,
    )


def _settle(tick: Tick, run: Run, outcome: Outcome, *, at: datetime) -> None:
    job = tick.in_force.job_config(run.job)
    hasty = tick.state.hasty.get(run.key, 0)
    settled = settle(run, job, outcome, circumstances(tick), at=at, hasty=hasty)
    if settled.hasty:
        tick.hasty[run.key] = settled.hasty
    _write(tick, settled)


def _keep_last(tick: Tick, end: Run) -> None:
    """Remember the job's last run, as the store does: what becomes of a past slot says nothing of the job as it is."""
    if not end.is_backfill:
        tick.state.last[end.job] = end


def _write(tick: Tick, settled: Settled) -> None:
    """Write what a decision says of the end of an attempt."""
    state, end = tick.state, settled.run
    tick.change(end)
    if end.status in WAITING:
        return
    _keep_last(tick, end)
    if settled.next_attempt is not None:
        _add_or_leave(tick, settled.next_attempt, is_ours=end.id in (state.only or ()))
    if end.status is Status.COMPLETED and not end.is_backfill:
        tick.predecessors.completed(end.job)
    for job in settled.followers:
        run_id = state.new_id(tick.now)
        follower = following_run(job, run_id=run_id, now=tick.now, held_back=state.held_back(job.name))
        _add_or_leave(tick, follower, is_ours=False)
    if settled.hold is not None:
        hold_back(tick, end.job, settled.hold)


def _add_or_leave(tick: Tick, run: Run, *, is_ours: bool) -> None:
    """Add an attempt; a process that fires no schedule leaves those that are not its own to one that does."""
    if tick.state.only is None or is_ours:
        tick.add(run)
    else:
        tick.leave(run)
