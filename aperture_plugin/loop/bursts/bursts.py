"""The one door to the speed-ups for bursts, and what stands in their place without them.

A burst is many runs that are due at one instant. Every promise holds without these speed-ups, only slower: the tests
of the loop run over both. What they buy, for jobs that do nothing on a store of one process: the last of 1,000
starts three times sooner, the last of 10,000 nearly twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

from aperture_plugin.loop.bursts.batches import Batches
from aperture_plugin.loop.bursts.handoff import GOOD_FOR, Handoff, start
from aperture_plugin.loop.inbox import Inbox
from aperture_plugin.loop.messages import Message, is_of_a_run
from aperture_plugin.loop.stages.complete import cancel_waiting
from aperture_plugin.loop.stages.receive import receive
from aperture_plugin.loop.state import State
from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import Executor, Work
from aperture_plugin.rules.due_slots import Due
from aperture_plugin.rules.runs import AttemptKey, Run, but

__all__ = ["BurstDoor", "Bursts", "NoBursts"]

_FOR_EACH: Final = 64
"""At most so many runs are pre-assigned for each that ended quickly since the last tick."""

_MOST: Final = 1024
"""At most so many runs of a queue are pre-assigned: after a crash each of them counts as cut off."""


class BurstDoor(Protocol):
    """The interface of the speed-ups to the loop. Only the loop's thread calls it."""

    def take(self, *, whole: bool) -> dict[str, Due]:
        """Return which of the pending slots this tick claims, by job; all of them where *whole* says so."""
        ...

    def recall(self, tick: Tick, messages: list[Message]) -> None:
        """Return the pre-assigned runs to their queues where their order may be wrong by now.

        What a request or another process concerns finds them there as if they had never been pre-assigned. What
        workers reported until then is received, and added to *messages*.
        """
        ...

    def allowance(self, tick: Tick) -> Mapping[str, int]:
        """Return how many more runs of each queue may be pre-assigned; a queue that is absent has none."""
        ...

    def start(self, work: Work) -> None:
        """Begin a run that has a seat; its start is committed."""
        ...

    def pre_assign(self, works: Iterable[Work]) -> None:
        """Give these runs, committed as pre-assigned, to workers, which begin them in this order as seats come free."""
        ...

    def unseat(self, key: AttemptKey) -> None:
        """Give no run the seat of an attempt when that ends: it was given up, and its seat is free already."""
        ...

    def reopen(self) -> None:
        """Decide anew on the waiting runs of queues whose pre-assigned runs are running out."""
        ...

    def stop(self) -> None:
        """Stop workers from beginning runs: when this returns, all that began is in the inbox."""
        ...

    @property
    def next_at(self) -> float | None:
        """The monotonic time at which pre-assigned runs are to be recalled; None where there are none."""
        ...


class NoBursts:
    """No speed-up: each tick claims all that is due, and only the loop starts runs."""

    def __init__(self, state: State, executor: Executor, inbox: Inbox) -> None:
        self._state = state
        self._executor = executor
        self._inbox = inbox

    def take(self, *, whole: bool) -> dict[str, Due]:  # noqa: ARG002  # it always takes the whole
        """Return all pending slots."""
        return dict(self._state.pending.due)

    def recall(self, tick: Tick, messages: list[Message]) -> None:
        """Nothing is pre-assigned."""

    def allowance(self, tick: Tick) -> Mapping[str, int]:  # noqa: ARG002  # whatever it is
        """Pre-assign nothing."""
        return MappingProxyType({})

    def start(self, work: Work) -> None:
        """Begin a run."""
        start(self._executor, work, self._inbox.put)

    def pre_assign(self, works: Iterable[Work]) -> None:
        """Nothing is pre-assigned."""

    def unseat(self, key: AttemptKey) -> None:
        """No seat is handed off."""

    def reopen(self) -> None:
        """Nothing is pre-assigned."""

    def stop(self) -> None:
        """Nothing is pre-assigned."""

    next_at = None


class Bursts:
    """Claims a burst in parts, and lets workers whose run ends begin the next one by themselves."""

    def __init__(self, state: State, executor: Executor, inbox: Inbox, *, batches: Batches | None = None) -> None:
        self._state = state
        self._inbox = inbox
        self._batches = batches or Batches()
        self._handoff = Handoff(executor, inbox, state.clock, is_awaited=self._is_awaited)

    def take(self, *, whole: bool) -> dict[str, Due]:
        """Return the next part of what is due."""
        return self._batches.take(self._state.pending, needed=self._state.in_force.needed, whole=whole)

    def recall(self, tick: Tick, messages: list[Message]) -> None:
        """Return the pre-assigned runs to their queues where their order may be wrong by now."""
        state, queue, until = self._state, tick.queue, self._handoff.next_at
        is_over = until is not None and until <= tick.at
        stays = not (tick.is_foreign or state.draining or queue.overtaken or is_over)
        if (stays and all(map(is_of_a_run, messages))) or tick.is_isolated:
            return
        self._handoff.recall()
        queue.overtaken = False
        late = self._inbox.take()
        messages += late
        receive(tick, late)
        # None of these has begun: all that have were received.
        for run in queue.pre_assigned_to(state.id):
            if run.cancel_reason is not None:
                cancel_waiting(tick, run, reason=run.cancel_reason)
            else:
                tick.change(but(run, owner=None), report=False)

    def allowance(self, tick: Tick) -> Mapping[str, int]:
        """Allow many where runs are short, and none where they are not.

        No other process may be on the store: a run that it wants to start first must not wait for those of this one.
        """
        state, short = self._state, self._handoff.short_runs()
        others = not state.is_alone or state.asks_ready or state.only is not None
        if not short or others or not self._handoff.is_possible:
            return {}
        allowance: dict[str, int] = {}
        for queue, runs in short.items():
            # As many as begin before the rest is recalled, if they are as short as these were.
            seats = tick.in_force.config.queues.get(queue, 1)
            soon = int(seats * GOOD_FOR * runs.count / max(runs.seconds, 1e-6))
            allowance[queue] = min(_MOST, _FOR_EACH * runs.count, soon) - self._handoff.left(queue)
        return allowance

    def start(self, work: Work) -> None:
        """Begin a run that has a seat."""
        self._handoff.start(work)

    def pre_assign(self, works: Iterable[Work]) -> None:
        """Give these runs to workers, which begin them as seats come free."""
        self._handoff.pre_assign(works, seats=self._state.config.queues)

    def unseat(self, key: AttemptKey) -> None:
        """Give no run the seat of an attempt when that ends."""
        self._handoff.unseat(key)

    def reopen(self) -> None:
        """Decide anew on the waiting runs of queues whose pre-assigned runs are running out."""
        for queue in self._handoff.running_low():
            self._state.queue.reopen(queue)

    def stop(self) -> None:
        """Stop workers from beginning runs."""
        self._handoff.recall()

    @property
    def next_at(self) -> float | None:
        """The monotonic time at which what no worker has begun is recalled."""
        return self._handoff.next_at

    def _is_awaited(self, run: Run) -> bool:
        """Return whether a person or another job may wait for the end of *run*; called by any thread."""
        in_force = self._state.in_force
        return run.is_asked_for or run.job in in_force.needed or run.job in in_force.followers
