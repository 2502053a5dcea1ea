"""The machine's own clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """The wall clock and the monotonic clock of this machine."""

    def now(self) -> datetime:
        """Return the wall clock's instant, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only grow.

        They do not grow while the machine is suspended (Linux, macOS), so a run's timeout does not pass in a closed
        laptop. The loop notices the sleep because the wall clock went on meanwhile.
        """
        return time.monotonic()
