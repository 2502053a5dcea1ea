"""kill -9, a store that goes away, two loops on one store, a stop: nothing lost, nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aperture_plugin.app.store_commands import ask_cancel
from aperture_plugin.testing import World

SCAN = "schedules:\n  scan: every 2 hours\n"


def test_a_run_cut_off_by_a_crash_runs_again_as_its_next_attempt(world: World) -> None:
    world.durations["scan"] = "1 hour"
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")

    world.kill().start().advance("1 hour 10 minutes")

    first, second = world.history()
    assert (first.status, first.reason, first.attempt) == ("interrupted", "its process ended under it", 1)
    assert (second.status, second.attempt, second.id, second.due) == ("completed", 2, first.id, first.due)


def test_what_was_missed_after_a_run_was_cut_off_is_caught_up_beside_its_next_attempt(world: World) -> None:
    world.durations["scan"] = "30 minutes"
    world.write("schedules:\n  scan: every hour\n").start(at="2026-01-10 01:30").advance("40 minutes").kill()
    world.clock.advance("3 hours 10 minutes")  # 03:00, 04:00 and 05:00 pass unseen

    world.start().advance("70 minutes")

    assert [(run.trigger, run.due.hour, run.attempt, run.status, run.missed) for run in world.history() if run.due] == [
        ("schedule", 2, 1, "interrupted", 0),
        ("schedule", 2, 2, "completed", 0),
        ("catch-up", 5, 1, "completed", 3),
        ("schedule", 6, 1, "running", 0),
    ]


_SKIP = "it was due while nothing ran, and the file says missed: skip"
_WAITED = "it was due while nothing ran, and another run of scan was already waiting"
_IN_HAND = "it was due while nothing ran, and scan was still in hand (overlap: skip)"


@pytest.mark.parametrize(
    ("in_hand", "words", "became_of_two", "became_of_the_rest"),
    [
        ("ended", "", ["completed"], [(5, 3, None)]),
        ("running", "", ["interrupted", "completed"], [(5, 3, None)]),
        ("running", "interrupted: leave", ["interrupted"], [(5, 3, None)]),
        ("running", "missed: skip", ["interrupted", "completed"], [(3, 0, _SKIP), (4, 0, _SKIP), (5, 0, _SKIP)]),
        ("running", "overlap: allow", ["interrupted", "completed"], [(5, 3, None)]),
        (
            "running",
            "overlap: skip",
            ["interrupted", "completed"],
            [(3, 0, _IN_HAND), (4, 0, _IN_HAND), (5, 0, _IN_HAND)],
        ),
        ("queued", "", ["completed"], [(3, 0, _WAITED), (4, 0, _WAITED), (5, 0, _WAITED)]),
        ("queued", "overlap: allow", ["completed"], [(5, 3, None)]),
    ],
)
def test_what_becomes_of_slots_missed_after_a_crash_that_left_a_run_in_hand(
    world: World, in_hand: str, words: str, became_of_two: list[str], became_of_the_rest: list[tuple[int, int, object]]
) -> None:
    """A run that merely waits has the one place in the line; a tick that was on time would have found it taken too."""
    world.durations |= {"scan": "1 minute" if in_hand == "ended" else "30 minutes", "long": "20 minutes"}
    first = f"  long: daily at {'2:00' if in_hand == 'queued' else '11:00'} AM\n"
    world.write(f"schedules:\n{first}  scan:\n    schedule: every hour\n" + (f"    {words}\n" if words else ""))
    world.start(at="2026-01-10 01:30").advance("40 minutes").kill()
    world.clock.advance("3 hours 10 minutes")  # 03:00, 04:00 and 05:00 pass unseen, and it is 05:20

    world.start().advance("35 minutes")
    world.advance("60 minutes")

    runs = [run for run in world.history("scan") if run.due is not None and run.due.hour < 6]
    assert [run.status for run in runs if run.due and run.due.hour == 2] == became_of_two
    assert [
        (run.due.hour, run.missed, run.reason) for run in runs if run.due and run.due.hour > 2
    ] == became_of_the_rest


def test_one_slot_waits_beside_a_run_that_was_cut_off_and_cannot_go_on_yet(world: World) -> None:
    world.durations |= {"scan": "30 minutes", "long": "4 hours"}
    schedules = "schedules:\n  scan: every hour\n  long: daily at 1:45 AM\n"
    world.write(f"queues:\n  default: 2\n{schedules}").start(at="2026-01-10 01:30").advance("40 minutes").kill()

    world.write(schedules).start().advance("3 hours")

    waiting = [(run.due.hour, run.attempt) for run in world.history("scan") if run.due and run.status == "queued"]
    passed = [(run.due.hour, run.reason) for run in world.history("scan") if run.due and run.status == "skipped"]
    assert waiting == [(2, 2), (3, 1)]
    assert passed == [(4, "another run of scan was already waiting"), (5, "another run of scan was already waiting")]


def test_a_run_cut_off_is_left_where_the_file_says_so(world: World) -> None:
    world.durations["scan"] = "1 hour"
    world.write("schedules:\n  scan:\n    schedule: every 2 hours\n    interrupted: leave\n")
    world.start(at="2026-01-10 01:00").advance("1 hour 30 minutes")

    world.kill().start().advance("10 minutes")

    assert [run.status for run in world.history()] == ["interrupted"]


def test_a_run_that_waited_when_the_process_died_still_waits_after_the_start(world: World) -> None:
    world.durations["scan"] = "1 hour"
    world.write(SCAN + "  other: daily at 2 AM\n").start(at="2026-01-10 01:00").advance("1 hour 10 minutes")

    world.kill().start().advance("3 hours")

    assert [run.status for run in world.history("other")] == ["completed"]


def test_a_store_that_goes_away_is_caught_up_once_when_it_is_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    store, away = world.folder / "aperture.db", world.folder / "away.db"
    store.rename(away)

    world.advance("5 hours 30 minutes")
    away.rename(store)
    world.advance("10 minutes")

    [run] = world.history()
    assert (run.trigger, run.missed, run.status) == ("catch-up", 3, "completed")
    assert "the store is away" in caplog.text
    assert "the store is back" in caplog.text


def test_a_run_that_ended_while_the_store_was_away_is_recorded_when_it_is_back(world: World) -> None:
    world.durations["scan"] = "1 hour"
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")
    store, away = world.folder / "aperture.db", world.folder / "away.db"
    store.rename(away)
    world.advance("1 hour")

    away.rename(store)
    world.advance("10 minutes")

    assert [(run.status, run.attempt) for run in world.history()] == [("completed", 1)]


def test_of_two_loops_on_one_store_one_claims_each_slot(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    other = World(world.folder)
    other.clock = world.clock
    other.start()

    for _ in range(12):
        world.clock.advance("1 hour")
        other.drain()
        world.drain()

    dues = [run.due for run in world.history()]
    assert len(dues) == len(set(dues)) == 6
    other.close()


def test_who_waits_for_a_run_hears_that_another_process_cancelled_it(world: World) -> None:
    world.durations["scan"] = "3 hours"
    world.write(SCAN + "  other: manual\n").start(at="2026-01-10 01:00").advance("1 hour 10 minutes")
    handle = world.aperture.run("other")
    world.drain()

    with world.beside() as store:
        ask_cancel(store, "other", now=world.clock.now(), by="ada")
    world.loop.state.stale = True  # what a loop that polls would notice by itself
    world.drain()

    assert handle.wait(timeout=0).status == "cancelled"


def test_a_stop_lets_what_runs_finish_and_starts_nothing_more(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("2 hours")

    world.stop()
    world.clock.advance(timedelta(hours=1))

    assert [run.status for run in world.history()] == ["completed"]


def test_a_loop_that_stops_sleeps_though_a_run_that_it_will_not_start_has_its_time(world: World) -> None:
    world.durations["scan"] = "1 hour"
    text = "queues:\n  default: 2\nschedules:\n  scan: daily at 2 AM\n  other:\n    schedule: daily at 2 AM\n"
    world.write(f"{text}    jitter: 5 minutes\n").start(at="2026-01-10 01:00").advance("1 hour 1 second")
    world.loop.drain()
    world.loop.tick()
    world.clock.advance("5 minutes")

    pauses = [world.loop.tick() for _ in range(3)]

    assert min(pauses) > 1


def test_what_does_not_finish_in_time_is_interrupted_and_runs_again_at_the_next_start(world: World) -> None:
    world.durations["scan"] = "10 hours"
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour 10 minutes")

    world.stop()
    world.durations["scan"] = "1 minute"
    world.start().advance("10 minutes")

    first, second = world.history()
    assert (first.status, first.reason) == ("interrupted", "aperture was stopped before it had finished")
    assert (second.status, second.attempt) == ("completed", 2)
