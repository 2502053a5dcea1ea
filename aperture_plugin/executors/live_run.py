"""The live run, which a handler receives: its parameters, log, progress and cancellation."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import suppress
from datetime import datetime, timedelta
from operator import index
from types import MappingProxyType
from typing import Any, Final, TypeVar

from aperture_plugin.executors.log_quota import Quota, storable
from aperture_plugin.ports import (
    RUN_LOGGER,
    Clock,
    Event,
    Logged,
    LogLine,
    Progressed,
    Report,
    RunCancelled,
    Spender,
)
from aperture_plugin.rules.runs import AttemptKey, Run, RunTrigger
from aperture_plugin.rules.sanitize import MOST_ITEMS
from aperture_plugin.words.mask import Mask, mask_of_environment
from aperture_plugin.words.secrets import secrets_of_params

__all__ = ["WorkerRun", "no_limits"]

T = TypeVar("T")

_EVERY: Final = timedelta(seconds=0.2).total_seconds()
"""Seconds between two reports of progress; counts in between are not reported."""


def no_limits(_key: AttemptKey, limit: str, _calls: int, _cancelled: threading.Event) -> None:
    """Raise KeyError for any limit: the `Spender` of an executor without limits."""
    raise KeyError(f'there is no limit "{limit}"')


class WorkerRun:
    """One attempt, as its handler sees it; the `LiveRun` of every executor that runs handlers here.

    Attributes:
        params: The plugin's defaults with the file's values over them; the handler may change them.
        noticed: True once the handler has seen that it was asked to stop.
    """

    def __init__(
        self,
        run: Run,
        params: Mapping[str, Any],
        report: Report,
        *,
        clock: Clock,
        spend: Spender = no_limits,
        environment: Mapping[str, str] = MappingProxyType({}),
        secrets: tuple[str, ...] = (),
    ) -> None:
        """Begin an attempt.

        Args:
            run: The attempt as the store has it.
            params: The result of `params_of` for it.
            report: Takes its events.
            clock: Gives the times of log lines, and decides when progress is reported again.
            spend: Spends from limits.
            environment: Its secrets are masked in everything that the run reports.
            secrets: Further texts that are masked.
        """
        self.id: str = run.id
        self.job: str = run.job
        self.attempt: int = run.attempt
        self.trigger: RunTrigger = run.trigger
        self.slot: datetime | None = run.due
        self.nominal: datetime | None = run.nominal
        self.params: Mapping[str, Any] = params
        self.key: Final = run.key
        self.noticed = False
        self._report = report
        self._clock = clock
        self._spend = spend
        self._environment = environment
        self._secrets = (*secrets, *secrets_of_params(params)) if params else secrets
        self._mask: Mask | None = None
        # Parts that most runs never need are made at first use: a burst makes thousands of live runs at once.
        self._why: str | None = None
        self._asked: threading.Event | None = None
        self._has_ended = False
        self._lock = threading.Lock()
        self._on_cancel: list[Callable[[], object]] = []
        self._quota: Quota | None = None
        self._log: logging.Logger | None = None
        self._progress_at = float("-inf")
        self._last: tuple[int, int | None] = (0, None)
        self._tracks = 0

    # ── for the handler ──

    @property
    def log(self) -> logging.Logger:
        """A logger of its own, which keeps every level whatever the host's logging is set to.

        The host's logger of the same name, `aperture.run.JOB`, receives each line too, without secrets.
        """
        if self._log is None:
            self._log = _RunLog(f"{RUN_LOGGER}.{self.job}", self)
        return self._log

    @property
    def cancelled(self) -> bool:
        """True once somebody asked the run to stop."""
        if self._why is None:
            return False
        self.noticed = True
        return True

    def track(self, items: Iterable[T], *, total: int | None = None) -> Iterator[T]:
        """Yield *items*, counting them as progress; raise `RunCancelled` at the next one once cancelled.

        A second loop counts from 0 again. A loop within a loop counts nothing itself, but shows that the run is
        alive, and can be cancelled.

        Args:
            total: Number of items; found with `len()` where that works.
        """
        if total is None and isinstance(items, Sized):
            with suppress(TypeError):  # An array without a dimension has a length only in name.
                total = len(items)
        return self._track(items, None if total is None else _whole(total, "progress counts items"))

    def progress(self, done: int, total: int | None = None) -> None:
        """Report progress by hand, where there is nothing to iterate over; raises like `track`."""
        self._stop_if_asked()
        done = _whole(done, "progress counts items")
        total = None if total is None else _whole(total, "progress counts items")
        self._tell_progress(done, total, now=done == total)

    def spend(self, limit: str, calls: int = 1) -> None:
        """Spend *calls* of a shared limit, waiting a little where its budget is used up.

        Raises:
            RunCancelled: The run was asked to stop meanwhile.
            KeyError: The file declares no such limit.
            TypeError, ValueError: *calls* is no number of calls.
        """
        self._stop_if_asked()
        calls = _whole(calls, "a limit counts calls")
        if calls == 0:
            return
        self._spend(self.key, limit, calls, self._when_asked())
        self._stop_if_asked()

    def on_cancel(self, call: Callable[[], object]) -> None:
        """Call *call* when the run is asked to stop; at once if that has happened."""
        with self._lock:
            if self._why is None:
                self._on_cancel.append(call)
                return
        call()

    # ── for the executor ──

    def cancel(self, why: str) -> None:
        """Ask the run to stop; callable from any thread. Only the first call counts."""
        with self._lock:
            if self._why is not None or self._has_ended:
                return
            self._why = why
            if self._asked is not None:
                self._asked.set()
            calls, self._on_cancel = self._on_cancel, []
        for call in calls:
            try:
                call()
            except Exception:
                # A host's own callback; the run was asked to stop all the same.
                self.log.exception("a function given to on_cancel raised")

    def end(self) -> None:
        """Report nothing more of the run: its handler has returned."""
        with self._lock:
            self._has_ended = True
            self._on_cancel.clear()

    @property
    def cancel_reason(self) -> str | None:
        """The reason for which the run was asked to stop, None if it was not; reading it does not set `noticed`."""
        return self._why

    def write(self, level: str, text: str) -> None:
        """Add a line to the run's log."""
        text = self.mask(text)
        with self._lock:
            if self._quota is None:
                self._quota = Quota()
            kept = None if self._has_ended else self._quota.take(storable(text))
            if kept is not None:
                line = LogLine(run_id=self.id, attempt=self.attempt, at=self._clock.now(), level=level, text=kept)
                self._report(Logged(line))

    @property
    def mask(self) -> Mask:
        """Masks the secrets of the run in a text."""
        if self._mask is None:  # Most runs log nothing, and need no mask.
            self._mask = mask_of_environment(self._environment, self._secrets)
        return self._mask

    @property
    def log_is_full(self) -> bool:
        """True once further lines are dropped."""
        return self._quota is not None and self._quota.is_spent

    def tell(self, event: Event) -> None:
        """Report an event of the run, unless it has ended."""
        if not self._has_ended:
            self._report(event)

    # ── helpers ──

    def _track(self, items: Iterable[T], total: int | None) -> Iterator[T]:
        counts = self._tracks == 0
        self._tracks += 1
        done = 0
        try:
            if counts:
                self._tell_progress(0, total, now=True)
            for item in items:
                self._stop_if_asked()
                yield item
                done += 1
                if counts:
                    self._tell_progress(done, total)
                else:
                    self._tell_progress(*self._last)
            total = done if total is None else total
        finally:
            self._tracks -= 1
            if counts:
                self._tell_progress(done, total, now=True)

    def _when_asked(self) -> threading.Event:
        """Return the event that is set when the run is asked to stop."""
        with self._lock:
            if self._asked is None:
                self._asked = threading.Event()
                if self._why is not None:
                    self._asked.set()
            return self._asked

    def _stop_if_asked(self) -> None:
        if self._why is not None:
            self.noticed = True
            raise RunCancelled(self._why)

    def _tell_progress(self, done: int, total: int | None, *, now: bool = False) -> None:
        at = self._clock.monotonic()
        self._last = (done, total)
        if now or at - self._progress_at >= _EVERY:
            self._progress_at = at
            self.tell(Progressed(self.key, done, total))


