"""Admission: decides which waiting runs may start now, and what the others wait for.

Pure: the loop shows what is in hand, and the answer for one run at a time is `Start`, `Wait` or `Skip`. A
`Wait` names what would change the answer, so that the loop decides again only when that has happened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.model import Interrupted, JobConfig, Overlap
from aperture_plugin.rules.due_slots import HeldBack
from aperture_plugin.rules.runs import WAITING, Run, Status
from aperture_plugin.triggers.window_hours import is_open, opens_at
from aperture_plugin.words.datetimes import moment_text
from aperture_plugin.words.times import time_text
from aperture_plugin.words.windows import Window

__all__ = [
    "Admission",
    "Leave",
    "OnJob",
    "OnReady",
    "OnSeat",
    "PreAssign",
    "Skip",
    "Start",
    "Surroundings",
    "Until",
    "Wait",
    "admit",
]


@dataclass(frozen=True, slots=True)
class Until:
    """The answer may change at this instant."""

    at: datetime


@dataclass(frozen=True, slots=True)
class OnJob:
    """The answer may change when a run of this job begins, ends or is queued."""

    job: str


@dataclass(frozen=True, slots=True)
class OnSeat:
    """The answer changes when a run of this queue ends."""

    queue: str


@dataclass(frozen=True, slots=True)
class OnReady:
    """The answer changes when the plugins have answered if this job is ready."""

    job: str


@dataclass(frozen=True, slots=True)
class Start:
    """It may start now."""


@dataclass(frozen=True, slots=True)
class PreAssign:
    """It may start as soon as a run of its queue ends, and nothing else need be decided then."""


@dataclass(frozen=True, slots=True)
class Wait:
    """It waits: why, in words, and what would change that.

    A run that waits for nothing but its turn is `queued`; any other is `waiting`.
    """

    reason: str
    on: Until | OnJob | OnSeat | OnReady

    @property
    def status(self) -> Status:
        """The state that says so."""
        return Status.QUEUED if isinstance(self.on, OnSeat) else Status.WAITING


@dataclass(frozen=True, slots=True)
class Skip:
    """It will never start: why, in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Another loop decides about it; until then it stays as it is.

    Attributes:
        holds_seat: Whether it takes the next free seat before runs of later places: it waits for nothing else there.
    """

    holds_seat: bool


Admission = Start | PreAssign | Wait | Skip | Leave

_SURELY_MEANT: Final = timedelta(hours=20)
"""A time of day that is nearer than this needs no date: nobody takes it for yesterday's or tomorrow's."""

_START, _PRE_ASSIGN = Start(), PreAssign()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The facts that a decision about one run looks at.

    Attributes:
        in_hand: Returns the runs of a job that are queued, waiting or running, over all processes.
        last_run: Returns a job's latest run that ran and ended; None if it never did.
        running_in: Returns the runs of a queue that are running, over all processes.
        seats: Number of runs at once, by queue.
        environ: The environment, for `requires env`.
        abandoned: Jobs whose given-up handler still lives in this process: by name, since when.
        allowance: Number of further runs of a queue that may be pre-assigned, by queue; none where it is absent.
        reserved: Returns how many runs that other loops start come before a run in its queue.
        paused: Returns the reason why a job is paused, and until when; None for one that is not.
        ready: The plugins' latest answers by job: reasons to hold it back; a job they were not asked
            about is absent; None when no plugin has a say.
    """

    now: datetime
    in_hand: Callable[[str], Sequence[Run]]
    last_run: Callable[[str], Run | None]
    running_in: Callable[[str], Collection[Run]]
    seats: Mapping[str, int]
    environ: Mapping[str, str]
    abandoned: Mapping[str, datetime]
    ready: Mapping[str, Sequence[str]] | None
    allowance: Mapping[str, int] = field(default_factory=dict)
    reserved: Callable[[Run], int] = lambda _run: 0
    paused: Callable[[str], HeldBack | None] = lambda _job: None


