"""Seats that are handed on without the loop: a worker whose run ends begins the next one by itself.

A crowd of short runs would else wait for a turn of the loop, and a commit, between any two of them. So the loop
gives some runs to this process ahead of their seat: the store says so (`Run.is_given`) before a worker may take
one. Whoever finds such a run left behind by a dead process takes it for begun.

A worker begins the next run only where its own ends, so a queue never runs more than its number; what happened
is told to the loop, which writes it together with much else.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Final

from aperture_plugin.loop.inbox import Begun, Inbox
from aperture_plugin.ports import Clock, Ended, Event, Executor, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["GATHERS", "GOOD_FOR", "Relay"]

_log = logging.getLogger("aperture")

Key = tuple[str, int]

GOOD_FOR: Final = 0.25
"""Seconds after which what no worker has taken goes back into its line: a long run came in between."""

GATHERS: Final = 0.02
"""Seconds that the loop lets pass before it writes what workers did by themselves."""


class _Lane:
    """The runs of one queue that were given ahead, in their order, and the attempts whose end frees a seat for them."""

    def __init__(self) -> None:
        # Re-entrant, for an executor may tell an end from within `start`.
        self.lock = threading.RLock()
        self.works: deque[Work] = deque()
        self.seated: set[Key] = set()
        self.low = 0
        self.starting = False


class Relay:
    """The runs that were given ahead. `give`, `take_back` and `unseat` belong to the loop's thread.

    Args:
        executor: Begins the runs.
        inbox: Where the loop is told.
        clock: Tells when one run ended and the next began.
    """

    def __init__(self, executor: Executor, inbox: Inbox, clock: Clock) -> None:
        self._executor = executor
        self._inbox = inbox
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}
        self._good_until = 0.0

    @property
    def next_at(self) -> float | None:
        """The monotonic time at which what is still given is to be taken back; None where nothing is."""
        return self._good_until if any(lane.works for lane in self._lanes.values()) else None

    @property
    def hands_on(self) -> bool:
        """Whether the executor's workers may begin runs."""
        return bool(getattr(self._executor, "hands_on", False))

    def left(self, queue: str) -> int:
        """Return how many runs of *queue* are given and not begun."""
        lane = self._lanes.get(queue)
        return 0 if lane is None else len(lane.works)

    def start(self, work: Work) -> None:
        """Begin a run that has a seat."""
        lane = self._lane(work.run.queue)
        lane.seated.add(work.run.key)
        self._start(lane, work)

    def give(self, works: Iterable[Work], *, at: float) -> None:
        """Give runs ahead, in their order, at the monotonic time *at*; the store says so already."""
        given = set()
        for work in works:
            lane = self._lane(work.run.queue)
            lane.works.append(work)
            given.add(work.run.queue)
        for queue in given:
            self._lanes[queue].low = len(self._lanes[queue].works) // 2
            self._good_until = at + GOOD_FOR

    def take_back(self) -> None:
        """Give nothing any more: when this returns, whatever began has been told to the inbox."""
        for lane in self._lanes.values():
            with lane.lock:
                lane.works.clear()

    def unseat(self, key: Key) -> None:
        """Let nothing follow the end of an attempt whose seat is free already: it was given up."""
        for lane in self._lanes.values():
            with lane.lock:
                lane.seated.discard(key)

    def _lane(self, queue: str) -> _Lane:
        lane = self._lanes.get(queue)
        if lane is None:
            lane = self._lanes[queue] = _Lane()
        return lane

    def _start(self, lane: _Lane, work: Work) -> None:
        try:
            self._executor.start(work, partial(self._heard, lane))
        except Exception as error:  # noqa: BLE001  # an executor may be a plugin's: its fault ends this run, no more
            _log.exception("%s could not be started", work.run.job)
            reason = f"it could not be started: {type(error).__name__}: {error}"
            self._heard(lane, Ended(work.run.key, Outcome(status=OutcomeStatus.FAILED, reason=reason)))

    def _heard(self, lane: _Lane, event: Event) -> None:
        """Tell the loop what a worker tells; let the next run take the seat of one that ended."""
        if not isinstance(event, Ended):
            self._inbox.put(event)
            return
        with lane.lock:
            # What ends within its own start (it could not be started) is the loop's affair: nothing piles up here.
            if event.key not in lane.seated or not lane.works or lane.starting:
                lane.seated.discard(event.key)
                self._inbox.put(event)
                return
            now = self._clock.now()
            work = lane.works[0]
            # Both at once: whoever hears of the end alone takes the seat for free.
            self._inbox.leave(Ended(event.key, event.outcome, at=now), Begun(work.run.key, at=now))
            lane.works.popleft()  # Not before: whoever finds nothing left finds all that began in the inbox.
            lane.seated.remove(event.key)
            lane.seated.add(work.run.key)
            if len(lane.works) == lane.low:
                self._inbox.ring()
            lane.starting = True
            try:
                self._start(lane, work)
            finally:
                lane.starting = False
