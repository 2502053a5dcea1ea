"""The real loop, run through a span of time that has not come yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile
from types import MappingProxyType
from typing import Final

from aperture_plugin.app.plan.initial_state import EMPTY, Beginning
from aperture_plugin.app.plan.rehearsal_store import RehearsalStore, Spell
from aperture_plugin.app.plan.virtual_time import VirtualClock, VirtualExecutor
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.wakeups import Pace
from aperture_plugin.ports import LoopRecord
from aperture_plugin.rules.ids import RunIds
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import AttemptKey, Run, RunTrigger, Status
from aperture_plugin.triggers.merge import upcoming_of
from aperture_plugin.words.errors import ApertureError

__all__ = ["MOST_RUNS", "Rehearsed", "TooMuch", "rehearse"]

_PACE: Final = Pace(poll=None, beat=False, flush=0.0, threaded=False, bursts=False)
_OWNER: Final = "rehearsal"
_MOMENT: Final = timedelta(microseconds=1)
_LONGEST_TAIL: Final = timedelta(days=7)
"""Time after the span in which the last of its runs are waited for."""

_LEAST_TAIL: Final = 1_000
"""Runs due after the span that are rehearsed in any case, while those of the span come to their end."""

MOST_RUNS: Final = 250_000


class TooMuch(ApertureError):
    """The span holds more runs than anybody looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """The result of a rehearsal.

    Attributes:
        runs: Every attempt that falls into the span, in the order in which they were queued. Those still in hand
            at the end of it were followed until they ended.
        spells: By attempt, since when it waited for what.
        set_off_by: By attempt, the one whose completion set it off, where a completion did.
    """

    runs: Sequence[Run]
    spells: Mapping[AttemptKey, Sequence[Spell]]
    set_off_by: Mapping[AttemptKey, AttemptKey]


def rehearse(
    config: Config,
    *,
    since: datetime,
    until: datetime,
    takes: Callable[[str], timedelta],
    calls: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
    environ: Mapping[str, str] = MappingProxyType({}),
    beginning: Beginning = EMPTY,
    most: int = MOST_RUNS,
) -> Rehearsed:
    """Run the loop through the half-open span from *since* to *until*, both aware and in UTC.

    Args:
        takes: The duration of a run of a job, by its name.
        calls: The number of calls of each limit that a run of a job spends, by its name.
        environ: The environment for `requires env`.
        beginning: The content of the store at *since*.
        most: The greatest number of runs due in the span.
    Raises:
        TooMuch: There are more.

    A run of the span is followed to its end, but not through more runs than the span itself had: where more is due
    than a queue can run, some never come to their turn.
    """
    if _has_more(config, since, until, most):
        raise TooMuch  # Before it has taken as long as so many runs take.
    clock = VirtualClock(since)
    store = RehearsalStore(clock)
    beginning.fill(store)
    # Nobody counts items in a rehearsal, so no run may be taken for stalled.
    calm = {name: replace(job, stalled_after=None) if job.stalled_after else job for name, job in config.jobs.items()}
    config = replace(config, jobs=MappingProxyType(calm))
    executor = VirtualExecutor(clock, store, config, takes=takes, calls=calls)
    loop = _loop(config, clock, store, executor, environ)
    _adopt(loop, store, executor, takes)
    loop.begin()
    span = _Span(config, store, until, past=len(beginning.last))
    in_span = 0
    while True:
        executor.go_on()
        seconds = loop.tick()
        span.look()
        now, runs = clock.now(), len(store.runs) - len(beginning.last)
        if now < until:
            in_span = runs
            if runs > most:
                raise TooMuch
        elif runs > 2 * in_span + _LEAST_TAIL:
            return span.rehearsed()
        if seconds <= 0:
            continue
        if now >= until - _MOMENT and (span.is_over(loop.state.queue) or now >= until + _LONGEST_TAIL):
            return span.rehearsed()
        wakes_at = now + max(timedelta(seconds=seconds), _MOMENT)
        if now < until - _MOMENT:
            wakes_at = min(wakes_at, until - _MOMENT)
        clock.set(wakes_at if executor.next_at is None else min(wakes_at, executor.next_at))


def _has_more(config: Config, since: datetime, until: datetime, most: int) -> bool:
    """Return whether the span has more slots than that."""
    slots = (
        slot
        for job in config.jobs.values()
        if job.enabled
        for slot in takewhile(lambda slot: slot.due < until, upcoming_of(job.trigger(), since))
    )
    return next(islice(slots, most, None), None) is not None


