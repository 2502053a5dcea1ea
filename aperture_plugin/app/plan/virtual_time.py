"""Time that jumps, and work that is only pretended: what a rehearsal puts in place of the machine's own.

A pretended run takes as long as its job is assumed to take. The calls that its job declares are spread evenly over that
time and spent from the real budgets, one small part after the other, so that two jobs which share a limit
hold each other up, and a run is put off, exactly where the real ones would be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final

from aperture_plugin.app.limit_spending import Budgets
from aperture_plugin.config.model import Config
from aperture_plugin.ports import Ended, PutOff, Report, Store, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import AttemptKey
from aperture_plugin.words.errors import ApertureError

__all__ = ["VirtualClock", "VirtualExecutor"]

_PARTS: Final = 20
"""A run's calls of one limit are spent in so many parts, more where the limit does not take so many at once."""

_NEVER_CANCELLED: Final = threading.Event()


class VirtualClock:
    """A clock that is set forward, never back."""

    def __init__(self, at: datetime) -> None:
        self._begin = self._now = at

    def now(self) -> datetime:
        """Return the virtual instant, aware and in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds since the clock began."""
        return (self._now - self._begin).total_seconds()

    def set(self, at: datetime) -> None:
        """Jump to *at*."""
        self._now = max(at, self._now)


@dataclass(slots=True)
class _Pretended:
    """One attempt under way.

    Attributes:
        takes: The time it goes on after `begun`, if nothing holds it up.
        calls: The calls still to spend, the last first: how long after `begun`, of which limit, how many.
        held_up: The time it has waited for budgets.
    """

    key: AttemptKey
    report: Report
    begun: datetime
    takes: timedelta
    calls: list[tuple[timedelta, str, int]]
    held_up: timedelta = timedelta(0)

    @property
    def goes_on_at(self) -> datetime:
        """The time at which it next spends, or ends."""
        return self.begun + self.held_up + (self.calls[-1][0] if self.calls else self.takes)


class _Later(ApertureError):
    """The budget returns so soon that the run waits in its seat."""

    def __init__(self, span: timedelta) -> None:
        super().__init__(span)
        self.span = span


class VirtualExecutor:
    """Lets every attempt take its time on a virtual clock.

    Args:
        takes: The duration of a run of a job, by its name.
        calls: The number of calls of each limit that a run of a job spends, by its name.
    """

    name = "virtual"

    def __init__(
        self,
        clock: VirtualClock,
        store: Store,
        config: Config,
        *,
        takes: Callable[[str], timedelta],
        calls: Mapping[str, Mapping[str, int]],
    ) -> None:
        self._clock = clock
        self._config = config
        self._takes = takes
        self._calls = calls
        self._budgets = Budgets(store, clock, lambda: config, _wait_later)
        self._live: dict[AttemptKey, _Pretended] = {}
        self._put_off: dict[AttemptKey, _Pretended] = {}
        self._agenda: list[tuple[datetime, AttemptKey]] = []

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt, or go on with one that was put off."""
        run, now = work.run, self._clock.now()
        before = self._put_off.pop(run.key, None)
        if before is not None:
            done = before.calls[-1][0]
            left = [(at - done, limit, count) for at, limit, count in before.calls]
            going = _Pretended(run.key, report, now, before.takes - done, left)
        else:
            takes = self._takes(run.job)
            going = _Pretended(run.key, report, now, takes, self._parts(run.job, takes))
        self._live[run.key] = going
        self._go_on(going)

    def adopt(self, key: AttemptKey, report: Report, *, ends_at: datetime) -> None:
        """Take over an attempt that runs already."""
        now = self._clock.now()
        self._live[key] = going = _Pretended(key, report, now, max(ends_at - now, timedelta(0)), [])
        self._note(going)

    def cancel(self, key: AttemptKey, reason: str) -> None:
        """End an attempt at once."""
        going = self._live.pop(key, None)
        if going is not None:
            going.report(Ended(key, Outcome(status=OutcomeStatus.CANCELLED, reason=reason)))

    def kill(self, key: AttemptKey) -> bool:  # noqa: ARG002  # the executor's own signature
        """Return False: an attempt that was asked to stop has stopped already."""
        return False

    def stop(self, timeout: timedelta) -> None:
        """Return at once: no worker is to wait for."""

    @property
    def next_at(self) -> datetime | None:
        """The time at which the next attempt ends or spends."""
        while self._agenda:
            at, key = self._agenda[0]
            going = self._live.get(key)
            if going is not None and going.goes_on_at == at:
                return at
            heappop(self._agenda)
        return None

    def go_on(self) -> None:
        """Apply every event whose time has come."""
        while (at := self.next_at) is not None and at <= self._clock.now():
            _, key = heappop(self._agenda)
            self._go_on(self._live[key])

    def _go_on(self, going: _Pretended) -> None:
        now = self._clock.now()
        while going.goes_on_at <= now:
            if not going.calls:
                del self._live[going.key]
                going.report(Ended(going.key, Outcome()))
                return
            _, limit, count = going.calls[-1]
            try:
                self._budgets.spend(going.key, limit, count, _NEVER_CANCELLED)
            except _Later as later:
                going.held_up += later.span
            except PutOff as put_off:
                self._put_off[going.key] = self._live.pop(going.key)
                outcome = Outcome(status=OutcomeStatus.PUT_OFF, reason=str(put_off), until=put_off.until)
                going.report(Ended(going.key, outcome))
                return
            else:
                going.calls.pop()
        self._note(going)

    def _note(self, going: _Pretended) -> None:
        heappush(self._agenda, (going.goes_on_at, going.key))
        if len(self._agenda) > 2 * len(self._live) + 64:
            self._agenda = [(each.goes_on_at, each.key) for each in self._live.values()]
            heapify(self._agenda)

    def _parts(self, job: str, takes: timedelta) -> list[tuple[timedelta, str, int]]:
        parts: list[tuple[timedelta, str, int]] = []
        for limit, count in self._calls.get(job, {}).items():
            if limit not in self._config.limits:
                continue
            size = min(-(-count // _PARTS), self._config.limits[limit].calls)
            begins = range(0, count, size or 1)
            parts += [(takes * (begin / count), limit, min(size, count - begin)) for begin in begins]
        return sorted(parts, reverse=True)


def _wait_later(_cancelled: threading.Event, span: timedelta) -> None:
    raise _Later(span)
