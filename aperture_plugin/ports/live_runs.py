"""The live run that a handler receives, and the exceptions that it may raise."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from aperture_plugin.rules.jobs import Job, Outcome
from aperture_plugin.rules.runs import AttemptKey, RunTrigger
from aperture_plugin.rules.sanitize import LATEST_INSTANT
from aperture_plugin.words.errors import ApertureError

__all__ = ["RUN_LOGGER", "RUN_VARIABLE", "Dispatch", "LiveRun", "PutOff", "RunCancelled", "Spender"]

T = TypeVar("T")


RUN_VARIABLE: Final = "APERTURE_RUN"
"""The environment variable in which every program that a run starts finds the run's id."""


RUN_LOGGER: Final = "aperture.run"
"""The logger above those of the jobs (`aperture.run.library-scan`), to which `run.log` passes its lines on."""


class RunCancelled(ApertureError):
    """Raised inside a handler once its run was asked to stop: let it pass through."""


class PutOff(ApertureError):
    """Raised inside a handler whose run is put off until a budget returns: let it pass through.

    The attempt waits again, and its handler is then called from its beginning; what it did is kept.

    Attributes:
        until: Earliest time at which it goes on; at least a second ahead, more each time that it is put off for less.
        reason: The reason, in words.

    Raises:
        ValueError: *until* is beyond what a date can hold in every time zone.
    """

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        if until.tzinfo is not None and until > LATEST_INSTANT:
            raise ValueError(f"a run cannot be put off until {until}, which is beyond what a date can hold")
        self.until = until
        self.reason = reason


class LiveRun(Protocol):
    """The live run that a handler holds.

    Attributes:
        id, job, attempt, trigger: As `history` shows them.
        slot: The due instant it carries, aware and in UTC; None for manual and after.
        nominal: The wall time the person wrote; None likewise.
        params: The job's parameters, the plugin's defaults under the file's words.
        log: A logger whose lines become the run's log, whatever the host's logging is set to. The host's logger
            `aperture.run.JOB` receives each line too, from the level on that the host has set.
        cancelled: True once somebody asked the run to stop; a long step may look and leave early.
    """

    id: str
    job: str
    attempt: int
    trigger: RunTrigger
    slot: datetime | None
    nominal: datetime | None
    params: Mapping[str, Any]

    @property
    def log(self) -> logging.Logger:
        """A logger whose lines become the run's log."""
        ...

    @property
    def cancelled(self) -> bool:
        """True once somebody asked the run to stop."""
        ...

    def track(self, items: Iterable[T], *, total: int | None = None) -> Iterator[T]:
        """Yield *items*, counting them as progress; raise `RunCancelled` at the next one once cancelled.

        Args:
            total: Number of items; found with `len()` where that works.
        """
        ...

    def progress(self, done: int, total: int | None = None) -> None:
        """Report progress by hand, where there is nothing to iterate over; raises like `track`."""
        ...

    def spend(self, limit: str, calls: int = 1) -> None:
        """Spend *calls* of a shared limit, waiting a little where its budget is used up.

        Raises:
            RunCancelled: The run was asked to stop meanwhile.
            PutOff: The budget returns so late that the run goes back to waiting until then.
            KeyError: The file declares no such limit.
        """
        ...

    def on_cancel(self, call: Callable[[], object]) -> None:
        """Call *call* when the run is asked to stop; at once if that has happened.

        For handlers that block and cannot check `cancelled`: close a socket, end a program. *call* runs in another
        thread than the handler, and must not block.
        """
        ...


Spender = Callable[[AttemptKey, str, int, threading.Event], None]
"""Spends from a shared limit for a run: (key, limit, calls, cancelled). It blocks while the budget is used up
and returns when the calls may be made, or at once after *cancelled* is set; KeyError for an unknown limit."""


Dispatch = Callable[[Job, LiveRun], Outcome]
"""Runs a job by way of the `aperture_run_job` hook; never raises for what a handler did."""
