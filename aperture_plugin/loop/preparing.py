"""What falls due next, made ready in memory while there is nothing to do.

When a crowd falls due, the first of it starts the sooner the less is left to do then. What becomes of each slot
hardly ever changes in the last second before it; where it does (a save, a pause, a step of the clock, a run that is
still in hand), what was made ready is let go, and made anew from what holds then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from aperture_plugin.loop.fire import made_ready
from aperture_plugin.loop.state import State
from aperture_plugin.loop.ticking import Entry

__all__ = ["Preparing"]

_AHEAD: Final = timedelta(seconds=1)
_FEW: Final = 32
"""So many are fired at once without being made ready: waking for them would cost more than it saves."""

_MOST: Final = 16_384
_STEP: Final = 64
"""So many jobs are made ready at most, and in one tick."""

_MOST_SEATS: Final = 64
"""So many workers are asked for at most before their work is there."""


class Preparing:
    """Makes ready what falls due next.

    Args:
        state: Its `ready` is where `fire_due` finds it.
        expect: Told how many runs are about to begin.
        few: So many jobs are no crowd.
    """

    def __init__(self, state: State, expect: Callable[[int], object], *, few: int = _FEW) -> None:
        self._state = state
        self._expect = expect
        self._few = few
        self._for: datetime | None = None
        self._is_crowd = False
        self._left: list[Entry] | None = None

    def waits(self, due: datetime | None, now: datetime) -> float | None:
        """Return how many seconds there is nothing to make ready of what falls due at *due*; None for ever."""
        if due is not self._for:
            self._for, self._left = due, None
            self._state.ready.clear()
            self._is_crowd = due is not None and len(self._first(self._few + 1)) > self._few
        if not self._is_crowd or due is None or self._left == []:
            return None
        return max(0.0, (due - _AHEAD - now) / timedelta(seconds=1))

    def go_on(self, now: datetime) -> None:
        """Make a few more jobs ready, if it is time to."""
        due, state = self._for, self._state
        if not self._is_crowd or due is None or not now < due <= now + _AHEAD:
            return
        if self._left is None:
            self._left = self._first(_MOST)
            jobs = [state.config.jobs[entry.name] for entry in self._left if entry.name in state.config.jobs]
            in_queues = Counter(job.queue for job in jobs)
            seats = state.config.queues
            self._expect(min(_MOST_SEATS, sum(min(seats.get(queue, 1), count) for queue, count in in_queues.items())))
        step, self._left = self._left[:_STEP], self._left[_STEP:]
        for entry in step:
            job = state.config.jobs.get(entry.name)
            if job is None or entry.slot is None or entry.slot.due != due:
                continue
            ready = made_ready(state, job, entry.look_ahead())
            if ready is not None:
                state.ready[entry.name] = ready

    def _first(self, most: int) -> list[Entry]:
        return list(islice(self._state.timetable.due_first(), most))
