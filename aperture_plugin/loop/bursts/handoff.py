"""Seats that are handed off without the loop: a worker whose run ends begins the next one by itself.

Many short runs would else wait for a tick of the loop, and a commit, between any two of them. So the loop pre-assigns
some runs to this process before a seat is free: the store says so (`Run.is_pre_assigned`) before a worker may begin
one. A process that finds such a run left behind by a dead one takes it for begun.

A worker begins the next run only where its own ends, so a queue never runs more than its number; what happened
is reported to the loop, which writes it together with much else. Without it, the last of 1,000 runs that are due at
one instant starts three times later, and of 10,000 nearly twice.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from aperture_plugin.loop.inbox import Inbox
from aperture_plugin.loop.messages import Begun, Message
from aperture_plugin.ports import Clock, Ended, Event, Executor, Report, Work, hands_on
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import AttemptKey, Run

__all__ = ["GATHERS", "GOOD_FOR", "Handoff", "ShortRuns", "start"]

_log = logging.getLogger("aperture")


GOOD_FOR: Final = 0.25
"""Seconds after which what no worker has begun goes back into its queue: a long run came in between."""

_SHORT: Final = 0.1
"""Seconds: a run that ends within them does not keep the next in its queue waiting."""

GATHERS: Final = 0.02
"""Seconds that the loop lets pass before it writes what workers did by themselves."""


@dataclass(slots=True)
class ShortRuns:
    """Number of runs of a queue that lately took next to no time, and their seconds together."""

    count: int = 0
    seconds: float = 0.0


def start(executor: Executor, work: Work, report: Report) -> None:
    """Begin a run; where its executor raises, the run has failed."""
    try:
        executor.start(work, report)
    except Exception as error:  # noqa: BLE001  # an executor may be a plugin's: its fault ends this run, no more
        _log.exception("%s could not be started", work.run.job)
        reason = f"it could not be started: {type(error).__name__}: {error}"
        report(Ended(work.run.key, Outcome(status=OutcomeStatus.FAILED, reason=reason)))


class _Seats:
    """The seats of one queue: the attempts that have one, and the pre-assigned runs that take the next, in order."""

    def __init__(self) -> None:
        # Re-entrant, for an executor may report an end from within `start`.
        self.lock = threading.RLock()
        self.works: deque[Work] = deque()
        self.taken: dict[AttemptKey, float] = {}
        """Since when, on the monotonic clock."""
        self.low = 0
        self.is_low = False
        """True if there is room for more since the loop last looked."""
        self.starting: AttemptKey | None = None
        """The attempt that is being begun by a worker."""
        self.unbegun: Ended | None = None
        """Its end, where it came within its own start."""
        self.short = ShortRuns()


class Handoff:
    """The pre-assigned runs of this process. `pre_assign`, `recall` and `unseat` belong to the loop's thread.

    Args:
        executor: Begins the runs.
        inbox: The queue to which events are reported.
        clock: For when one run ended and the next began.
        is_awaited: Returns whether anything waits for the end of a run, which then wakes the loop at once; called by
            any thread.
    """

    def __init__(
        self, executor: Executor, inbox: Inbox, clock: Clock, *, is_awaited: Callable[[Run], bool] = lambda _run: False
    ) -> None:
        self._executor = executor
        self._inbox = inbox
        self._clock = clock
        self._is_awaited = is_awaited
        self._queues: dict[str, _Seats] = {}
        self._good_until = 0.0

    @property
    def next_at(self) -> float | None:
        """The monotonic time at which what is still pre-assigned is to be recalled; None where nothing is."""
        return self._good_until if any(seats.works for seats in self._queues.values()) else None

    @property
    def is_possible(self) -> bool:
        """True if the executor's workers may begin runs."""
        return hands_on(self._executor)

    def running_low(self) -> list[str]:
        """Return the queues that have room for more since this was last called."""
        low = [queue for queue, seats in self._queues.items() if seats.is_low]
        for queue in low:
            self._queues[queue].is_low = False
        return low

    def left(self, queue: str) -> int:
        """Return how many runs of *queue* are pre-assigned and not begun."""
        seats = self._queues.get(queue)
        return 0 if seats is None else len(seats.works)

    def short_runs(self) -> dict[str, ShortRuns]:
        """Return, by queue, the runs that have ended since this was last called and had taken next to no time."""
        found: dict[str, ShortRuns] = {}
        for queue, seats in self._queues.items():
            if seats.short.count:
                with seats.lock:
                    found[queue], seats.short = seats.short, ShortRuns()
        return found

    def start(self, work: Work) -> None:
        """Begin a run that has a seat."""
        seats = self._seats(work.run.queue)
        seats.taken[work.run.key] = self._clock.monotonic()
        start(self._executor, work, partial(self._reported, seats, work.run))

    def pre_assign(self, works: Iterable[Work], *, seats: Mapping[str, int]) -> None:
        """Give these runs to workers, in this order; the store says already that they may begin them.

        Args:
            seats: Number of runs of a queue at once. The first takes a seat that came free meanwhile.
        """
        queues = set()
        for work in works:
            self._seats(work.run.queue).works.append(work)
            queues.add(work.run.queue)
        for queue in queues:
            self._good_until = self._clock.monotonic() + GOOD_FOR
            of_queue = self._queues[queue]
            with of_queue.lock:
                while of_queue.works and len(of_queue.taken) < seats.get(queue, 1):
                    self._begin_next(of_queue, Begun(of_queue.works[0].run.key, at=self._clock.now()))
                of_queue.low = len(of_queue.works) // 2

    def recall(self) -> None:
        """Stop workers from beginning runs: when this returns, every run that began was reported to the inbox."""
        for seats in self._queues.values():
            with seats.lock:
                seats.works.clear()

    def unseat(self, key: AttemptKey) -> None:
        """Begin nothing at the end of an attempt whose seat is free already: it was given up."""
        for seats in self._queues.values():
            with seats.lock:
                seats.taken.pop(key, None)

    def _seats(self, queue: str) -> _Seats:
        seats = self._queues.get(queue)
        if seats is None:
            seats = self._queues[queue] = _Seats()
        return seats

    def _reported(self, seats: _Seats, run: Run, event: Event) -> None:
        """Pass on to the loop what a worker reports of *run*; let the next run take the seat of one that ended."""
        if not isinstance(event, Ended):
            self._inbox.put(event)
            return
        with seats.lock:
            now = self._clock.now()
            ended = Ended(event.key, event.outcome, at=event.at or now)
            since = seats.taken.pop(event.key, None)
            if since is not None and (took := self._clock.monotonic() - since) < _SHORT:
                seats.short.count += 1
                seats.short.seconds += took
            if seats.starting == event.key:
                # It could not be started; the worker that began it goes on, so that nothing piles up here.
                seats.unbegun = ended
                return
            left = len(seats.works)
            if since is None or seats.starting is not None or not left:
                self._inbox.put(ended)
                return
            # Both at once: a tick that received the end alone would take the seat for free.
            self._begin_next(seats, ended, Begun(seats.works[0].run.key, at=now))
            if left > seats.low >= len(seats.works) or not seats.works:
                seats.is_low = True
                self._inbox.ring()
            elif self._is_awaited(run):
                self._inbox.ring()

    def _begin_next(self, seats: _Seats, *messages: Message) -> None:
        """Report *messages*, and begin the first pre-assigned run, or the first that can be; the lock is held."""
        while True:
            self._inbox.leave(*messages)
            work = seats.works.popleft()  # Not before: where nothing is left, all that began is in the inbox.
            seats.taken[work.run.key] = self._clock.monotonic()
            seats.starting = work.run.key
            try:
                start(self._executor, work, partial(self._reported, seats, work.run))
            finally:
                seats.starting = None
            ended, seats.unbegun = seats.unbegun, None
            if ended is None:
                return
            if not seats.works:
                self._inbox.put(ended)
                return
            messages = (ended, Begun(seats.works[0].run.key, at=self._clock.now()))
