"""Machines in a time of their own: each with a clock that may be wrong, and processes that tick, hang and die.

The loop, its lease, its budgets and the store are the real ones; only time, the executor and the plugins are made
up. Time passes from event to event, so that hours cost nothing.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from aperture_plugin.app.limit_spending import Budgets
from aperture_plugin.clock.store_clock import follow
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.loop.bursts.batches import Batches
from aperture_plugin.loop.bursts.bursts import Bursts
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.messages import ConfigRead, Message
from aperture_plugin.loop.wakeups import Pace
from aperture_plugin.ports import (
    Clock,
    Ended,
    Logged,
    LogLine,
    LoopRecord,
    Progressed,
    PutOff,
    Report,
    Spawned,
    Store,
    StoreUnavailable,
    Work,
)
from aperture_plugin.rules.ids import RunIds
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
from aperture_plugin.rules.runs import Run
from tests.loop.simulation.stores import POISON, Fault, Faults, FaultyStore, Written

__all__ = ["Behaviour", "HostClock", "Machine", "Process", "Time", "Watching"]

Key = tuple[str, int]
PACE = Pace(poll=0.5, beat=True, flush=0.4, ready=30.0, threaded=False)
BUSY = 2000
"""A loop that ticks so often without sleeping in between never will."""


class Time:
    """What really passes, the same for all."""

    def __init__(self) -> None:
        self.passed = timedelta(0)

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return self.passed.total_seconds()


class HostClock:
    """The clock of one machine, which may be set forward and back."""

    def __init__(self, time: Time, begin: datetime) -> None:
        self._time = time
        self._zero = begin

    def now(self) -> datetime:
        """Return what the machine takes for the time."""
        return self._zero + self._time.passed

    def monotonic(self) -> float:
        """Return the seconds that passed."""
        return self._time.seconds

    def step(self, span: timedelta) -> None:
        """Set it forward or back."""
        self._zero += span


@dataclass(slots=True)
class Machine:
    """A host, and what dead processes left running on it.

    Attributes:
        own: Its clock, which may be wrong.
        clock: What its processes go by: its own clock, or that of a server.
        groups: Process groups that live, and the attempt each works for.
    """

    name: str
    own: HostClock
    clock: Clock
    groups: dict[int, Key] = field(default_factory=dict)

    def end_group(self, group: int | None, run_id: str) -> None:
        """End a group by its number, or those that work for a run."""
        wanted = [one for one, key in self.groups.items() if key[0] == run_id] if group is None else [group]
        for one in wanted:
            self.groups.pop(one, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How one attempt goes.

    Attributes:
        takes: How long it would take if nothing came between.
        outcome: How it would end; None for an executor that raises at the start.
        progress: How often it tells its progress.
        spends: Of which limit it spends, and how many calls.
        is_poisonous: Whether it writes a line to its log that no transaction can hold.
        stubborn: Whether it goes on when it is asked to stop; `killable` whether force helps.
    """

    takes: timedelta
    outcome: Outcome | None = field(default_factory=Outcome)
    progress: int = 0
    spends: tuple[str, int] | None = None
    is_poisonous: bool = False
    stubborn: bool = False
    killable: bool = False


class Watching:
    """What a process tells those who watch over it; the promises override what they want to hear."""

    def committed(self, process: Process, written: Written) -> None:
        """A transaction is in the store for good."""

    def started(self, process: Process, work: Work) -> None:
        """A handler begins."""

    def ended(self, process: Process, key: Key, outcome: Outcome) -> None:
        """A handler came back."""


class _WaitLater(Exception):
    def __init__(self, span: timedelta) -> None:
        super().__init__(span)
        self.span = span


def _wait_later(_cancelled: threading.Event, span: timedelta) -> None:
    raise _WaitLater(span)


