"""The clock, as the core needs it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

__all__ = ["Clock", "ClockReading"]


class Clock(Protocol):
    """A source of the wall-clock time and of monotonic time."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC. The clock may be stepped in either direction."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow, while the machine is awake; for measuring durations."""
        ...


class ClockReading(NamedTuple):
    """One look at the clock of a store that several machines share.

    Attributes:
        shown: What it showed; aware, in UTC.
        asked_at, answered_at: This machine's monotonic time before and after. It showed *shown* between the two.
    """

    shown: datetime
    asked_at: float
    answered_at: float
