"""A store in dictionaries, for rehearsals and tests: the contract of the databases at a hundredth of the cost.

Several handles may share one set of tables, as processes share a database; a failed transaction is taken back, entry
by entry. Nothing here loads a database driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aperture_plugin.ports import (
    Claim,
    Clock,
    ClockReading,
    Ledger,
    LogLine,
    LoopRecord,
    PastSlot,
    RunQuery,
    StoreFacts,
    StoreUnavailable,
    UnreadableRow,
)
from aperture_plugin.rules.runs import Run
from aperture_plugin.store.memory_ledger import MemoryLedger, Tables

__all__ = ["MemoryStore"]


class MemoryStore:
    """One handle on *tables*, as one process has it.

    Args:
        clock: The store's own clock, as a server has one; None for a store that goes by its machine's.
    """

    def __init__(self, tables: Tables | None = None, url: str = "memory:", *, clock: Clock | None = None) -> None:
        self.tables = tables or Tables()
        self.url = url
        self._server_clock = clock
        self._notify_of_clock: Callable[[ClockReading], object] = lambda _reading: None
        self._seen: int | None = None
        self._news = False
        self._is_open = False

    def open(self) -> None:
        """Open the handle; a closed one refuses everything."""
        self._is_open = True
        self._seen = None
        self.read_clock()

    def open_to_look(self) -> bool:
        """Open the handle."""
        self.open()
        return True

    def close(self) -> None:
        """Close the handle."""
        self._is_open = False

    def watch_clock(self, notify: Callable[[ClockReading], object]) -> None:
        """Call *notify* with each reading of the clock that it was given."""
        self._notify_of_clock = notify
        self.read_clock()

    def read_clock(self) -> None:
        """Read the clock that it was given."""
        if self._server_clock is not None and self._is_open:
            at = self._server_clock.monotonic()
            self._notify_of_clock(ClockReading(self._server_clock.now(), at, at))

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """Enter the one exclusive transaction."""
        self._look()
        self.read_clock()
        tables = self.tables
        self._news = self._news or self._seen != tables.writes
        ledger = self._ledger(foreign=self._news)
        self._seen = tables.writes
        try:
            yield ledger
        except BaseException:
            ledger.take_back()
            raise
        finally:
            self._news = self._news and not ledger.foreign_was_read
        if ledger.wrote:
            tables.writes += 1
        self._seen = tables.writes

    @contextmanager
    def snapshot(self) -> Iterator[Ledger]:
        """Enter a read of the tables."""
        self._look()
        yield self._ledger(foreign=False)

    def changed(self) -> bool:
        """Return whether another handle has written since a transaction of this one last asked."""
        self._look()
        self.read_clock()
        return self._news or self._seen != self.tables.writes

    def loops(self) -> list[LoopRecord]:
        """Return the record of every loop."""
        self._look()
        return list(self.tables.loops.values())

    def listen(self, ring: Callable[[], object]) -> Callable[[], bool]:  # noqa: ARG002  # as the databases have it
        """Return False at each call: nothing calls *ring* here, so the loop polls."""
        return lambda: False

    def history(self, query: RunQuery) -> list[Run]:
        """Return attempts, newest first."""
        self._look()
        found = [run for run in reversed(self.tables.runs.values()) if _is_asked_for(run, query)]
        if query.begins is not None:
            found.sort(key=lambda run: (run.id, run.attempt), reverse=True)
        return found[: query.limit]

    def past_slots(self, job: str, most: int) -> list[PastSlot]:
        """Return the latest claims of *job*, oldest first."""
        self._look()
        claims = sorted((one for (name, _), one in self.tables.claims.items() if name == job), key=lambda one: one.due)
        return [self._past_slot(claim) for claim in claims[-most:]]

    def _past_slot(self, claim: Claim) -> PastSlot:
        attempts = [run for run in self.tables.runs.values() if run.id == claim.run_id]
        run = max(attempts, key=lambda one: one.attempt, default=None)
        return PastSlot(
            due=claim.due,
            first_due=claim.first_due,
            number=claim.count,
            run_id=claim.run_id,
            attempt=0 if run is None else run.attempt,
            status=None if run is None else run.status,
            started_at=None if run is None else run.started_at,
            finished_at=None if run is None else run.finished_at,
            reason=None if run is None else run.reason,
        )

    def log_lines(self, run_id: str, *, attempt: int | None = None, after: int = 0) -> list[tuple[int, LogLine]]:
        """Return a run's log lines, numbered."""
        return [
            (number, line)
            for number, line in self.tables.logs.items()
            if line.run_id == run_id and number > after and attempt in {None, line.attempt}
        ]

    def last_words(self, run_id: str, attempt: int) -> LogLine | None:
        """Return the latest line of an attempt's log."""
        return next((line for _, line in reversed(self.log_lines(run_id, attempt=attempt))), None)

    def unreadable(self, most: int | None) -> list[UnreadableRow]:  # noqa: ARG002  # none is left out
        """Return nothing: all rows in memory can be read."""
        return []

    def mend(self) -> list[UnreadableRow]:
        """Mend nothing."""
        return []

    def facts(self) -> StoreFacts:
        """Return the version and the number of attempts; a store in memory has no size."""
        from aperture_plugin.store.tables import SCHEMA_VERSION  # It loads SQLAlchemy, which nothing else here needs.

        return StoreFacts(schema=SCHEMA_VERSION, knows=SCHEMA_VERSION, size=None, attempts=len(self.tables.runs))

    def _ledger(self, *, foreign: bool) -> MemoryLedger:
        return MemoryLedger(self.tables, foreign=foreign)

    def _look(self) -> None:
        if not self._is_open:
            raise StoreUnavailable(f"{self.url}: it is closed")


def _is_asked_for(run: Run, query: RunQuery) -> bool:
    return (
        (query.jobs is None or run.job in query.jobs)
        and (query.statuses is None or run.status in query.statuses)
        and (query.triggers is None or run.trigger in query.triggers)
        and (query.since is None or run.queued_at >= query.since)
        and (query.run_id is None or run.id == query.run_id)
        and (query.begins is None or run.id.startswith(query.begins))
    )
