"""An executor under a fake clock, whose runs take hours without waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from heapq import heappop, heappush

from aperture_plugin.ports import Clock, Ended, Event, Executor, Report, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import AttemptKey
from aperture_plugin.words.durations import read_duration

__all__ = ["PretendingExecutor"]


class PretendingExecutor:
    """Runs a handler at once, and reports its end when its duration has passed on the fake clock.

    Args:
        inline: Runs the handlers.
        clock: The fake clock.
        durations: The duration of each job, by name; a job that is absent ends at once.
        stubborn: Names of jobs that do not stop when asked.
    """

    name = "pretending"
    hands_on = False
    """A world ticks until nothing is left to do at an instant, so that each start has its own time."""

    def __init__(
        self, inline: Executor, clock: Clock, durations: Mapping[str, str | timedelta], stubborn: set[str]
    ) -> None:
        self._inline = inline
        self._clock = clock
        self._durations = durations
        self._stubborn = stubborn
        self._ends: list[tuple[float, AttemptKey]] = []
        self._held: dict[AttemptKey, tuple[Ended, Report, str]] = {}

    def start(self, work: Work, report: Report) -> None:
        """Run the handler; report its end now, or when its time has come."""
        value = self._durations.get(work.run.job)
        if value is None:
            self._inline.start(work, report)
            return
        span = read_duration(value) if isinstance(value, str) else value
        self._inline.start(work, self._holding(work, report, self._clock.monotonic() + span.total_seconds()))

    def cancel(self, key: AttemptKey, reason: str) -> None:
        """End a held run as cancelled, unless its job is stubborn."""
        held = self._held.get(key)
        if held is None:
            self._inline.cancel(key, reason)
        elif held[2] not in self._stubborn:
            del self._held[key]
            held[1](Ended(key, Outcome(status=OutcomeStatus.CANCELLED, reason=reason)))

    def kill(self, key: AttemptKey) -> bool:
        """Return False: nothing can be ended by force, as with threads."""
        return self._inline.kill(key)

    def stop(self, timeout: timedelta) -> None:
        """Take no more work."""
        self._inline.stop(timeout)

    @property
    def next_end(self) -> float | None:
        """The monotonic time at which the next held run ends."""
        while self._ends and self._ends[0][1] not in self._held:
            heappop(self._ends)
        return self._ends[0][0] if self._ends else None

    def tell_ends(self) -> None:
        """Report the ends whose time has come."""
        while (at := self.next_end) is not None and at <= self._clock.monotonic():
            _, key = heappop(self._ends)
            event, report, _ = self._held.pop(key)
            report(event)

    def _holding(self, work: Work, report: Report, at: float) -> Callable[[Event], None]:
        def hold(event: Event) -> None:
            if isinstance(event, Ended):
                self._held[event.key] = (event, report, work.run.job)
                heappush(self._ends, (at, event.key))
            else:
                report(event)

        return hold
