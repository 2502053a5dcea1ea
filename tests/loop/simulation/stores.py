"""A store that goes away, and a process that dies, at any step: between two statements, or in the commit itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from aperture_plugin.ports import AcceptedText, Claim, Ledger, LogLine, Pause, ScheduleRevision, Store, StoreUnavailable
from aperture_plugin.rules.runs import Run

__all__ = ["POISON", "Crash", "Fault", "Faults", "FaultyStore", "Written"]

POISON = "a line that no transaction can hold"


class Crash(BaseException):
    """The process dies here: nothing of it may catch this, and nothing after it happens."""


class Fault(Exception):
    """What is to be written cannot be, for a reason of its own: a row, a conflict, a lack of memory."""


@dataclass(slots=True)
class Faults:
    """What goes wrong, and when. A *step* is a statement, the moment before a commit, or the one after it.

    Attributes:
        away: Whether the store cannot be reached.
        steps: Steps taken so far.
        at: The step at which it happens; None for never.
        error: What happens there: the death of the process, or of the connection.
    """

    away: bool = False
    steps: int = 0
    at: int | None = None
    error: type[BaseException] = Crash

    def step(self) -> None:
        """Take a step, and perhaps the last one."""
        self.steps += 1
        if self.steps == self.at:
            self.at = None
            raise self.error("here it ends")

    def after(self, steps: int, error: type[BaseException]) -> None:
        """Let *error* happen so many steps from now."""
        self.at, self.error = self.steps + max(1, steps), error


@dataclass(frozen=True)
class Released:
    """A claim of a clock that was ahead, and what stays claimed of it."""

    claim: Claim
    parts: tuple[Claim, ...]


@dataclass(slots=True)
class Written:
    """What one transaction has written, for those who watch over it; claims and revisions in their order.

    Attributes:
        text: Of the file that it puts in force; None where it puts none.
    """

    added: list[Run] = field(default_factory=list)
    updated: list[Run] = field(default_factory=list)
    claims_and_revisions: list[Claim | ScheduleRevision | Released] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    spends: list[tuple[str, int]] = field(default_factory=list)
    text: str | None = None


class WatchedLedger:
    """A ledger that counts its steps and notes what is written."""

    def __init__(self, ledger: Ledger, faults: Faults) -> None:
        self._ledger = ledger
        self._faults = faults
        self.written = Written()

    def __getattr__(self, name: str) -> Any:
        self._faults.step()
        return getattr(self._ledger, name)

    def claim(self, claims: Sequence[Claim]) -> list[bool]:
        """Take slots."""
        self._faults.step()
        taken = self._ledger.claim(claims)
        self.written.claims_and_revisions += [claim for claim, is_ours in zip(claims, taken, strict=True) if is_ours]
        return taken

    def drop_skipped_ahead(self, now: datetime) -> set[str]:
        """Free slots to come that were skipped."""
        self._faults.step()
        before = self._ledger.claims_ahead(now)
        jobs = self._ledger.drop_skipped_ahead(now)
        left = self._ledger.claims_ahead(now)
        self.written.claims_and_revisions += [Released(claim, ()) for claim in before if claim not in left]
        return jobs

    def split_claim(self, claim: Claim, parts: Sequence[Claim]) -> None:
        """Free slots to come that were merged."""
        self._faults.step()
        self._ledger.split_claim(claim, parts)
        self.written.claims_and_revisions.append(Released(claim, tuple(parts)))

    def add(self, runs: Sequence[Run]) -> None:
        """Write new attempts."""
        self._faults.step()
        self._ledger.add(runs)
        self.written.added += runs

    def update(self, runs: Sequence[Run]) -> None:
        """Write what has become of attempts."""
        self._faults.step()
        self._ledger.update(runs)
        self.written.updated += runs

    def begin_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        """Let revisions begin."""
        self._faults.step()
        self._ledger.begin_revisions(revisions)
        self.written.claims_and_revisions += revisions

    def set_pause(self, pause: Pause) -> None:
        """Pause a job."""
        self._faults.step()
        self._ledger.set_pause(pause)
        self.written.pauses.append(pause)

    def log(self, lines: Sequence[LogLine]) -> None:
        """Write lines."""
        self._faults.step()
        if any(line.text == POISON for line in lines):
            raise Fault(POISON)
        self._ledger.log(lines)
        self.written.lines += lines

    def keep_generation(self, *, file: str, text: str, at: datetime, saved: bool = True) -> AcceptedText:
        """Keep a file."""
        self._faults.step()
        self.written.text = text
        return self._ledger.keep_generation(file=file, text=text, at=at, saved=saved)

    def spend(self, limit: str, at: datetime, calls: int, *, forget: datetime) -> None:
        """Count calls."""
        self._faults.step()
        self._ledger.spend(limit, at, calls, forget=forget)
        self.written.spends.append((limit, calls))


class FaultyStore:
    """A process's own way to a store, with what may go wrong on it.

    Args:
        inner: The store itself.
        faults: Of this process.
        committed: Told what a transaction has written, once it is there for good.
    """

    def __init__(self, inner: Store, faults: Faults, committed: Callable[[Written], None]) -> None:
        self._inner = inner
        self._faults = faults
        self._committed = committed
        self.url = inner.url

    def as_store(self) -> Store:
        """Return it as what the loop is handed."""
        return cast(Store, self)

    def __getattr__(self, name: str) -> Any:
        self._reach()
        return getattr(self._inner, name)

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """Enter a transaction that may be cut off anywhere."""
        self._reach()
        with self._inner.transaction() as ledger:
            watched = WatchedLedger(ledger, self._faults)
            yield cast(Ledger, watched)
            self._faults.step()  # what was written is lost
        self._committed(watched.written)
        self._faults.step()  # it is there, and nobody knows

    def _reach(self) -> None:
        if self._faults.away:
            raise StoreUnavailable(f"{self.url}: connection refused")
