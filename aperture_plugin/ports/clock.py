"""Where time comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Return the wall clock's instant, aware and in UTC. It may be stepped either way."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow while the machine is awake; for measuring, never for telling time."""
        ...
