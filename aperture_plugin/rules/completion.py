"""Decides what follows the end of an attempt: another attempt, the jobs that come after it, a pause, or nothing.

Pure: `settle` is shown what is in hand and answers with one value, which the loop then writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from aperture_plugin.config.model import Interrupted, JobConfig, OnFailure, Overlap, Retry
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import WAITING, Run, Status, but
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.schedules import has_slots
from aperture_plugin.words.times import time_text

__all__ = [
    "MOST_DEATHS",
    "SHORTEST_WAIT",
    "Circumstances",
    "Hold",
    "Settled",
    "again",
    "cut_off",
    "delay_before",
    "ended",
    "gave_way",
    "gives_way",
    "held_off",
    "put_off",
    "runs_again",
    "settle",
    "settle_cut_off",
    "settle_given_way",
]

MOST_DEATHS: Final = 3
"""A run whose process died under it so many times in a row has failed: it may well be what kills the process."""

SHORTEST_WAIT: Final = timedelta(seconds=1)
"""Before any attempt that follows another by itself, whatever the file or a handler says."""

_LONGEST_HASTY_WAIT: Final = timedelta(minutes=5)

_TIMES = {1: "once", 2: "twice", 3: "three times"}

_STATUS = {
    OutcomeStatus.COMPLETED: Status.COMPLETED,
    OutcomeStatus.FAILED: Status.FAILED,
    OutcomeStatus.CANCELLED: Status.CANCELLED,
    # Only where somebody cancelled it at the same moment:
    OutcomeStatus.PUT_OFF: Status.CANCELLED,
    OutcomeStatus.INTERRUPTED: Status.CANCELLED,
    OutcomeStatus.DIED: Status.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The facts that a decision about the end of an attempt looks at.

    Attributes:
        waits: Returns whether a run of a job waits.
        failures: Returns how many runs of the job before a run failed in a row; no more than `pause after` are counted.
        followers: Returns the enabled jobs whose `after` names a job.
        completed: Returns, for a job that comes after several, which of those have completed since it last ran.
    """

    now: datetime
    waits: Callable[[str], bool]
    failures: Callable[[Run, JobConfig], int]
    followers: Callable[[str], Sequence[JobConfig]]
    completed: Callable[[str], AbstractSet[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Pause the job, for it goes on failing: slots due from *since* on are held back."""

    since: datetime
    until: datetime | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The consequences of the end of an attempt.

    Attributes:
        run: The attempt as it ended; one that was put off waits.
        next_attempt: The attempt that follows; None for none.
        followers: The jobs to queue a run of, because this run has completed.
        hold: A pause of the job; None for none.
        hasty: Number of times in a row that the attempt was put off for less than `SHORTEST_WAIT`.
    """

    run: Run
    next_attempt: Run | None = None
    followers: Sequence[JobConfig] = ()
    hold: Hold | None = None
    hasty: int = 0


def settle(
    run: Run, job: JobConfig | None, outcome: Outcome, around: Circumstances, *, at: datetime, hasty: int = 0
) -> Settled:
    """Decide what follows the end of *run*.

    Args:
        job: The job's words; None where the file and the plugins have it no more.
        outcome: Its end, as reported.
        at: Time of its end; a retry's delay counts from there.
        hasty: Number of times in a row that it was put off for less than `SHORTEST_WAIT` until now.
    """
    if outcome.status is OutcomeStatus.PUT_OFF and run.cancel_reason is None:
        is_hasty = outcome.until is not None and outcome.until < around.now + SHORTEST_WAIT
        hasty = hasty + 1 if is_hasty else 0
        return Settled(run=put_off(run, outcome, now=around.now, hasty=hasty), hasty=hasty)
    end = ended(run, outcome, now=at)
    if job is not None and run.cancel_reason is None and (retry := again(run, job, outcome, now=at)) is not None:
        why = None
        if not run.is_backfill:  # No slot to come does the work of a past one.
            why = held_off(retry, job, next_slot=_next_slot(job, around.now), waiting=around.waits(job.name))
        if why is None:
            return Settled(run=end, next_attempt=retry)
        end = but(end, reason=f"{end.reason}; {why}")
    if end.status is Status.COMPLETED:
        return Settled(run=end, followers=() if end.is_backfill else _followers(end.job, around))
    return Settled(run=end, hold=_hold(end, job, around, since=around.now))


def settle_cut_off(
    run: Run, job: JobConfig | None, around: Circumstances, *, reason: str, died: bool = False
) -> Settled:
    """Decide what follows *run*, which was cut off; see `cut_off`."""
    end, following = cut_off(run, job, now=around.now, reason=reason, died=died)
    return Settled(run=end, next_attempt=following, hold=_hold(end, job, around, since=around.now))


def settle_given_way(
    retry: Run, job: JobConfig, around: Circumstances, *, failed: Run | None, slot: datetime
) -> Settled:
    """Decide what follows *retry*, which gives way to the slot due at *slot*; see `gave_way`.

    Its run has failed for good by that, so that `on failure: pause` may hold back that very slot.
    """
    end = gave_way(retry, job, failed=failed, slot=slot, now=around.now)
    return Settled(run=end, hold=None if failed is None else _hold(failed, job, around, since=slot))


def _hold(failed: Run, job: JobConfig | None, around: Circumstances, *, since: datetime) -> Hold | None:
    """Return the pause of a job that failed as often in a row as the file lets it; None where it may go on."""
    if failed.status is not Status.FAILED or job is None or job.on_failure is not OnFailure.PAUSE:
        return None
    if failed.is_backfill:
        return None  # What cannot be done for the past says nothing of the slots to come.
    failures = 1 + (around.failures(failed, job) if job.pause_after > 1 else 0)
    if failures < job.pause_after:
        return None
    times = "" if job.pause_after == 1 else f" {failures} times in a row"
    until = None if job.pause_for is None else around.now + job.pause_for
    return Hold(since=since, until=until, note=f"it failed{times} ({failed.reason})")


def _followers(completed: str, around: Circumstances) -> list[JobConfig]:
    """Return the jobs whose `after` the completion of *completed* fulfils, and of which no run waits already.

    A run that waits comes after this completion as well.
    """
    return [
        job
        for job in around.followers(completed)
        if not around.waits(job.name) and set(job.predecessors) <= {completed, *around.completed(job.name)}
    ]


def _next_slot(job: JobConfig, now: datetime) -> datetime | None:
    if not job.enabled or not has_slots(job.schedule):
        return None
    slot = job.trigger().next_after(now)
    return None if slot is None else slot.due


def ended(run: Run, outcome: Outcome, *, now: datetime) -> Run:
    """Return *run* as its outcome leaves it. Its progress stays as it was last reported."""
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
        outcome: Its end; a permanent failure is not tried again.
        now: Time of its end; the delay counts from there.
    """
    if outcome.status is not OutcomeStatus.FAILED or outcome.permanent or run.attempt >= job.retry.attempts:
        return None
    wait = delay_before(run.attempt + 1, job.retry, seed=run.id)
    pause = duration_text(_whole(wait))
    return _next_attempt(
        run,
        now=now,
        not_before=now + wait,
        reason=f"attempt {run.attempt + 1} of {job.retry.attempts} follows {pause} after the last",
    )


def held_off(retry: Run, job: JobConfig, *, next_slot: datetime | None, waiting: bool) -> str | None:
    """Return the reason why *retry*, as `again` gave it, must not come; None when it may.

    A retry never passes the next slot, which does its work, unless the file says so.

    Args:
        next_slot: The job's next due instant; None for never.
        waiting: True if another run of the job waits, because its next slot has come already.
    """
    if job.retry.past_next_slot:
        return None
    if waiting and job.overlap is not Overlap.ALLOW:
        return "it is not tried again, as its next run waits already"
    if next_slot is not None and retry.not_before is not None and retry.not_before >= next_slot:
        return f"it is not tried again, as its next slot comes first ({_clock_text(next_slot, job)})"
    return None


def gives_way(run: Run, job: JobConfig) -> bool:
    """Return whether *run*, which is in hand, is a retry that the next slot of *job* takes the place of.

    One that was cut off does not: it has to run again. An attempt that follows a death counts it; one that follows a
    clean stop is not waited before.
    """
    is_retry = run.attempt > 1 and run.not_before is not None and not run.deaths and not run.is_backfill
    return is_retry and run.status in WAITING and not run.is_pre_assigned and not job.retry.past_next_slot


def runs_again(run: Run) -> bool:
    """Return whether *run*, which is in hand, waits to go on with what was cut off.

    It is due already, so to the slots that follow it is as one that still runs: one of them may wait behind it.
    """
    return run.attempt > 1 and (run.deaths > 0 or run.not_before is None) and run.status in WAITING


def gave_way(retry: Run, job: JobConfig, *, failed: Run | None, slot: datetime, now: datetime) -> Run:
    """Return *retry* as it ends where the slot of *job* that is due at *slot* takes its place.

    Args:
        failed: The attempt before it; None where that is not known.
    """
    why = "" if failed is None else f" ({failed.reason})"
    came = f"its next slot came while attempt {retry.attempt} waited ({_clock_text(slot, job)})"
    reason = f"attempt {retry.attempt - 1} failed{why}, and {came}"
    return but(retry, status=Status.SKIPPED, reason=reason, finished_at=now)


def put_off(run: Run, outcome: Outcome, *, now: datetime, hasty: int) -> Run:
    """Return *run* as it waits, the same attempt, until the instant that *outcome* names; its progress is kept.

    Args:
        hasty: Number of times in a row that it was put off for less than `SHORTEST_WAIT`, this one included. Each
            makes it wait twice as long as the last, from `SHORTEST_WAIT` up to five minutes.
    """
    assert outcome.until is not None, "an outcome that puts off has an instant"
    shortest = min(SHORTEST_WAIT * 2 ** min(max(hasty, 1) - 1, 16), _LONGEST_HASTY_WAIT)
    return but(
        run,
        status=Status.WAITING,
        reason=outcome.reason,
        not_before=max(outcome.until, now + shortest),
        started_at=None,
        owner=None,
        group=None,
    )


def cut_off(
    run: Run, job: JobConfig | None, *, now: datetime, reason: str, died: bool = False
) -> tuple[Run, Run | None]:
    """Return a run whose process died (or stopped) under it as it ends, and the attempt that follows.

    It is `interrupted`; after `MOST_DEATHS` deaths in a row it has `failed`, and nothing follows.

    Args:
        job: The job's words; None when it is no longer in the file, and then nothing follows.
        reason: The reason for which it was cut off.
        died: True if its process died. The next attempt then waits for a second, after a second death for two.
    """
    interrupted = but(run, status=Status.INTERRUPTED, reason=reason, finished_at=now, owner=None, group=None)
    if job is None or job.interrupted is Interrupted.LEAVE or run.cancel_reason is not None:
        return interrupted, None
    deaths = run.deaths + died
    if deaths >= MOST_DEATHS:
        times = _TIMES.get(deaths, f"{deaths} times")
        words = f"{reason}, {times} in a row: it may be what ends the process, and is not run again"
        return but(interrupted, status=Status.FAILED, reason=words), None
    not_before = now + SHORTEST_WAIT * 2 ** (deaths - 1) if died else None
    again = _next_attempt(run, now=now, not_before=not_before, reason="it runs again after it was cut off")
    return interrupted, but(again, deaths=deaths)


def delay_before(attempt: int, retry: Retry, *, seed: str) -> timedelta:
    """Return how long to wait before *attempt* (2 or more).

    The delay grows by the back-off factor, and is lengthened by up to a tenth that depends on *seed*
    and *attempt* alone: many runs that failed together do not come back together, and the same run
    always waits the same, for `SHORTEST_WAIT` at least. `max delay` is the longest, that tenth included; runs
    that have reached it stay as far apart as their earlier attempts have brought them.

    >>> delay_before(3, Retry(attempts=3, delay=timedelta(minutes=1)), seed="a") >= timedelta(minutes=2)
    True
    """
    longest = max(SHORTEST_WAIT, retry.max_delay if retry.max_delay is not None else timedelta(days=366))
    try:
        wait = min(max(SHORTEST_WAIT, retry.delay * retry.backoff ** (attempt - 2)), longest)
    except OverflowError:
        wait = longest
    share = int.from_bytes(blake2b(f"{seed}/{attempt}".encode(), digest_size=4).digest()) / 2**32
    return min(wait + wait * share / 10, longest)


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
        deaths=0,
    )


def _clock_text(instant: datetime, job: JobConfig) -> str:
    return time_text(instant.astimezone(job.zone).time().replace(second=0, microsecond=0))


def _whole(wait: timedelta) -> timedelta:
    """Round to whole seconds, for people; never to none."""
    return timedelta(seconds=max(1, round(wait / timedelta(seconds=1))))
