"""Accounting of slots: each one that was due ran, was skipped, was merged into another's run, or is unaccounted for.

A claim stands for one slot, or for all the missed slots that one run catches up. Held against the slots that
the schedules of their time yield, claims leave nothing over: what is left all the same was lost, which must
not happen (DESIGN.md, section 4, promise 2), or its turn has yet to come.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from math import inf
from types import MappingProxyType
from typing import NamedTuple

from aperture_plugin.rules.runs import IN_HAND, RAN, Status
from aperture_plugin.triggers.slots import Slot

__all__ = ["Account", "Fate", "SlotOutcome", "Taken", "account", "account_moved", "backfill_fate", "slot_fates"]


class Fate(Enum):
    """The fate of the run behind a claim."""

    RAN = "ran"
    """It ended as a run, however it ended; or its record is older than what the store keeps."""
    SKIPPED = "skipped"
    IN_HAND = "in hand"
    LOST = "lost"
    """There is no run, although older runs of the job are still kept."""


class Taken(NamedTuple):
    """A claim, and what became of it. An audit of a week looks at a million of them.

    Attributes:
        due, first_due: The latest and the earliest slot it stands for.
        number: Number of slots it stands for.
    """

    due: datetime
    first_due: datetime
    number: int
    fate: Fate


class SlotOutcome(Enum):
    """The end that a slot found, as far as it is known."""

    RAN = "ran"
    SKIPPED = "skipped"
    MERGED = "merged into a catch-up"
    PENDING = "pending"
    UNACCOUNTED = "unaccounted for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The fates of a number of slots. Two are added up by `+`.

    Attributes:
        ran: Slots that a run carried.
        merged: Slots for which the run of a later one stood.
        pending: Slots still in hand, or which the next tick or start takes up; not among the expected.
        unaccounted: Slots of which nothing tells what became of them; ascending for one job.
    """

    ran: int = 0
    skipped: int = 0
    merged: int = 0
    pending: int = 0
    unaccounted: tuple[Slot, ...] = ()

    @property
    def expected(self) -> int:
        """Number of slots that should be accounted for: their time has come, or passed."""
        return self.ran + self.skipped + self.merged + len(self.unaccounted)

    @property
    def is_whole(self) -> bool:
        """True if every expected slot is accounted for."""
        return not self.unaccounted

    def __add__(self, other: Account) -> Account:
        return Account(
            ran=self.ran + other.ran,
            skipped=self.skipped + other.skipped,
            merged=self.merged + other.merged,
            pending=self.pending + other.pending,
            unaccounted=self.unaccounted + other.unaccounted,
        )


def slot_fates(
    slots: Iterable[Slot],
    taken: Sequence[Taken],
    *,
    since: datetime,
    pending_after: datetime | None,
    backfilled: Mapping[datetime, Fate] = MappingProxyType({}),
) -> Iterator[tuple[Slot, SlotOutcome]]:
    """Yield each of *slots* with what became of it.

    Args:
        slots: Of one job, ascending, all due at *since* or later.
        taken: The claims of that job that stand for any of them, and perhaps others, ascending by `due`.
        pending_after: A slot later than this that nobody has claimed may still be claimed; None where that
            time is over.
        backfilled: By due instant, what became of the runs that somebody asked for to carry a slot again: it ran
            if any of them did.
    """
    fates = {one.due: one.fate for one in taken}
    many = _Many([one for one in taken if one.number > 1], since)
    for slot in slots:
        fate = fates.get(slot.due)
        if fate is Fate.RAN:
            yield slot, SlotOutcome.RAN
            continue
        fate = fate or many.take(slot.due)
        again = backfilled.get(slot.due)
        if again is Fate.RAN:
            yield slot, SlotOutcome.RAN
        elif fate is Fate.RAN:
            yield slot, SlotOutcome.MERGED
        elif fate is Fate.SKIPPED:
            yield slot, SlotOutcome.SKIPPED
        elif (
            fate is Fate.IN_HAND
            or again is Fate.IN_HAND
            or (fate is None and pending_after is not None and slot.due > pending_after)
        ):
            yield slot, SlotOutcome.PENDING
        else:
            yield slot, SlotOutcome.UNACCOUNTED


def backfill_fate(before: Fate | None, status: Status, *, began: bool) -> Fate | None:
    """Return what became of a slot's backfills, of which one more attempt is known.

    One that was cancelled or skipped before it began leaves the slot as it was.

    Args:
        before: What the attempts looked at until now say; None for nothing.
        began: True if the attempt started.
    """
    if began and status in RAN:
        return Fate.RAN
    if status in IN_HAND and before is not Fate.RAN:
        return Fate.IN_HAND
    return before


def account(fates: Iterable[tuple[Slot, SlotOutcome]]) -> Account:
    """Add up what became of slots.

    Returns:
        Counts that add up to the number of slots, `pending` included.

    >>> two, four = (Slot(datetime(2026, 1, 10, hour), datetime(2026, 1, 10, hour)) for hour in (2, 4))
    >>> caught_up = Taken(due=four.due, first_due=two.due, number=2, fate=Fate.RAN)
    >>> account(slot_fates([two, four], [caught_up], since=two.due, pending_after=None))
    Account(ran=1, skipped=0, merged=1, pending=0, unaccounted=())
    """
    counts = dict.fromkeys(SlotOutcome, 0)
    unaccounted: list[Slot] = []
    for slot, fate in fates:
        counts[fate] += 1
        if fate is SlotOutcome.UNACCOUNTED:
            unaccounted.append(slot)
    return Account(
        ran=counts[SlotOutcome.RAN],
        skipped=counts[SlotOutcome.SKIPPED],
        merged=counts[SlotOutcome.MERGED],
        pending=counts[SlotOutcome.PENDING],
        unaccounted=tuple(unaccounted),
    )


def account_moved(found: Account, moved: Mapping[datetime, Fate]) -> Account:
    """Account for slots that were claimed at another instant, because the rules of their zone were others then.

    Args:
        moved: By nominal time, what became of the claims at whose instant no slot is due by the rules of now.
    Returns:
        *found*, where of each written time that one of them carries nothing is open any more.
    """
    ran = skipped = pending = 0
    unaccounted: list[Slot] = []
    for slot in found.unaccounted:
        fate = moved.get(slot.nominal)
        if fate is Fate.RAN:
            ran += 1
        elif fate is Fate.SKIPPED:
            skipped += 1
        elif fate is Fate.IN_HAND:
            pending += 1
        else:
            unaccounted.append(slot)
    return replace(
        found,
        ran=found.ran + ran,
        skipped=found.skipped + skipped,
        pending=found.pending + pending,
        unaccounted=tuple(unaccounted),
    )


class _Many:
    """The claims that stand for several slots, and how many more each can stand for.

    They may overlap: slots that a pause held back are claimed one by one amid those that are caught up, and
    of a great many the earliest claim stands for all that were not listed one by one.
    """

    def __init__(self, taken: Sequence[Taken], since: datetime) -> None:
        self._taken = taken
        self._dues = [one.due for one in taken]  # ascending, as they come
        # One that reaches back beyond the first slot looked at has room for slots nobody counts here.
        self._room = [inf if one.first_due < since else one.number - 1 for one in taken]

    def take(self, due: datetime) -> Fate | None:
        """Return the fate of the first claim to end that covers the slot due then and has room for it."""
        for place in range(bisect_right(self._dues, due), len(self._dues)):
            one = self._taken[place]
            if one.first_due <= due and self._room[place] > 0:
                self._room[place] -= 1
                return one.fate
        return None
