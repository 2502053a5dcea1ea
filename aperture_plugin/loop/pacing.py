"""When the loop looks up next, and what it makes of looking up too late."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.words.durations import duration_text

__all__ = ["GAP", "Pace", "Wakes", "said"]

_log = logging.getLogger("aperture")

GAP: Final = timedelta(seconds=30)
"""A tick that comes later than it meant to by more than this found the machine asleep, or the clock stepped."""

_BACK_OFF: Final = (0.1, 0.25, 0.5)
"""How many seconds it waits before it tries again to reach the store. Not longer: another process may die as soon
as the store is back, and is to be found within 10 seconds of its last beat (promise 6), of which a lease takes nine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a loop looks up by itself, in seconds.

    Attributes:
        poll: How often it asks whether another process has written; None for never (the fake clock).
        beat: Whether it renews its lease.
        flush: How long progress and log lines are gathered before they are written.
        ready: How long the plugins' word about a job is good.
        sync: Within how long starts and ends that were committed are taken to the disk; 0 for at once.
        threaded: Whether plugins are told and asked in threads of their own.
    """

    poll: float | None = 0.5
    beat: bool = True
    flush: float = 0.4
    ready: float = 30.0
    sync: float = 0.05
    threaded: bool = True


class Wakes:
    """When the loop means to wake, and how late it did; the store's absence, and how long to wait for it.

    Attributes:
        noticed: When a step of the clock, or a sleep, was last noticed, and what it was; None for never.
    """

    def __init__(self) -> None:
        self._meant: tuple[datetime, float] | None = None
        self.noticed: tuple[datetime, str] | None = None
        self.failures = 0

    def woke(self, now: datetime, at: float) -> bool:
        """Say whether slots may have passed unseen: the machine slept, the process was stopped, the clock stepped."""
        meant, self._meant = self._meant, None
        if meant is None:
            return False
        late = timedelta(seconds=at - meant[1])
        stepped = now - meant[0] - late
        if stepped < -GAP:
            self._notice(now, f"the clock was set back by {said(-stepped)}; no slot runs twice")
        elif stepped > GAP:
            words = f"the clock went forward by {said(stepped)} without a tick; what was due then is caught up once"
            self._notice(now, words)
        elif late > GAP:
            self._notice(now, f"this process was stopped for {said(late)}; what was due then is caught up once")
        return stepped > GAP or late > GAP

    def _notice(self, now: datetime, words: str) -> None:
        _log.warning("%s", words)
        self.noticed = (now, words)

    def sleep(self, waits: Iterable[float], *, now: datetime, at: float) -> float:
        """Return how many seconds to sleep: the shortest of *waits*, an hour where there is none."""
        seconds = max(0.0, min(waits, default=3600.0))
        self._meant = (now + timedelta(seconds=seconds), at + seconds)
        return seconds

    def store_is_away(self, reason: Exception) -> float:
        """Note that the store cannot be reached; return how many seconds to wait before the next try."""
        if not self.failures:
            _log.error("the store is away: %s; trying again until it is back", reason)
        pause = _BACK_OFF[min(self.failures, len(_BACK_OFF) - 1)]
        self.failures += 1
        self._meant = None
        return pause

    def store_is_back(self) -> None:
        """Note that the store can be reached."""
        if self.failures:
            _log.warning("the store is back after %d tries", self.failures)
            self.failures = 0


def said(span: timedelta) -> str:
    """Return *span* in words, in whole seconds, at least one."""
    return duration_text(timedelta(seconds=max(1, round(span.total_seconds()))))
