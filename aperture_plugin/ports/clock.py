"""The clock, as the core needs it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """A source of the wall-clock time and of monotonic time."""

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC. The clock may be stepped in either direction."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow, while the machine is awake; for measuring durations."""
        ...
