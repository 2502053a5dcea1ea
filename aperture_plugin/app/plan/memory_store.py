"""A store that is forgotten: what the loop would have written, kept in dictionaries.

It is as much of a store as the loop, and a budget, ask for, and keeps the same promises as the real one as far
as a single process can tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar, cast

from aperture_plugin.config.model import Preset
from aperture_plugin.ports import Claim, Clock, Era, Ledger, LogLine, LoopRecord, Notice, Pause, Store
from aperture_plugin.rules.runs import IN_HAND, RAN, WAITING, Run

__all__ = ["MemoryStore", "Spell"]

Key = tuple[str, int]
Spell = tuple[datetime, str]
"""From when on a run waited, and for what."""

V = TypeVar("V")


class MemoryStore:
    """The store and, at the same time, its only ledger.

    Args:
        clock: Tells when something was written.

    Attributes:
        runs: Every attempt as it stands, in the order in which they were made.
        spells: By attempt, what it waited for, one after the other.
    """

    foreign = False

    def __init__(self, clock: Clock) -> None:
        self.runs: dict[Key, Run] = {}
        self.spells: defaultdict[Key, list[Spell]] = defaultdict(list)
        self.marks: dict[str, datetime] = {}
        self.last: dict[str, Run] = {}
        self.done: dict[str, frozenset[str]] = {}
        self.in_force: dict[str, Era] = {}
        self.held_back: dict[str, Pause] = {}
        self.calls: defaultdict[str, dict[datetime, int]] = defaultdict(dict)
        self._clock = clock

    # ── the store ──

    def as_store(self) -> Store:
        """Return it as what the loop is handed."""
        return cast(Store, self)

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        """Enter the one transaction; a rehearsal is alone, so nothing is ever taken back."""
        yield cast(Ledger, self)

    def changed(self) -> bool:
        """Nobody else writes here."""
        return False

    # ── claims and eras ──

    def claim(self, claims: Sequence[Claim]) -> list[bool]:
        """Take each slot unless it, or a later one of that job, was taken before."""
        taken = []
        for claim in claims:
            mark = self.marks.get(claim.job)
            taken.append(mark is None or mark < claim.due)
            if taken[-1]:
                self.marks[claim.job] = claim.due
        return taken

    def watermarks(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return each job's latest claimed due instant."""
        return _chosen(self.marks, jobs)

    def eras(self) -> dict[str, Era]:
        """Return the era in force of every job."""
        return dict(self.in_force)

    def begin_eras(self, eras: Sequence[Era]) -> None:
        """Let each job's new era begin."""
        self.in_force.update((era.job, era) for era in eras)

    # ── runs ──

    def add(self, runs: Sequence[Run]) -> None:
        """Keep new attempts."""
        for run in runs:
            self._keep(run)

    def update(self, runs: Sequence[Run]) -> None:
        """Keep the present state of attempts."""
        for run in runs:
            self._keep(run)

    def in_hand(self) -> list[Run]:
        """Return every attempt that is queued, waiting or running."""
        return [run for run in self.runs.values() if run.status in IN_HAND]

    def last_runs(self, jobs: Collection[str] | None = None) -> dict[str, Run]:
        """Return each job's latest attempt that ran and ended."""
        return _chosen(self.last, jobs)

    def completed(self) -> dict[str, frozenset[str]]:
        """Return, for each job that comes after several, which of those completed since its own last run."""
        return dict(self.done)

    def keep_completed(self, completed: Mapping[str, frozenset[str]]) -> None:
        """Keep that."""
        self.done.update(completed)

    # ── pauses, logs, loops, generations ──

    def pauses(self) -> dict[str, Pause]:
        """Return the pauses in force."""
        return dict(self.held_back)

    def set_pause(self, pause: Pause) -> None:
        """Pause a job."""
        self.held_back[pause.job] = pause

    def log(self, lines: Sequence[LogLine]) -> None:
        """Forget the lines."""

    def loops(self) -> list[LoopRecord]:
        """A rehearsal is alone."""
        return []

    def failures_in_a_row(self, job: str, *, but: str, most: int) -> int:  # noqa: ARG002
        """Nothing fails in a rehearsal."""
        return 0

    def keep_loop(self, loop: LoopRecord) -> None:
        """Nobody asks for the record."""

    def beat(self, *_: object, **__: object) -> None:
        """Nobody waits for a sign of life."""

    def drop_loop(self, loop_id: str) -> None:
        """There is no record."""

    def keep_generation(self, *, file: str, text: str, at: datetime, saved: bool = True) -> tuple[int, datetime]:  # noqa: ARG002
        """The text is in the configuration."""
        return 1, at

    def post(self, notices: Sequence[Notice]) -> None:
        """Nobody is notified of what is only foreseen."""

    def take_notices(self, now: datetime, until: datetime) -> list[Notice]:  # noqa: ARG002
        """There is nothing to send."""
        return []

    def settle_notices(self, keys: Sequence[str], *, sent_at: datetime | None, not_before: datetime | None) -> None:
        """There was nothing to send."""

    def next_notice_at(self) -> datetime | None:
        """There is nothing to send."""
        return None

    def alarmed(self) -> set[tuple[str, str]]:
        """Nobody was notified."""
        return set()

    def results(self, job: str, most: int) -> list[bool]:  # noqa: ARG002
        """Nobody asks."""
        return []

    def pick(self) -> Preset | None:
        """Nothing was picked before: the preset that a rehearsal goes by is settled."""
        return None

    def keep_pick(self, pick: Preset | None) -> None:
        """Nothing is picked anew."""

    def known_jobs(self, after: str, most: int) -> list[str]:  # noqa: ARG002
        """Nothing here is long past."""
        return []

    def forget(self, job: str, *, before: datetime, now: datetime, keep: int, most: int) -> bool:  # noqa: ARG002
        """Nothing is forgotten."""
        return False

    # ── limits ──

    def spent(self, limit: str, since: datetime) -> dict[datetime, int]:
        """Return the calls spent of *limit* since then, by the beginning of their bin."""
        return {at: calls for at, calls in self.calls[limit].items() if at >= since}

    def spend(self, limit: str, at: datetime, calls: int, *, forget: datetime) -> None:
        """Count calls."""
        bins = {begin: count for begin, count in self.calls[limit].items() if begin >= forget}
        bins[at] = bins.get(at, 0) + calls
        self.calls[limit] = bins

    # ── inside ──

    def _keep(self, run: Run) -> None:
        self.runs[run.key] = run
        if run.status in WAITING:
            spells = self.spells[run.key]
            if run.reason is not None and (not spells or spells[-1][1] != run.reason):
                spells.append((self._clock.now(), run.reason))
            return
        if run.status in RAN:
            self.last[run.job] = run


def _chosen(kept: Mapping[str, V], jobs: Collection[str] | None) -> dict[str, V]:
    if jobs is None:
        return dict(kept)
    return {job: kept[job] for job in jobs if job in kept}
