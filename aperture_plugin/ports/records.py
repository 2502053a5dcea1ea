"""Records that the store keeps beside runs, and its exceptions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from aperture_plugin.rules.runs import RunTrigger, Status
from aperture_plugin.words.errors import ApertureError

__all__ = [
    "AcceptedText",
    "Claim",
    "LogLine",
    "LoopRecord",
    "Notice",
    "PastSlot",
    "Pause",
    "RunQuery",
    "ScheduleRevision",
    "StoreFacts",
    "StoreRefused",
    "StoreUnavailable",
    "UnreadableRow",
]


class StoreUnavailable(ApertureError):
    """The store cannot be reached, is locked, full or broken just now; nothing was written."""


class StoreRefused(ApertureError):
    """The database is not a store that this program may use: newer than it, corrupt, or something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The claim of one slot, or of all the missed slots that are merged into one run.

    Attributes:
        due, nominal: The slot; of several, the latest.
        first_due: The earliest slot of the claim; equal to *due* for a single one.
        count: The number of slots.
        run_id: The run that accounts for them, which may be `skipped`.
    """

    job: str
    due: datetime
    nominal: datetime
    first_due: datetime
    count: int
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRevision:
    """From when on which schedule was in force for a job: what a missed slot, and the audit, are judged by.

    Attributes:
        schedule: The phrase; empty while the job has no slots (disabled, or not in the file).
        zone: IANA name of the zone in which the phrase is read.
        since: Slots due at or after it belong to this revision, until the job's next revision begins.
    """

    job: str
    schedule: str
    zone: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A job held back by a person, or by `on failure: pause`.

    A pause that was lifted or is over stays on the store with its `until`: slots that were due in it count as held
    back even if the loop looks at them later.

    Raises:
        TypeError, ValueError: `since` or `until` is no datetime, or has no time zone.
    """

    job: str
    since: datetime
    until: datetime | None = None
    note: str | None = None
    by: str | None = None

    def __post_init__(self) -> None:
        _require_aware("since", self.since)
        _require_aware("until", self.until)

    def holds(self, now: datetime) -> bool:
        """Return whether it is in force at *now*."""
        return self.until is None or now < self.until

    def after(self, before: Pause | None) -> Pause:
        """Return this pause with the beginning of *before*, if that one is still in force."""
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
    """A loop's record on the store, as other processes see it.

    Attributes:
        id: Made anew at each start; a run's `owner`.
        boot: Where a pid means anything, identity of this boot of the machine and of the process within it, so that
            neither a recycled pid nor another container's is taken for the loop; see `clock.processes`.
        serves: `schedule` for a loop, `plan` for one in a rehearsal, `run` for a foreground `aperture run`, which
            fires nothing.
        beat: Grows with every renewal of the lease. A process that sees it unchanged for the lease's length, by
            its own monotonic clock, may treat the loop as dead.
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
        """Its host and PID namespace: where its pid can be looked up."""
        return f"{self.host}/{self.boot.partition('/')[0]}"


class AcceptedText(NamedTuple):
    """The text of an accepted file, as the store numbers it.

    Attributes:
        number: Grows with each text that a save brings, or a start with one that the store had not seen.
        at: When it was accepted first.
        is_new: Whether it has just been given that number.
    """

    number: int
    at: datetime
    is_new: bool


class PastSlot(NamedTuple):
    """A claim and the last attempt of its run, as a strip of due times shows them. A page draws thousands.

    Attributes:
        due, first_due: The latest and the earliest slot that the claim stands for.
        number: Number of slots it stands for.
        attempt: The number of that attempt; 0 where the store does not keep it any more.
        status: None likewise.
    """

    due: datetime
    first_due: datetime
    number: int
    run_id: str
    attempt: int
    status: Status | None
    started_at: datetime | None
    finished_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """A filter for `history`; None in a field means no restriction. Attempts are returned newest first.

    Attributes:
        since: Queued at or after it.
        begins: A prefix of the run's id; the latest id comes first, and of that the last attempt.
        limit: At most so many; None for all.
    Raises:
        TypeError, ValueError: `since` is no datetime, or has no time zone.
    """

    jobs: Collection[str] | None = None
    statuses: Collection[Status] | None = None
    triggers: Collection[RunTrigger] | None = None
    since: datetime | None = None
    run_id: str | None = None
    begins: str | None = None
    limit: int | None = 20

    def __post_init__(self) -> None:
        _require_aware("since", self.since)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """Version and size of a store, for operators.

    Attributes:
        schema: Version of its tables; `knows` is the version that this program knows.
        size: Bytes it takes; None where the database does not say.
        attempts: Number of attempts in its history, counted up to a bound.
        has_more: True if there are more than the bound.
    """

    schema: int
    knows: int
    size: int | None
    attempts: int
    has_more: bool = False


def _require_aware(name: str, instant: object) -> None:
    """Raise for a value that is neither None nor an aware instant, at the caller's line instead of in the loop."""
    if instant is None:
        return
    if not isinstance(instant, datetime):
        raise TypeError(f"{name} is an aware datetime, such as datetime(2026, 12, 24, 18, tzinfo=UTC), not {instant!r}")
    if instant.utcoffset() is None:
        raise ValueError(f"{name}={instant!r} has no time zone: say whose wall time it is, by tzinfo=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to a channel, written with the event that it reports.

    Attributes:
        key: The same for the same event and channel, whichever process writes it: it is written once.
        event: One of `NotifyEvent`, as text.
        job, run_id: Whose event it is; None where it is no job's.
        at: Time of the event.
        not_before: Earliest time at which it may be sent: after quiet hours, or when it is tried again.
        tries: Number of tries so far.
        facts: Facts of the event, as JSON, for the message.
    """

    key: str
    channel: str
    event: str
    job: str | None = None
    run_id: str | None = None
    at: datetime
    not_before: datetime
    tries: int = 0
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableRow:
    """A row of the store that was damaged from outside.

    Attributes:
        key: What names it, in words: `job scan`.
        why: What is wrong with it.
        mend: What mending it does, in words.
        values: All of it, as far as JSON can hold it.
    """

    table: str
    key: str
    why: str
    mend: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The fault, in words."""
        return f"a row of the store cannot be read ({self.table}, {self.key}): {self.why}"