class SimulatedExecutor:
    """Lets every attempt go as it is told to, event by event."""

    name = "simulated"
    hands_on = True

    def __init__(self, process: Process, behave: Callable[[Run], Behaviour], budgets: Budgets) -> None:
        self._process = process
        self._behave = behave
        self._budgets = budgets
        self._live: dict[Key, tuple[Behaviour, Report]] = {}
        self._agenda: list[tuple[timedelta, int, Callable[[], None]]] = []
        self._count = 0

    @property
    def next_at(self) -> timedelta | None:
        """When something happens next."""
        return self._agenda[0][0] if self._agenda else None

    def go_on(self) -> None:
        """Let happen what is due."""
        while self._agenda and self._agenda[0][0] <= self._process.time.passed:
            heappop(self._agenda)[2]()

    def start(self, work: Work, report: Report) -> None:
        """Begin an attempt."""
        process, key = self._process, work.run.key
        process.watching.started(process, work)
        process.faults.step()
        how = self._behave(work.run)
        if how.outcome is None:
            process.watching.ended(process, key, Outcome(status=OutcomeStatus.FAILED, reason="it cannot be started"))
            raise OSError("no such program")
        self._live[key] = (how, report)
        if work.config.command is not None:
            group = process.new_group(key)
            report(Spawned(key, group))
        if how.is_poisonous:
            at = process.machine.clock.now()
            report(Logged(LogLine(run_id=key[0], attempt=key[1], at=at, level="INFO", text=POISON)))
        for number in range(1, how.progress + 1):
            self._later(how.takes * number / (how.progress + 1), self._progress, key, number)
        if how.spends is not None:
            self._later(how.takes / 2, self._spend, key)
        self._later(how.takes, self._end, key, how.outcome)

    def cancel(self, key: Key, reason: str) -> None:
        """Ask an attempt to stop."""
        if key in self._live and not self._live[key][0].stubborn:
            self._later(timedelta(seconds=1), self._end, key, Outcome(status=OutcomeStatus.CANCELLED, reason=reason))

    def kill(self, key: Key) -> bool:
        """End an attempt by force, if it is a kind that can be."""
        if key not in self._live or not self._live[key][0].killable:
            return False
        self._later(timedelta(0), self._end, key, Outcome(status=OutcomeStatus.CANCELLED, reason="it was killed"))
        return True

    def stop(self, timeout: timedelta) -> None:
        """Take no more work."""

    def _later(self, span: timedelta, call: Callable[..., None], *given: Any) -> None:
        self._count += 1
        heappush(self._agenda, (self._process.time.passed + span, self._count, lambda: call(*given)))

    def _progress(self, key: Key, number: int) -> None:
        if key in self._live:
            self._live[key][1](Progressed(key, number, None))

    def _spend(self, key: Key) -> None:
        if key not in self._live or (spends := self._live[key][0].spends) is None:
            return
        try:
            self._budgets.spend(key, *spends, threading.Event())
        except _WaitLater as later:
            self._later(later.span, self._spend, key)
        except PutOff as put_off:
            self._end(key, Outcome(status=OutcomeStatus.PUT_OFF, reason=str(put_off), until=put_off.until))
        except (StoreUnavailable, KeyError, Fault) as error:
            self._end(key, Outcome(status=OutcomeStatus.FAILED, reason=f"{type(error).__name__}: {error}"))

    def _end(self, key: Key, outcome: Outcome) -> None:
        live = self._live.pop(key, None)
        if live is None:
            return
        self._process.end_group_of(key)
        self._process.watching.ended(self._process, key, outcome)
        live[1](Ended(key, outcome))


class _Nobody:
    """Plugins that have little to say."""

    hears_runs = False

    def __init__(self, ready: Callable[[Job], list[str]]) -> None:
        self._ready = ready

    def run_ended(self, run: Run) -> None: ...

    def run_started(self, run: Run) -> None: ...

    def notices_wait(self) -> None: ...

    def read_anew(self, in_hand: set[str]) -> None: ...

    def run_changed(self, run: Run) -> None: ...

    def config_loaded(self, config: Config, previous: Config | None) -> None: ...

    def config_rejected(self, problems: Sequence[Problem]) -> None: ...

    def ready(self, job: Job) -> list[str]:
        return self._ready(job)


