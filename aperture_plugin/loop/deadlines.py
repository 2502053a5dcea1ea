"""Deadlines of running attempts: timeouts, stalls, and what follows a request to stop.

Measured on the monotonic clock: a stepped wall clock neither kills a run nor lets it live for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from heapq import heappop, heappush
from typing import Final

from aperture_plugin.rules.runs import AttemptKey

__all__ = ["PATIENCE", "Deadline", "Deadlines"]

PATIENCE: Final = timedelta(seconds=6)
"""So long a run has to stop by itself, once asked, before force is used. A command's own 5 seconds between
SIGTERM and SIGKILL (DESIGN.md, section 2) fit into it."""


class Deadline(Enum):
    """The kinds of deadline that a running attempt can pass."""

    TIMEOUT = "timeout"
    STALLED = "stalled"
    GIVE_UP = "give up"


@dataclass(slots=True)
class _Watched:
    progressed_at: float
    stalled_after: float | None
    given_up_at: float | None = None
    was_forced: bool = False


@dataclass(slots=True)
class Deadlines:
    """The deadlines of every attempt that runs in this process, the nearest on top."""

    _heap: list[tuple[float, AttemptKey, str]] = field(default_factory=list)
    _watched: dict[AttemptKey, _Watched] = field(default_factory=dict)
    _returned: list[tuple[float, AttemptKey, str]] = field(default_factory=list)

    def watch(self, key: AttemptKey, *, at: float, timeout: timedelta | None, stalled_after: timedelta | None) -> None:
        """Watch an attempt that begins at the monotonic time *at*."""
        stall = None if stalled_after is None else stalled_after.total_seconds()
        self._watched[key] = _Watched(progressed_at=at, stalled_after=stall)
        if timeout is not None:
            heappush(self._heap, (at + timeout.total_seconds(), key, Deadline.TIMEOUT.value))
        if stall is not None:
            heappush(self._heap, (at + stall, key, Deadline.STALLED.value))

    def progressed(self, key: AttemptKey, *, at: float) -> None:
        """Note that an attempt has made progress."""
        if key in self._watched:
            self._watched[key].progressed_at = at

    def give_up_after(self, key: AttemptKey, *, at: float, patience: timedelta = PATIENCE) -> None:
        """Watch for an attempt, asked to stop at *at*, that does not."""
        watched = self._watched.get(key)
        if watched is not None and watched.given_up_at is None:
            watched.given_up_at = at + patience.total_seconds()
            heappush(self._heap, (watched.given_up_at, key, Deadline.GIVE_UP.value))

    def forced(self, key: AttemptKey, *, at: float, patience: timedelta = PATIENCE) -> None:
        """Watch for an attempt, ended by force at *at*, of whose end nothing is heard."""
        watched = self._watched.get(key)
        if watched is not None:
            watched.was_forced = True
            heappush(self._heap, (at + patience.total_seconds(), key, Deadline.GIVE_UP.value))

    def was_forced(self, key: AttemptKey) -> bool:
        """Return whether force has been used already."""
        watched = self._watched.get(key)
        return watched is not None and watched.was_forced

    def forget(self, key: AttemptKey) -> None:
        """Watch an attempt no longer."""
        self._watched.pop(key, None)

    @property
    def next_at(self) -> float | None:
        """The monotonic time of the next deadline; it may turn out to have moved."""
        self._take_back()
        while self._heap and self._heap[0][1] not in self._watched:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def passed(self, at: float) -> list[tuple[AttemptKey, Deadline]]:
        """Return the deadlines passed by the monotonic time *at*, at each call until `settled` is called."""
        self._take_back()
        found: list[tuple[AttemptKey, Deadline]] = []
        while self._heap and self._heap[0][0] <= at:
            item = _, key, kind = heappop(self._heap)
            watched = self._watched.get(key)
            if watched is None:
                continue
            if kind == Deadline.STALLED.value and watched.stalled_after is not None:
                stalls_at = watched.progressed_at + watched.stalled_after
                if stalls_at > at:
                    heappush(self._heap, (stalls_at, key, kind))
                    continue
            found.append((key, Deadline(kind)))
            self._returned.append(item)
        return found

    def settled(self) -> None:
        """Forget the deadlines that `passed` has returned: the tick that dealt with them is committed."""
        self._returned.clear()

    def _take_back(self) -> None:
        for item in self._returned:
            heappush(self._heap, item)
        self._returned.clear()
