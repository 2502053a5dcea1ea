"""The content of the store when a rehearsal begins.

Either what the real store says at this moment, so that the plan is what the running loop will do; or, where
there is none or another time is asked about, the steady state: all that is needed has completed before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from aperture_plugin.app.plan.rehearsal_store import RehearsalStore
from aperture_plugin.config.model import Config
from aperture_plugin.ports import Pause, ScheduleRevision, Store
from aperture_plugin.rules.limits import window_start
from aperture_plugin.rules.runs import Run, RunTrigger, Status

__all__ = ["EMPTY", "Beginning", "known", "steady"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The state that the first tick finds.

    Attributes:
        is_known: True if it was read from a store, and is not only assumed.
        in_hand: Attempts that are queued, waiting or running.
        last: Each job's latest attempt that ran and ended.
        done: For each job that comes after several, which of those completed since its own last run.
        marks: Each job's latest claimed due instant.
        revisions, pauses: As the store has them.
        spent: Calls by limit and by the beginning of their bin.
    """

    is_known: bool = False
    in_hand: Sequence[Run] = ()
    last: Mapping[str, Run] = field(default_factory=lambda: MappingProxyType({}))
    done: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    marks: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    revisions: Mapping[str, ScheduleRevision] = field(default_factory=lambda: MappingProxyType({}))
    pauses: Mapping[str, Pause] = field(default_factory=lambda: MappingProxyType({}))
    spent: Mapping[str, Mapping[datetime, int]] = field(default_factory=lambda: MappingProxyType({}))

    def fill(self, store: RehearsalStore) -> None:
        """Write all of it to an empty store: first `last`, then `in_hand`."""
        for run in self.in_hand:
            if run.reason is not None:
                store.spells[run.key].append((run.queued_at, run.reason))
        with store.transaction() as ledger:
            ledger.add([*self.last.values(), *self.in_hand])
            ledger.keep_completed(self.done)
            ledger.begin_revisions(list(self.revisions.values()))
            for pause in self.pauses.values():
                ledger.set_pause(pause)
            for limit, bins in self.spent.items():
                for begin, calls in bins.items():
                    ledger.spend(limit, begin, calls, forget=min(bins))
        store.set_watermarks(self.marks)


EMPTY: Final = Beginning()
"""A store nobody has written to: nothing has ever run."""


def steady(config: Config, *, since: datetime) -> Beginning:
    """Return the state in which every job that another one needs has completed just before *since*."""
    needed = {name for job in config.jobs.values() for name in job.needs}
    return Beginning(last={name: _completed(config, name, since) for name in needed})


def known(store: Store, config: Config, *, now: datetime) -> Beginning | None:
    """Return what *store* says at *now*; None where nothing was ever scheduled from it."""
    with store.snapshot() as ledger:
        revisions = ledger.revisions()
        if not revisions:
            return None
        names = [*config.jobs, *(name for job in config.jobs.values() for name in job.needs)]
        return Beginning(
            is_known=True,
            in_hand=[run for run in ledger.in_hand() if run.queued_at <= now],
            last=ledger.last_runs(names),
            done=ledger.completed(),
            marks=ledger.watermarks(names),
            revisions=revisions,
            pauses=ledger.pauses(),
            spent={
                name: ledger.spent(name, window_start(limit, now, config.zone)) for name, limit in config.limits.items()
            },
        )


def _completed(config: Config, name: str, since: datetime) -> Run:
    before = since - timedelta(seconds=1)
    job = config.jobs.get(name)
    return Run(
        id=f"assumed-{name}",
        job=name,
        trigger=RunTrigger.SCHEDULE,
        status=Status.COMPLETED,
        priority_at=before,
        priority_nominal=before.replace(tzinfo=None),
        order=0 if job is None else job.order,
        queued_at=before,
        started_at=before,
        finished_at=before,
    )
