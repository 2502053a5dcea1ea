"""Attempts that are asked to stop: by a person, by another process, by a deadline."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final, assert_never

from aperture_plugin.loop.deadlines import Deadline
from aperture_plugin.loop.finish import give_up, recover
from aperture_plugin.loop.lease import LEASE_SECONDS, Lease
from aperture_plugin.loop.pacing import said
from aperture_plugin.loop.state import State
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Executor
from aperture_plugin.rules.runs import Run, Status

__all__ = ["Stopping"]

_log = logging.getLogger("aperture")

_LEASE: Final = said(timedelta(seconds=LEASE_SECONDS))
_THERE: Final = "is to be ended on that host: from here it cannot be"
_LOST: Final = "this process was taken for dead by another, which has ended the attempt; it is asked to stop"


class Stopping:
    """Asks first, uses force later, and writes down what became of it.

    Args:
        state: What the loop knows.
        executor: Where the attempts run.
        lease: Knows which other processes died.
        end_group: Ends the process group that a dead process of this machine left running;
            see `clock.processes`.
        unseat: Lets no run take the seat of an attempt when that ends.
    """

    def __init__(
        self,
        state: State,
        executor: Executor,
        lease: Lease,
        end_group: Callable[[int | None, str], object],
        unseat: Callable[[tuple[str, int]], object],
    ) -> None:
        self._state = state
        self._executor = executor
        self._lease = lease
        self._end_group = end_group
        self._unseat = unseat

    def ask(self, turn: Turn, run: Run, reason: str) -> None:
        """Ask a running attempt to stop; one of another process reads it in the store."""
        run = replace(run, cancel_reason=reason)
        turn.change(run, tell=False)
        if run.owner == self._state.id:
            self._state.live[run.key] = run
            turn.settled.append(partial(self._stop, run, reason))

    def hear_of_others(self, turn: Turn) -> None:
        """Stop what runs here and was cancelled, or taken over, by another process, by way of the store."""
        self._let_go_of_lost(turn)
        for run in turn.lines.running_of(self._state.id):
            known = self._state.live.get(run.key)
            if known is not None and run.cancel_reason is not None and known.cancel_reason is None:
                self._state.live[run.key] = run
                turn.settled.append(partial(self._stop, run, run.cancel_reason))

    def _let_go_of_lost(self, turn: Turn) -> None:
        """Ask to stop what runs here although another process took this one for dead, and has ended the attempt.

        What it recorded stands. Until the handler comes back, its job is not started beside it here.
        """
        state = self._state
        for key, known in state.live.items():
            run = turn.lines.get(key)
            if key in state.ghosts or (run is not None and run.status is Status.RUNNING and run.owner == state.id):
                continue
            state.ghosts[key] = known
            turn.write_line(known, "WARNING", f"{_LOST}; what this attempt still does is not recorded")
            turn.settled.append(partial(_log.warning, "%s (run %s, attempt %d): %s", known.job, *key, _LOST))
            turn.settled.append(partial(self._stop, known, _LOST))

    def enforce_deadlines(self, turn: Turn, at: float) -> None:
        """Deal with every deadline that has passed by the monotonic time *at*."""
        passed = self._state.deadlines.passed(at)
        if passed:  # What is not written was not dealt with, and passes again in the next turn.
            turn.settled.append(self._state.deadlines.settled)
        for key, deadline in passed:
            run = turn.lines.get(key)
            job = None if run is None else self._state.job_config(run.job)
            if deadline is Deadline.GIVE_UP and key in self._state.ghosts:
                # It was taken over: how it ended is written, and all that is left to do is to end it.
                turn.settled.append(partial(self._state.deadlines.forget, key))
                self._executor.kill(key)
                continue
            if run is None or job is None or run.status is not Status.RUNNING:
                continue
            match deadline:
                case Deadline.TIMEOUT if job.timeout is not None:
                    self._overdue(turn, run, f"it timed out after {said(job.timeout)}")
                case Deadline.STALLED if job.stalled_after is not None:
                    self._overdue(turn, run, f"it stalled: no progress for {said(job.stalled_after)}")
                case Deadline.GIVE_UP:
                    self._use_force(turn, run, at)
                case Deadline.TIMEOUT | Deadline.STALLED:
                    pass  # A reload has lifted it since the attempt began.
                case _:
                    assert_never(deadline)

    def end_cut_off(self, runs: Iterable[Run]) -> None:
        """End by force whatever still works on attempts that are recorded as cut off: others will follow them."""
        for run in runs:
            self._executor.kill(run.key)

    def _use_force(self, turn: Turn, run: Run, at: float) -> None:
        deadlines = self._state.deadlines
        was_forced = deadlines.was_forced(run.key)
        if not was_forced and self._executor.kill(run.key):
            turn.settled.append(partial(deadlines.forced, run.key, at=at))
            return
        self._unseat(run.key)
        give_up(self._state, turn, run, was_forced=was_forced)

    def recover_the_dead(self, turn: Turn) -> None:
        """Find processes that died, and runs whose process is not on the store at all."""
        state = self._state
        loops = turn.ledger.loops()
        dead = {loop.id for loop in self._lease.dead(loops, at=state.clock.monotonic())}
        for loop_id in dead:
            turn.ledger.drop_loop(loop_id)
        turn.settled.append(partial(self._lease.forget, dead))
        alive = {loop.id for loop in loops} - dead | {state.id}
        state.is_alone = alive == {state.id}
        orphans = [run for run in turn.lines if run.owner is not None and run.owner not in alive]
        elsewhere = {loop.id for loop in loops if loop.place != self._lease.record.place}
        for run in orphans:
            if self._is_program(run) and run.owner not in elsewhere:
                turn.settled.append(partial(self._end_group, run.group, run.id))
        turn.settled.append(partial(self.end_cut_off, orphans))
        silent = {loop.id: loop.host for loop in loops if loop.id in dead & elsewhere}
        for host in sorted(set(silent.values())):
            self._take_over(turn, [run for run in orphans if silent.get(run.owner or "") == host], host)
        left = [run for run in orphans if run.owner not in silent]
        begun = [run for run in left if not run.is_given]
        recover(state, turn, begun, reason="its process ended under it")
        given = [run for run in left if run.is_given]
        recover(state, turn, given, reason="its process ended as it was about to begin it, or just after")

    def _is_program(self, run: Run) -> bool:
        # It may have begun so late that its group is not on the store yet.
        job = self._state.job_config(run.job)
        return run.group is not None or (job is not None and job.command is not None)

    def _take_over(self, turn: Turn, theirs: list[Run], host: str) -> None:
        """Mark the attempts of a process on another *host*, which is silent. Nothing there can be ended from here."""
        reason = f"its process on {host} gave no sign of life for {_LEASE}"
        programs = [run for run in theirs if self._is_program(run)]
        for run in programs:
            group = "" if run.group is None else f" (process group {run.group})"
            turn.write_line(run, "WARNING", f"{reason}; what it started on {host} may still run{group}, and {_THERE}")
        recover(self._state, turn, programs, reason=f"{reason}; what it started may still run there")
        recover(self._state, turn, [run for run in theirs if run not in programs], reason=reason)

    def _overdue(self, turn: Turn, run: Run, reason: str) -> None:
        """Ask an attempt to stop whose end will be `failed`, whatever it says."""
        if run.cancel_reason is None and run.key not in self._state.verdicts:
            turn.settled.append(partial(self._stop_overdue, run, reason))

    def _stop_overdue(self, run: Run, reason: str) -> None:
        if self._state.verdicts.setdefault(run.key, reason) == reason:
            self._stop(run, reason)

    def _stop(self, run: Run, reason: str) -> None:
        self._executor.cancel(run.key, reason)
        self._state.deadlines.give_up_after(run.key, at=self._state.clock.monotonic())
