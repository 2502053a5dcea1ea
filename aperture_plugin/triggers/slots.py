"""A slot: one due time of one job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Slot"]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One due time; slots sort as runs queue: by due instant, then by nominal (DESIGN.md, section 3).

    Attributes:
        due: The instant it stands for, aware and in UTC. With the job's name it is the slot's identity.
        nominal: The naive wall time that the person wrote; for a due instant that several wall
            times share, the earliest of them.
    """

    due: datetime
    nominal: datetime
