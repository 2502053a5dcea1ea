"""The one database of claims, runs and logs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from aperture_plugin.ports.clock import ClockReading
from aperture_plugin.ports.ledger import Ledger
from aperture_plugin.ports.records import (
    LogLine,
    LoopRecord,
    PastSlot,
    RunQuery,
    StoreFacts,
    UnreadableRow,
)
from aperture_plugin.rules.runs import Run

__all__ = ["Store"]


class Store(Protocol):
    """The one database of claims, runs and logs."""

    url: str
    """Its address, with the password masked."""

    def open(self) -> None:
        """Connect, create the tables if they are missing, and migrate an older schema.

        Raises:
            StoreUnavailable: It cannot be reached just now.
            StoreRefused: It is newer than this program, corrupt, or not a store.
        """
        ...

    def open_to_look(self) -> bool:
        """Connect to read only: create nothing, and wait for no writer.

        Returns:
            Whether a store is there; if not, this one is closed again.
        Raises:
            StoreUnavailable, StoreRefused: As `open`.
        """
        ...

    def close(self) -> None:
        """Close every connection."""
        ...

    def transaction(self) -> AbstractContextManager[Ledger]:
        """Enter the one exclusive transaction; it commits at the end of the block, and rolls back on an exception.

        Raises:
            StoreUnavailable: On entering or on commit.
        """
        ...

    def changed(self) -> bool:
        """Return, within microseconds, whether `Ledger.foreign` would be true."""
        ...

    def watch_clock(self, notify: Callable[[ClockReading], object]) -> None:
        """Call *notify* with each reading of the store's clock: at once with the last one, then with each transaction.

        A store that has no clock of its own, because it lies on this machine, never calls it.
        """
        ...

    def read_clock(self) -> None:
        """Read the store's clock now, for a caller that watches it.

        Raises:
            StoreUnavailable: It cannot be reached just now.
        """
        ...

    def loops(self) -> list[LoopRecord]:
        """Return what `Ledger.loops` does, without blocking a writer or clearing `Ledger.foreign`.

        Raises:
            StoreUnavailable: It cannot be reached just now.
        """
        ...

    def listen(self, ring: Callable[[], object]) -> Callable[[], bool]:
        """Call *ring*, in another thread, as soon as another process has committed, until the store is closed.

        Returns:
            A function that returns whether notifications can be relied on now; while they cannot, poll `changed`.
        """
        ...

    def history(self, query: RunQuery) -> list[Run]:
        """Return attempts, newest first."""
        ...

    def past_slots(self, job: str, most: int) -> list[PastSlot]:
        """Return the latest claims of *job*, *most* of them, oldest first, however long its history is."""
        ...

    def log_lines(self, run_id: str, *, attempt: int | None = None, after: int = 0) -> list[tuple[int, LogLine]]:
        """Return a run's log lines, numbered; only those with a number greater than *after*."""
        ...

    def last_words(self, run_id: str, attempt: int) -> LogLine | None:
        """Return the latest line of an attempt's log; None if it has written none."""
        ...

    def unreadable(self, most: int | None) -> list[UnreadableRow]:
        """Return the rows that cannot be read, among the latest *most* of each table (all if None)."""
        ...

    def mend(self) -> list[UnreadableRow]:
        """Mend every row that cannot be read, in one transaction, and return what they were.

        A run in such a row has failed, with that reason; other such rows are deleted.
        """
        ...

    def facts(self) -> StoreFacts:
        """Return the version and size of the store."""
        ...

    def snapshot(self) -> AbstractContextManager[Ledger]:
        """Enter a consistent read of the store that blocks no writer; its writing methods raise."""
        ...