def admit(run: Run, job: JobConfig, around: Surroundings) -> Admission:
    """Decide whether *run* of *job* may start now.

    What a person asked for does not wait for needs or windows (DESIGN.md, section 4, promise 5). A backfill waits
    while its job is paused.
    """
    if run.not_before is not None and run.not_before > around.now:
        return Wait(
            run.reason or f"it may start at {_clock_text(run.not_before, job.zone, now=around.now)}",
            Until(run.not_before),
        )
    by_itself = not run.is_asked_for
    if run.is_backfill and (pause := around.paused(job.name)) is not None:
        return Wait(pause.reason, OnJob(job.name) if pause.until is None else Until(pause.until))
    if by_itself and job.needs and (held := _needs(job, around)) is not None:
        return held
    if job.requires_env and (absent := [name for name in job.requires_env if not around.environ.get(name)]):
        return Skip(f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not set, and {job.name} requires it")
    if by_itself and job.window is not None and (opens := _opens(job.window, job.zone, around.now)) is not None:
        return Wait(f"its window opens at {_clock_text(opens, job.zone, now=around.now)}", Until(opens))
    if job.name in around.abandoned:
        since = _clock_text(around.abandoned[job.name], job.zone, now=around.now)
        return Wait(f"the handler of its run from {since} was given up, but has not come back yet", OnJob(job.name))
    if job.overlap is not Overlap.ALLOW and _has_begun(around.in_hand(job.name)):
        return Wait("its last run is still running", OnJob(job.name))
    seats = around.seats.get(run.queue, 1)
    running = len(around.running_in(run.queue)) + around.reserved(run)
    if running >= seats:
        if running == seats and around.allowance.get(run.queue, 0) > 0 and _needs_no_second_look(run, job):
            return _PRE_ASSIGN
        return Wait(f"its turn in queue {run.queue}, which runs {seats} at once", OnSeat(run.queue))
    if around.ready is not None:
        if run.job not in around.ready:
            return Wait("the plugins are being asked whether it is ready", OnReady(run.job))
        if reasons := around.ready[run.job]:
            return Wait("; ".join(reasons), OnReady(run.job))
    return _START


def _has_begun(runs: Sequence[Run]) -> bool:
    for run in runs:  # noqa: SIM110  # `any` costs more than all the rest where there is but one
        if run.status is Status.RUNNING or run.is_pre_assigned:
            return True
    return False


def _needs_no_second_look(run: Run, job: JobConfig) -> bool:
    """Return whether what holds now still holds a moment later, and whether to begin *run* unrecorded does no harm.

    A retry may have to give way to the job's next slot.
    """
    is_first = run.attempt == 1 and not run.is_backfill
    return is_first and not job.needs and job.window is None and job.interrupted is not Interrupted.LEAVE


def _needs(job: JobConfig, around: Surroundings) -> Wait | Skip | None:
    for need in job.needs:
        # A backfill that waits comes behind this run: it would wait for it in vain.
        in_hand = [run for run in around.in_hand(need) if not (run.is_backfill and run.status in WAITING)]
        if in_hand:
            state = "running" if any(run.status is Status.RUNNING for run in in_hand) else "queued"
            if state == "queued" and any(run.attempt > 1 for run in in_hand):
                state = "about to run again"
            return Wait(f"{need} is {state}", OnJob(need))
    for need in job.needs:
        last = around.last_run(need)
        if last is None:
            return Skip(f"{need} has never run, and {job.name} needs it")
        if last.status is not Status.COMPLETED:
            ended = _clock_text(last.finished_at or last.queued_at, job.zone, now=around.now)
            return Skip(f"{need} last ended as {last.status} ({ended}), and {job.name} needs it")
    return None


def _opens(window: Window, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when *window* opens next; None while it is open."""
    return None if is_open(window, zone, now) else opens_at(window, zone, now)


def _clock_text(instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Return the wall time of *instant*, with its date where the time alone could be taken for another day's."""
    wall = instant.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    return time_text(wall.time()) if abs(instant - now) < _SURELY_MEANT else moment_text(wall)