class Process:
    """One loop in a process of its own: alive, hanging (stopped by a debugger, swapped out), or dead.

    Attributes:
        hangs_until: Until when it does nothing at all; None while it is well.
        died_at, unwell_at: When it died; when it last could not do its work (hung, or was without a store).
        left: Whether it was stopped cleanly.
    """

    def __init__(
        self,
        number: int,
        machine: Machine,
        time: Time,
        store: Store,
        config: Config,
        *,
        watching: Watching,
        behave: Callable[[Run], Behaviour],
        chance: random.Random,
        alive: Mapping[str, Process],
        asks_ready: bool = False,
        ready: Callable[[Job], list[str]] = lambda _job: [],
        bursts: bool = True,
    ) -> None:
        self.machine = machine
        self.time = time
        self.watching = watching
        self.faults = Faults()
        self.hangs_until: timedelta | None = None
        self.died_at: timedelta | None = None
        self.unwell_at = time.passed
        self.left = False
        self.draining = False
        self.wakes_at = time.passed
        self._inner = store
        self._text = config.text
        self._configs = {config.text: config}
        self._number = number
        self._groups = 0
        self._busy = 0
        self.store = FaultyStore(store, self.faults, self._committed)
        clock = machine.clock
        ids = RunIds(chance.randbytes(4))
        self.id = f"{machine.name}-{number}"
        jobs = {name: Job(name, print) for name in config.jobs}
        budgets = Budgets(self.store.as_store(), clock, lambda: self.config, _wait_later)
        self.executor = SimulatedExecutor(self, behave, budgets)
        record = LoopRecord(
            id=self.id,
            host=machine.name,
            pid=number,
            boot="boot",
            serves="schedule",
            since=clock.now(),
            beat=0,
            beat_at=clock.now(),
            details={},
        )
        self.loop = Loop(
            config,
            jobs,
            clock=clock,
            store=self.store.as_store(),
            lease=Lease(record=record, is_alive=lambda loop: loop.id in alive),
            executor=self.executor,
            listeners=_Nobody(ready),
            new_id=ids.new,
            environ={"PRESENT": "1"},
            directory="/",
            end_group=machine.end_group,
            pace=replace(PACE, bursts=bursts),
            asks_ready=asks_ready,
        )
        if number % 2 and isinstance(self.loop._bursts, Bursts):
            # What falls due together here is hardly ever what a real loop takes for a burst.
            self.loop._bursts._batches = Batches(first=1)

    @property
    def config(self) -> Config:
        """The file that the last transaction was made by."""
        return self._configs[self._text]

    @property
    def is_well(self) -> bool:
        """Whether it can do its work just now."""
        is_hindered = self.hangs_until is not None or self.faults.away or self.loop._wakeups.is_failing
        return self.died_at is None and not self.left and not is_hindered

    def begin(self) -> None:
        """Enter the store.

        Raises:
            StoreUnavailable: It is away.
            Crash: It died over it.
        """
        follow(self.machine.clock, self._inner)
        self._inner.open()
        self.loop.begin()
        self.wakes_at = self.time.passed

    def _committed(self, written: Written) -> None:
        self._text = written.text or self._text
        self.watching.committed(self, written)

    def tell(self, message: Message) -> None:
        """Leave a message, and wake it."""
        if isinstance(message, ConfigRead):
            self._configs[message.config.text] = message.config
        self.loop.inbox.put(message)
        self.wakes_at = min(self.wakes_at, self.time.passed)

    @property
    def next_at(self) -> timedelta | None:
        """When it does something next; None if it never will."""
        if self.died_at is not None or self.left:
            return None
        ends_at = self.executor.next_at
        at = self.wakes_at if ends_at is None else min(self.wakes_at, ends_at)
        return at if self.hangs_until is None else max(at, self.hangs_until)

    def go_on(self) -> None:
        """Do what is due at this moment.

        Raises:
            Crash: It died over it.
        """
        if self.hangs_until is not None:
            self.unwell_at = self.time.passed
            if self.time.passed < self.hangs_until:
                return
            self.hangs_until = None
        if self.faults.away:
            self.unwell_at = self.time.passed
        self.executor.go_on()
        self.time.passed += timedelta.resolution  # No two ticks see the same instant.
        seconds = self.loop.tick()
        self._busy = self._busy + 1 if seconds <= 0 else 0
        assert self._busy < BUSY, "the loop never sleeps"
        self.wakes_at = self.time.passed + max(timedelta(0), timedelta(seconds=seconds))
        if seconds > 0 and self.wakes_at == self.time.passed:
            self.wakes_at += timedelta.resolution
        if self.loop.inbox.rang:
            self.wakes_at = self.time.passed

    def leave(self, reason: str) -> None:
        """End cleanly, after what it was given to end its runs."""
        self.loop.end(reason=reason)
        self._gone()
        self.left = True

    def die(self) -> None:
        """End as `kill -9` does it: its programs go on, and nobody says a word."""
        self._gone()
        self.died_at = self.time.passed

    def new_group(self, key: Key) -> int:
        """Return a process group for an attempt."""
        self._groups += 1
        group = self._number * 1000 + self._groups
        self.machine.groups[group] = key
        return group

    def end_group_of(self, key: Key) -> None:
        """Let an attempt's program end."""
        for group, whose in list(self.machine.groups.items()):
            if whose == key and group // 1000 == self._number:
                del self.machine.groups[group]

    def _gone(self) -> None:
        self._inner.close()
