"""What the executors that use threads of this process have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from aperture_plugin.executors.attempts import Doing, Handle, Key, begin, carry_out, failed
from aperture_plugin.executors.live import WorkerRun
from aperture_plugin.executors.pool import Pool
from aperture_plugin.ports import Clock, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Outcome

__all__ = ["PooledExecutor"]


class PooledExecutor:
    """Gives each attempt a thread that does it, or waits for it.

    Each attempt is told as ended exactly once, whatever becomes of it.
    """

    def __init__(self, handle: Handle, *, clock: Clock, spend: Spender) -> None:
        self._handle = handle
        self._clock = clock
        self._spend = spend
        self._pool = Pool()
        # Single operations on a dict need no lock of their own.
        self._live: dict[Key, WorkerRun] = {}
        self._doings: dict[Key, Doing] = {}

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt and return at once; its end, whatever it is, is told to *report* as one `Ended`."""
        run = begin(work, report, clock=self._clock, spend=self._spend)
        if run is None:
            return
        self._live[run.key] = run
        try:
            self._pool.submit(f"aperture-{run.job}", lambda nearly_done: self._work(work, run, report, nearly_done))
        except RuntimeError as error:
            self._end(run, failed(str(error)), report)

    def expect(self, count: int) -> None:
        """Have threads for so many attempts, which are about to come."""
        with suppress(RuntimeError):  # The system gives no more: whoever needs one is told so.
            self._pool.expect(count)

    def cancel(self, key: Key, reason: str) -> None:
        """Ask an attempt to stop; one that has ended, or is not known here, is passed over."""
        run = self._live.get(key)
        if run is not None:
            run.cancel(reason)

    def kill(self, key: Key) -> bool:
        """End an attempt by force, where it has a process to end; say whether it could."""
        doing = self._doings.get(key)
        return doing is not None and doing.kill()

    def stop(self, timeout: timedelta) -> None:
        """Take no more work, free every idle thread, and give the others that long."""
        self._pool.stop(timeout.total_seconds())

    def _work(self, work: Work, run: WorkerRun, report: Report, nearly_done: Callable[[], None]) -> None:
        outcome = carry_out(work, run, self._handle, self._doings)
        nearly_done()
        self._end(run, outcome, report)

    def _end(self, run: WorkerRun, outcome: Outcome, report: Report) -> None:
        run.end()
        self._live.pop(run.key, None)
        report(Ended(run.key, outcome))
