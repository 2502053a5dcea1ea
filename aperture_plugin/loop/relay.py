"""Seats that are handed on without the loop: a worker whose run ends begins the next one by itself.

A crowd of short runs would else wait for a turn of the loop, and a commit, between any two of them. So the loop
gives some runs to this process ahead of their seat: the store says so (`Run.is_given`) before a worker may take
one. Whoever finds such a run left behind by a dead process takes it for begun.

A worker begins the next run only where its own ends, so a queue never runs more than its number; what happened
is told to the loop, which writes it together with much else. While runs that are due wait, what has ended waits:
the loop goes on giving, and hears what workers did once there is nothing more to give, or it is `LATER`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from aperture_plugin.loop.inbox import Begun, Inbox, Message
from aperture_plugin.ports import Clock, Ended, Event, Executor, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import Run

__all__ = ["GATHERS", "GOOD_FOR", "LATER", "Relay", "Short"]

_log = logging.getLogger("aperture")

Key = tuple[str, int]

GOOD_FOR: Final = 0.25
"""Seconds after which what no worker has taken goes back into its line: a long run came in between."""

_SHORT: Final = 0.1
"""Seconds: a run that ends within them does not make the next in its line wait."""

LATER: Final = 1.0
"""Seconds after which the loop hears what workers did, though there is more to give: so much a crash may repeat."""

GATHERS: Final = 0.02
"""Seconds that the loop lets pass before it writes what workers did by themselves."""


@dataclass(slots=True)
class Short:
    """How many runs of a queue have taken next to no time of late, and how many seconds together."""

    count: int = 0
    seconds: float = 0.0


class _Lane:
    """The runs of one queue that were given ahead, in their order, and the attempts whose end frees a seat for them."""

    def __init__(self) -> None:
        # Re-entrant, for an executor may tell an end from within `start`.
        self.lock = threading.RLock()
        self.works: deque[Work] = deque()
        self.seated: dict[Key, float] = {}
        """Since when, on the monotonic clock."""
        self.low = 0
        self.is_low = False
        """Whether there is room for more since the loop last looked."""
        self.flows = False
        """Whether what was given last is followed by more: then no end need be heard for its seat to be taken."""
        self.starting: Key | None = None
        """The attempt that is being begun by a worker."""
        self.unbegun: Ended | None = None
        """Its end, where it came within its own start."""
        self.short = Short()


class Relay:
    """The runs that were given ahead. `give`, `take_back` and `unseat` belong to the loop's thread.

    Args:
        executor: Begins the runs.
        inbox: Where the loop is told.
        clock: Tells when one run ended and the next began.
        is_awaited: Whether anybody waits for the end of a run, which is then heard at once; asked by any thread.
    """

    def __init__(
        self, executor: Executor, inbox: Inbox, clock: Clock, *, is_awaited: Callable[[Run], bool] = lambda _run: False
    ) -> None:
        self._executor = executor
        self._inbox = inbox
        self._clock = clock
        self._is_awaited = is_awaited
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

    def expect(self, count: int) -> None:
        """Let the executor know, if it wants to, that so many runs are about to begin."""
        expect = getattr(self._executor, "expect", None)
        if expect is not None:
            expect(count)

    @property
    def flows(self) -> bool:
        """Whether more is to be given, and what workers tell can wait for that."""
        return any(lane.flows for lane in self._lanes.values())

    def running_low(self) -> list[str]:
        """Return the queues that have room for more since this was last asked for."""
        low = [queue for queue, lane in self._lanes.items() if lane.is_low]
        for queue in low:
            self._lanes[queue].is_low = False
        return low

    def left(self, queue: str) -> int:
        """Return how many runs of *queue* are given and not begun."""
        lane = self._lanes.get(queue)
        return 0 if lane is None else len(lane.works)

    def short_runs(self) -> dict[str, Short]:
        """Return, by queue, what has ended since this was last asked for and had taken next to no time."""
        found: dict[str, Short] = {}
        for queue, lane in self._lanes.items():
            if lane.short.count:
                with lane.lock:
                    found[queue], lane.short = lane.short, Short()
        return found

    def start(self, work: Work) -> None:
        """Begin a run that has a seat."""
        lane = self._lane(work.run.queue)
        lane.seated[work.run.key] = self._clock.monotonic()
        self._start(lane, work)

    def give(self, works: Iterable[Work], *, seats: Mapping[str, int], at: float) -> None:
        """Give runs ahead, in their order, at the monotonic time *at*; the store says so already.

        A queue that is out of them and given none flows no longer: who ends there has to be heard.

        Args:
            seats: How many of a queue may run at once. One that came free unheard meanwhile is taken by the first.
        """
        given = set()
        for work in works:
            lane = self._lane(work.run.queue)
            lane.works.append(work)
            given.add(work.run.queue)
        for queue in given:
            lane = self._lanes[queue]
            self._good_until = at + GOOD_FOR
            with lane.lock:
                while lane.works and len(lane.seated) < seats.get(queue, 1):
                    self._begin_next(lane, Begun(lane.works[0].run.key, at=self._clock.now()))
                lane.low = len(lane.works) // 2
                lane.flows = True
        for queue, lane in self._lanes.items():
            if lane.flows and queue not in given and not lane.works:
                with lane.lock:
                    lane.flows = False
                self._inbox.press()  # Some may have ended while it flowed.

    def take_back(self) -> None:
        """Give nothing any more: when this returns, whatever began has been told to the inbox."""
        for lane in self._lanes.values():
            with lane.lock:
                lane.works.clear()

    def unseat(self, key: Key) -> None:
        """Let nothing follow the end of an attempt whose seat is free already: it was given up."""
        for lane in self._lanes.values():
            with lane.lock:
                lane.seated.pop(key, None)

    def _lane(self, queue: str) -> _Lane:
        lane = self._lanes.get(queue)
        if lane is None:
            lane = self._lanes[queue] = _Lane()
        return lane

    def _start(self, lane: _Lane, work: Work) -> None:
        try:
            self._executor.start(work, partial(self._heard, lane, work.run))
        except Exception as error:  # noqa: BLE001  # an executor may be a plugin's: its fault ends this run, no more
            _log.exception("%s could not be started", work.run.job)
            reason = f"it could not be started: {type(error).__name__}: {error}"
            self._heard(lane, work.run, Ended(work.run.key, Outcome(status=OutcomeStatus.FAILED, reason=reason)))

    def _heard(self, lane: _Lane, run: Run, event: Event) -> None:
        """Tell the loop what a worker tells of *run*; let the next take the seat of one that ended."""
        if not isinstance(event, Ended):
            self._inbox.put(event)
            return
        with lane.lock:
            now = self._clock.now()
            ended = Ended(event.key, event.outcome, at=event.at or now)
            since = lane.seated.pop(event.key, None)
            if since is not None and (took := self._clock.monotonic() - since) < _SHORT:
                lane.short.count += 1
                lane.short.seconds += took
            if lane.starting == event.key:
                # It could not be started; whoever began it goes on, so that nothing piles up here.
                lane.unbegun = ended
                return
            left = len(lane.works)
            if since is None or lane.starting is not None or not (left or lane.flows):
                self._inbox.put(ended)
                return
            if left:
                # Both at once: whoever hears of the end alone takes the seat for free.
                self._begin_next(lane, ended, Begun(lane.works[0].run.key, at=now))
            else:
                self._inbox.leave(ended)  # Whatever is given next takes the seat.
            if left > lane.low >= len(lane.works) or not lane.works:
                lane.is_low = True
                self._inbox.ring()
            if self._is_awaited(run):
                self._inbox.press()

    def _begin_next(self, lane: _Lane, *messages: Message) -> None:
        """Tell the loop *messages*, and begin the first that was given, or can be begun; the lane's lock is held."""
        while True:
            self._inbox.leave(*messages)
            work = lane.works.popleft()  # Not before: whoever finds nothing left finds all that began in the inbox.
            lane.seated[work.run.key] = self._clock.monotonic()
            lane.starting = work.run.key
            try:
                self._start(lane, work)
            finally:
                lane.starting = None
            ended, lane.unbegun = lane.unbegun, None
            if ended is None:
                return
            if not lane.works:
                self._inbox.put(ended)
                return
            messages = (ended, Begun(lane.works[0].run.key, at=self._clock.now()))
