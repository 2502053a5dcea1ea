"""What follows when an attempt ends: another attempt, the jobs that come after, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b

from aperture_plugin.config.model import Interrupted, JobConfig, Overlap, Retry
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import WAITING, Run, Status, but
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.schedules import After
from aperture_plugin.words.times import time_text

__all__ = [
    "again",
    "cut_off",
    "delay_before",
    "ended",
    "followers",
    "gave_way",
    "gives_way",
    "held_off",
    "put_off",
    "runs_again",
]

_STATUS = {
    OutcomeStatus.COMPLETED: Status.COMPLETED,
    OutcomeStatus.FAILED: Status.FAILED,
    OutcomeStatus.CANCELLED: Status.CANCELLED,
    OutcomeStatus.PUT_OFF: Status.CANCELLED,  # only where somebody cancelled it at the same moment
}


def ended(run: Run, outcome: Outcome, *, now: datetime) -> Run:
    """Return *run* as its outcome leaves it. Its progress stands as it was last told."""
    status = _STATUS[outcome.status]
    reason = outcome.reason
    if status is Status.CANCELLED and run.cancel_reason is not None:
        reason = run.cancel_reason
    return but(
        run,
        status=status,
        reason=reason,
        result=outcome.result,
        error=outcome.error,
        finished_at=now,
        owner=None,
        group=None,
    )


def again(run: Run, job: JobConfig, outcome: Outcome, *, now: datetime) -> Run | None:
    """Return the next attempt of *run*, which has just failed with *outcome*; None when that was the last.

    Args:
        run: The attempt that failed.
        outcome: How; a permanent failure is not tried again.
        now: When it ended; the delay counts from there.
    """
    if outcome.status is not OutcomeStatus.FAILED or outcome.permanent or run.attempt >= job.retry.attempts:
        return None
    wait = delay_before(run.attempt + 1, job.retry, seed=run.id)
    said = duration_text(_whole(wait))
    return _next_attempt(
        run,
        now=now,
        not_before=now + wait,
        reason=f"attempt {run.attempt + 1} of {job.retry.attempts} follows {said} after the last",
    )


def held_off(retry: Run, job: JobConfig, *, next_slot: datetime | None, waiting: bool) -> str | None:
    """Say why *retry*, as `again` gave it, must not come; None when it may.

    A retry never passes the next slot, which does its work, unless the file says so.

    Args:
        next_slot: When the job is due next; None for never.
        waiting: Whether another run of the job waits, because its next slot has come already.
    """
    if job.retry.past_next_slot:
        return None
    if waiting and job.overlap is not Overlap.ALLOW:
        return "it is not tried again, as its next run waits already"
    if next_slot is not None and retry.not_before is not None and retry.not_before >= next_slot:
        return f"it is not tried again, as its next slot comes first ({_clock_text(next_slot, job)})"
    return None


def gives_way(run: Run, job: JobConfig) -> bool:
    """Say whether *run*, which is in hand, is a retry that the next slot of *job* takes the place of.

    One that was cut off does not: it has to run again. What tells them apart is that only a failure is waited after.
    """
    is_retry = run.attempt > 1 and run.not_before is not None
    return is_retry and run.status in WAITING and not run.is_given and not job.retry.past_next_slot


def runs_again(run: Run) -> bool:
    """Say whether *run*, which is in hand, waits to go on with what was cut off.

    It is due already, so to the slots that follow it is as one that still runs: one of them may wait behind it.
    """
    return run.attempt > 1 and run.not_before is None and run.status in WAITING


def gave_way(retry: Run, job: JobConfig, *, failed: Run | None, slot: datetime, now: datetime) -> Run:
    """Return *retry* as it ends where the slot of *job* that is due at *slot* takes its place.

    Args:
        failed: The attempt before it; None where that is not known.
    """
    why = "" if failed is None else f" ({failed.reason})"
    came = f"its next slot came while attempt {retry.attempt} waited ({_clock_text(slot, job)})"
    reason = f"attempt {retry.attempt - 1} failed{why}, and {came}"
    return but(retry, status=Status.SKIPPED, reason=reason, finished_at=now)


def put_off(run: Run, outcome: Outcome) -> Run:
    """Return *run* as it waits, the same attempt, for the budget that *outcome* names; its progress is kept."""
    return but(
        run,
        status=Status.WAITING,
        reason=outcome.reason,
        not_before=outcome.until,
        started_at=None,
        owner=None,
        group=None,
    )


def cut_off(run: Run, job: JobConfig | None, *, now: datetime, reason: str) -> tuple[Run, Run | None]:
    """Return a run whose process died (or stopped) under it as `interrupted`, and the attempt that follows.

    Args:
        job: The job's words; None when it is no longer in the file, and then nothing follows.
        reason: What cut it off, in words.
    """
    interrupted = but(run, status=Status.INTERRUPTED, reason=reason, finished_at=now, owner=None, group=None)
    if job is None or job.interrupted is Interrupted.LEAVE or run.cancel_reason is not None:
        return interrupted, None
    return interrupted, _next_attempt(run, now=now, not_before=None, reason="it runs again after it was cut off")


def delay_before(attempt: int, retry: Retry, *, seed: str) -> timedelta:
    """Return how long to wait before *attempt* (2 or more).

    The delay grows by the back-off factor, and is lengthened by up to a tenth that depends on *seed*
    and *attempt* alone: many runs that failed together do not come back together, and the same run
    always waits the same. `max delay` is the longest, that tenth included; runs that have reached it
    stay as far apart as their earlier attempts have brought them.

    >>> delay_before(3, Retry(attempts=3, delay=timedelta(minutes=1)), seed="a") >= timedelta(minutes=2)
    True
    """
    longest = retry.max_delay if retry.max_delay is not None else timedelta(days=366)
    try:
        wait = min(retry.delay * retry.backoff ** (attempt - 2), longest)
    except OverflowError:
        wait = longest
    share = int.from_bytes(blake2b(f"{seed}/{attempt}".encode(), digest_size=4).digest()) / 2**32
    return min(wait + wait * share / 10, longest)


def followers(completed: str, jobs: Iterable[JobConfig]) -> list[JobConfig]:
    """Return the enabled jobs whose schedule is *after* the *completed* one, in file order."""
    return [job for job in jobs if job.enabled and isinstance(job.schedule, After) and completed in job.schedule.jobs]


def _next_attempt(run: Run, *, now: datetime, not_before: datetime | None, reason: str) -> Run:
    return but(
        run,
        attempt=run.attempt + 1,
        status=Status.QUEUED if not_before is None else Status.WAITING,
        reason=reason,
        not_before=not_before,
        queued_at=now,
        started_at=None,
        finished_at=None,
        owner=None,
        cancel_reason=None,
        items_done=None,
        items_total=None,
        error=None,
        result=None,
        group=None,
    )


def _clock_text(instant: datetime, job: JobConfig) -> str:
    return time_text(instant.astimezone(job.zone).time().replace(second=0, microsecond=0))


def _whole(wait: timedelta) -> timedelta:
    """Round to whole seconds, for people; never to none."""
    return timedelta(seconds=max(1, round(wait / timedelta(seconds=1))))
