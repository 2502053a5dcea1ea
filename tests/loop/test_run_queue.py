"""The mirror of the runs in hand follows the store as if it were made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.loop.run_queue import RunQueue
from aperture_plugin.rules.admission import Admission, OnJob, OnSeat, PreAssign, Start, Until, Wait
from aperture_plugin.rules.runs import Run, RunTrigger, Status, but

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
SEATS = 2
STATES = (Status.QUEUED, Status.WAITING, Status.RUNNING)


@st.composite
def runs(draw: st.DrawFn) -> dict[int, Run]:
    """Attempts that may be in hand at one moment, by number: the same number is the same attempt at another moment."""
    found = {}
    for number in draw(st.lists(st.integers(0, 11), unique=True)):
        status = draw(st.sampled_from(STATES))
        is_pre_assigned = status is Status.QUEUED and draw(st.integers(0, 4)) == 0
        is_held = status is Status.WAITING and draw(st.booleans())
        at = NOON + timedelta(minutes=number % 5)
        found[number] = Run(
            id=f"r{number}",
            job=f"job-{number % 4}",
            trigger=RunTrigger.BACKFILL if number % 6 == 5 else RunTrigger.SCHEDULE,
            status=status,
            queue=draw(st.sampled_from(["quick", "slow"])),
            priority_at=at,
            priority_nominal=at.replace(tzinfo=None),
            order=number,
            queued_at=NOON,
            owner="other" if status is Status.RUNNING or is_pre_assigned else None,
            not_before=NOON + timedelta(hours=1) if is_held else None,
        )
    return found


def decided(queue: RunQueue) -> list[str]:
    """Start all that can start, one run of a job at a time; return which those are, in order."""

    def admit(run: Run) -> Admission:
        if run.not_before is not None:
            return Wait("later", Until(run.not_before))
        if any(other.status is Status.RUNNING for other in queue.of_job(run.job)):
            return Wait("its last run is still running", OnJob(run.job))
        return Start() if len(queue.running_in(run.queue)) < SEATS else Wait("its turn", OnSeat(run.queue))

    started = []
    for run, admission in queue.decide(admit):
        assert not isinstance(admission, PreAssign)
        if isinstance(admission, Start):
            started.append(run.id)
            queue.put(but(run, status=Status.RUNNING, owner="us"))
    return started


def seen(queue: RunQueue) -> object:
    jobs = {f"job-{n}": {run.id: run for run in queue.of_job(f"job-{n}")} for n in range(4)}
    seats = {name: {run.id for run in queue.running_in(name)} for name in ("quick", "slow")}
    pre_assigned = sorted(run.id for run in queue.pre_assigned_to("other"))
    return jobs, seats, pre_assigned, queue.waiting(), queue.wakes_at


@given(st.lists(runs(), min_size=2, max_size=5))
def test_one_that_follows_the_store_starts_what_one_made_anew_would(moments: Sequence[dict[int, Run]]) -> None:
    follows = RunQueue(moments[0].values())
    for moment in moments[1:]:
        anew = RunQueue(moment.values())
        decided(follows)

        follows.become(moment.values())

        assert (decided(follows), seen(follows)) == (decided(anew), seen(anew))


def test_what_is_the_same_is_not_decided_again() -> None:
    full = {n: replace(run, queue="slow") for n, run in enumerate(some_runs(50))}
    queue = RunQueue(full.values())
    decided(queue)

    queue.become([queue.get(run.key) or run for run in full.values()])

    assert not queue.has_work


def some_runs(count: int) -> list[Run]:
    return [
        Run(
            id=f"r{n}",
            job=f"job-{n}",
            trigger=RunTrigger.SCHEDULE,
            status=Status.QUEUED,
            priority_at=NOON,
            priority_nominal=NOON.replace(tzinfo=None),
            order=n,
            queued_at=NOON,
        )
        for n in range(count)
    ]
