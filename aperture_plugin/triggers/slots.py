"""A slot, one due time of one job; and a trigger, which yields slots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple, Protocol

__all__ = ["Slot", "Trigger", "slot_of"]


class Slot(NamedTuple):
    """One due time; slots sort as runs queue: by due instant, then by nominal (DESIGN.md, section 3).

    Attributes:
        due: The instant it stands for, aware and in UTC. With the job's name it is the slot's identity.
        nominal: The naive wall time that the person wrote; for a due instant that several wall
            times share, the earliest of them.
    """

    due: datetime
    nominal: datetime


# `Slot(due, nominal)` costs twice as much: where slots are found by the million, they are made from a pair.
slot_of: Final[Callable[[tuple[datetime, datetime]], Slot]] = partial(tuple.__new__, Slot)


class Trigger(Protocol):
    """The slots of one schedule in one zone.

    A frozen value: two triggers of the same schedule and zone are equal. Instants are aware, and in UTC where they
    are returned; spans are half-open; slots ascend by due instant, and no two have the same one.
    """

    def slots(self, since: datetime, until: datetime) -> list[Slot]:
        """Return the slots due from *since* (in) to *until* (out)."""
        ...

    def next_after(self, instant: datetime) -> Slot | None:
        """Return the first slot due strictly after *instant*; None when there are no more."""
        ...

    def upcoming(self, since: datetime) -> Iterator[Slot]:
        """Yield the slots due at *since* or later, lazily, until there are no more."""
        ...
