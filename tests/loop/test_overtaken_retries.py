"""A retry never passes the job's next slot: what happens where that falls due while the retry still waits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aperture_plugin.app.audit import audit
from aperture_plugin.ports import LiveRun
from aperture_plugin.rules.runs import Run
from aperture_plugin.testing import World

START = "2026-01-10 01:00"
GAVE_WAY = "attempt 1 failed (ValueError: the disk is gone), and its next slot came while attempt 2 waited (2:30 AM)"


def fail(run: LiveRun) -> None:
    raise ValueError("the disk is gone")


def fail_once(run: LiveRun) -> None:
    if run.slot == datetime(2026, 1, 10, 2, tzinfo=UTC) and run.attempt == 1:
        fail(run)


def fail_by_hand(run: LiveRun) -> None:
    if run.trigger == "manual":
        fail(run)


def told(runs: list[Run]) -> list[tuple[int, int, str]]:
    return [(run.due.minute, run.attempt, run.status) for run in runs if run.due is not None]


def a_retry_that_waits_for_a_seat(world: World, *words: str, delay: str = "5 minutes") -> World:
    """Let `long` take the only seat at 2:01, until after the next slot of `scan`, whose run of 2:00 has failed."""
    more = "".join(f"    {word}\n" for word in words)
    world.handlers["scan"] = fail_once
    world.durations["long"] = "45 minutes"
    world.write(
        "schedules:\n"
        "  scan:\n    schedule: every 30 minutes\n"
        f"    retry:\n      attempts: 3\n      delay: {delay}\n{more}"
        "  long: daily at 2:01 AM\n"
    )
    return world.start(at="2026-01-10 01:45")


def test_a_retry_that_waits_for_a_seat_gives_way_to_the_next_slot(world: World) -> None:
    a_retry_that_waits_for_a_seat(world).advance("55 minutes")

    first, second, next_one = world.history("scan")
    assert (first.status, first.reason) == ("failed", "ValueError: the disk is gone")
    assert (second.id, second.attempt, second.status, second.reason) == (first.id, 2, "skipped", GAVE_WAY)
    assert (next_one.due, next_one.status) == (datetime(2026, 1, 10, 2, 30, tzinfo=UTC), "queued")


def test_the_slot_it_gave_way_to_runs_and_every_slot_is_accounted_for(world: World) -> None:
    a_retry_that_waits_for_a_seat(world).advance("70 minutes")

    assert told(world.history("scan")) == [(0, 1, "failed"), (0, 2, "skipped"), (30, 1, "completed")]
    now = world.clock.now()
    with world.beside() as store:
        found = audit(store, since=datetime(2026, 1, 10, tzinfo=UTC), until=now, now=now)
    assert (found.total.ran, found.total.skipped, found.is_whole) == (3, 0, True)


@pytest.mark.parametrize("overlap", ["skip", "allow"])
def test_it_gives_way_however_runs_of_the_job_may_overlap(world: World, overlap: str) -> None:
    a_retry_that_waits_for_a_seat(world, f"overlap: {overlap}").advance("55 minutes")

    assert told(world.history("scan")) == [(0, 1, "failed"), (0, 2, "skipped"), (30, 1, "queued")]


def test_it_stays_where_the_file_lets_it_pass_the_next_slot(world: World) -> None:
    a_retry_that_waits_for_a_seat(world, delay="5 minutes\n      past next slot: yes").advance("70 minutes")

    assert told(world.history("scan")) == [(0, 1, "failed"), (0, 2, "completed"), (30, 1, "skipped")]


def test_it_gives_way_while_its_delay_still_runs(world: World) -> None:
    world.handlers["scan"] = fail_once
    text = "schedules:\n  scan:\n    schedule: {}\n    retry:\n      attempts: 3\n      delay: 10 minutes\n"
    world.write(text.format("every hour")).start(at="2026-01-10 01:45").advance("16 minutes")

    world.save(text.format("every 5 minutes"))
    world.advance("5 minutes")

    first, second, next_one = world.history("scan")
    assert (first.status, second.status, second.attempt) == ("failed", "skipped", 2)
    assert second.reason == (
        "attempt 1 failed (ValueError: the disk is gone), and its next slot came while attempt 2 waited (2:05 AM)"
    )
    assert (next_one.status, next_one.trigger) == ("completed", "schedule")


def test_it_gives_way_to_a_catch_up(world: World) -> None:
    a_retry_that_waits_for_a_seat(world).advance("20 minutes")
    world.kill()
    world.clock.advance("1 hour 30 minutes")

    world.start().advance("1 hour")

    runs = world.history("scan")
    assert told(runs)[:2] == [(0, 1, "failed"), (0, 2, "skipped")]
    assert (runs[2].trigger, runs[2].missed, runs[2].status) == ("catch-up", 3, "completed")


def test_it_goes_on_waiting_where_the_slot_is_held_back_by_a_person(world: World) -> None:
    a_retry_that_waits_for_a_seat(world).advance("20 minutes")

    world.pause("scan")
    world.advance("50 minutes")

    assert told(world.history("scan")) == [(0, 1, "failed"), (0, 2, "completed"), (30, 1, "skipped")]


def test_a_run_that_was_cut_off_gives_way_to_nobody(world: World) -> None:
    a_retry_that_waits_for_a_seat(world, "window: 1:00 AM to 2:10 AM")
    world.durations["scan"] = "10 minutes"
    world.advance("20 minutes")
    world.kill()
    world.clock.advance("10 minutes")

    world.start().advance("20 minutes")

    assert told(world.history("scan")) == [(0, 1, "interrupted"), (0, 2, "waiting"), (30, 1, "waiting")]


def test_who_waits_for_a_run_by_hand_hears_that_its_retry_gave_way(world: World) -> None:
    a_retry_that_waits_for_a_seat(world)
    world.handlers["scan"] = fail_by_hand
    world.advance("15 minutes 30 seconds")
    handle = world.aperture.run("scan", by="ada")

    world.advance("30 minutes")

    end = handle.wait(timeout=0)
    assert (end.status, end.attempt) == ("skipped", 2)


def test_a_run_whose_retry_gave_way_has_failed_for_on_failure(world: World) -> None:
    a_retry_that_waits_for_a_seat(world, "on failure: pause").advance("90 minutes")

    runs = world.history("scan")
    assert told(runs) == [(0, 1, "failed"), (0, 2, "skipped"), (30, 1, "skipped"), (0, 1, "skipped")]
    assert runs[2].reason == "it was paused by on failure: pause: it failed (ValueError: the disk is gone)"


def test_runs_whose_retries_gave_way_are_failures_in_a_row(world: World) -> None:
    a_retry_that_waits_for_a_seat(world, "on failure: pause", "pause after: 2")
    world.handlers["scan"] = fail
    world.advance("3 hours")

    reasons = [run.reason for run in world.history("scan") if run.status == "skipped" and run.attempt == 1]
    assert (reasons[0] or "").startswith("it was paused by on failure: pause: it failed 2 times in a row (ValueError")
