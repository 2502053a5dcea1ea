"""A slot: one due time of one job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

__all__ = ["Slot", "slot_of"]


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
