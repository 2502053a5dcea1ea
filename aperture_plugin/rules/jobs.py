"""Jobs as plugins register them, and outcomes of their runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

__all__ = ["Handler", "Job", "Json", "Outcome", "OutcomeStatus"]

Handler = Callable[..., Any]
"""The callable behind a job: `def` or `async def`, taking the live run as its only argument."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Job:
    """A named piece of work that a plugin registers from `aperture_jobs`.

    Args:
        name: As schedules.yaml names it; matches `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
        handler: Called with the live run in the executor's worker. What it returns becomes the run's `result`, as JSON
            (a mapping of counts is usual; `rules.result_json` says how dates and the like are converted); raising
            fails the attempt.
        title, description, category: How displays name it; the file may say otherwise.
        params: Default parameters and their values, which `params` in the file wins over, key by key.
        permanent: Exception classes that a retry cannot cure: they end the run at once.
        calls: Number of calls that a run usually spends of each limit, so that `check` and `plan` can
            compare it with the budget.

    >>> Job("library-scan", print, title="Library Scan").name
    'library-scan'
    """

    name: str
    handler: Handler
    title: str | None = field(default=None, kw_only=True)
    description: str | None = field(default=None, kw_only=True)
    category: str | None = field(default=None, kw_only=True)
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), kw_only=True)
    permanent: tuple[type[BaseException], ...] = field(default=(), kw_only=True)
    calls: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}), kw_only=True)


class OutcomeStatus(StrEnum):
    """The status with which an attempt ended, as its executor reports it."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PUT_OFF = "put off"
    INTERRUPTED = "interrupted"
    """The attempt was cut off by a worker that was stopped; the run goes on as after a stop of the loop."""
    DIED = "died"
    """The attempt was cut off by the death of its worker; the run goes on as after a crash of the loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of an attempt.

    Attributes:
        result: The handler's return value, as JSON; None for nothing.
        reason: One line for people who look at the run; needed for anything but `completed`.
        error: The traceback or the last lines of a program's output; None where there is none.
        permanent: A failure that a retry cannot cure.
        until: For `put off`: when the attempt may go on; an aware instant.
    """

    status: OutcomeStatus = OutcomeStatus.COMPLETED
    result: Json = None
    reason: str | None = None
    error: str | None = None
    permanent: bool = False
    until: datetime | None = None
