"""What the store keeps, apart from runs; and how it says no."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aperture_plugin.rules.runs import RunTrigger, Status

__all__ = [
    "Claim",
    "Era",
    "LogLine",
    "LoopRecord",
    "Pause",
    "RunQuery",
    "StoreFacts",
    "StoreRefused",
    "StoreUnavailable",
]


class StoreUnavailable(Exception):
    """The store cannot be reached, is locked, full or broken just now; what was asked did not happen."""


class StoreRefused(Exception):
    """What is there is no store this program may touch: newer than it, corrupt, or something else; said in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The taking of one slot, or of all the missed slots that one run stands for.

    Attributes:
        due, nominal: The slot; of several, the latest.
        first_due: Earliest slot it stands for; equal to *due* for a single one.
        count: How many slots it stands for.
        run_id: The run that accounts for them (which may be a `skipped` one).
    """

    job: str
    due: datetime
    nominal: datetime
    first_due: datetime
    count: int
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """From when on which schedule was in force for a job: what a missed slot, and the audit, are judged by.

    Attributes:
        schedule: The phrase; empty while the job has no slots (disabled, or not in the file).
        zone: IANA name of the zone in which the phrase is read.
        since: Slots due at or after it belong to this era, until the job's next era begins.
    """

    job: str
    schedule: str
    zone: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A job held back by a person, or by `on failure: pause`.

    One that was lifted, or is over, stays on the store with its `until`: slots that were due in it and come to be
    looked at only later were held back all the same.
    """

    job: str
    since: datetime
    until: datetime | None = None
    note: str | None = None
    by: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.until is None or now < self.until

    def after(self, before: Pause | None) -> Pause:
        """Return this pause as it follows *before*: one that is still in force goes on from where it began."""
        return replace(self, since=before.since) if before is not None and before.holds(self.since) else self


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of a run's log."""

    run_id: str
    attempt: int
    at: datetime
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRecord:
    """A process that ticks on the store, as the others see it.

    Attributes:
        id: Made anew at each start; a run's `owner`.
        boot: Where a pid means anything, identity of this boot of the machine and of the process within it, so that
            neither a recycled pid nor another container's is taken for the loop; see `clock.processes`.
        serves: `schedule` for a loop, `run` for a foreground `aperture run`, which fires nothing.
        beat: Grows with every renewal of the lease; whoever sees it stand still for the lease's length,
            by a monotonic clock of his own, may take the process for dead.
        beat_at: Wall time of that renewal, for people.
        details: JSON for `status`: config file, loaded_at, preset, timezone, rejected problems, findings.
    """

    id: str
    host: str
    pid: int
    boot: str
    serves: str
    since: datetime
    beat: int
    beat_at: datetime
    details: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Where its pid can be looked at: on its host, and there in the space of numbers that it lives in."""
        return f"{self.host}/{self.boot.partition('/')[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which attempts `history` asks for; None does not narrow. Newest first.

    Attributes:
        since: Queued at or after it.
        begins: What the run's id begins with; with it the latest id stands first, and of that the last attempt.
        limit: At most so many; None for all.
    """

    jobs: Collection[str] | None = None
    statuses: Collection[Status] | None = None
    triggers: Collection[RunTrigger] | None = None
    since: datetime | None = None
    run_id: str | None = None
    begins: str | None = None
    limit: int | None = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What a store is like, for whoever looks after it.

    Attributes:
        schema: Version of its tables; `knows` is the one this program knows.
        size: Bytes it takes; None where the database does not say.
        attempts: How many attempts its history has, as far as they are counted.
        has_more: Whether it has more than those; to count them all takes the longer the more there are.
    """

    schema: int
    knows: int
    size: int | None
    attempts: int
    has_more: bool = False
