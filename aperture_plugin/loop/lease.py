"""This process on the store: its record, its beat, and the finding of those that died."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from aperture_plugin.ports import LoopRecord, Loops

__all__ = ["BEAT_SECONDS", "HERE_BEAT_SECONDS", "LEASE_SECONDS", "LONE_BEAT_SECONDS", "Lease"]

BEAT_SECONDS: Final = 3.0
HERE_BEAT_SECONDS: Final = 6.0
"""With all others in this place: whether they live is asked of the system, and needs no beat; often enough for
promise 6."""

LONE_BEAT_SECONDS: Final = 12.0
"""With nobody else on the store only people who look from outside need the beat. A process that joins is noticed within
half a second, and the loop beats faster from then on: long before a lease's length has passed for it."""

LEASE_SECONDS: Final = 9.0
"""A process that has not renewed its lease for so long is dead: within the 10 s of promise 6, even if its last beat
is seen half a second late."""


@dataclass(slots=True)
class Lease:
    """Our own record on the store, and what we have seen of the others.

    Attributes:
        record: As the store has it.
        is_alive: Says of a loop of this place whether it still lives.
        seen: By loop: the beat last seen, and when we first saw it, on our own monotonic clock. Wall
            clocks of two machines, or a stepped one, have no part in this.
        moved: Those of them whose beat has changed since it was first seen: only then is it known when it was written.
        is_alone: No other process was on the store when it was last looked at.
    """

    record: LoopRecord
    is_alive: Callable[[LoopRecord], bool]
    beats_at: float = 0.0
    seen: dict[str, tuple[int, float]] = field(default_factory=dict)
    moved: frozenset[str] = frozenset()
    is_alone: bool = False

    def write(self, ledger: Loops, *, now: datetime, details: Mapping[str, Any] | None = None) -> LoopRecord:
        """Write the next heartbeat, and the whole record if there are new *details*; return the record."""
        record = replace(
            self.record,
            beat=self.record.beat + 1,
            beat_at=now,
            details=self.record.details if details is None else details,
        )
        # A process that another one took for dead finds no record to be renewed; it is made again.
        if details is not None or not ledger.beat(record):
            ledger.keep_loop(record)
        return record

    def renewed(self, record: LoopRecord, *, at: float) -> None:
        """Note that *record* is committed, at the monotonic time *at*."""
        self.record = record
        self.beats_at = at + self._spacing

    def note(self, loops: Sequence[LoopRecord], *, at: float) -> None:
        """Note who is on the store, and the beats of those in other places; a beat that is new counts from *at* on."""
        self.is_alone = all(loop.id == self.record.id for loop in loops)
        elsewhere = [loop for loop in loops if loop.place != self.record.place]
        known = self.seen
        changed = {loop.id for loop in elsewhere if loop.id in known and known[loop.id][0] != loop.beat}
        self.moved = frozenset(loop.id for loop in elsewhere if loop.id in changed or loop.id in self.moved)
        self.seen = {loop.id: (loop.beat, at) for loop in elsewhere}
        self.seen.update((loop.id, known[loop.id]) for loop in elsewhere if known.get(loop.id, (-1,))[0] == loop.beat)
        if not self.is_alone:
            self.beats_at = min(self.beats_at, at + self._spacing)

    @property
    def _spacing(self) -> float:
        """Seconds from one beat to the next."""
        if self.seen:
            return BEAT_SECONDS
        return LONE_BEAT_SECONDS if self.is_alone else HERE_BEAT_SECONDS

    @property
    def looks_at(self) -> float:
        """The monotonic time at which somebody may have to be taken for dead, or the next beat is due before that."""
        return min((self.beats_at, *(since + LEASE_SECONDS for _, since in self.seen.values())))

    def dead(self, loops: Sequence[LoopRecord], *, at: float) -> list[LoopRecord]:
        """Return those of *loops* that died: at once in this place, after a lease's length elsewhere."""
        self.note(loops, at=at)
        here = [loop for loop in loops if loop.place == self.record.place and loop.id != self.record.id]
        silent = {loop_id for loop_id, (_, since) in self.seen.items() if at >= since + LEASE_SECONDS}
        return [loop for loop in here if not self.is_alive(loop)] + [loop for loop in loops if loop.id in silent]

    def clock_ahead(self, loop: LoopRecord, *, now: datetime, at: float) -> timedelta | None:
        """Return how far the clock of a loop elsewhere is ahead of ours, within seconds; None while that is unknown.

        Args:
            now, at: Our wall clock, and our monotonic time.
        """
        if loop.id not in self.moved:
            return None
        return loop.beat_at - (now - timedelta(seconds=at - self.seen[loop.id][1]))

    def forget(self, loop_ids: Iterable[str]) -> None:
        """Look no more for processes that are off the store."""
        for loop_id in loop_ids:
            self.seen.pop(loop_id, None)
