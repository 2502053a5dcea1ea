"""Requests of a command in another shell to the loops on a store, and how the loops are notified.

There is no line to the loop but the store: what is written here, it reads within a second. Everything that is
asked for is one exclusive transaction, so it meets the same state that a loop's own tick would.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aperture_plugin.app.liveness import ticking
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.loop.stages.receive import lift
from aperture_plugin.ports import LoopRecord, Pause, RunQuery, Store
from aperture_plugin.rules.jobs import Json
from aperture_plugin.rules.new_runs import asked_run, backfill_runs, refusal
from aperture_plugin.rules.runs import RAN, WAITING, Run, Status
from aperture_plugin.triggers.slots import Slot

__all__ = [
    "Asked",
    "ask_backfill",
    "ask_cancel",
    "ask_pause",
    "ask_resume",
    "ask_run",
    "cancel_reason",
    "config_in_force",
    "current_user",
    "find_run",
    "jobs_in_hand",
    "known_jobs",
    "latest_begun",
    "paused_jobs",
    "preset_in_force",
    "running_loops",
]

_MANY: Final = 50
"""More attempts than anybody would choose among."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The result of asking runs to stop.

    Attributes:
        stopping: Attempts that run, and were asked to stop.
        dropped: Attempts that waited, and are cancelled now.
        stopping_already: Attempts that run and were asked before.
    """

    stopping: Sequence[Run]
    dropped: Sequence[Run]
    stopping_already: Sequence[Run]

    @property
    def nothing(self) -> bool:
        """True if no run was in hand."""
        return not (self.stopping or self.dropped or self.stopping_already)


def running_loops(store: Store, *, now: datetime) -> list[LoopRecord]:
    """Return the loops that fire slots on *store* and are alive."""
    with store.snapshot() as ledger:
        return ticking(ledger.loops(), now=now)


def preset_in_force(store: Store, *, now: datetime) -> str | None:
    """Return the preset that the loop on *store* goes by; None where no loop runs, or it goes by none."""
    loops = running_loops(store, now=now)
    return loops[0].details.get("preset") if loops else None


def known_jobs(store: Store) -> set[str]:
    """Return the names of the jobs that the store has heard of: in the last good file, in hand, or run once."""
    with store.snapshot() as ledger:
        named = {name for name, revision in ledger.revisions().items() if revision.schedule}
        return named | {run.job for run in ledger.in_hand()} | set(ledger.last_runs())


def config_in_force(store: Store, config: Config | None, *, reread: Callable[[str], Config | None]) -> Config | None:
    """Return the configuration that a loop on *store* has in force, judged from here.

    Args:
        config: The file as it stands on disk; None where it is not valid.
        reread: Reads the text of a file that was good once.
    """
    if config is not None:
        return config
    with store.snapshot() as ledger:
        return next((reread(text) for _, _, _, text in ledger.generations()[:1]), None)


def ask_run(
    store: Store,
    job: JobConfig,
    *,
    run_id: str,
    now: datetime,
    by: str,
    params: Mapping[str, Json] | None = None,
    note: str | None = None,
) -> Run:
    """Queue a run of *job* for whichever loop has a seat; it does not wait for needs or windows.

    Args:
        run_id: The new run's id.
        by: The person who asks, for the record.
        params: The result of `asked_params`: what it is asked for with, over the parameters of the file.
        note: Why, for the record.
    Returns:
        The run as the store has it: `queued`, or `skipped` with the reason.
    """
    with store.transaction() as ledger:
        run = asked_run(job, run_id=run_id, now=now, by=by, params=params, note=note)
        reason = refusal(job, [other for other in ledger.in_hand() if other.job == job.name])
        if reason is not None:
            run = replace(run, status=Status.SKIPPED, reason=reason, finished_at=now)
        ledger.add([run])
    return run


def ask_backfill(
    store: Store,
    job: JobConfig,
    slots: Sequence[Slot],
    *,
    new_id: Callable[[], str],
    now: datetime,
    by: str,
    note: str | None = None,
) -> list[Run]:
    """Queue a run for each of the past *slots* of *job*, behind whatever is due; return the runs.

    A slot that a run in hand carries already is passed over.
    """
    with store.transaction() as ledger:
        in_hand = [run for run in ledger.in_hand() if run.job == job.name]
        queued = backfill_runs(job, slots, in_hand=in_hand, new_id=new_id, now=now, by=by, note=note)
        if queued:
            ledger.add(queued)
    return queued


def ask_cancel(
    store: Store, job: str, *, now: datetime, by: str, note: str | None = None, run_id: str | None = None
) -> Asked:
    """Ask every attempt of *job* that runs to stop, and end those that wait.

    Args:
        by, note: Who asks, and why; the reason says so.
        run_id: Only this run; None for all of the job.
    """
    reason = cancel_reason(by, note)
    with store.transaction() as ledger:
        in_hand = [run for run in ledger.in_hand() if run.job == job and run_id in {None, run.id}]
        running = [run for run in in_hand if run.status is Status.RUNNING or run.is_pre_assigned]
        stopping = [replace(run, cancel_reason=reason) for run in running if run.cancel_reason is None]
        dropped = [
            replace(run, status=Status.CANCELLED, reason=reason, cancel_reason=reason, finished_at=now)
            for run in in_hand
            if run.status in WAITING and not run.is_pre_assigned
        ]
        if stopping or dropped:
            ledger.update([*stopping, *dropped])
    return Asked(stopping, dropped, [run for run in running if run.cancel_reason is not None])


def cancel_reason(by: str, note: str | None = None) -> str:
    """Return what a run's reason says of who cancelled it, and why.

    >>> cancel_reason("ada", "the disk is full")
    'cancelled by ada: the disk is full'
    """
    return f"cancelled by {by}" + (f": {note}" if note else "")


def ask_pause(store: Store, pauses: Sequence[Pause]) -> list[Pause]:
    """Hold the slots of jobs back, of all or none of them; return the pauses in force that these replace."""
    with store.transaction() as ledger:
        before = ledger.pauses()
        for pause in pauses:
            ledger.set_pause(pause.after(before.get(pause.job)))
    replaced = [(before.get(pause.job), pause.since) for pause in pauses]
    return [pause for pause, since in replaced if pause is not None and pause.holds(since)]


def ask_resume(store: Store, jobs: Collection[str], *, now: datetime) -> list[str]:
    """Lift the pauses of *jobs*; return the jobs that were paused."""
    with store.transaction() as ledger:
        return [job for job in jobs if lift(ledger, job, now=now) is not None]


def paused_jobs(store: Store, *, now: datetime) -> list[str]:
    """Return the jobs that are paused at *now*, sorted."""
    with store.snapshot() as ledger:
        return sorted(name for name, pause in ledger.pauses().items() if pause.holds(now))


def jobs_in_hand(store: Store) -> list[str]:
    """Return the jobs that have runs which wait or run, in the order of those."""
    with store.snapshot() as ledger:
        return list(dict.fromkeys(run.job for run in ledger.in_hand()))


def find_run(store: Store, text: str) -> list[str]:
    """Return the ids of the runs that begin with *text*; where that is a run's whole id, only that run's."""
    if store.history(RunQuery(run_id=text, limit=1)):
        return [text]
    return list(dict.fromkeys(run.id for run in store.history(RunQuery(begins=text, limit=_MANY))))


def latest_begun(store: Store, job: str) -> Run | None:
    """Return the attempt of *job* that began last; None where none has begun."""
    attempts = store.history(RunQuery(jobs=[job], statuses=RAN | {Status.RUNNING}, limit=_MANY))
    begun = [run for run in attempts if run.started_at is not None]
    return max(begun, key=lambda run: (run.started_at or run.queued_at, run.attempt), default=None)


def current_user() -> str:
    """Return the name of the user this process belongs to, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
