"""The plan: what a rehearsal says of the coming days, once as usual and once for a slow night."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.plan.collisions import Collision, collisions_of
from aperture_plugin.app.plan.initial_state import Beginning, steady
from aperture_plugin.app.plan.job_chains import Chain, chains_of
from aperture_plugin.app.plan.job_durations import Durations
from aperture_plugin.app.plan.rehearsal import MOST_RUNS, Rehearsed, rehearse
from aperture_plugin.app.plan.rehearsal_store import Spell
from aperture_plugin.config.model import Config
from aperture_plugin.rules.runs import AttemptKey, Run, RunTrigger, Status
from aperture_plugin.triggers.clock_changes import ClockChange, changes

__all__ = ["Foreseen", "Plan", "Waited", "planned"]

_NOTHING: Final = timedelta(0)
_SET: Final = "(taken to be set)"


@dataclass(frozen=True, slots=True)
class Waited:
    """A stretch of waiting, and what for."""

    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One attempt as it will come about. Instants are aware and in UTC.

    Attributes:
        due, nominal: The slot; None for a run that comes after another.
        root: Due instant of the slot that set it off, by way of others if need be; what tells it from other runs.
        ready_at: The time at which it takes its place in the queue.
        starts_at, ends_at: None for what never starts, or does not end within a week.
        status: Its expected end.
        reason: The reason why it is skipped, or fails; None where all goes well.
        waits: The waits between the two, one after the other.
        slow: The same in a slow night; None where that is no different, or where it does not come about then.
    """

    job: str
    trigger: RunTrigger
    queue: str
    due: datetime | None
    nominal: datetime | None
    root: datetime
    attempt: int
    missed: int
    ready_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    status: Status
    reason: str | None
    waits: tuple[Waited, ...] = ()
    slow: Foreseen | None = None

    @property
    def wait(self) -> timedelta:
        """From its place in the queue to its start; nothing for a run that never starts."""
        return _NOTHING if self.starts_at is None else max(_NOTHING, self.starts_at - self.ready_at)

    @property
    def lasts(self) -> timedelta:
        """From start to end; nothing where one of them is missing."""
        return _NOTHING if self.starts_at is None or self.ends_at is None else self.ends_at - self.starts_at

    @property
    def ends_late(self) -> datetime | None:
        """Its end in a slow night."""
        return self.ends_at if self.slow is None else self.slow.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """The calls of one limit that the runs of the span spend.

    Attributes:
        calls: All together.
        put_off: Number of runs that were put off until it returned.
    """

    limit: str
    calls: int
    put_off: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The half-open span from *since* to *until*, as it is expected to go.

    Attributes:
        config: The file.
        runs: In the order in which they become ready.
        changes: Clock changes within the span, with the zones that have them.
        again: Makes the same plan of another file.
        is_known: True if it goes on from the state of the store, and not from an assumed steady state.
        assumed_set: Variables that jobs require, that are not set here, and were taken to be set.
    """

    config: Config
    since: datetime
    until: datetime
    durations: Durations
    runs: tuple[Foreseen, ...]
    collisions: tuple[Collision, ...]
    chains: tuple[Chain, ...]
    changes: tuple[tuple[ZoneInfo, ClockChange], ...]
    budgets: tuple[BudgetUse, ...]
    again: Callable[[Config], Plan]
    is_known: bool = False
    assumed_set: tuple[str, ...] = ()

    def of(self, jobs: Iterable[str]) -> Plan:
        """Return what it says of *jobs* alone; what they have to do with others stays."""
        chosen = set(jobs)
        return replace(
            self,
            runs=tuple(run for run in self.runs if run.job in chosen),
            collisions=tuple(one for one in self.collisions if not chosen.isdisjoint(one.names)),
            chains=tuple(chain for chain in self.chains if not chosen.isdisjoint(chain.steps)),
        )

    def by_job(self) -> dict[str, list[Foreseen]]:
        """Return the runs of each job that has any, in file order."""
        found: defaultdict[str, list[Foreseen]] = defaultdict(list)
        for run in self.runs:
            found[run.job].append(run)
        known = {name: found[name] for name in self.config.jobs if name in found}
        return known | found

    def by_slot(self) -> dict[tuple[str, datetime], Foreseen]:
        """Return the first attempt of each run that carries a slot, by job and due instant."""
        return {(run.job, run.due): run for run in reversed(self.runs) if run.due is not None}

    def ready(self, chain: Chain) -> list[Foreseen]:
        """Return the runs with whose completion *chain* is ready."""
        return [run for run in self.runs if run.job == chain.job and run.status is Status.COMPLETED]

    def zone_of(self, job: str) -> ZoneInfo:
        """Return the zone in which a job's times are shown."""
        known = self.config.jobs.get(job)
        return self.config.zone if known is None else known.zone

    @property
    def started(self) -> list[Foreseen]:
        """The runs that start."""
        return [run for run in self.runs if run.starts_at is not None]

    @property
    def skipped(self) -> list[Foreseen]:
        """The runs that never start."""
        return [run for run in self.runs if run.status is Status.SKIPPED]

    @property
    def waiting(self) -> timedelta:
        """The time that all runs together wait."""
        return sum((run.wait for run in self.runs), _NOTHING)

    @property
    def longest_wait(self) -> Foreseen | None:
        """The run that waits longest; None where none waits."""
        waits = [run for run in self.runs if run.wait]
        return max(waits, key=lambda run: run.wait, default=None)

    def busy(self) -> dict[str, float]:
        """Return the share of the span through which each queue is in use."""
        shares = {}
        for queue, seats in self.config.queues.items():
            used = (self._within(run) for run in self.started if run.queue == queue)
            shares[queue] = sum(used, _NOTHING) / (seats * (self.until - self.since))
        return shares

    def _within(self, run: Foreseen) -> timedelta:
        begin, end = max(run.starts_at or self.until, self.since), min(run.ends_at or self.until, self.until)
        return max(_NOTHING, end - begin)


