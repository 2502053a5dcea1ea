"""What the core needs from the outside world, as Protocols.

`app.py` picks who provides each. Nothing above these may need to know which store or executor it
talks to: PostgreSQL, or workers on other machines, come as further implementations.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

from aperture_plugin.config.model import JobConfig, Preset
from aperture_plugin.rules.accounting import Taken
from aperture_plugin.rules.jobs import Job, Outcome
from aperture_plugin.rules.runs import Run, RunTrigger, Status

__all__ = [
    "RUN_VARIABLE",
    "Claim",
    "Clock",
    "Dispatch",
    "Ended",
    "Era",
    "Event",
    "Executor",
    "Ledger",
    "LiveRun",
    "LogLine",
    "Logged",
    "LoopRecord",
    "Pause",
    "Progressed",
    "PutOff",
    "Report",
    "RunCancelled",
    "RunQuery",
    "Spawned",
    "Spender",
    "Store",
    "StoreFacts",
    "StoreRefused",
    "StoreUnavailable",
    "Work",
]

T = TypeVar("T")

RUN_VARIABLE: Final = "APERTURE_RUN"
"""The environment variable in which every program that a run starts finds the run's id."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Return the wall clock's instant, aware and in UTC. It may be stepped either way."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow while the machine is awake; for measuring, never for telling time."""
        ...


