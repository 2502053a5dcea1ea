"""`aperture history` and `aperture logs`."""

from __future__ import annotations

import pytest

from aperture_plugin.cli import history as history_command
from aperture_plugin.ports import LiveRun
from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = "schedules:\n  scan: daily at 2 AM\n  sync: every 6 hours\n"
KEYS = [
    "id", "job", "slot", "trigger", "missed", "status", "reason", "attempt", "queued_at", "started_at",
    "finished_at", "duration", "items_done", "items_total", "error", "result", "params",
    "note",
]  # fmt: skip


def two_days(world: World) -> World:
    world.write(FILE)
    return world.start(at="2026-01-09 00:30").advance("47 hours").stop()


def test_runs_are_shown_newest_first_in_the_shape_of_the_contract(world: World, shell: Shell) -> None:
    world.handlers["scan"] = lambda run: {"added": 12}
    two_days(world)

    runs = shell("history", "--format", "json").json

    assert [run["slot"][:16] for run in runs][:3] == ["2026-01-10T18:00", "2026-01-10T12:00", "2026-01-10T06:00"]
    assert list(runs[0]) == KEYS
    [scan, _] = [run for run in runs if run["job"] == "scan"]
    assert (scan["status"], scan["result"], scan["attempt"], scan["missed"]) == ("completed", {"added": 12}, 1, 0)
    assert scan["duration"] >= 0


def test_runs_are_narrowed_by_job_state_and_time(world: World, shell: Shell) -> None:
    def fail(run: LiveRun) -> None:
        if run.slot is not None and run.slot.hour == 12:
            raise ValueError("no noon today")

    world.handlers["sync"] = fail
    two_days(world)

    def slots(*words: str) -> list[str]:
        return [run["slot"][8:16] for run in shell("history", "--format", "json", *words).json]

    assert slots("--job", "scan") == ["10T02:00", "09T02:00"]
    assert slots("--status", "failed") == ["10T12:00", "09T12:00"]
    assert slots("--status", "failed", "--since", "2026-01-10") == ["10T12:00"]
    assert slots("--status", "failed", "--since", "1 day") == ["10T12:00"]
    assert slots("--limit", "1") == ["10T18:00"]


def test_a_limit_of_zero_shows_all(world: World, shell: Shell) -> None:
    world.write("schedules:\n  sync: every hour\n")
    world.start(at="2026-01-09 00:30").advance("30 hours").stop()

    assert len(shell("history", "--format", "json").json) == 20
    assert len(shell("history", "--limit", "0", "--format", "json").json) == 30


def test_a_line_tells_when_what_and_how_it_ended(world: World, shell: Shell) -> None:
    world.handlers["scan"] = lambda run: {"added": len(list(run.track(range(12))))}
    world.write(FILE).start(at="2026-01-10 01:59").advance("5 minutes").stop()

    heading, _, line = shell("history").lines

    assert heading.split() == ["WHEN", "JOB", "STATUS", "TOOK", "ITEMS", "BY", "RUN", "WHAT", "CAME", "OF", "IT"]
    assert line.startswith("2:00 AM  scan  completed")
    assert "12  schedule" in line
    assert line.endswith("added 12")


def test_a_job_that_nobody_knows_is_wrong_usage(world: World, shell: Shell) -> None:
    two_days(world)

    answer = shell("history", "--job", "snyc")

    assert (answer.code, answer.err.splitlines()[1]) == (2, '   hint: did you mean "sync"?')


def test_a_job_that_the_file_has_forgotten_is_still_shown(world: World, shell: Shell) -> None:
    two_days(world)
    world.write("schedules:\n  sync: every 6 hours\n")

    assert len(shell("history", "--job", "scan", "--format", "json").json) == 2


def test_a_state_that_does_not_exist_is_wrong_usage(world: World, shell: Shell) -> None:
    world.write(FILE)

    assert shell("history", "--status", "finished").code == 2


# ── logs ──


def talkative(run: LiveRun) -> None:
    run.log.info("attempt %d begins", run.attempt)
    run.log.warning("a color: \x1b[31mred")
    if run.attempt == 1:
        raise ValueError("not yet")


