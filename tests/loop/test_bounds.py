"""What follows an attempt by itself is bounded: it waits for a second at least, and does not go on for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from aperture_plugin.ports import LiveRun, PutOff
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.testing import World

TWO = "queues:\n  other: 1\nschedules:\n  bad: daily at 2 AM\n  good:\n    schedule: daily at 2 AM\n    queue: other\n"
AT_TWO = "2026-01-10 02:00"


def test_a_run_whose_process_dies_three_times_in_a_row_has_failed_and_the_others_go_on(world: World) -> None:
    world.durations["bad"] = "1 hour"
    world.write(TWO).start(at=AT_TWO)
    for _ in range(3):
        world.kill().start().advance("5 seconds")

    world.advance("1 day 2 hours")

    first, second, third, next_day = world.history("bad")
    assert [(run.attempt, run.status) for run in (first, second, third)] == [
        (1, "interrupted"),
        (2, "interrupted"),
        (3, "failed"),
    ]
    assert third.reason == (
        "its process ended under it, three times in a row: it may be what ends the process, and is not run again"
    )
    assert (next_day.attempt, next_day.status) == (1, "completed")
    assert [run.status for run in world.history("good")] == ["completed", "completed"]


def test_a_stop_is_no_death(world: World) -> None:
    world.durations["bad"] = "1 hour"
    world.write(TWO).start(at=AT_TWO)
    for _ in range(5):
        world.stop().start()

    world.advance("2 hours")

    assert [run.status for run in world.history("bad")] == ["interrupted"] * 5 + ["completed"]


@pytest.mark.parametrize("by_an_outcome", [True, False])
def test_a_run_that_is_put_off_into_the_past_is_called_less_and_less_often(world: World, by_an_outcome: bool) -> None:
    calls: list[datetime] = []

    def ask(run: LiveRun) -> Outcome:
        now = world.clock.now()
        calls.append(now)
        if by_an_outcome:
            return Outcome(status=OutcomeStatus.PUT_OFF, reason="429", until=now - timedelta(minutes=5))
        raise PutOff(now - timedelta(minutes=5), "429")

    world.handlers["bad"] = ask
    world.write(TWO).start(at=AT_TWO).advance("1 minute")

    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(calls)]
    assert waits == [1, 2, 4, 8, 16]


def test_an_instant_that_no_date_can_hold_is_refused_where_it_is_said(world: World) -> None:
    def ask(_run: LiveRun) -> None:
        raise PutOff(datetime.max.replace(tzinfo=UTC), "never")

    world.handlers["bad"] = ask
    world.handlers["good"] = lambda _run: Outcome(
        status=OutcomeStatus.PUT_OFF, reason="never", until=datetime.max.replace(tzinfo=UTC)
    )
    world.write(TWO).start(at=AT_TWO).stop()
    world.start().advance("1 minute")

    [bad], [good] = world.history("bad"), world.history("good")
    assert bad.status == good.status == "failed"
    assert "which is beyond what a date can hold" in str(bad.reason)
    assert "which is beyond what a date can hold" in str(good.reason)
