"""Retries, timeouts, stalls, cancels: how an attempt ends, and what the history tells of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import NoReturn

import pytest

from aperture_plugin.loop.messages import CancelAsked
from aperture_plugin.ports import LiveRun
from aperture_plugin.rules.jobs import Job
from aperture_plugin.testing import World
from aperture_plugin.testing.simulated_executor import PretendingExecutor


def fail(run: LiveRun) -> None:
    raise ValueError("the disk is gone")


def job(*words: str, name: str = "scan", schedule: str = "daily at 2 AM") -> str:
    lines = "".join(f"    {word}\n" for word in words)
    return f"schedules:\n  {name}:\n    schedule: {schedule}\n{lines}"


def cancel(world: World, name: str) -> None:
    world.loop.inbox.put(CancelAsked(job=name, reason="cancelled by ada"))
    world.drain()


def test_an_exception_is_recorded_with_its_traceback_and_stops_nothing(world: World) -> None:
    world.handlers["scan"] = fail
    world.write(job() + "  other: daily at 3 AM\n").start(at="2026-01-10 01:00").advance("3 hours")

    failed, other = world.history()
    assert (failed.status, failed.reason) == ("failed", "ValueError: the disk is gone")
    assert failed.error is not None
    assert 'raise ValueError("the disk is gone")' in failed.error
    assert other.status == "completed"


def test_retry_has_a_row_for_each_attempt(world: World) -> None:
    world.handlers["scan"] = fail

    world.write(job("retry:", "  attempts: 3", "  delay: 10 minutes")).start(at="2026-01-10 01:00").advance("2 hours")

    runs = world.history()
    assert [(run.attempt, run.status) for run in runs] == [(1, "failed"), (2, "failed"), (3, "failed")]
    assert len({run.id for run in runs}) == 1
    waits = [
        later.started_at - earlier.finished_at
        for earlier, later in pairwise(runs)
        if later.started_at is not None and earlier.finished_at is not None
    ]
    assert timedelta(minutes=10) <= waits[0] <= timedelta(minutes=11)
    assert timedelta(minutes=20) <= waits[1] <= timedelta(minutes=22)


def test_an_error_the_job_declares_as_permanent_is_not_tried_again(world: World) -> None:
    class Plugin:
        from aperture_plugin.plugins.hookspecs import hookimpl

        @hookimpl
        def aperture_jobs(self) -> list[Job]:
            return [Job("scan", fail, permanent=(ValueError,))]

    world = World(world.folder, plugins=[Plugin()])
    world.write(job("retry:", "  attempts: 3")).start(at="2026-01-10 01:00").advance("2 hours")

    assert [run.status for run in world.history()] == ["failed"]
    world.close()


def test_a_run_that_takes_too_long_is_asked_to_stop_and_has_failed(world: World) -> None:
    world.durations["scan"] = "5 hours"

    world.write(job("timeout: 1 hour")).start(at="2026-01-10 01:00").advance("3 hours")

    [run] = world.history()
    assert (run.status, run.reason, run.duration) == ("failed", "it timed out after 1 hour", timedelta(hours=1))


def test_a_handler_that_does_not_stop_is_given_up_and_its_job_not_started_beside_it(world: World) -> None:
    world.durations["scan"] = "5 hours"
    world.stubborn.add("scan")
    world.write(job("timeout: 1 hour", schedule="every 2 hours")).start(at="2026-01-10 01:00")

    world.advance("4 hours")
    given_up, waiting = world.history()[:2]
    world.advance("2 hours 10 minutes")

    assert given_up.reason == ("it timed out after 1 hour; its handler did not stop when asked, and was given up")
    assert (waiting.status, waiting.reason) == (
        "waiting",
        "the handler of its run from 2:00 AM was given up, but has not come back yet",
    )
    assert world.history()[1].status == "running"


def test_nobody_waits_at_the_stop_for_a_handler_that_was_given_up(world: World) -> None:
    world.durations["scan"] = "5 hours"
    world.stubborn.add("scan")
    world.write(job("timeout: 1 hour", schedule="every 2 hours")).start(at="2026-01-10 01:00")

    world.advance("1 hour 30 minutes")
    running = [run.job for run in world.loop.running_here()]
    world.advance("31 minutes")

    assert running == ["scan"]
    assert world.loop.running_here() == []


def test_a_run_without_progress_has_stalled(world: World) -> None:
    world.durations["scan"] = "5 hours"

    world.write(job("stalled after: 10 minutes")).start(at="2026-01-10 01:00").advance("2 hours")

    [run] = world.history()
    assert (run.status, run.reason) == ("failed", "it stalled: no progress for 10 minutes")


def test_cancel_ends_a_running_run_and_one_that_waits(world: World) -> None:
    world.durations["scan"] = "3 hours 30 minutes"
    world.write(job(schedule="every 2 hours")).start(at="2026-01-10 01:00").advance("4 hours")

    cancel(world, "scan")

    assert [(run.status, run.reason) for run in world.history()] == [("cancelled", "cancelled by ada")] * 2


def test_a_cancelled_run_is_not_tried_again(world: World) -> None:
    world.durations["scan"] = "3 hours"
    world.write(job("retry:", "  attempts: 3")).start(at="2026-01-10 01:00").advance("2 hours")

    cancel(world, "scan")
    world.advance("1 hour")

    assert [run.status for run in world.history()] == ["cancelled"]


def test_on_failure_pause_holds_back_what_follows(world: World) -> None:
    world.handlers["scan"] = fail

    world.write(job("on failure: pause", schedule="every 2 hours")).start(at="2026-01-10 01:00").advance("4 hours")

    failed, skipped = world.history()
    assert failed.status == "failed"
    assert (skipped.status, skipped.reason) == (
        "skipped",
        "it was paused by on failure: pause: it failed (ValueError: the disk is gone)",
    )


def test_jitter_delays_the_start_and_never_the_slot(world: World) -> None:
    world.write(job("jitter: 30 minutes", schedule="every 2 hours")).start(at="2026-01-10 01:00").advance("1 day")

    runs = [run for run in world.history() if run.started_at is not None]
    delays = [run.started_at - run.due for run in runs if run.started_at is not None and run.due is not None]
    assert len(set(delays)) > 6
    assert all(timedelta(0) <= delay <= timedelta(minutes=30) for delay in delays)
    assert [run.due.hour for run in runs if run.due is not None][:3] == [2, 4, 6]


@pytest.mark.parametrize("words", ["requires env: TMDB_KEY"])
def test_a_job_whose_variable_is_not_set_is_skipped_with_the_reason(world: World, words: str) -> None:
    world.write(job(words)).start(at="2026-01-10 01:00").advance("2 hours")

    [run] = world.history()
    assert (run.status, run.reason) == ("skipped", "TMDB_KEY is not set, and scan requires it")


def test_a_run_outside_its_window_waits_until_it_opens(world: World) -> None:
    world.write(job("window: 4:00 AM to 6:00 AM")).start(at="2026-01-10 01:00").advance("4 hours")

    [run] = world.history()
    assert run.started_at is not None
    assert (run.status, run.started_at.hour) == ("completed", 4)


def test_progress_log_and_result_are_in_the_record(world: World) -> None:
    def scan(run: LiveRun) -> dict[str, int]:
        for item in run.track(["a", "b", "c"]):
            run.log.info("indexed %s", item)
        return {"added": 3}

    world.handlers["scan"] = scan

    world.write(job()).start(at="2026-01-10 01:00").advance("2 hours")

    [run] = world.history()
    assert (run.items_done, run.items_total, run.result) == (3, 3, {"added": 3})
    assert [line.text for line in world.log(run.id)] == ["indexed a", "indexed b", "indexed c"]


def test_a_retry_that_would_pass_the_next_slot_is_left_to_that_slot(world: World) -> None:
    world.handlers["scan"] = fail
    words = ("retry:", "  attempts: 5", "  delay: 10 minutes")

    world.write(job(*words, schedule="every 30 minutes")).start(at="2026-01-10 01:45").advance("40 minutes")

    first, second = world.history()  # the third try would wait 20 minutes, until after 2:30 AM
    assert (first.attempt, first.reason) == (1, "ValueError: the disk is gone")
    assert (second.attempt, second.reason) == (
        2,
        "ValueError: the disk is gone; it is not tried again, as its next slot comes first (2:30 AM)",
    )


def test_a_retry_may_pass_the_next_slot_where_the_file_says_so(world: World) -> None:
    world.handlers["scan"] = fail
    words = ("retry:", "  attempts: 3", "  delay: 50 minutes", "  past next slot: yes")

    world.write(job(*words, schedule="every 30 minutes")).start(at="2026-01-10 01:45").advance("1 hour 30 minutes")

    runs = world.history()
    assert [(run.attempt, run.status) for run in runs if run.id == runs[0].id][:2] == [(1, "failed"), (2, "failed")]
    assert "another run of scan was already waiting" in [run.reason for run in runs if run.status == "skipped"]


def test_a_run_whose_next_one_waits_already_is_not_tried_again(world: World) -> None:
    world.handlers["scan"] = fail
    world.durations["scan"] = "40 minutes"
    words = ("retry:", "  attempts: 5", "  delay: 1 minute")

    world.write(job(*words, schedule="every 30 minutes")).start(at="2026-01-10 01:45").advance("1 hour")

    first, second = world.history()
    assert first.reason == "ValueError: the disk is gone; it is not tried again, as its next run waits already"
    assert (second.attempt, second.status) == (1, "running")


def test_no_retry_waits_longer_than_its_cap_and_the_same_run_always_waits_the_same(world: World) -> None:
    world.handlers["scan"] = fail
    words = ("retry:", "  attempts: 8", "  delay: 1 minute", "  backoff: 4", "  max delay: 10 minutes")

    world.write(job(*words)).start(at="2026-01-10 01:00").advance("4 hours")

    runs = world.history()
    waits = [b.started_at - a.finished_at for a, b in pairwise(runs) if b.started_at and a.finished_at]
    assert len(runs) == 8
    assert max(waits) == timedelta(minutes=10)


def test_on_failure_pause_waits_for_so_many_failures_in_a_row(world: World) -> None:
    world.handlers["scan"] = fail
    words = ("on failure: pause", "pause after: 3")

    world.write(job(*words, schedule="every 2 hours")).start(at="2026-01-10 01:00").advance("8 hours")

    runs = world.history()
    assert [run.status for run in runs] == ["failed", "failed", "failed", "skipped"]
    assert runs[3].reason == (
        "it was paused by on failure: pause: it failed 3 times in a row (ValueError: the disk is gone)"
    )


def test_a_run_that_completes_ends_the_row_of_failures(world: World) -> None:
    ended: list[int] = []

    def mostly_fail(run: LiveRun) -> None:
        ended.append(1)
        if len(ended) % 3:
            fail(run)

    world.handlers["scan"] = mostly_fail
    words = ("on failure: pause", "pause after: 3")

    world.write(job(*words, schedule="every 2 hours")).start(at="2026-01-10 01:00").advance("1 day")

    assert {run.status for run in world.history()} == {"failed", "completed"}


def test_attempts_of_one_run_are_one_failure(world: World) -> None:
    world.handlers["scan"] = fail
    words = ("on failure: pause", "pause after: 2", "retry:", "  attempts: 3")

    world.write(job(*words, schedule="every 2 hours")).start(at="2026-01-10 01:00").advance("6 hours")

    assert [run.status for run in world.history()] == ["failed"] * 6 + ["skipped"]


def test_after_the_cool_down_the_next_slot_is_a_trial_and_a_failure_pauses_again(world: World) -> None:
    broken = [True]

    def scan(run: LiveRun) -> None:
        if broken:
            fail(run)

    world.handlers["scan"] = scan
    words = ("on failure: pause", "pause after: 2", "pause for: 5 hours")
    world.write(job(*words, schedule="every 2 hours")).start(at="2026-01-10 01:00")

    world.advance("14 hours 30 minutes")  # 10:00 is a trial, and so is 16:00
    broken.clear()
    world.stop().start().advance("4 hours")

    assert [(run.due.hour, run.status) for run in world.history() if run.due] == [
        (2, "failed"),
        (4, "failed"),
        (6, "skipped"),
        (8, "skipped"),
        (10, "failed"),
        (12, "skipped"),
        (14, "skipped"),
        (16, "completed"),
        (18, "completed"),
    ]


def test_force_that_comes_to_nothing_does_not_leave_a_run_running_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[tuple[str, int]] = []

    def kill(_self: object, key: tuple[str, int]) -> bool:
        forced.append(key)
        return True

    monkeypatch.setattr(PretendingExecutor, "kill", kill)
    world.durations["scan"] = "5 hours"
    world.stubborn.add("scan")
    world.write(job("timeout: 1 hour", schedule="every 6 hours")).start(at="2026-01-10 05:00")

    world.advance("3 hours")

    [run] = world.history()
    assert forced == [run.key]
    assert (run.status, run.reason) == (
        "failed",
        "it timed out after 1 hour; its handler did not stop when asked, and could not be ended by force, "
        "and was given up",
    )


def test_an_executor_that_raises_wherever_it_is_asked_stops_neither_its_run_nor_the_loop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(*_: object) -> NoReturn:
        raise ConnectionError("the broker is away")

    for name in ("cancel", "kill", "stop", "expect"):
        monkeypatch.setattr(PretendingExecutor, name, raises, raising=False)
    monkeypatch.setattr(PretendingExecutor, "hands_on", property(raises))
    world.durations["scan"] = "5 hours"
    world.write(job("timeout: 1 hour", schedule="every 6 hours") + "  other: every 3 hours\n")
    world.start(at="2026-01-10 05:00").advance("5 hours")

    scan, *others = world.history()
    assert (scan.status, scan.reason) == (
        "failed",
        "it timed out after 1 hour; its handler did not stop when asked, and was given up",
    )
    assert [run.status for run in others] == ["completed", "completed"]


def test_what_is_cut_off_is_ended_wherever_its_executor_can_reach_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[tuple[str, int]] = []

    def kill(_self: object, key: tuple[str, int]) -> bool:
        ended.append(key)
        return False

    monkeypatch.setattr(PretendingExecutor, "kill", kill)
    world.durations["scan"] = "5 hours"
    world.write(job(schedule="every 6 hours")).start(at="2026-01-10 05:00").advance("2 hours")

    world.kill().start()
    after_a_crash, [cut_off, _] = list(ended), world.history()
    world.advance("1 second").stop()

    assert after_a_crash == [cut_off.key]
    assert ended == [cut_off.key, (cut_off.id, 2)]
