"""The executor of tests: a handler runs at once, in the thread that starts it.

So a test under a fake clock meets no other thread: when `start` returns the run has ended, and
everything it told has been told.
"""

from __future__ import annotations

from datetime import timedelta

from aperture_plugin.executors.commands import CommandRun
from aperture_plugin.executors.live import WorkerRun, no_limits
from aperture_plugin.executors.params import WrongParam
from aperture_plugin.ports import Clock, Dispatch, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """Runs each attempt to its end within `start`."""

    name = "inline"

    def __init__(self, dispatch: Dispatch, *, clock: Clock, spend: Spender = no_limits) -> None:
        """Take the same as any executor; see `ThreadExecutor`."""
        self._dispatch = dispatch
        self._clock = clock
        self._spend = spend
        self._live: dict[tuple[str, int], WorkerRun] = {}
        self._is_stopped = False

    def start(self, work: Work, report: Report) -> None:
        """Run an attempt to its end, and tell it."""
        key = work.run.key
        outcome: Outcome
        try:
            run = WorkerRun(work, report, clock=self._clock, spend=self._spend)
        except WrongParam as error:
            report(Ended(key, Outcome(status=OutcomeStatus.FAILED, reason=str(error), permanent=True)))
            return
        self._live[key] = run
        try:
            outcome = self._outcome(work, run)
        finally:
            self._live.pop(key)
            run.end()
        report(Ended(key, outcome))

    def cancel(self, key: tuple[str, int], reason: str) -> None:
        """Ask the attempt to stop that calls this from within its handler, or from another thread."""
        run = self._live.get(key)
        if run is not None:
            run.cancel(reason)

    def kill(self, key: tuple[str, int]) -> bool:  # noqa: ARG002 - what runs in the caller's thread cannot be killed
        """Say that nothing can be ended by force here."""
        return False

    def stop(self, timeout: timedelta) -> None:  # noqa: ARG002 - there is nothing to wait for
        """Take no more work."""
        self._is_stopped = True

    def _outcome(self, work: Work, run: WorkerRun) -> Outcome:
        if self._is_stopped:
            return Outcome(status=OutcomeStatus.FAILED, reason="this executor was stopped and takes no more work")
        if work.config.command is not None:
            return CommandRun(work, run).run()
        if work.job is None:
            return Outcome(status=OutcomeStatus.FAILED, reason=f'no plugin registers "{work.run.job}"', permanent=True)
        return self._dispatch(work.job, run)