@pytest.fixture
def tried_twice(world: World) -> World:
    world.handlers["scan"] = talkative
    world.write(
        "schedules:\n  scan:\n    schedule: daily at 2 AM\n    retry:\n      attempts: 2\n      delay: 1 minute\n"
    )
    return world.start(at="2026-01-10 01:59").advance("5 minutes").stop()


def test_attempts_stand_apart(tried_twice: World, shell: Shell) -> None:
    [second, first] = tried_twice.history()[::-1]

    answer = shell("logs", second.id)

    assert answer.code == 0
    headings = [line for line in answer.lines if line.startswith("──")]
    assert [line.split(" · ")[2] for line in headings] == ["attempt 1", "attempt 2"]
    assert "02:00:00 INFO    attempt 1 begins" in answer.lines
    assert answer.lines[-1] == "scan completed"
    assert first.id == second.id


def test_nothing_that_a_job_wrote_steers_the_terminal(tried_twice: World, shell: Shell) -> None:
    out = shell("logs", "scan").out

    assert "\x1b" not in out
    assert "a color: \ufffd[31mred" in out


def test_a_log_as_json_is_the_lines_as_they_were(tried_twice: World, shell: Shell) -> None:
    lines = shell("logs", "scan", "--format", "json").json

    assert lines[0] == {
        "at": "2026-01-10T02:00:00+00:00", "level": "INFO", "text": "attempt 1 begins", "attempt": 1,
    }  # fmt: skip
    assert {line["attempt"] for line in lines} == {1, 2}


def test_a_run_is_found_by_the_beginning_of_its_id(tried_twice: World, shell: Shell) -> None:
    [run, _] = tried_twice.history()

    assert shell("logs", run.id[:10]).out == shell("logs", run.id).out


def test_a_beginning_that_several_runs_share_is_not_enough(world: World, shell: Shell) -> None:
    two_days(world)
    runs = world.history()

    answer = shell("logs", runs[0].id[:2])

    assert answer.code == 2
    assert answer.err.startswith(f'error: {len(runs)} runs begin with "{runs[0].id[:2]}"')


def test_a_run_that_does_not_exist_is_wrong_usage(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("logs", "zzz")

    assert answer.code == 2
    assert answer.err == 'error: there is no job or run "zzz" in schedules.yaml\n   hint: expected one of scan, sync\n'


def test_a_run_that_ended_is_not_followed_for_ever(tried_twice: World, shell: Shell) -> None:
    assert shell("logs", "scan", "--follow").out == shell("logs", "scan").out


def test_of_the_jobs_that_there_are_each_is_named_once(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: every hour\n  sync: manual\n").start(at="2026-01-10 01:00").advance("2 hours")

    answer = shell("history", "--job", "nothing")

    assert (answer.code, answer.err.splitlines()[-1]) == (2, "   hint: expected one of scan, sync")


def test_a_failure_says_why_where_one_looks(world: World, shell: Shell) -> None:
    world.write(
        "schedules:\n  backup:\n    title: Nightly backup\n    schedule: daily at 2 AM\n"
        "    command: echo starting; echo disk is full >&2; exit 3\n"
    )
    ran = shell("run", "backup", "--wait")
    history, logs, doctor = shell("history"), shell("logs", "backup"), shell("doctor", "backup")
    wide = shell("status")
    [run] = shell("history", "--format", "json").json

    why = "exited with code 3: disk is full"
    assert (ran.code, run["reason"]) == (1, why)
    assert [text.count("disk is full") for text in (logs.out, ran.out, ran.err)] == [2, 1, 1]
    assert any(line.endswith("STDERR  disk is full") for line in logs.lines)
    assert f"{run['id']}  {why}" in history.out
    assert "backup (Nightly backup)" in history.out
    assert why in doctor.out
    assert why in wide.out


def test_a_run_s_id_is_whole_on_a_narrow_terminal(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("schedules:\n  a-rather-long-name-of-a-job:\n    title: Movies\n    schedule: every 6 hours\n")
    world.start(at="2026-01-09 00:30").advance("13 hours").stop()
    ids = [run["id"] for run in shell("history", "--format", "json").json]
    monkeypatch.setattr(history_command, "terminal_width", lambda: 60)

    answer = shell("history")

    assert [line for line in answer.lines if line.startswith("    ")] == [f"    {one}: Movies" for one in ids]
    assert max(map(len, answer.lines)) <= 60