# ── the store ────────────────────────────────────────────────────────────────────────────────────


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
        boot: Identity of this boot of the machine and of the process within it, so that a recycled pid
            is not taken for the loop; see `clock.processes`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which attempts `history` asks for; None does not narrow. Newest first.

    Attributes:
        since: Queued at or after it.
        begins: What the run's id begins with.
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
        attempts: How many attempts its history has.
    """

    schema: int
    knows: int
    size: int | None
    attempts: int


class Ledger(Protocol):
    """The store within one exclusive transaction: what it writes is there whole, or not at all.

    While one process holds it, no other writes; so what is read here stays true until it is committed.
    Every method takes a whole batch, and costs one statement, not one a row.
    """

    @property
    def foreign(self) -> bool:
        """Whether another process has written since this store's last transaction (true for the first)."""
        ...

    def relax(self) -> None:
        """Let the commit of this transaction not wait for the disk.

        It outlives the death of the process, and is there whole or not at all; a power cut may take it
        back, until `Store.sync` or the next transaction that was not relaxed.
        """
        ...

    def claim(self, claims: Sequence[Claim]) -> list[bool]:
        """Take each slot unless it, or a later slot of that job, was ever taken; say which were taken now."""
        ...

    def watermarks(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return each job's latest claimed due instant (all jobs if None); jobs without a claim are absent."""
        ...

    def claims(self, job: str, since: datetime, until: datetime) -> list[Claim]:
        """Return the claims of *job* that stand for a slot due in the span, oldest first."""
        ...

    def taken(self, jobs: Collection[str], since: datetime, until: datetime) -> dict[str, list[Taken]]:
        """Return the same claims by job, each with what became of its run; jobs without any are absent."""
        ...

    def eras(self) -> dict[str, Era]:
        """Return the era in force of every job that ever had one."""
        ...

    def eras_of(self, job: str) -> list[Era]:
        """Return every era of *job*, oldest first."""
        ...

    def every_era(self, jobs: Collection[str] | None = None) -> dict[str, list[Era]]:
        """Return every era by job (of all jobs if None), oldest first; jobs that never had one are absent."""
        ...

    def begin_eras(self, eras: Sequence[Era]) -> None:
        """Let each job's new era begin."""
        ...

    def add(self, runs: Sequence[Run]) -> None:
        """Write new attempts."""
        ...

    def update(self, runs: Sequence[Run]) -> None:
        """Write the present state of attempts that exist."""
        ...

    def in_hand(self) -> list[Run]:
        """Return every attempt that is queued, waiting or running, over all processes."""
        ...

    def last_runs(self, jobs: Collection[str] | None = None) -> dict[str, Run]:
        """Return each job's latest attempt that ran and ended (completed, failed, cancelled, interrupted)."""
        ...

    def failures_in_a_row(self, job: str, *, but: str, most: int) -> int:
        """Return how many of the job's latest runs failed, one after the other; no more than *most* are counted.

        What was cancelled or cut off neither counts nor ends the row.

        Args:
            but: The id of a run that is passed over.
        """
        ...

    def last_completions(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return when each job last completed."""
        ...

    def last_taken(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return when each job last began a run, or had one skipped: what `after` counts from."""
        ...

    def pauses(self) -> dict[str, Pause]:
        """Return the pauses in force by job (those with an `until` in the past included)."""
        ...

    def set_pause(self, pause: Pause) -> None:
        """Pause a job, or change its pause."""
        ...

    def clear_pause(self, job: str) -> bool:
        """Lift a job's pause; say whether there was one."""
        ...

    def log(self, lines: Sequence[LogLine]) -> None:
        """Add lines to runs' logs."""
        ...

    def loops(self) -> list[LoopRecord]:
        """Return every process that is, or died without a word while, ticking on this store."""
        ...

    def keep_loop(self, loop: LoopRecord) -> None:
        """Write the loop's record: at its start, and when its details change."""
        ...

    def beat(self, loop: LoopRecord) -> bool:
        """Write the beat of the loop's record, and nothing else of it; say whether the record was there."""
        ...

    def drop_loop(self, loop_id: str) -> None:
        """Take the record of a loop that stopped, or was found dead, off the store."""
        ...

    def forget(self, job: str, *, before: datetime, now: datetime, keep: int, most: int) -> bool:
        """Forget the oldest attempts of *job*, with their logs and the claims of their slots.

        Only attempts that ended, and none that `last_runs` tells of. The latest claim of a job is remembered for ever.

        Args:
            before: Only attempts that were queued before it.
            keep: The latest so many stay.
            most: At most so many attempts, and ten times so many lines of their logs.
        Returns:
            Whether there may be more to forget by the same measure.
        """
        ...

    def forgotten(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return up to when each job's past is forgotten (all jobs if None); jobs whose past is whole are absent."""
        ...

    def known_jobs(self, after: str, most: int) -> list[str]:
        """Return the names of the jobs that have a past, in the order of the alphabet, from *after* on."""
        ...

    def spent(self, limit: str, since: datetime) -> dict[datetime, int]:
        """Return the calls spent of *limit* in bins that begin at *since* or later, by their beginning."""
        ...

    def spend(self, limit: str, at: datetime, calls: int, *, forget: datetime) -> None:
        """Count *calls* in the bin that begins at *at*; bins before *forget* are not needed any more."""
        ...

    def keep_generation(self, *, file: str, text: str, at: datetime) -> None:
        """Keep the text of an accepted file, unless it is the latest kept already; the last 20 are kept."""
        ...

    def pick(self) -> Preset | None:
        """Return the preset that `preset: auto` has picked, with the sizes it is meant for; None where none is."""
        ...

    def keep_pick(self, pick: Preset | None) -> None:
        """Remember which preset `preset: auto` has picked; None for a file that does not say auto."""
        ...

    def generations(self) -> list[tuple[int, datetime, str, str]]:
        """Return the accepted files that are kept, newest first: number, when accepted, file, text."""
        ...


class Store(Protocol):
    """The one database of claims, runs and logs."""

    url: str
    """Where it is, a password masked."""

    def open(self) -> None:
        """Connect, make what is not there, move an older schema up.

        Raises:
            StoreUnavailable: It cannot be reached just now.
            StoreRefused: It is newer than this program, corrupt, or not a store; said in words.
        """
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...

    def transaction(self) -> AbstractContextManager[Ledger]:
        """Enter the one exclusive transaction; it commits at the end of the block, or nothing happened.

        Raises:
            StoreUnavailable: On entering or on commit.
        """
        ...

    def sync(self) -> None:
        """Wait until what relaxed transactions have committed is on the disk.

        Raises:
            StoreUnavailable: The disk did not take it.
        """
        ...

    def changed(self) -> bool:
        """Say, at the cost of microseconds, whether another process has committed since the last transaction here."""
        ...

    def history(self, query: RunQuery) -> list[Run]:
        """Return attempts, newest first."""
        ...

    def log_lines(self, run_id: str, *, attempt: int | None = None, after: int = 0) -> list[tuple[int, LogLine]]:
        """Return a run's log lines, numbered; only those with a number greater than *after*."""
        ...

    def last_words(self, run_id: str, attempt: int) -> LogLine | None:
        """Return the latest line of an attempt's log; None if it has written none."""
        ...

    def facts(self) -> StoreFacts:
        """Return what the store is like."""
        ...

    def snapshot(self) -> AbstractContextManager[Ledger]:
        """Enter a consistent read of the store that holds up nobody; its writing methods raise."""
        ...


# ── executors ────────────────────────────────────────────────────────────────────────────────────


class RunCancelled(Exception):
    """Raised inside a handler once its run was asked to stop: let it pass through."""


class PutOff(Exception):
    """Raised inside a handler whose run is put off until a budget returns: let it pass through.

    The attempt goes back to waiting, and the handler is called anew then; what it did is kept.

    Attributes:
        until: When it may go on.
        reason: Why, in words.
    """

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until
        self.reason = reason


class LiveRun(Protocol):
    """The live run that a handler holds.

    Attributes:
        id, job, attempt, trigger: As `history` shows them.
        slot: The due instant it carries, aware and in UTC; None for manual and after.
        nominal: The wall time the person wrote; None likewise.
        params: The job's parameters, the plugin's defaults under the file's words.
        log: A logger whose lines become the run's log (the host's own logging is not touched).
        cancelled: Whether somebody asked the run to stop; a long step may look and leave early.
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
        """Whether somebody asked the run to stop."""
        ...

    def track(self, items: Iterable[T], *, total: int | None = None) -> Iterator[T]:
        """Yield *items*, counting them as progress; raise `RunCancelled` at the next one once cancelled.

        Args:
            total: How many there will be; found with `len()` where that works.
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
        """Have *call* called once somebody asks the run to stop, at once if that has happened.

        For what blocks and cannot look at `cancelled`: close a socket, end a program. It is called in
        another thread than the handler's, and must not block.
        """
        ...


Spender = Callable[[tuple[str, int], str, int, threading.Event], None]
"""Spends from a shared limit for a run: (key, limit, calls, cancelled). It blocks while the budget is used up
and returns when the calls may be made, or at once after *cancelled* is set; KeyError for an unknown limit."""

Dispatch = Callable[[Job, LiveRun], Outcome]
"""Runs a job by way of the `aperture_run_job` hook; never raises for what a handler did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt, handed to an executor.

    Attributes:
        run: The attempt as the store has it, already `running`.
        job: What the plugin registered; None for a `command`.
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
    """A run's handler came back, or its program ended; sent exactly once an attempt."""

    key: tuple[str, int]
    outcome: Outcome


Event = Progressed | Logged | Spawned | Ended
Report = Callable[[Event], None]
"""Where an executor tells its events; callable from any thread, never blocks, never raises."""


class Executor(Protocol):
    """Where handlers run: threads, processes, celery."""

    name: str

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt and return at once; every end of it is told to *report* as one `Ended`."""
        ...

    def cancel(self, key: tuple[str, int], reason: str) -> None:
        """Ask an attempt to stop; one that has ended, or is not known here, is passed over."""
        ...

    def kill(self, key: tuple[str, int]) -> bool:
        """End an attempt by force, where that can be done; say whether it could."""
        ...

    def stop(self, timeout: timedelta) -> None:
        """Take no more work, and free every worker that is idle; give the others that long."""
        ...
