"""`aperture audit`."""

from __future__ import annotations

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = "timezone: Europe/Riga\nschedules:\n  scan: every 2 hours\n  sync: manual\n"


def test_every_slot_of_the_last_seven_days_is_accounted_for(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 01:00").advance("4 hours").stop()
    world.clock.advance("4 hours 30 minutes")
    world.start().pause("scan").advance("3 hours").stop()
    world.clock.advance("3 hours")

    answer = shell("audit", "--format", "json")

    assert answer.code == 0
    scan = {"expected": 6, "ran": 3, "skipped": 2, "merged": 1, "pending": 1, "unaccounted": 0}
    assert answer.json == {
        "from": "2026-01-03T17:30:00+02:00",
        "until": "2026-01-10T17:30:00+02:00",
        **scan,
        "jobs": [
            {"job": "scan", **scan},
            {"job": "sync", "expected": 0, "ran": 0, "skipped": 0, "merged": 0, "pending": 0, "unaccounted": 0},
        ],
        "unaccounted_slots": [],
    }


def test_a_person_is_told_in_a_table_and_a_sentence(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 01:00").advance("5 hours").stop()
    world.clock.advance("2 hours 30 minutes")

    answer = shell("audit")

    assert answer.lines == [
        "JOB    EXPECTED   RAN   SKIPPED   MERGED   PENDING   UNACCOUNTED",
        "────────────────────────────────────────────────────────────────",
        "scan          3     3         -        -         1             -",
        "",
        "From 2026-01-03 10:30 until 2026-01-10 10:30 (Europe/Riga) 3 slots were expected: 3 ran, 0 skipped, "
        "0 merged into a catch-up; every one is accounted for; 1 more is pending.",
    ]


def test_the_span_and_the_job_can_be_said(world: World, shell: Shell) -> None:
    world.write(FILE + "  tidy: every hour\n").start(at="2026-01-10 01:00").advance("5 hours")

    answer = shell(
        "audit", "--from", "2026-01-10 04:00", "--until", "2026-01-10 06:00", "--job", "tidy", "--format=json"
    )

    assert [job["job"] for job in answer.json["jobs"]] == ["tidy"]
    assert (answer.json["expected"], answer.json["ran"]) == (2, 2)


def test_a_slot_that_is_lost_is_named_and_the_answer_is_no(world: World, shell: Shell) -> None:
    import sqlite3

    world.write(FILE).start(at="2026-01-10 01:00").advance("5 hours 30 minutes")
    with sqlite3.connect(world.folder / "aperture.db") as database:
        database.execute("DELETE FROM claims WHERE nominal = '2026-01-10T06:00:00'")
    database.close()

    answer = shell("audit")

    assert answer.code == 1
    assert answer.lines[-2] == "unaccounted for: scan, due 2026-01-10 06:00"
    assert "3 slots were expected: 2 ran, 0 skipped, 0 merged into a catch-up; 1 unaccounted for." in answer.lines[-1]


def test_a_broken_file_does_not_hide_the_store(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 01:00").advance("6 hours").stop()
    world.write("schedules:\n  scan: whenever\n")

    answer = shell("audit", "--format", "json")

    assert (answer.code, answer.json["ran"]) == (0, 3)


def test_where_nothing_ever_ran_no_slot_was_expected_and_no_store_is_made(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("audit")

    assert answer.code == 0
    assert answer.out == "From 2026-01-03 02:00 until 2026-01-10 02:00 (Europe/Riga) no slot was expected.\n"
    assert not (world.folder / "aperture.db").exists()


def test_an_unknown_job_is_wrong_usage_with_the_nearest_name(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("audit", "--job", "scna")

    assert answer.code == 2
    assert answer.err == 'error: there is no job "scna" in schedules.yaml\n   hint: did you mean "scan"?\n'


def test_a_job_that_was_taken_out_of_the_file_can_still_be_audited(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 01:00").advance("6 hours")
    world.save("schedules:\n  sync: manual\n")

    answer = shell("audit", "--job", "scan", "--format", "json")

    assert (answer.code, answer.json["ran"]) == (0, 3)


def test_a_span_that_ends_before_it_begins_is_wrong_usage(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("audit", "--from", "now", "--until", "2 days")

    assert answer.code == 2
    assert answer.err.startswith("error: --from is not before --until\n")
