"""Freezes and calendars under the loop: slots are skipped with the reason, or do not exist."""

from __future__ import annotations

from datetime import timedelta

from aperture_plugin.app.audit import audit
from aperture_plugin.testing import World

FROZEN = "freeze:\n  - 2026-01-11 to 2026-01-12: release freeze\n"
SCAN = "schedules:\n  scan: daily at 2 AM\n"


def told(world: World) -> list[tuple[str, str | None]]:
    return [(str(run.status), run.reason) for run in world.history()]


REASON = "frozen 2026-01-11 to 2026-01-12: release freeze"


def test_slots_of_a_freeze_are_skipped_with_the_reason(world: World) -> None:
    world.write(FROZEN + SCAN).start(at="2026-01-10 01:00").advance("4 days")

    assert told(world) == [("completed", None), ("skipped", REASON), ("skipped", REASON), ("completed", None)]


def test_a_freeze_lasts_from_midnight_to_midnight_in_the_files_zone(world: World) -> None:
    words = "timezone: Asia/Tokyo\nfreeze: 2026-01-11\nschedules:\n  scan: daily at 12 AM, 11:59 PM\n"

    world.write(words).start(at="2026-01-10 14:30").advance("2 days")

    assert told(world) == [
        ("completed", None),  # 11:59 PM of the 10th
        ("skipped", "frozen 2026-01-11"),
        ("skipped", "frozen 2026-01-11"),
        ("completed", None),
    ]


def test_each_slot_of_a_freeze_that_passed_while_nothing_ran_has_a_row(world: World) -> None:
    world.write(FROZEN + SCAN).start(at="2026-01-10 01:00").stop()
    world.clock.advance("5 days")

    world.start()

    assert told(world) == [("skipped", REASON), ("skipped", REASON), ("completed", None)]
    assert world.history()[-1].missed == 3


def test_a_run_that_a_person_asks_for_goes_on(world: World) -> None:
    world.write(FROZEN + SCAN).start(at="2026-01-11 01:00")

    world.run("scan")

    assert told(world) == [("completed", None)]


def test_a_run_at_start_is_skipped_in_a_freeze(world: World) -> None:
    world.write(FROZEN + "schedules:\n  scan: at start\n").start(at="2026-01-11 01:00")

    assert told(world) == [("skipped", REASON)]


def test_a_freeze_that_is_saved_holds_from_then_on(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 23:00")

    world.save(FROZEN + SCAN)
    world.advance("2 days")

    assert told(world) == [("skipped", REASON)] * 2


def test_days_of_a_calendar_have_no_slots_and_audit_expects_none(world: World) -> None:
    words = "calendars:\n  closed: [2026-01-11, every 01-12]\nschedules:\n  scan:\n    schedule: daily at 2 AM\n"

    world.write(words + "    except: closed\n").start(at="2026-01-10 01:00").advance("4 days")

    assert [run.due.day for run in world.history() if run.due] == [10, 13]
    with world.beside() as store:
        found = audit(
            store, since=world.clock.now() - timedelta(days=7), until=world.clock.now(), now=world.clock.now()
        )
    assert (found.total.expected, found.total.ran, found.total.unaccounted) == (2, 2, ())


def test_a_calendar_that_changes_changes_the_schedule(world: World) -> None:
    words = "calendars:\n  closed: [{}]\nschedules:\n  scan:\n    schedule: daily at 2 AM\n    except: closed\n"
    world.write(words.format("2026-01-10")).start(at="2026-01-10 01:00")

    world.save(words.format("2026-01-11"))
    world.advance("3 days")

    assert [run.due.day for run in world.history() if run.due] == [10, 12]
