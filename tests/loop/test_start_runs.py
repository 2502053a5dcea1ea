"""Schedules at start: one run as the first loop on a store begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from aperture_plugin.loop.stages.start_runs import decide_start_runs
from aperture_plugin.ports import LoopRecord
from aperture_plugin.testing import World


def told(world: World) -> list[tuple[str, str, str | None]]:
    return [(str(run.trigger), str(run.status), run.reason) for run in world.history()]


def test_a_job_at_start_runs_once_each_time_the_loop_begins_and_has_no_slot(world: World) -> None:
    world.write("schedules:\n  warm: at start\n").start(at="2026-01-10 01:00").advance("2 days")
    assert told(world) == [("start", "completed", None)]

    world.stop().start()

    assert told(world) == [("start", "completed", None)] * 2
    assert [run.due for run in world.history()] == [None, None]


def test_a_save_starts_nothing(world: World) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n").start(at="2026-01-10 01:00")

    world.save("schedules:\n  scan: daily at 2 AM\n  warm: at start\n")

    assert world.advance("30 minutes").history() == []


def test_a_run_at_start_waits_for_its_delay_and_says_until_when(world: World) -> None:
    world.write("schedules:\n  warm: at start after 2 minutes\n").start(at="2026-01-10 01:00")
    [waiting] = world.history()

    world.advance("1 minute 59 seconds")
    [still] = world.history()
    world.advance("1 second")

    assert (waiting.status, waiting.reason) == ("waiting", "it starts 2 minutes after the loop began, at 1:02 AM")
    assert still.status == "waiting"
    [run] = world.history()
    assert run.status == "completed"
    assert run.started_at == waiting.queued_at + timedelta(minutes=2)


def test_it_does_not_run_at_start_if_it_has_completed_within_the_time_named(world: World) -> None:
    world.write("schedules:\n  warm: at start unless ran within 6 hours\n").start(at="2026-01-10 01:00").stop()
    world.clock.advance("5 hours 59 minutes")
    world.start().stop()
    assert len(world.history()) == 1

    world.clock.advance("1 minute")
    world.start()

    assert told(world) == [("start", "completed", None)] * 2


def test_a_run_that_failed_counts_for_nothing(world: World) -> None:
    def fail(_run: object) -> None:
        raise OSError("no disk")

    world.handlers["warm"] = fail
    world.write("schedules:\n  warm: at start unless ran within 6 hours\n").start(at="2026-01-10 01:00").stop()
    world.start()

    assert [row[:2] for row in told(world)] == [("start", "failed")] * 2


def test_it_stands_beside_slots_of_the_same_job(world: World) -> None:
    world.write("schedules:\n  warm: at start; every 2 hours\n").start(at="2026-01-10 01:00")

    world.advance("3 hours")

    assert [row[:2] for row in told(world)] == [
        ("start", "completed"),
        ("schedule", "completed"),
        ("schedule", "completed"),
    ]


def test_a_pause_and_a_job_that_is_off_hold_back_a_run_at_start(world: World) -> None:
    world.write("schedules:\n  warm: at start\n  cold:\n    schedule: at start\n    enabled: no\n")
    world.start(at="2026-01-10 01:00").pause("warm").stop()

    world.start()

    assert told(world) == [("start", "completed", None), ("start", "skipped", "it was paused by a test")]


def test_a_run_that_waits_already_is_enough(world: World) -> None:
    world.write("schedules:\n  warm: at start after 10 minutes\n").start(at="2026-01-10 01:00").stop()
    world.start().advance("10 minutes")

    assert told(world) == [
        ("start", "completed", None),
        ("start", "skipped", "another run of warm was already waiting"),
    ]


def test_needs_hold_for_a_run_at_start(world: World) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n  warm:\n    schedule: at start\n    needs: scan\n")

    world.start(at="2026-01-10 01:00")

    assert told(world) == [("start", "skipped", "scan has never run, and warm needs it")]


# ── several loops ──


def beside(world: World, *, host: str, serves: str = "schedule") -> LoopRecord:
    """Put another loop, of another machine, on the store."""
    record = LoopRecord(
        id="other",
        host=host,
        pid=1,
        boot="b/1",
        serves=serves,
        since=world.clock.now(),
        beat=1,
        beat_at=world.clock.now(),
        details={},
    )
    with world.beside() as store, store.transaction() as ledger:
        ledger.keep_loop(record)
    return record


def decide(world: World, *, seconds: float) -> None:
    """Look at the others again, so many seconds later."""
    loop = world.loop
    with loop._store.transaction() as ledger:
        at = loop.state.clock.monotonic()
        tick = loop._open(ledger, world.clock.now(), at, [])
        tick.dead_loops |= {one.id for one in loop.state.lease.dead(ledger.loops(), at=at + seconds)}
        decide_start_runs(tick)
        tick.write()
    loop._committed(tick)
    world.drain()


@pytest.fixture
def begun(world: World) -> World:
    world.write("schedules:\n  warm: at start\n").start(at="2026-01-10 01:00").stop()
    beside(world, host="elsewhere")
    return world.start()


def test_a_loop_that_joins_another_gives_none(begun: World) -> None:
    with begun.beside() as store, store.transaction() as ledger:
        [other] = [loop for loop in ledger.loops() if loop.id == "other"]
        ledger.keep_loop(replace(other, beat=2))

    decide(begun, seconds=3)
    decide(begun, seconds=60)

    assert len(begun.history()) == 1


def test_a_loop_that_finds_the_other_dead_is_the_first(begun: World) -> None:
    decide(begun, seconds=3)
    assert len(begun.history()) == 1

    decide(begun, seconds=10)

    assert told(begun) == [("start", "completed", None)] * 2


def test_a_loop_beside_one_that_leaves_in_order_gives_none(begun: World) -> None:
    with begun.beside() as store, store.transaction() as ledger:
        ledger.drop_loop("other")

    decide(begun, seconds=3)

    assert len(begun.history()) == 1


def test_a_foreground_run_on_the_store_is_no_loop(world: World) -> None:
    world.write("schedules:\n  warm: at start\n").start(at="2026-01-10 01:00").stop()
    beside(world, host="elsewhere", serves="run")

    world.start()

    assert len(world.history()) == 2
