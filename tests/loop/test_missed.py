"""Slots that passed while nothing ran: one catch-up run, or rows that say why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aperture_plugin.testing import World

SCAN = "schedules:\n  library-scan: every 2 hours\n"


def told(world: World, job: str = "library-scan") -> list[tuple[str, str, int]]:
    return [(run.trigger, run.status, run.missed) for run in world.history(job)]


def test_slots_missed_while_the_host_was_down_run_once_on_start(world: World) -> None:
    world.write(SCAN)
    world.start(at="2026-01-10 01:00").stop()
    world.clock.advance("7 hours 30 minutes")  # 02:00, 04:00, 06:00 and 08:00 pass unseen

    world.start().drain()

    [run] = world.history("library-scan")
    assert (run.trigger, run.missed, run.status) == ("catch-up", 4, "completed")
    assert run.due == datetime(2026, 1, 10, 8, tzinfo=UTC)


def test_after_the_catch_up_the_schedule_goes_on(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").stop()
    world.clock.advance("7 hours 30 minutes")

    world.start().advance("4 hours")

    assert told(world) == [("catch-up", "completed", 4), ("schedule", "completed", 0), ("schedule", "completed", 0)]


def test_a_second_start_catches_nothing_up_again(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").stop()
    world.clock.advance("3 hours 30 minutes")

    world.start().stop().start().stop().start()

    assert told(world) == [("catch-up", "completed", 2)]


def test_a_job_seen_for_the_first_time_has_nothing_to_catch_up(world: World) -> None:
    world.write("schedules:\n  library-scan: daily at 2 AM\n").start(at="2026-01-10 12:00")

    assert world.history() == []


def test_a_job_whose_schedule_changed_while_nothing_ran_has_nothing_to_catch_up(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").stop()
    world.clock.advance("7 hours")
    world.write("schedules:\n  library-scan: every 3 hours\n")

    world.start().advance("2 hours")

    assert told(world) == [("schedule", "completed", 0)]


def test_the_same_schedule_said_in_other_words_is_still_caught_up(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").stop()
    world.clock.advance("2 hours")
    world.write("schedules:\n  library-scan:\n    type: interval\n    minutes: 120\n")

    world.start()

    assert told(world) == [("catch-up", "completed", 1)]


def test_a_job_switched_on_again_has_nothing_to_catch_up(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    world.save("schedules:\n  library-scan:\n    schedule: every 2 hours\n    enabled: no\n")
    world.advance("6 hours")

    world.save(SCAN)

    assert world.history() == []


def test_missed_skip_records_each_slot(world: World) -> None:
    world.write("schedules:\n  library-scan:\n    schedule: every 2 hours\n    missed: skip\n")
    world.start(at="2026-01-10 01:00").stop()
    world.clock.advance("7 hours 30 minutes")

    world.start()

    assert [(run.status, run.due.hour if run.due else None) for run in world.history()] == [
        ("skipped", 2),
        ("skipped", 4),
        ("skipped", 6),
        ("skipped", 8),
    ]


def test_an_hour_of_a_job_of_every_second_is_caught_up_once(world: World) -> None:
    world.write("schedules:\n  library-scan: every second\n").start(at="2026-01-10 01:00").stop()
    world.clock.advance("1 hour")

    world.start()

    first, caught_up = world.history()
    assert (first.trigger, caught_up.trigger, caught_up.missed) == ("schedule", "catch-up", 3600)


def test_slots_held_back_by_a_pause_are_skipped_one_row_each(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    world.pause("library-scan", note="the disk is full")

    world.advance("4 hours").resume("library-scan").advance("2 hours")

    assert [(run.status, run.reason) for run in world.history()] == [
        ("skipped", "it was paused by a test: the disk is full"),
        ("skipped", "it was paused by a test: the disk is full"),
        ("completed", None),
    ]


def test_a_pause_outlives_a_restart_and_a_reload_and_ends_at_its_until(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    world.pause("library-scan", until=datetime(2026, 1, 10, 5, tzinfo=UTC))

    world.stop().start()
    world.save(SCAN + "  embeddings: manual\n")
    world.advance("6 hours")

    assert [run.status for run in world.history()] == ["skipped", "skipped", "completed"]


def test_a_machine_that_slept_catches_up_once(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    world.clock.advance("7 hours 30 minutes")  # no tick in between: the lid was closed

    world.drain()

    assert told(world) == [("catch-up", "completed", 4)]


def test_a_clock_set_forward_catches_up_once_and_set_back_runs_what_was_merged_as_written(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00")
    world.clock.step(timedelta(hours=4))
    world.drain()

    world.clock.step(-timedelta(hours=4))
    world.advance("6 hours")

    assert told(world) == [("catch-up", "completed", 1), *[("schedule", "completed", 0)] * 2]
    assert sorted(run.due.hour for run in world.history() if run.due is not None) == [2, 4, 6]


def test_a_job_that_is_read_in_another_zone_has_nothing_to_catch_up(world: World) -> None:
    text = "timezone: {}\nschedules:\n  library-scan: daily at 2 AM\n"
    world.write(text.format("UTC")).start(at="2026-01-10 01:00").stop()
    world.clock.advance("9 hours")

    world.write(text.format("Europe/Riga")).start().advance("1 day")

    assert [(run.due.hour, run.trigger) for run in world.history() if run.due] == [(0, "schedule")]


def test_words_changed_and_changed_back_leave_nothing_to_catch_up(world: World) -> None:
    world.write("schedules:\n  library-scan: daily at 2 AM\n").start(at="2026-01-10 01:00")
    world.save("schedules:\n  library-scan: daily at 4 AM\n")
    world.advance("2 hours")

    world.save("schedules:\n  library-scan: daily at 2 AM\n")
    world.stop().start()

    assert world.history() == []


def test_slots_missed_longer_ago_than_the_file_allows_are_recorded_and_the_others_wait_for_the_window(
    world: World,
) -> None:
    words = "    schedule: every 2 hours\n    missed within: 3 hours\n    window: 1 PM to 6 PM\n    overlap: skip\n"
    world.write(f"schedules:\n  library-scan:\n{words}").start(at="2026-01-10 01:00").stop()
    world.clock.advance("9 hours")

    world.start().advance("3 hours 30 minutes")

    runs = world.history()
    assert [(run.due.hour, str(run.status), run.missed) for run in runs if run.due] == [
        (2, "skipped", 0),
        (4, "skipped", 0),
        (6, "skipped", 0),
        (10, "completed", 2),
        (12, "skipped", 0),
    ]
    assert runs[0].reason == "it was due while nothing ran, more than 3 hours ago (missed within)"
    assert runs[3].started_at == datetime(2026, 1, 10, 13, tzinfo=UTC)


def test_what_was_due_while_a_job_was_off_is_not_caught_up_after_a_restart(world: World) -> None:
    off = "schedules:\n  library-scan:\n    schedule: every 2 hours\n    enabled: no\n"
    world.write(SCAN).start(at="2026-01-10 01:00").stop()
    world.write(off).start().stop()
    world.clock.advance("8 hours")

    world.write(SCAN).start()

    assert world.history() == []
