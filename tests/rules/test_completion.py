"""What follows when an attempt ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.config.model import Interrupted, JobConfig, Retry
from aperture_plugin.config.problems import Place
from aperture_plugin.rules.completion import (
    SHORTEST_WAIT,
    again,
    cut_off,
    delay_before,
    ended,
    gives_way,
    put_off,
    runs_again,
)
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import Run, RunTrigger, Status

NOW = datetime(2026, 1, 10, 3, 15, tzinfo=UTC)
FAILED = Outcome(status=OutcomeStatus.FAILED, reason="ValueError: no disk")


def job(**words: Any) -> JobConfig:
    return JobConfig(name="embeddings", order=0, place=Place(1, 1), zone=ZoneInfo("UTC"), **words)


def running(**words: Any) -> Run:
    wall = NOW.replace(tzinfo=None)
    given: dict[str, Any] = {"trigger": RunTrigger.SCHEDULE, "priority_at": NOW, "priority_nominal": wall}
    return Run(id="a", job="embeddings", status=Status.RUNNING, queued_at=NOW, owner="me", **(given | words))


def test_an_outcome_ends_the_attempt() -> None:
    run = ended(running(started_at=NOW), Outcome(result={"added": 12}), now=NOW + timedelta(seconds=5))

    assert (run.status, run.result, run.owner, run.duration) == (
        Status.COMPLETED,
        {"added": 12},
        None,
        timedelta(seconds=5),
    )


def test_a_failed_attempt_is_tried_again_after_the_delay() -> None:
    following = again(running(), job(retry=Retry(attempts=3, delay=timedelta(minutes=1))), FAILED, now=NOW)

    assert following is not None
    assert (following.id, following.attempt, following.status) == ("a", 2, Status.WAITING)
    assert following.not_before is not None
    assert timedelta(minutes=1) <= following.not_before - NOW <= timedelta(minutes=1, seconds=6)


@pytest.mark.parametrize(
    ("attempt", "outcome"),
    [
        (3, FAILED),
        (1, Outcome(status=OutcomeStatus.FAILED, reason="no such user", permanent=True)),
        (1, Outcome(status=OutcomeStatus.CANCELLED, reason="cancelled by ada")),
        (1, Outcome()),
    ],
)
def test_the_last_try_a_permanent_failure_a_cancel_and_a_success_are_not_tried_again(
    attempt: int, outcome: Outcome
) -> None:
    assert again(running(attempt=attempt), job(retry=Retry(attempts=3)), outcome, now=NOW) is None


def test_a_run_cut_off_runs_again_as_its_next_attempt() -> None:
    interrupted, following = cut_off(running(), job(), now=NOW, reason="its process ended under it")

    assert (interrupted.status, interrupted.reason) == (Status.INTERRUPTED, "its process ended under it")
    assert following is not None
    assert (following.attempt, following.status, following.not_before) == (2, Status.QUEUED, None)


def test_a_run_whose_process_dies_waits_longer_each_time_and_has_failed_at_the_third() -> None:
    reason = "its process ended under it"
    run, waits = running(), []
    for _ in range(2):
        interrupted, following = cut_off(run, job(), now=NOW, reason=reason, died=True)
        assert interrupted.status is Status.INTERRUPTED
        assert following is not None
        assert following.not_before is not None
        assert runs_again(following)
        assert not gives_way(following, job())
        waits.append(following.not_before - NOW)
        run = following

    failed, following = cut_off(run, job(), now=NOW, reason=reason, died=True)

    assert waits == [timedelta(seconds=1), timedelta(seconds=2)]
    assert (failed.status, following) == (Status.FAILED, None)
    assert failed.reason == (
        "its process ended under it, three times in a row: it may be what ends the process, and is not run again"
    )


def test_a_clean_stop_between_two_deaths_is_passed_over_and_a_failure_ends_the_row() -> None:
    _, after_a_death = cut_off(running(), job(), now=NOW, reason="…", died=True)
    assert after_a_death is not None
    _, after_a_stop = cut_off(after_a_death, job(), now=NOW, reason="…")
    assert after_a_stop is not None
    after_a_failure = again(after_a_stop, job(retry=Retry(attempts=9)), FAILED, now=NOW)

    assert (after_a_stop.deaths, after_a_stop.not_before) == (1, None)
    assert after_a_failure is not None
    assert after_a_failure.deaths == 0


def test_an_attempt_that_is_put_off_for_next_to_nothing_waits_twice_as_long_each_time() -> None:
    past = Outcome(status=OutcomeStatus.PUT_OFF, reason="429", until=NOW - timedelta(minutes=5))

    waits = [put_off(running(), past, now=NOW, hasty=hasty).not_before for hasty in range(1, 12)]

    assert [wait - NOW for wait in waits if wait is not None] == [
        timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300)
    ]


def test_a_run_cut_off_is_left_where_the_file_says_so() -> None:
    _, following = cut_off(running(), job(interrupted=Interrupted.LEAVE), now=NOW, reason="…")

    assert following is None


def test_a_run_cut_off_after_somebody_cancelled_it_is_left() -> None:
    _, following = cut_off(running(cancel_reason="cancelled by ada"), job(), now=NOW, reason="…")

    assert following is None


@given(
    attempt=st.integers(2, 400),
    delay=st.timedeltas(timedelta(0), timedelta(days=400)),
    backoff=st.floats(1, 100),
    longest=st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=400)),
    seed=st.text(max_size=8),
)
def test_a_retrys_delay_grows_to_its_cap_and_is_the_same_each_time(
    attempt: int, delay: timedelta, backoff: float, longest: timedelta | None, seed: str
) -> None:
    retry = Retry(attempts=500, delay=delay, backoff=backoff, max_delay=longest)
    cap = longest if longest is not None else timedelta(days=366)

    wait = delay_before(attempt, retry, seed=seed)

    assert wait == delay_before(attempt, retry, seed=seed)
    assert max(min(delay, cap), SHORTEST_WAIT) <= wait <= max(cap, SHORTEST_WAIT)
