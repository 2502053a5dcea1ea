"""The base of the executors that use threads of this process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from aperture_plugin.executors.attempts import AttemptsHere, Handle, begin, carry_out, failed
from aperture_plugin.executors.live_run import WorkerRun
from aperture_plugin.executors.thread_pool import Pool
from aperture_plugin.ports import Clock, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Outcome

__all__ = ["PooledExecutor"]


class PooledExecutor(AttemptsHere):
    """Gives each attempt a thread that runs it, or waits for it.

    The end of each attempt is reported exactly once.
    """

    def __init__(self, handle: Handle, *, clock: Clock, spend: Spender) -> None:
        super().__init__()
        self._handle = handle
        self._clock = clock
        self._spend = spend
        self._pool = Pool()

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt and return at once; its end is reported to *report* as one `Ended`."""
        run = begin(work, report, clock=self._clock, spend=self._spend)
        if run is None:
            return
        self._live[run.key] = run
        try:
            self._pool.submit(f"aperture-{run.job}", lambda nearly_done: self._work(work, run, report, nearly_done))
        except RuntimeError as error:
            self._end(run, failed(str(error)), report)

    def expect(self, count: int) -> None:
        """Start threads for *count* attempts that are about to begin."""
        with suppress(
            RuntimeError
        ):  # The system has no more threads: the attempt that needs one fails with that reason.
            self._pool.expect(count)

    def stop(self, timeout: timedelta) -> None:
        """Take no more work, free every idle thread, and wait at most *timeout* for the others."""
        self._pool.stop(timeout.total_seconds())

    def _work(self, work: Work, run: WorkerRun, report: Report, nearly_done: Callable[[], None]) -> None:
        outcome = carry_out(work, run, self._handle, self._executions)
        nearly_done()
        self._end(run, outcome, report)

    def _end(self, run: WorkerRun, outcome: Outcome, report: Report) -> None:
        run.end()
        self._live.pop(run.key, None)
        report(Ended(run.key, outcome))
