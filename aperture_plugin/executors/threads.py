"""The `threads` executor: a handler runs in a thread of this process, a command beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from aperture_plugin.executors.commands import CommandRun
from aperture_plugin.executors.live import WorkerRun, no_limits
from aperture_plugin.executors.params import WrongParam
from aperture_plugin.executors.pool import Pool
from aperture_plugin.ports import Clock, Dispatch, Ended, Report, Spender, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["ThreadExecutor"]

Key = tuple[str, int]


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
        self._lock = threading.Lock()
        self._live: dict[Key, WorkerRun] = {}
        self._commands: dict[Key, CommandRun] = {}

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt and return at once; its end, whatever it is, is told to *report* as one `Ended`."""
        key = work.run.key
        try:
            run = WorkerRun(work, report, clock=self._clock, spend=self._spend)
        except WrongParam as error:
            report(Ended(key, Outcome(status=OutcomeStatus.FAILED, reason=str(error), permanent=True)))
            return
        with self._lock:
            self._live[key] = run
        try:
            self._pool.submit(f"aperture-{work.run.job}", lambda idle: self._work(work, run, report, idle))
        except RuntimeError as error:
            self._end(run, Outcome(status=OutcomeStatus.FAILED, reason=str(error)), report)

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
        try:
            outcome = self._outcome(work, run)
        except BaseException as error:  # noqa: BLE001 - a dispatch that breaks its word must not lose the run's end
            outcome = Outcome(status=OutcomeStatus.FAILED, reason=f"{type(error).__name__}: {error}")
        nearly_done()
        self._end(run, outcome, report)

    def _outcome(self, work: Work, run: WorkerRun) -> Outcome:
        if run.was_asked is not None:
            return Outcome(status=OutcomeStatus.CANCELLED, reason=run.was_asked)
        if work.config.command is not None:
            command = self._commands[run.key] = CommandRun(work, run)
            return command.run()
        if work.job is None:
            return Outcome(status=OutcomeStatus.FAILED, reason=f'no plugin registers "{work.run.job}"', permanent=True)
        return self._dispatch(work.job, run)

    def _end(self, run: WorkerRun, outcome: Outcome, report: Report) -> None:
        run.end()
        with self._lock:
            self._live.pop(run.key, None)
            self._commands.pop(run.key, None)
        report(Ended(run.key, outcome))
