"""A run: the record of one slot or one request, attempt by attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from aperture_plugin.rules.jobs import Json

__all__ = ["BEHIND_ALL", "ENDED", "IN_HAND", "RAN", "WAITING", "AttemptKey", "Run", "RunTrigger", "Status", "but"]

AttemptKey = tuple[str, int]
"""The id of a run, and the number of an attempt of it."""


class Status(StrEnum):
    """The state of an attempt (DESIGN.md, section 4)."""

    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"


WAITING = frozenset({Status.QUEUED, Status.WAITING})
"""Not started yet: in its queue, for want of a seat or of something its reason names."""

IN_HAND = WAITING | {Status.RUNNING}
ENDED = frozenset(Status) - IN_HAND
RAN = ENDED - {Status.SKIPPED}
"""Ended after having started, or having been about to: what `needs` calls a job's last run."""


class RunTrigger(StrEnum):
    """The kind of event that called for a run."""

    SCHEDULE = "schedule"
    CATCH_UP = "catch-up"
    MANUAL = "manual"
    AFTER = "after"
    START = "start"
    BACKFILL = "backfill"
    """A past slot that a person asked for again. It claims nothing, and comes behind whatever is due."""


BEHIND_ALL: Final = timedelta(days=365_250)
"""Added to the due instant of a slot that is run again, so that its run comes behind whatever is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt of one run, as the store keeps it; `(id, attempt)` is its identity.

    Instants are aware and in UTC.

    Attributes:
        id: The run's, the same for all its attempts; sortable by the moment it was made.
        attempt: From 1.
        due, nominal: The slot it carries, which is a past one for `backfill`; None for `manual`, `after` and `start`.
        missed: Number of missed slots that a catch-up stands for; 0 for a run that came in time.
        queue: The queue it waits in.
        priority_at, priority_nominal, order: Its place in the queue: due instant (or the moment it was
            asked for), nominal wall time, order in the file. For `backfill` the due instant and `BEHIND_ALL`.
        not_before: It may not start earlier: jitter, a retry's delay, a budget that returns; None for at once.
        reason: The reason why it waits, was skipped, failed or was cancelled.
        owner: The process that runs it (a loop's id), or that it is pre-assigned to; None for any other that waits,
            and after it ended.
        cancel_reason: Set once somebody asked it to stop: who and why.
        requested_by: The person who asked for a manual run or a backfill.
        params: The parameters that were asked for, over those of the file; None for none.
        note: Why it was asked for, in the person's own words.
        items_done, items_total: Progress as `run.track` counts it.
        deaths: Number of attempts in a row, up to the one before this, that ended because their process died; attempts
            that a clean stop cut off are passed over.
        group: Process group of a `command`, or pid of a worker process, so that a survivor can end it.
    """

    id: str
    job: str
    attempt: int = 1
    trigger: RunTrigger
    status: Status = Status.QUEUED
    due: datetime | None = None
    nominal: datetime | None = None
    missed: int = 0
    queue: str = "default"
    priority_at: datetime
    priority_nominal: datetime
    order: int = 0
    not_before: datetime | None = None
    reason: str | None = None
    owner: str | None = None
    cancel_reason: str | None = None
    requested_by: str | None = None
    params: Mapping[str, Json] | None = None
    note: str | None = None
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    items_done: int | None = None
    items_total: int | None = None
    error: str | None = None
    result: Json = None
    group: int | None = None
    deaths: int = 0

    @property
    def key(self) -> AttemptKey:
        """The identity of this attempt."""
        return (self.id, self.attempt)

    @property
    def place(self) -> tuple[datetime, datetime, int, str]:
        """Its place in its queue: runs sort by this (DESIGN.md, section 3)."""
        return (self.priority_at, self.priority_nominal, self.order, self.id)

    @property
    def is_asked_for(self) -> bool:
        """True if a person asked for it: it waits for neither needs nor windows."""
        return self.trigger is RunTrigger.MANUAL or self.trigger is RunTrigger.BACKFILL

    @property
    def is_backfill(self) -> bool:
        """True if it carries a past slot that a person asked for again.

        The slots that fall due now, and the jobs that come after or need this one, take no notice of it while it waits.
        """
        return self.trigger is RunTrigger.BACKFILL

    @property
    def is_pre_assigned(self) -> bool:
        """True if its owner may begin it, or have begun it, at any moment, and records that afterwards."""
        return self.owner is not None and self.status in WAITING

    @property
    def duration(self) -> timedelta | None:
        """From start to end; None before it has both."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at


_SETTERS = {field.name: Run.__dict__[field.name].__set__ for field in fields(Run)}


def _copier() -> Callable[[Run], Run]:
    """Return a function that copies a run, written out as dataclasses write out theirs: a loop costs twice as much."""
    lines = [f"    set_{name}(new, run.{name})" for name in _SETTERS]
    names: dict[str, Any] = {"make": object.__new__, "Run": Run}
    names.update((f"set_{name}", set_to) for name, set_to in _SETTERS.items())
    exec("\n".join(["def copy(run):", "    new = make(Run)", *lines, "    return new"]), names)  # noqa: S102  # our own
    copy: Callable[[Run], Run] = names["copy"]
    return copy


_copy = _copier()


def _but(run: Run, /, **changes: Any) -> Run:
    """Return *run* with *changes*: `dataclasses.replace` at an eighth of its cost, for the loop makes three a run."""
    new = _copy(run)
    for name, value in changes.items():
        _SETTERS[name](new, value)
    return new


if TYPE_CHECKING:
    from dataclasses import replace as but  # so that the names and types of the changes are checked
else:
    but = _but
