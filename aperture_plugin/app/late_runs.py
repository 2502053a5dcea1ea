"""Finds runs that take too long, and jobs that are not ready by the time that the file expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.config.model import Channel, Config, JobConfig, NotifyEvent
from aperture_plugin.ports import Notice, Pause, RunQuery, Store
from aperture_plugin.rules.alerts import is_late, last_deadline, when_loud
from aperture_plugin.rules.run_stats import lasted
from aperture_plugin.rules.runs import IN_HAND, Run, Status
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.expectations import ReadyBy
from aperture_plugin.words.times import time_text

__all__ = ["NotReady", "late_notices", "not_ready"]

_LOOKS_BACK: Final = 100
_NEVER_LATE_BEFORE: Final = timedelta(minutes=5)


def late_notices(
    store: Store, config: Config, job_of: Callable[[str], JobConfig | None], *, now: datetime
) -> list[Notice]:
    """Return a message for each late run and each channel that wants it; one that was written before is among them.

    Args:
        job_of: Returns the words of a job; None for an unknown one.
    """
    wanted = {name: channel for name, channel in config.channels.items() if NotifyEvent.LATE in channel.when}
    if not wanted:
        return []
    return [*_of_long_runs(store, config, job_of, wanted, now), *_of_deadlines(store, config, wanted, now)]


def _of_long_runs(
    store: Store,
    config: Config,
    job_of: Callable[[str], JobConfig | None],
    wanted: Mapping[str, Channel],
    now: datetime,
) -> Iterator[Notice]:
    """Yield messages about runs that take three times what is usual, and five minutes more."""
    with store.snapshot() as ledger:
        running = [run for run in ledger.in_hand() if run.status is Status.RUNNING]
    for run in running:
        job = job_of(run.job)
        if job is None or run.started_at is None or now - run.started_at < _NEVER_LATE_BEFORE:
            continue
        channels = [wanted[name] for name in job.notify if name in wanted]
        if channels and is_late(run.started_at, slow := _slow_of(store, run.job), now):
            usual = "" if slow is None else f"; 19 of 20 runs take no longer than {short_duration(slow)}"
            text = f"It has been running for {short_duration(now - run.started_at)}{usual}."
            for channel in channels:
                yield _notice(f"{run.id}:{run.attempt}", run.job, run, text, channel, config, now)


def _slow_of(store: Store, job: str) -> timedelta | None:
    """Return what 19 of 20 runs of the job do not exceed."""
    past = store.history(RunQuery(jobs=[job], statuses=[Status.COMPLETED], limit=_LOOKS_BACK))
    known = lasted(run.duration for run in past if run.duration is not None)
    return None if known is None else known.slow


def _of_deadlines(store: Store, config: Config, wanted: Mapping[str, Channel], now: datetime) -> Iterator[Notice]:
    """Yield messages about jobs that are not ready by their time."""
    for expected in config.ready_by:
        job = config.jobs.get(expected.job)
        channels = [] if job is None else [wanted[name] for name in job.notify if name in wanted]
        if not channels or last_deadline(expected, config.jobs, config.zone, now) is None:
            continue
        with store.snapshot() as ledger:
            accepted, paused = ledger.generations()[:1], ledger.pauses().get(expected.job)
        runs = store.history(RunQuery(jobs=[expected.job], limit=_LOOKS_BACK))
        accepted_at = accepted[0][1] if accepted else None
        unready = not_ready(expected, config, runs, now=now, accepted_at=accepted_at, pause=paused)
        if unready is None:
            continue
        for channel in channels:
            key = f"ready-by:{expected.job}:{unready.at.isoformat()}"
            yield _notice(key, expected.job, unready.run, f"It {unready.text}.", channel, config, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """A job that was not ready by its time.

    Attributes:
        at: That time.
        run: The run that should have been ready; None where none has begun.
        text: A clause about the job.
    """

    at: datetime
    run: Run | None
    text: str


def not_ready(
    expected: ReadyBy,
    config: Config,
    runs: Sequence[Run],
    *,
    now: datetime,
    accepted_at: datetime | None,
    pause: Pause | None,
) -> NotReady | None:
    """Return how a job missed the last time by which it is expected; None where it did not, or nobody expected it.

    A time that passed before the last save, or while the job was paused, counts for nothing.

    Args:
        runs: The job's latest attempts, newest first.
        accepted_at: When the file in force was accepted.
    """
    deadline = last_deadline(expected, config.jobs, config.zone, now)
    if deadline is None or (accepted_at is not None and accepted_at > deadline.at):
        return None
    if (pause is not None and pause.holds(deadline.at)) or any(
        _made_it(run, deadline.since, deadline.at) for run in runs
    ):
        return None
    latest = next((run for run in runs if run.queued_at >= deadline.since), None)
    text = f"was to be ready by {time_text(expected.by)}, and {_instead(latest)}"
    return NotReady(at=deadline.at, run=latest, text=text)


def _made_it(run: Run, since: datetime, by: datetime) -> bool:
    ended_in_time = run.finished_at is not None and run.finished_at <= by
    return run.status is Status.COMPLETED and ended_in_time and (run.due or run.started_at or since) >= since


def _instead(run: Run | None) -> str:
    """Return what became of the run that should be ready, as a clause."""
    if run is None:
        return "has not begun"
    why = f" ({run.reason})" if run.reason else ""
    if run.status is Status.RUNNING:
        return "is still running"
    if run.status in IN_HAND:
        return f"has not begun{why}"
    if run.status is Status.COMPLETED:
        return "completed only after that"
    return f"its run ended as {run.status}{why}"


def _notice(key: str, job: str, run: Run | None, text: str, channel: Channel, config: Config, now: datetime) -> Notice:
    return Notice(
        key=f"late:{key}:{channel.name}",
        channel=channel.name,
        event=NotifyEvent.LATE,
        job=job,
        run_id=None if run is None else run.id,
        at=now,
        not_before=when_loud(channel.quiet, config.zone, now),
        facts={"text": text, "file": config.file, "loop": None if run is None else run.owner},
    )
