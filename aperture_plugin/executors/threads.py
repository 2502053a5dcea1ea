"""The `threads` executor: a handler runs in a thread of this process, a command beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from aperture_plugin.executors.attempts import Key, begin, carry_out, failed
from aperture_plugin.executors.commands import CommandRun
from aperture_plugin.executors.live import WorkerRun, no_limits
from aperture_plugin.executors.pool import Pool
from aperture_plugin.ports import Clock, Dispatch, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Outcome

__all__ = ["ThreadExecutor"]


class ThreadExecutor:
    """Runs handlers in daemon threads; a thread cannot be ended by force, a command can.

    Each attempt is told as ended exactly once, whatever its handler does.
    """

    name = "threads"

    def __init__(self, dispatch: Dispatch, *, clock: Clock, spend: Spender = no_limits) -> None:
        """Make an executor without any thread yet.

        Args:
            dispatch: Runs a job by way of `aperture_run_job`.
            clock: Tells the time of log lines.
            spend: How runs spend from limits.
        """
        self._dispatch = dispatch
        self._clock = clock
        self._spend = spend
        self._pool = Pool()
        # Single operations on a dict need no lock of their own.
        self._live: dict[Key, WorkerRun] = {}
        self._commands: dict[Key, CommandRun] = {}

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

    def cancel(self, key: Key, reason: str) -> None:
        """Ask an attempt to stop; one that has ended, or is not known here, is passed over."""
        run = self._live.get(key)
        if run is not None:
            run.cancel(reason)

    def kill(self, key: Key) -> bool:
        """End a command by force; a handler's thread goes on as long as it likes, hence False."""
        command = self._commands.get(key)
        return command is not None and command.kill()

    def stop(self, timeout: timedelta) -> None:
        """Take no more work, free every idle thread, and give the others that long."""
        self._pool.stop(timeout.total_seconds())

    def _work(self, work: Work, run: WorkerRun, report: Report, nearly_done: Callable[[], None]) -> None:
        outcome = carry_out(work, run, self._dispatch, self._commands)
        nearly_done()
        self._end(run, outcome, report)

    def _end(self, run: WorkerRun, outcome: Outcome, report: Report) -> None:
        run.end()
        self._live.pop(run.key, None)
        report(Ended(run.key, outcome))
