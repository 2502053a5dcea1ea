"""The executor for tests: a handler runs at once, in the thread that starts it.

So a test with a fake clock has no other thread: when `start` returns, the run has ended, and all its events are
reported.
"""

from __future__ import annotations

from datetime import timedelta

from aperture_plugin.executors.attempts import AttemptsHere, Execution, HandlerCall, begin, carry_out, failed
from aperture_plugin.executors.live_run import WorkerRun, no_limits
from aperture_plugin.executors.thread_pool import STOPPED
from aperture_plugin.ports import Clock, Dispatch, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Job

__all__ = ["InlineExecutor"]


class InlineExecutor(AttemptsHere):
    """Runs each attempt to its end within `start`."""

    name = "inline"

    def __init__(self, dispatch: Dispatch, *, clock: Clock, spend: Spender = no_limits) -> None:
        """Take the same arguments as `ThreadExecutor`."""
        super().__init__()
        self._dispatch = dispatch
        self._clock = clock
        self._spend = spend
        self._is_stopped = False

    def start(self, work: Work, report: Report) -> None:
        """Run an attempt to its end, and report it."""
        run = begin(work, report, clock=self._clock, spend=self._spend)
        if run is None:
            return
        self._live[run.key] = run
        outcome = failed(STOPPED) if self._is_stopped else carry_out(work, run, self._call, self._executions)
        run.end()
        self._live.pop(run.key)
        report(Ended(run.key, outcome))

    def stop(self, timeout: timedelta) -> None:  # noqa: ARG002 - there is nothing to wait for
        """Take no more work."""
        self._is_stopped = True

    def _call(self, job: Job, _work: Work, run: WorkerRun) -> Execution:
        return HandlerCall(self._dispatch, job, run)
