"""Decides how long the loop sleeps, and detects suspend and clock steps."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.words.durations import duration_text

__all__ = ["GAP", "Pace", "Wakeups", "span_text"]

_log = logging.getLogger("aperture")

GAP: Final = timedelta(seconds=30)
"""A tick that comes later than it meant to by more than this found the machine asleep, or the clock stepped."""

_BACK_OFF: Final = (0.1, 0.25, 0.5)
"""Seconds before the loop tries again to reach the store. Not longer: another process may die as soon
as the store is back, and is to be found within 10 seconds of its last beat (promise 6), of which a lease takes nine."""


_LONGEST_PAUSE: Final = 60.0
"""Seconds between two tries of a tick that goes on failing, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Intervals, in seconds, of what a loop does by itself.

    Attributes:
        poll: Interval at which it asks if another process has written; None for never (the fake clock).
        beat: True if it renews its lease.
        flush: Time for which progress and log lines are gathered before they are written.
        ready: Time for which the plugins' word about a job is good.
        threaded: True if plugins are notified and asked in threads of their own.
        bursts: True if workers may start pre-assigned runs, and a burst is claimed in parts.
    """

    poll: float | None = 0.5
    beat: bool = True
    flush: float = 0.4
    ready: float = 30.0
    threaded: bool = True
    bursts: bool = True


class Wakeups:
    """The time at which the loop means to wake, how late it woke, and how long it waits after a tick that failed.

    Attributes:
        noticed: The last step of the clock, or sleep, and when it was noticed; None for never.
        failures: Number of ticks in a row in which the store could not be reached.
    """

    def __init__(self) -> None:
        self._meant: tuple[datetime, float] | None = None
        self.noticed: tuple[datetime, str] | None = None
        self.failures = 0
        self._faults = 0
        self._not_before = 0.0

    @property
    def is_failing(self) -> bool:
        """True if the last tick failed, for any reason."""
        return bool(self.failures or self._faults)

    def must_wait(self, at: float) -> float | None:
        """Return how many seconds a tick that failed keeps the next one waiting; None where it may come."""
        return self._not_before - at if at < self._not_before else None

    def woke(self, now: datetime, at: float) -> bool:
        """Return whether slots may have passed unseen: by sleep, by a stopped process, by a step of the clock."""
        meant, self._meant = self._meant, None
        if meant is None:
            return False
        late = timedelta(seconds=at - meant[1])
        stepped = now - meant[0] - late
        if stepped < -GAP:
            self._notice(now, f"the clock was set back by {span_text(-stepped)}; no slot runs twice")
        elif stepped > GAP:
            words = f"the clock went forward by {span_text(stepped)} without a tick"
            self._notice(now, f"{words}; what was due then is caught up once")
        elif late > GAP:
            self._notice(now, f"this process was stopped for {span_text(late)}; what was due then is caught up once")
        return stepped > GAP or late > GAP

    def _notice(self, now: datetime, words: str) -> None:
        _log.warning("%s", words)
        self.noticed = (now, words)

    def sleep(self, waits: Iterable[float], *, now: datetime, at: float) -> float:
        """Return how many seconds to sleep: the shortest of *waits*, an hour where there is none."""
        seconds = max(0.0, min(waits, default=3600.0))
        self._meant = (now + timedelta(seconds=seconds), at + seconds)
        return seconds

    def store_is_away(self, reason: Exception, at: float) -> float:
        """Note that the store cannot be reached; return how many seconds to wait before the next try."""
        if not self.failures:
            _log.error("the store is away: %s; trying again until it is back", reason)
        pause = _BACK_OFF[min(self.failures, len(_BACK_OFF) - 1)]
        self.failures += 1
        return self._wait(pause, at)

    def tick_failed(self, error: Exception, at: float) -> float:
        """Note that a tick failed for a reason of its own; return how many seconds to wait before the next try."""
        pause = min(2.0**self._faults, _LONGEST_PAUSE)
        self._faults += 1
        words = "a tick failed; nothing of it has happened, and it is tried again in %d s: %s: %s"
        _log.error(words, pause, type(error).__name__, error, exc_info=error if self._faults == 1 else None)
        return self._wait(pause, at)

    def tick_succeeded(self) -> None:
        """Note that a tick was committed: the store can be reached."""
        if self.failures:
            _log.warning("the store is back after %d tries", self.failures)
        self.failures = self._faults = 0

    def _wait(self, seconds: float, at: float) -> float:
        self._meant = None
        self._not_before = at + seconds
        return seconds


def span_text(span: timedelta) -> str:
    """Return *span* in words, in whole seconds, at least one."""
    return duration_text(timedelta(seconds=max(1, round(span.total_seconds()))))
