"""Executors, the work that the loop gives them, and the events that they report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from aperture_plugin.config.model import JobConfig
from aperture_plugin.ports.records import LogLine
from aperture_plugin.rules.jobs import Job, Outcome
from aperture_plugin.rules.runs import AttemptKey, Run

__all__ = [
    "Ended",
    "Event",
    "Executor",
    "ExpectsBursts",
    "Logged",
    "Progressed",
    "Report",
    "Spawned",
    "Work",
    "hands_on",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt, handed to an executor.

    Attributes:
        run: The attempt as the store has it, already `running`.
        job: The registered job; None for a `command`, and where no plugin registers it. Both run beside the
            loop: an executor that a plugin provides is given neither.
        config: The job as the file configures it, with `command` and `params`.
        directory: Absolute folder of the file, where a command runs.
        environment: Its secrets are masked in whatever the attempt writes, raises or returns.
        secrets: Further texts that are masked there: what `${…}` brought into the file.
    """

    run: Run
    job: Job | None
    config: JobConfig
    directory: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Progressed:
    """A run counted items."""

    key: AttemptKey
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Logged:
    """A run wrote a line to its log."""

    line: LogLine


@dataclass(frozen=True, slots=True)
class Spawned:
    """A run has started a process group, which another loop ends if this process dies."""

    key: AttemptKey
    group: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A run's handler returned, or its program ended; reported exactly once for an attempt.

    Attributes:
        at: The instant of the end; None for the instant at which the loop receives the event.
    """

    key: AttemptKey
    outcome: Outcome
    at: datetime | None = None


Event = Progressed | Logged | Spawned | Ended


Report = Callable[[Event], None]
"""Takes the events of an executor; callable from any thread, never blocks, never raises."""


class Executor(Protocol):
    """Runs handlers: in threads, in processes, by Celery.

    To write an executor you need, beside the methods below:

    - The live run is `aperture_plugin.executors.live_run.WorkerRun`; `attempts.begin(work, report, clock=…, spend=…)`
      makes it, and returns None if it has already reported the end. In another process `remote_attempt.Errand` makes
      one from `order_of(work)`.
    - Parameters are `params.params_of(job.params, config.params)`: a value of the file is read as the type of the
      plugin's default (a whole number, a number, yes or no), everything else stays text. A value that cannot be read
      so ends the attempt as `failed` for good (`permanent`), before the handler is called.
    - `dispatch(job, run)` calls the handler through the plugins, and returns an `Outcome` whose result is JSON.
    - `track` reports 0 items first, then counts, at most five times a second, and the last count at its end.
    - The values of `Work.environment` whose names look secret are masked in the log, and in the reason and the
      traceback of the outcome (`attempts.masked`).
    - `cancel(key, reason)`: `WorkerRun.cancel(reason)` makes `track`, `progress` and `spend` raise
      `RunCancelled(reason)`, and that reason becomes the outcome's. A handler that saw `run.cancelled` and returned was
      cancelled, with its return value as the result; one that never looked has completed. An attempt that ends without
      an outcome after a cancel (a killed process) is `cancelled` with that reason.
    - `start` after `stop` reports an end, `failed` with a reason, and starts nothing.

    Its methods are called in the loop's thread, sometimes within a transaction: none may wait for a network, a worker
    or a lock that another program may hold. An exception is logged; raised by `start`, it fails that attempt.

    One whose `start` may be called from within the *report* of an end, by a worker, sets `hands_on = True`;
    to any other only the loop gives work. If it has a method `expect(count)`, the loop calls it a second before a
    burst of jobs falls due, with the number of attempts that will begin at once.
    """

    name: str

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt and return at once; its end is reported to *report* as one `Ended`.

        The loop hands an attempt over once. It must never run twice, even if a message to a worker is delivered again.
        A retry is another attempt, which only the loop makes.
        """
        ...

    def cancel(self, key: AttemptKey, reason: str) -> None:
        """Ask an attempt to stop; one that has ended or is unknown is ignored."""
        ...

    def kill(self, key: AttemptKey) -> bool:
        """End an attempt by force, where that is possible.

        An attempt that this executor does not know may belong to a process that died, or may have been marked
        `interrupted`: an executor that can reach its worker ends it, so that it does not run beside the next attempt.

        Returns:
            Whether its end will be reported. If no end is reported within seconds, the loop abandons the attempt.
        """
        ...

    def stop(self, timeout: timedelta) -> None:
        """Take no more work, free every idle worker, and wait at most *timeout* for the others.

        Every attempt of the loop has ended by then, or was recorded as `interrupted`.
        """
        ...


@runtime_checkable
class ExpectsBursts(Protocol):
    """An executor that prepares for bursts."""

    def expect(self, count: int) -> None:
        """Prepare for *count* attempts, which begin within a second."""
        ...


def hands_on(executor: object) -> bool:
    """Return whether a worker of *executor* may begin the next attempt while it reports an end; False if unsaid."""
    return bool(getattr(executor, "hands_on", False))
