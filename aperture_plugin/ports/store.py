"""The one database of claims, runs and logs, and a transaction in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from aperture_plugin.config.model import Preset
from aperture_plugin.ports.records import (
    Claim,
    Era,
    LogLine,
    LoopRecord,
    Pause,
    RunQuery,
    StoreFacts,
)
from aperture_plugin.rules.accounting import Taken
from aperture_plugin.rules.runs import Run

__all__ = ["Ledger", "Store"]


class Ledger(Protocol):
    """The store within one exclusive transaction: what it writes is there whole, or not at all.

    While one process holds it, no other writes; so what is read here stays true until it is committed.
    Every method takes a whole batch, and costs one statement, not one a row.
    """

    @property
    def foreign(self) -> bool:
        """Whether another process has written since this was last asked for (true for the first time).

        Whoever asks takes note of it. A transaction that does not ask leaves the news to the next.
        """
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

        What was cancelled or cut off neither counts nor ends the row. A run whose retry was skipped has failed.

        Args:
            but: The id of a run that is passed over.
        """
        ...

    def completed(self) -> dict[str, frozenset[str]]:
        """Return, for each job that comes after several, which of those completed since its own last run."""
        ...

    def keep_completed(self, completed: Mapping[str, frozenset[str]]) -> None:
        """Write that for the jobs in it, in place of what stood there."""
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

    def open_to_look(self) -> bool:
        """Connect to read only: what is not there is not made, and nobody who writes is waited for.

        Returns:
            Whether a store is there; where it is not, this is closed again.
        Raises:
            StoreUnavailable, StoreRefused: As `open`.
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
        """Say, at the cost of microseconds, whether there is news that `Ledger.foreign` would tell."""
        ...

    def loops(self) -> list[LoopRecord]:
        """Return every process that is on the store, as `Ledger.loops` does; nobody is held up, nothing noted as read.

        Raises:
            StoreUnavailable: It cannot be reached just now.
        """
        ...

    def listen(self, ring: Callable[[], object]) -> Callable[[], bool]:
        """Call *ring*, in another thread, as soon as another process has committed, until the store is closed.

        Returns:
            What says whether that can be relied on just now; where not, `changed` has to be asked.
        """
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
