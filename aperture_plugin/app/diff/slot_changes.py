"""Compares the due times of jobs on both sides, and finds which slots moved, came or went.

Most jobs of a large file share their schedules with others, and most are the same on both sides: slots are listed
once for each schedule and zone, and looked up from then on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest

from aperture_plugin.config.model import JobConfig, Timing
from aperture_plugin.triggers.slots import Slot

__all__ = ["SlotChange", "Slots", "slot_change"]


class Slots:
    """The slots of the half-open span from *since* to *until*, both aware and in UTC."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since = since
        self.until = until
        self._known: dict[Timing, Sequence[Slot]] = {}

    def of(self, job: JobConfig | None) -> Sequence[Slot]:
        """Return the slots of *job*, ascending; none for a job that is not enabled, or not there."""
        if job is None or not job.enabled:
            return ()
        key = job.timing
        if key not in self._known:
            self._known[key] = job.trigger().slots(self.since, self.until)
        return self._known[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotChange:
    """The changes of the slots of one job; each slot of either side is in exactly one of the four.

    Attributes:
        kept: Number of slots that are the same on both sides.
        moved: Of the same date as written, one in place of the other.
        added, removed: Those that are left.
    """

    job: str
    kept: int
    moved: tuple[tuple[Slot, Slot], ...]
    added: tuple[Slot, ...]
    removed: tuple[Slot, ...]


def slot_change(slots: Slots, old: JobConfig | None, new: JobConfig | None) -> SlotChange:
    """Return what becomes of a job's slots; None on a side stands for a job that is not there."""
    job = new or old
    assert job is not None, "a job is on one side at least"
    before, after = slots.of(old), slots.of(new)
    were, will_be = {slot.due for slot in before}, {slot.due for slot in after}
    gone = _by_date(slot for slot in before if slot.due not in will_be)
    come = _by_date(slot for slot in after if slot.due not in were)
    moved: list[tuple[Slot, Slot]] = []
    added: list[Slot] = []
    removed: list[Slot] = []
    for day in sorted({*gone, *come}):
        for left, right in zip_longest(gone.get(day, ()), come.get(day, ())):
            if left is not None and right is not None:
                moved.append((left, right))
            elif left is not None:
                removed.append(left)
            elif right is not None:
                added.append(right)
    return SlotChange(
        job=job.name,
        kept=len(were & will_be),
        moved=tuple(moved),
        added=tuple(added),
        removed=tuple(removed),
    )


def _by_date(slots: Iterable[Slot]) -> dict[date, list[Slot]]:
    found: defaultdict[date, list[Slot]] = defaultdict(list)
    for slot in slots:
        found[slot.nominal.date()].append(slot)
    return found
