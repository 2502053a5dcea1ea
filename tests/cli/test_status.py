"""`aperture status`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aperture_plugin import Aperture
from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = """\
timezone: Europe/Riga
preset: home
presets:
  home:
    schedules:
      scan: daily at 2 AM
schedules:
  sync:
    schedule: every 30 minutes
    title: User Sync
  off:
    schedule: daily at 5 AM
    enabled: no
  chain: after scan
"""


def test_where_nothing_ever_ran_what_comes_next_is_shown_all_the_same(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("status", "--format", "json")

    assert answer.code == 1
    assert answer.json["config"] == {
        "file": "schedules.yaml",
        "loaded_at": None,
        "preset": "home",
        "timezone": "Europe/Riga",
        "rejected": None,
    }
    assert (answer.json["running"], answer.json["pid"], answer.json["since"]) == (False, None, None)
    assert answer.json["jobs"][1] == {
        "job": "sync",
        "title": "User Sync",
        "category": None,
        "schedule": "Every 30 minutes",
        "enabled": True,
        "paused": None,
        "state": "idle",
        "waiting_for": None,
        "next_run": "2026-01-10T02:30:00+02:00",
        "last_run": None,
    }
    assert [job["next_run"] for job in answer.json["jobs"][2:]] == [None, None]
    assert answer.json["queue"] == []


def test_looking_makes_no_store(world: World, shell: Shell) -> None:
    world.write(FILE)

    shell("status")
    shell("history")

    assert [path.name for path in world.folder.iterdir()] == ["schedules.yaml"]


def test_while_a_loop_runs_on_time_it_is_well(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 01:00")

    answer = shell("status", "--format", "json")

    assert answer.code == 0
    assert answer.json["running"] is True
    assert answer.json["since"] == "2026-01-10T03:00:00+02:00"
    assert answer.json["config"]["loaded_at"] == "2026-01-10T03:00:00.000000+02:00"


def test_the_last_run_is_told_in_the_shape_of_history(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-09 23:59").advance("5 minutes").stop()

    [scan] = [job for job in shell("status", "--format", "json").json["jobs"] if job["job"] == "scan"]

    [run] = shell("history", "--job", "scan", "--format", "json").json
    assert scan["last_run"] == run
    assert (run["status"], run["slot"]) == ("completed", "2026-01-10T02:00:00+02:00")


def test_a_loop_that_does_not_tick_is_late(world: World, shell: Shell) -> None:
    world.write(FILE).start()
    world.clock.advance("20 seconds")

    answer = shell("status")

    assert answer.code == 1
    assert "the loop is late: it last ticked 20 seconds ago" in answer.out


def test_a_loop_that_is_stopping_starts_nothing_new(world: World, shell: Shell) -> None:
    world.durations["scan"] = "1 hour"
    world.write(FILE).start(at="2026-01-09 23:59").advance("5 minutes")
    world.loop.drain()
    world.advance("1 second")

    answer = shell("status")

    assert "the loop is stopping: it lets what runs finish, and starts nothing new; running since " in answer.out


def test_a_refused_file_is_shown_with_what_goes_on(world: World, shell: Shell) -> None:
    world.write(FILE).start()
    world.save(FILE.replace("daily at 2 AM", "dayly at 2 AM"))

    text = shell("status")
    told = shell("status", "--format", "json").json

    assert text.code == 1
    assert "schedules.yaml is refused; the last good one goes on" in text.out
    assert "schedules.yaml:6:13: scan:" in text.out
    assert [problem["line"] for problem in told["config"]["rejected"]["problems"]] == [6]
    assert [job["schedule"] for job in told["jobs"]] == [
        "Daily at 2:00 AM",
        "Every 30 minutes",
        "Daily at 5:00 AM",
        "After scan",
    ]
    assert told["config"]["preset"] == "home"


def test_a_broken_file_without_a_loop_still_shows_the_last_good_one(world: World, shell: Shell) -> None:
    world.write(FILE).start().stop()
    world.write("timezone: Europe/Rigga\n")

    told = shell("status", "--format", "json").json

    assert [job["job"] for job in told["jobs"]] == ["scan", "sync", "off", "chain"]
    assert told["config"]["rejected"]["problems"][0]["code"] == "unknown-timezone"


def test_a_run_that_waits_says_for_what(world: World, shell: Shell) -> None:
    world.write("schedules:\n  slow: daily at 1 AM\n  fast:\n    schedule: daily at 1:05 AM\n    needs: [slow]\n")
    world.durations["slow"] = "1 hour"
    world.start(at="2026-01-10 00:59").advance("10 minutes")

    told = shell("status", "--format", "json").json

    assert [(job["job"], job["state"], job["waiting_for"]) for job in told["jobs"]] == [
        ("slow", "running", None),
        ("fast", "waiting", "slow is running"),
    ]
    assert [(run["job"], run["status"], run["reason"]) for run in told["queue"]] == [
        ("fast", "waiting", "slow is running")
    ]
    assert "fast  waiting  due 1:05 AM  slow is running" in shell("status").out


def test_a_paused_job_is_idle_and_says_what_holds_it_back(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: every hour\n").start(at="2026-01-10 00:30")
    world.pause("scan", until=world.clock.now() + timedelta(hours=2), note="disk is full")

    [scan] = shell("status", "--format", "json").json["jobs"]

    assert scan["state"] == "idle"
    assert scan["waiting_for"] == "it is paused by a test until 2026-01-10 2:30 AM: disk is full"
    assert scan["next_run"] == "2026-01-10T03:00:00+00:00"


@pytest.mark.parametrize(
    ("at", "distance", "clock"),
    [
        ("2026-01-09 21:00", "Next run in 3 hours", "Scheduled for tomorrow 12:00 AM"),
        ("2026-01-09 23:00:20", "Next run in an hour", "Scheduled for tomorrow 12:00 AM"),
        ("2026-01-10 00:00", "Next run in a day", "Scheduled for tomorrow 12:00 AM"),
        ("2026-01-09 23:45", "Next run in 15 minutes", "Scheduled for tomorrow 12:00 AM"),
    ],
)
def test_what_comes_next_is_told_as_a_person_would(
    world: World, shell: Shell, at: str, distance: str, clock: str
) -> None:
    world.write("schedules:\n  scan: daily at 12:00 AM\n")
    world.clock.set(at)

    out = shell("status").out

    assert distance in out
    assert clock in out


def test_each_line_of_a_pipe_is_one_job(world: World, shell: Shell) -> None:
    name = "a-job-whose-name-is-as-long-as-any-name-may-be-which-is-64-chars"
    world.write(f"schedules:\n  {name}: weekly on sunday, monday, tuesday at 4 AM, 5 AM, 6 AM, 7 AM, 8 AM\n")

    [line] = [line for line in shell("status").lines if line.startswith("a-job")]

    assert line.startswith(f"{name}  Weekly on Sunday, Monday, Tuesday at 4:00 AM, 5:00 AM, 6:00 AM, 7:00 AM, 8:00 AM")
    assert line.endswith("never ran")


def test_the_state_is_read_even_from_a_broken_file(world: World, shell: Shell) -> None:
    world.write("state: sqlite:///elsewhere.db\nschedules:\n  scan: every hour\n")
    world.start(at="2026-01-10 00:30").advance("1 hour").stop()
    world.write("state: sqlite:///elsewhere.db\nschedules:\n  scan: evry hour\n")

    assert [run["job"] for run in shell("history", "--format", "json").json] == ["scan"]


def test_a_store_that_cannot_be_read_does_not_hide_what_the_file_says(world: World, shell: Shell) -> None:
    world.write(FILE)
    (world.folder / "aperture.db").write_text("not a database at all, but long enough to be looked at" * 20)

    answer = shell("status", "--format", "json")

    assert answer.code == 1
    assert [job["job"] for job in answer.json["jobs"]] == ["scan", "sync", "off", "chain"]
    assert answer.err.startswith("error: the store cannot be read, so this is what the file alone says: sqlite:///")


def test_a_store_that_cannot_be_read_leaves_open_whether_a_loop_runs_and_what_has_run(
    world: World, shell: Shell
) -> None:
    world.write(FILE)
    (world.folder / "aperture.db").write_text("not a database at all, but long enough to be looked at" * 20)

    answer = shell("status")

    assert "the store cannot be read, so it is unknown if a loop runs and what has run" in answer.out
    assert "no loop is running" not in answer.out
    assert "never ran" not in answer.out


def test_the_preset_that_the_loop_has_picked_is_the_one_that_is_shown(world: World, shell: Shell) -> None:
    world.write("preset: auto\npresets:\n  small:\n    items: under 500\n    schedules:\n      scan: daily at 2 AM\n")
    (world.folder / "hooks").mkdir()
    host = world.folder / "hooks" / "host.py"
    host.write_text(
        "from aperture_plugin import Job, hookimpl\n\n"
        "@hookimpl\ndef aperture_jobs():\n    yield Job('scan', print)\n\n"
        "@hookimpl\ndef aperture_library_size():\n    return 12\n"
    )
    before = shell("status", "--format", "json").json
    with Aperture(world.file, watch=False, clock=world.clock):
        host.write_text("raise RuntimeError('gone')\n")
        running = shell("status", "--format", "json").json

    for told in (before, running):
        assert told["config"]["preset"] == "small"
        assert [job["schedule"] for job in told["jobs"]] == ["Daily at 2:00 AM"]


def test_a_file_that_is_refused_here_says_nothing_of_names_it_cannot_know(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: dayly at 2 AM\n  sync: daily at 2 AM\n")

    told = shell("status", "--format", "json").json

    assert [problem["code"] for problem in told["config"]["rejected"]["problems"]] == ["unknown-phrase"]


def test_a_file_that_is_gone_is_refused_while_a_loop_goes_on_and_missing_where_none_does(
    world: World, shell: Shell
) -> None:
    world.write(FILE).start(at="2026-01-10 01:00")
    world.file.unlink()
    _, problems = world.aperture.judge(None)
    world.aperture.refuse(problems)
    world.drain()

    running = shell("status", "--format", "json")
    text = shell("status")
    world.stop()
    stopped = shell("status")

    assert (running.code, [job["job"] for job in running.json["jobs"]]) == (1, ["scan", "sync", "off", "chain"])
    assert [problem["code"] for problem in running.json["config"]["rejected"]["problems"]] == ["file-gone"]
    assert "schedules.yaml:1:1: schedules.yaml is not there" in text.out
    assert (stopped.code, stopped.err.splitlines()[0]) == (2, "error: schedules.yaml is not there")


@pytest.mark.parametrize("columns", ["", "80"])
def test_a_title_stands_beside_the_name(
    world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    world.write("schedules:\n  a:\n    schedule: daily at 2 AM\n    title: Library Scan\n")

    assert "Library Scan" in shell("status").out