class _Span:
    """The runs that belong to the span: due in it, queued in it, or set off by one that does.

    Args:
        past: Number of runs in the store, the first ones, that ended before the rehearsal.
    """

    def __init__(self, config: Config, store: RehearsalStore, until: datetime, *, past: int) -> None:
        self._config = config
        self._store = store
        self._until = until
        self._past = self._seen = past
        self._set_off_by: dict[AttemptKey, AttemptKey] = {}
        self._late: set[str] = set()

    def look(self) -> None:
        """Find out what set off the runs that the last tick made, while the store still shows it."""
        new = len(self._store.runs) - self._seen
        self._seen += new
        for run in islice(reversed(self._store.runs.values()), new):
            leader = self._leader(run) if run.trigger is RunTrigger.AFTER and run.attempt == 1 else None
            if leader is None:
                continue
            self._set_off_by[run.key] = leader.key
            if run.priority_at >= self._until and self._holds(leader):
                self._late.add(run.id)

    def is_over(self, in_hand: Iterable[Run]) -> bool:
        """Return whether every run of the span has ended, given those in hand."""
        return not any(self._holds(run) for run in in_hand)

    def rehearsed(self) -> Rehearsed:
        """Return the runs of the span."""
        runs = [run for run in islice(self._store.runs.values(), self._past, None) if self._holds(run)]
        keys = {run.key for run in runs}
        spells = {key: tuple(found) for key, found in self._store.spells.items() if key in keys}
        return Rehearsed(runs=runs, spells=spells, set_off_by=self._set_off_by)

    def _holds(self, run: Run) -> bool:
        return run.priority_at < self._until or run.id in self._late

    def _leader(self, run: Run) -> Run | None:
        """Return the run that completed when *run* was queued."""
        job = self._config.jobs.get(run.job)
        names = () if job is None else job.predecessors
        ended = (self._store.last_run(name) for name in names)
        return next((last for last in ended if last is not None and last.finished_at == run.priority_at), None)


class _Nobody:
    """Hears what the loop tells, and says that everything is ready."""

    def notices_wait(self) -> None:
        """Ignore it: a rehearsal notifies nobody."""

    def run_started(self, run: Run) -> None:
        """Ignore it."""

    def run_ended(self, run: Run) -> None:
        """Ignore it: nobody waits for the run."""

    def read_anew(self, in_hand: set[str]) -> None:
        """Ignore it: no other process ends runs."""

    hears_runs = False

    def run_changed(self, run: Run) -> None:
        """The store has it."""

    def config_loaded(self, config: Config, previous: Config | None) -> None:
        """Ignore it: the rehearsal itself chose the file."""

    def config_rejected(self, problems: Sequence[Problem]) -> None:
        """No file is saved meanwhile."""

    def ready(self, job: Job) -> list[str]:  # noqa: ARG002  # the loop's own signature
        """Return whether a server will be down is not for us to say."""
        return []


def _loop(
    config: Config, clock: VirtualClock, store: RehearsalStore, executor: VirtualExecutor, environ: Mapping[str, str]
) -> Loop:
    now = clock.now()
    record = LoopRecord(
        id=_OWNER, host=_OWNER, pid=0, boot="", serves="plan", since=now, beat=0, beat_at=now, details={}
    )
    return Loop(
        config,
        {},
        clock=clock,
        store=store,
        lease=Lease(record=record, is_alive=lambda _: True),
        executor=executor,
        listeners=_Nobody(),
        new_id=RunIds(bytes(4)).new,
        environ=environ,
        directory="",
        end_group=lambda *_: None,
        pace=_PACE,
    )


def _adopt(loop: Loop, store: RehearsalStore, executor: VirtualExecutor, takes: Callable[[str], timedelta]) -> None:
    """Take over the runs under way, as if this loop had started them."""
    with store.transaction() as ledger:
        for run in ledger.in_hand():
            if run.status is not Status.RUNNING or run.started_at is None:
                continue
            ours = replace(run, owner=_OWNER, group=None)
            ledger.update([ours])
            loop.state.live[run.key] = ours
            executor.adopt(run.key, loop.inbox.put, ends_at=run.started_at + takes(run.job))