class _RunLog(logging.Logger):
    """A logger outside of the tree of loggers: no parent, no handler, and `logging.disable` does not apply to it."""

    def __init__(self, name: str, run: WorkerRun) -> None:
        super().__init__(name, logging.DEBUG)
        self.propagate = False
        self._run = run

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - logging's own name
        return level >= self.level

    def getChild(self, suffix: str) -> _RunLog:  # noqa: N802 - logging's own name
        return _RunLog(f"{self.name}.{suffix}", self._run)

    def callHandlers(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Write *record* to the log of the run, whatever it holds."""
        try:
            text = _FORMATTER.format(record)
        except Exception as error:  # noqa: BLE001 - a line that cannot be put together still says what it has
            text = f"{record.msg} {record.args!r} (this line cannot be formatted: {error})"
        self._run.write(record.levelname, text)
        self._pass_on(record, text)
        for handler in self.handlers:  # Logging handlers that the job's own handler attached.
            if record.levelno >= handler.level:
                handler.handle(record)

    def _pass_on(self, record: logging.LogRecord, text: str) -> None:
        """Give the line to the host's logger of this name, as text without secrets, with the run beside it."""
        hosts = logging.getLogger(self.name)
        if hosts.isEnabledFor(record.levelno):
            run = self._run
            line = {"msg": run.mask(text), "args": (), "exc_info": None, "exc_text": None, "stack_info": None}
            hosts.handle(
                logging.makeLogRecord(record.__dict__ | line | {"job": run.job, "run": run.id, "attempt": run.attempt})
            )


def _whole(count: int, what: str) -> int:
    """Return a count, which may be a numpy integer, as an int.

    Raises:
        TypeError, ValueError: It is not a whole number, or out of range.
    """
    try:
        count = index(count)
    except TypeError:
        raise TypeError(f"{what} in whole numbers, got {count!r}") from None
    if not 0 <= count <= MOST_ITEMS:
        raise ValueError(f"{what} from 0 on, got {count!r}")
    return count


logging.getLogger(RUN_LOGGER).addHandler(logging.NullHandler())  # Without handlers of the host nothing is printed.

_FORMATTER: Final = logging.Formatter("%(message)s")
