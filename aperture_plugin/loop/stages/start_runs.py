"""Schedules at start: one run of each such job as the first loop on a store begins.

A loop that begins beside a living one gives none. Whether one on another machine lives can only be known by its
heartbeat: until it beats, or is found dead, a loop that has begun beside it keeps its decision open.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from aperture_plugin.loop.state import InForce, State
from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import RunQuery, Store
from aperture_plugin.rules.completion import runs_again
from aperture_plugin.rules.runs import WAITING, Run, RunTrigger, Status, but
from aperture_plugin.rules.start_runs import start_run
from aperture_plugin.words.schedules import AtStart, at_start_of

__all__ = ["decide_start_runs", "last_completions", "open_start_runs"]

_SCHEDULE: Final = "schedule"


def last_completions(state: State, store: Store) -> Mapping[str, datetime]:
    """Return when the jobs last completed that do not run at start if they ran within some time."""
    found: dict[str, datetime] = {}
    for name, start in _starts(state.in_force).items() if _serves(state) else ():
        if start.unless_ran_within is not None:
            for run in store.history(RunQuery(jobs=[name], statuses=[Status.COMPLETED], limit=1)):
                found[name] = run.finished_at or run.queued_at
    return found


def open_start_runs(tick: Tick) -> None:
    """Give the runs if no other loop is on the store; leave it open if none is known to live."""
    state = tick.state
    if not _serves(state) or not _starts(tick.in_force):
        return
    others = [loop for loop in tick.ledger.loops() if loop.id != state.id and loop.serves == _SCHEDULE]
    if not others:
        _give(tick)
    elif all(loop.place != state.lease.record.place for loop in others):
        tick.silent_loops = {loop.id: loop.beat for loop in others}


def decide_start_runs(tick: Tick) -> None:
    """Give the runs once every loop that was on the store is found dead; none once one has beaten or left."""
    if not tick.silent_loops:
        return
    beats = {loop.id: loop.beat for loop in tick.ledger.loops()}
    left = {name: beat for name, beat in tick.silent_loops.items() if name not in tick.dead_loops}
    has_signs = any(beats.get(name) != beat for name, beat in left.items())
    tick.silent_loops = {} if has_signs else left
    if not left:
        _give(tick)


def _serves(state: State) -> bool:
    return state.lease.record.serves == _SCHEDULE


def _starts(in_force: InForce) -> dict[str, AtStart]:
    jobs = [job for job in in_force.config.jobs.values() if job.enabled]
    return {job.name: start for job in jobs if (start := at_start_of(job.schedule)) is not None}


def _give(tick: Tick) -> None:
    state = tick.state
    for name, start in _starts(tick.in_force).items():
        if not tick.division.is_ours(name):
            continue
        job = tick.in_force.config.jobs[name]
        in_hand = [run for run in tick.queue.of_job(name) if not run.is_backfill]
        given = start_run(
            job,
            start,
            now=tick.now,
            completed_at=state.last_completions.get(name),
            held_back=state.held_back(name),
            waiting=any(run.status in WAITING and not runs_again(run) for run in in_hand),
            running=any(run.status is Status.RUNNING or runs_again(run) for run in in_hand),
        )
        if given is None:
            continue
        run = Run(
            id=state.new_id(tick.now),
            job=name,
            trigger=RunTrigger.START,
            queue=job.queue,
            priority_at=given.starts_at,
            priority_nominal=given.starts_at.astimezone(job.zone).replace(tzinfo=None),
            order=job.order,
            queued_at=tick.now,
        )
        if given.skipped is not None:
            run = but(run, status=Status.SKIPPED, reason=given.skipped, finished_at=tick.now)
        elif given.waits is not None:
            run = but(run, status=Status.WAITING, not_before=given.starts_at, reason=given.waits)
        tick.add(run)
