"""`aperture backfill`, typed beside a loop and without one."""

from __future__ import annotations

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = "schedules:\n  scan:\n    schedule: every hour\n    missed: skip\n"
COMMAND = "schedules:\n  scan:\n    schedule: every hour\n    command: echo $APERTURE_TRIGGER $APERTURE_SLOT\n"


@pytest.fixture
def missed(world: World) -> World:
    """A loop that was away from 1:30 to 4:30."""
    world.write(FILE).start(at="2026-01-10 00:30").advance("1 hour").stop()
    world.clock.advance("3 hours")
    return world.start()


def test_a_rehearsal_lists_the_slots_and_runs_nothing(missed: World, shell: Shell) -> None:
    answer = shell("backfill", "scan", "--from", "2026-01-10 01:00", "--dry-run")

    assert (answer.code, answer.err) == (0, "")
    assert answer.lines == [
        "2026-01-10 01:00:00  ran",
        "2026-01-10 02:00:00  skipped",
        "2026-01-10 03:00:00  skipped",
        "2026-01-10 04:00:00  skipped",
        "4 slots of scan would run again, from 2026-01-10 01:00 until 2026-01-10 04:30 (UTC)",
    ]
    assert len(missed.history()) == 4


def test_a_loop_is_given_one_run_a_slot(missed: World, shell: Shell) -> None:
    answer = shell("backfill", "scan", "--only", "missed", "--until", "2026-01-10 04:00", "--note", "the disk")
    missed.stop().start()

    assert answer.code == 0
    assert answer.lines[0].startswith("2 slots of scan are queued behind whatever is due")
    again = [run for run in missed.history() if run.is_backfill]
    assert [(run.due and run.due.hour, run.note, str(run.status)) for run in again] == [
        (2, "the disk", "completed"),
        (3, "the disk", "completed"),
    ]
    assert shell("audit", "--format", "json").json["ran"] == 3


def test_programs_are_told_each_slot_and_each_run(missed: World, shell: Shell) -> None:
    answer = shell("backfill", "scan", "--from", "2026-01-10 03:00", "--format", "json")

    assert answer.json["slots"] == [
        {"due": "2026-01-10T03:00:00+00:00", "nominal": "2026-01-10T03:00", "was": "skipped"},
        {"due": "2026-01-10T04:00:00+00:00", "nominal": "2026-01-10T04:00", "was": "skipped"},
    ]
    assert [(run["trigger"], run["slot"]) for run in answer.json["runs"]] == [
        ("backfill", "2026-01-10T03:00:00+00:00"),
        ("backfill", "2026-01-10T04:00:00+00:00"),
    ]


def test_without_a_loop_the_slots_run_here_to_their_end(world: World, shell: Shell) -> None:
    world.write(COMMAND).clock.set("2026-01-10 03:30")

    answer = shell("backfill", "scan", "--from", "2026-01-10 02:00")

    assert (answer.code, answer.out) == (
        0,
        "2 of 2 slots of scan completed, from 2026-01-10 02:00 until 2026-01-10 03:30 (UTC)\n",
    )
    assert "backfill 2026-01-10T02:00:00Z" in answer.err
    assert "backfill 2026-01-10T03:00:00Z" in answer.err


def test_without_a_loop_a_run_that_fails_is_told_by_the_exit_code(world: World, shell: Shell) -> None:
    world.write(COMMAND.replace("echo", "false")).clock.set("2026-01-10 03:30")

    answer = shell("backfill", "scan", "--from", "2026-01-10 03:00")

    assert (answer.code, answer.out.split(",")[0]) == (1, "0 of 1 slot of scan completed")


def test_status_tells_of_which_past_slot_each_waiting_run_is(missed: World, shell: Shell) -> None:
    missed.durations["scan"] = "10 minutes"
    shell("backfill", "scan", "--only", "missed")
    missed.stop().start()

    answer = shell("status")

    waiting = [" ".join(line.split()) for line in answer.lines if " past slot " in line]
    assert [line.split(" past slot ")[1].split(",")[0] for line in waiting] == ["3:00 AM", "4:00 AM"]


def test_cancel_ends_all_of_them_and_says_so_once(missed: World, shell: Shell) -> None:
    missed.durations["scan"] = "10 minutes"
    shell("backfill", "scan", "--only", "missed")
    missed.stop().start()

    answer = shell("cancel", "scan")

    assert answer.code == 0
    assert "2 backfills of scan are cancelled; they had not started" in answer.lines


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["scan"], 2, "error: --from is missing: all slots since then run again"),
        (["scna", "--from", "2 hours"], 2, 'error: there is no job "scna" in schedules.yaml'),
        (["scan", "--from", "2 hours", "--until", "3 hours"], 2, "error: --from is not before --until"),
        (["scan", "--from", "1 minute"], 1, ""),
        (["scan", "--from", "1 minute", "--only", "missed"], 0, ""),
    ],
)
def test_what_cannot_be_run_again_is_told(
    missed: World, shell: Shell, words: list[str], code: int, message: str
) -> None:
    answer = shell("backfill", *words)

    assert (answer.code, answer.err.split("\n")[0]) == (code, message)
    assert missed.is_started


def test_a_job_without_slots_says_so(missed: World, shell: Shell) -> None:
    missed.save("schedules:\n  scan: every hour\n  tidy: manual\n")

    answer = shell("backfill", "tidy", "--from", "2 hours")

    assert (answer.code, answer.out.split("; ")[-1]) == (1, "its schedule has no slots\n")