def planned(
    config: Config,
    *,
    since: datetime,
    until: datetime,
    durations: Durations | None = None,
    calls: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
    environ: Mapping[str, str] = MappingProxyType({}),
    beginning: Beginning | None = None,
    most: int = MOST_RUNS,
) -> Plan:
    """Rehearse the half-open span from *since* to *until*, both aware, and return the plan of it.

    Args:
        durations: The durations of jobs; None for the assumption.
        calls: The number of calls of each limit that a run of a job spends, by its name.
        environ: The environment for `requires env`; a missing variable is taken to be set, and reported.
        beginning: The content of the store at *since*; None for the steady state.
        most: The greatest number of runs: a thousand take a quarter of a second of a processor.
    Raises:
        TooMuch: The span holds more runs than anybody looks at.
    """
    durations = durations or Durations(config=config)
    beginning = steady(config, since=since) if beginning is None else beginning
    unset = sorted({name for job in config.jobs.values() for name in job.requires_env if not environ.get(name)})
    rehearsal = partial(
        rehearse,
        config,
        since=since,
        until=until,
        calls=calls,
        environ={**environ, **dict.fromkeys(unset, _SET)},
        beginning=beginning,
        most=most,
    )
    runs = _foreseen(rehearsal(takes=durations.typical))
    if durations.vary({run.job for run in runs}):
        slow = {_identity(run): run for run in _foreseen(rehearsal(takes=durations.slow))}
        runs = [replace(run, slow=slow.get(_identity(run))) for run in runs]
    return Plan(
        config=config,
        since=since,
        until=until,
        durations=durations,
        runs=tuple(runs),
        collisions=tuple(collisions_of(config, since=since, until=until)),
        chains=tuple(chains_of(config)),
        changes=_changes(config, since, until),
        budgets=_budgets(config, runs, calls),
        again=partial(
            planned,
            since=since,
            until=until,
            durations=durations,
            calls=calls,
            environ=environ,
            beginning=beginning,
            most=most,
        ),
        is_known=beginning.is_known,
        assumed_set=tuple(unset),
    )


def _foreseen(rehearsed: Rehearsed) -> list[Foreseen]:
    roots = _roots(rehearsed)
    found = [_one(run, rehearsed.spells.get(run.key, ()), roots[run.key]) for run in rehearsed.runs]
    return sorted(found, key=lambda run: (run.ready_at, run.due or run.ready_at))


def _one(run: Run, spells: Sequence[Spell], root: datetime) -> Foreseen:
    ready_at = run.priority_at if run.attempt == 1 else run.queued_at
    over_at = run.started_at or run.finished_at
    ends = [*(since for since, _ in spells[1:]), over_at]
    waits = tuple(
        Waited(max(since, ready_at), end, reason)
        for (since, reason), end in zip(spells, ends, strict=False)
        if end is not None and end > since
    )
    return Foreseen(
        job=run.job,
        trigger=run.trigger,
        queue=run.queue,
        due=run.due,
        nominal=run.nominal,
        root=root,
        attempt=run.attempt,
        missed=run.missed,
        ready_at=ready_at,
        starts_at=run.started_at,
        ends_at=run.finished_at if run.started_at is not None else None,
        status=run.status,
        reason=run.reason,
        waits=waits,
    )


def _roots(rehearsed: Rehearsed) -> dict[AttemptKey, datetime]:
    """Return for each run the slot that set it off: its own, or the one of the run that it comes after."""
    roots: dict[AttemptKey, datetime] = {}
    of_id: dict[str, datetime] = {}
    for run in rehearsed.runs:
        leader = rehearsed.set_off_by.get(run.key)
        root = run.due or (None if leader is None else of_id.get(leader[0])) or of_id.get(run.id) or run.priority_at
        roots[run.key] = of_id[run.id] = root
    return roots


def _identity(run: Foreseen) -> tuple[str, RunTrigger, datetime, int]:
    return run.job, run.trigger, run.root, run.attempt


def _changes(config: Config, since: datetime, until: datetime) -> tuple[tuple[ZoneInfo, ClockChange], ...]:
    zones = dict.fromkeys([config.zone, *(job.zone for job in config.jobs.values() if job.enabled)])
    found = [(zone, change) for zone in zones for change in changes(zone, since, until)]
    return tuple(sorted(found, key=lambda item: item[1].instant))


def _budgets(config: Config, runs: Iterable[Foreseen], calls: Mapping[str, Mapping[str, int]]) -> tuple[BudgetUse, ...]:
    spent = dict.fromkeys(config.limits, 0)
    put_off = dict.fromkeys(config.limits, 0)
    for run in runs:
        for limit, count in calls.get(run.job, {}).items():
            if limit in spent:
                spent[limit] += count if run.starts_at is not None else 0
                put_off[limit] += any(f"limit {limit} is used up" in one.reason for one in run.waits)
    return tuple(BudgetUse(limit=name, calls=spent[name], put_off=put_off[name]) for name in config.limits)
