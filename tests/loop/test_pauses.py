"""What a pause holds back, whoever looks at it, and whenever."""

from __future__ import annotations

from datetime import UTC, datetime

from aperture_plugin.app.store_commands import ask_pause, ask_resume
from aperture_plugin.ports import LiveRun, Pause
from aperture_plugin.testing import World

SCAN = "schedules:\n  scan: every 2 hours\n"


def told(world: World) -> list[tuple[int | None, str, int]]:
    return [(run.due.hour if run.due else None, str(run.status), run.missed) for run in world.history()]


def test_slots_that_a_pause_held_back_while_nothing_ran_are_skipped_although_it_was_lifted_since(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    world.pause("scan").stop()
    world.clock.advance("4 hours")  # 2:00 and 4:00 pass, paused
    with world.beside() as store:
        assert ask_resume(store, ["scan"], now=world.clock.now())
    world.clock.advance("4 hours")  # 6:00 and 8:00 pass, with nobody there

    world.start()

    assert told(world) == [(2, "skipped", 0), (4, "skipped", 0), (8, "completed", 2)]


def test_a_pause_put_on_a_second_time_goes_on_from_where_it_began(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    world.pause("scan").stop()
    world.clock.advance("4 hours")

    with world.beside() as store:
        again = Pause(job="scan", since=world.clock.now(), until=datetime(2026, 1, 10, 7, tzinfo=UTC), by="ada")
        [before] = ask_pause(store, [again])
    world.start().advance("4 hours")

    assert before is not None
    assert told(world) == [(2, "skipped", 0), (4, "skipped", 0), (6, "skipped", 0), (8, "completed", 0)]


def test_a_pause_that_is_over_cannot_be_lifted(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    world.pause("scan", until=datetime(2026, 1, 10, 3, tzinfo=UTC)).advance("3 hours")

    assert [world.aperture.status()["jobs"][0]["waiting_for"], world.resume("scan") is world] == [None, True]
    assert [run.status for run in world.history()] == ["skipped", "completed"]
    with world.beside() as store:
        assert not ask_resume(store, ["scan"], now=world.clock.now())


def test_a_slot_due_at_the_moment_a_pause_ends_runs(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")

    world.pause("scan", until=datetime(2026, 1, 10, 4, tzinfo=UTC)).advance("4 hours")

    assert told(world) == [(2, "skipped", 0), (4, "completed", 0)]


def test_each_of_many_slots_held_back_while_nothing_ran_has_a_row(world: World) -> None:
    world.write("schedules:\n  scan: every minute\n").start(at="2026-01-10 01:00:30")
    world.pause("scan").stop()
    world.clock.advance("2 days")

    world.start()

    runs = world.history()
    assert len(runs) == 2 * 24 * 60
    assert {(run.status, run.missed) for run in runs} == {("skipped", 0)}


def test_a_paused_job_still_runs_by_hand_and_a_run_in_hand_goes_on(world: World) -> None:
    world.durations["scan"] = "1 hour"
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")

    world.pause("scan").advance("1 hour")
    world.run("scan")
    world.advance("1 hour 30 minutes")

    assert [(run.trigger, run.status) for run in world.history()] == [
        ("schedule", "completed"),
        ("manual", "completed"),
        ("schedule", "skipped"),
    ]


def test_a_pause_by_a_person_is_not_cut_short_by_one_for_a_failure(world: World) -> None:
    def fail(_run: LiveRun) -> None:
        raise ValueError("the disk is gone")

    words = "    on failure: pause\n    pause for: 1 hour\n"
    world.handlers["scan"] = fail
    world.write(f"schedules:\n  scan:\n    schedule: every 2 hours\n{words}").start(at="2026-01-10 01:00")
    world.pause("scan", note="its disk is full")

    world.run("scan")

    with world.reading() as ledger:
        pause = ledger.pauses()["scan"]
    assert (pause.until, pause.note) == (None, "its disk is full")
