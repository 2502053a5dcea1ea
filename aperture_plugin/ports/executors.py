"""Where handlers run, what they are given, and what they tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from aperture_plugin.config.model import JobConfig
from aperture_plugin.ports.records import LogLine
from aperture_plugin.rules.jobs import Job, Outcome
from aperture_plugin.rules.runs import Run

__all__ = ["Ended", "Event", "Executor", "Logged", "Progressed", "Report", "Spawned", "Work"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt, handed to an executor.

    Attributes:
        run: The attempt as the store has it, already `running`.
        job: What the plugin registered; None for a `command`, and where no plugin registers it. Both run beside the
            loop: an executor that a plugin provides is given neither.
        config: The job's words, `command` and `params` among them.
        directory: Absolute folder of the file, where a command runs.
    """

    run: Run
    job: Job | None
    config: JobConfig
    directory: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progressed:
    """A run counted items."""

    key: tuple[str, int]
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Logged:
    """A run wrote a line to its log."""

    line: LogLine


@dataclass(frozen=True, slots=True)
class Spawned:
    """A run has a process group of its own now, which a survivor may have to end."""

    key: tuple[str, int]
    group: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A run's handler came back, or its program ended; sent exactly once an attempt.

    Attributes:
        at: When, where the loop cannot take the moment it hears of it; None for that moment.
    """

    key: tuple[str, int]
    outcome: Outcome
    at: datetime | None = None


Event = Progressed | Logged | Spawned | Ended


Report = Callable[[Event], None]
"""Where an executor tells its events; callable from any thread, never blocks, never raises."""


class Executor(Protocol):
    """Where handlers run: threads, processes, celery.

    It is called in the loop's thread, at times within a transaction: nothing here waits for a network, a worker or
    a lock that another program may hold. What it raises is logged; raised by `start`, it fails that attempt.

    One that may be told to `start` from within the *report* of an end, by a worker, says so by `hands_on = True`;
    to any other the loop alone gives work. One that has a method `expect(count)` is told, a second before a crowd of
    jobs falls due, how many attempts will begin at once.
    """

    name: str

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt and return at once; every end of it is told to *report* as one `Ended`.

        An attempt is handed over once, and must never be worked on twice, whatever is delivered again on the way
        to a worker: what follows a failure is another attempt, and it is not the executor's to make.
        """
        ...

    def cancel(self, key: tuple[str, int], reason: str) -> None:
        """Ask an attempt to stop; one that has ended, or is not known here, is passed over."""
        ...

    def kill(self, key: tuple[str, int]) -> bool:
        """End an attempt by force, where that can be done; say whether it could.

        One that is not known here may have been begun by a process that died, or may have been marked `interrupted`:
        whoever can reach its worker ends it, so that it does not go on beside the attempt that follows.

        Returns:
            Whether its end is on its way to *report*. Where it does not come within seconds, the attempt is given up.
        """
        ...

    def stop(self, timeout: timedelta) -> None:
        """Take no more work, and free every worker that is idle; give the others that long.

        What the loop had begun has ended by now, or was recorded as `interrupted`.
        """
        ...
