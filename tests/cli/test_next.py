"""`aperture next`."""

from __future__ import annotations

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

RIGA = "timezone: Europe/Riga\nschedules:\n  scan: daily at 3:30 AM\n  sync: every 30 minutes\n"


def test_ten_slots_are_shown_from_now_on_in_the_order_they_will_run(world: World, shell: Shell) -> None:
    world.write(RIGA)
    world.clock.set("2026-01-10 01:10")

    found = shell("next", "--format", "json").json

    assert len(found) == 10
    assert found[0] == {
        "job": "scan",
        "fires_at": "2026-01-10T03:30:00+02:00",
        "utc": "2026-01-10T01:30:00Z",
        "nominal": "2026-01-10T03:30",
    }
    assert found[1]["job"] == "sync"
    assert [slot["utc"] for slot in found] == sorted(slot["utc"] for slot in found)


def test_the_instant_it_begins_from_is_included_and_the_one_it_ends_at_is_not(world: World, shell: Shell) -> None:
    world.write(RIGA)

    found = shell(
        "next", "--from", "2026-01-10T03:30", "--until", "2026-01-11 03:30", "--job", "scan", "--format", "json"
    ).json

    assert [slot["nominal"] for slot in found] == ["2026-01-10T03:30"]


def test_without_a_count_all_slots_until_then_are_shown(world: World, shell: Shell) -> None:
    world.write(RIGA)

    found = shell("next", "--from", "2026-01-10", "--until", "2026-01-11", "--job", "sync", "--format", "json").json

    assert len(found) == 48


def test_a_slot_that_the_clocks_skip_says_what_was_written(world: World, shell: Shell) -> None:
    world.write(RIGA)

    answer = shell("next", "--from", "2026-03-29", "--job", "scan", "--count", "1")

    assert answer.out == "2026-03-29 Sun  4:00 AM  scan  written as 2026-03-29 03:30, which the clocks skip\n"


def test_a_slot_in_a_repeated_hour_says_which_time_round_it_is(world: World, shell: Shell) -> None:
    world.write("timezone: Europe/Riga\nschedules:\n  sync: every hour\n")

    answer = shell("next", "--from", "2026-10-25T00:00:00Z", "--count", "2")

    assert answer.lines == ["2026-10-25 Sun  3:00 AM  sync", "2026-10-25 Sun  3:00 AM  sync  the second time round"]


def test_seconds_are_shown_where_there_are_any(world: World, shell: Shell) -> None:
    world.write("schedules:\n  sync: every 10 seconds\n")

    found = shell("next", "--from", "2026-01-10T00:00:05Z", "--count", "1", "--format", "json").json

    assert found[0]["nominal"] == "2026-01-10T00:00:10"


def test_a_job_of_another_zone_names_it(world: World, shell: Shell) -> None:
    world.write("timezone: Europe/Riga\nschedules:\n  scan:\n    schedule: daily at 2 AM\n    timezone: Asia/Tokyo\n")

    answer = shell("next", "--from", "2026-01-10", "--count", "1")

    assert answer.out == "2026-01-11 Sun  2:00 AM  scan  Asia/Tokyo\n"


def test_a_job_that_does_not_exist_is_wrong_usage_with_the_nearest_name(world: World, shell: Shell) -> None:
    world.write(RIGA)

    answer = shell("next", "--job", "scna")

    assert answer.code == 2
    assert answer.err == 'error: there is no job "scna" in schedules.yaml\n   hint: did you mean "scan"?\n'


def test_a_time_that_cannot_be_read_is_wrong_usage(world: World, shell: Shell) -> None:
    world.write(RIGA)

    answer = shell("next", "--from", "whenever")

    assert answer.code == 2
    assert answer.err.startswith('error: --from: "whenever" is not a moment\n   hint: expected a date and time')


def test_a_file_that_is_not_valid_is_told_on_stderr(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: dayly at 2 AM\n")

    answer = shell("next", "--format", "json")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("schedules.yaml:2:9: error:")


def test_jobs_that_never_fire_by_themselves_show_nothing(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: manual only\n  off:\n    schedule: daily at 2 AM\n    enabled: no\n")

    assert shell("next", "--format", "json").json == []
    assert shell("next").out == "no slot of any job of schedules.yaml is due in that time\n"


@pytest.mark.parametrize("until", ["2 hours", "2026-01-10T02:00:00Z"])
def test_an_end_may_be_a_span_from_now(world: World, shell: Shell, until: str) -> None:
    world.write("schedules:\n  sync: every hour\n")

    found = shell("next", "--until", until, "--format", "json").json

    assert [slot["utc"] for slot in found] == ["2026-01-10T00:00:00Z", "2026-01-10T01:00:00Z"]


AUTO = """\
preset: auto
presets:
  small:
    items: under 500
    schedules:
      scan: daily at 2 AM
  large:
    items: 500 and over
    schedules:
      scan: daily at 1 AM
"""
SIZED = """\
from aperture_plugin import Job, hookimpl

@hookimpl
def aperture_jobs():
    yield Job("scan", print)

@hookimpl
def aperture_library_size():
    return 900
"""


def plug_in(world: World, text: str) -> None:
    (world.folder / "hooks").mkdir()
    (world.folder / "hooks" / "host.py").write_text(text)


def test_where_the_file_says_auto_the_plugins_are_asked_for_the_size(world: World, shell: Shell) -> None:
    world.write(AUTO)
    plug_in(world, SIZED)

    answer = shell("next", "--count", "1", "--format", "json")

    assert [slot["nominal"] for slot in answer.json] == ["2026-01-10T01:00"]
    assert answer.err == ""


def test_where_nobody_can_be_asked_auto_says_that_it_picks_no_preset(world: World, shell: Shell) -> None:
    world.write(AUTO)

    answer = shell("next")

    assert answer.code == 0
    assert "no plugin says how many items the library has, so auto cannot pick a preset" in answer.err


def test_a_plugin_that_cannot_be_loaded_only_keeps_auto_from_picking(world: World, shell: Shell) -> None:
    world.write(AUTO + "schedules:\n  sync: every hour\n")
    plug_in(world, "raise RuntimeError('the database is down')\n")

    answer = shell("next", "--count", "1", "--format", "json")

    assert [slot["job"] for slot in answer.json] == ["sync"]
    assert "warning: hooks/host.py:1: plugin hooks/host.py: it cannot be imported: RuntimeError:" in answer.err


def test_what_a_pause_holds_back_is_marked(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: every 6 hours\n  sync: every 6 hours\n").start(at="2026-01-10 01:10").stop()

    shell("pause", "scan", "--until", "2026-01-10 09:00", "--note", "new disk")
    answer = shell("next", "--count", "4")
    rows = shell("next", "--count", "4", "--format", "json").json

    assert [line.partition("  scan")[2].strip() for line in answer.lines if "scan" in line] == [
        f"it is paused by {rows[0]['paused'].split()[4]} until 2026-01-10 9:00 AM: new disk",
        "",
    ]
    assert [(row["job"], "paused" in row) for row in rows] == [
        ("scan", True),
        ("sync", False),
        ("scan", False),
        ("sync", False),
    ]


def test_a_store_that_cannot_be_looked_at_keeps_no_slot_back(world: World, shell: Shell) -> None:
    world.write("state: postgresql+psycopg://nobody@127.0.0.1:1/none\nschedules:\n  scan: every 6 hours\n")

    assert shell("next", "--count", "1").code == 0
