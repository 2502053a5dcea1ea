"""What a command answers about: the job, run or file that was named, or nothing."""

from __future__ import annotations

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = "schedules:\n  scan: every hour\n  sync: every hour\n  later: manual only\n"


@pytest.fixture
def running(world: World) -> World:
    """A loop beside which commands are typed; scan and sync have run."""
    return world.write(FILE).start(at="2026-01-10 00:59").advance("10 minutes")


def test_the_history_of_a_job_is_that_jobs(running: World, shell: Shell) -> None:
    assert {run["job"] for run in shell("history", "scan", "--format", "json").json} == {"scan"}
    assert {run["job"] for run in shell("history", "scan", "sync", "--format", "json").json} == {"scan", "sync"}


def test_the_status_of_a_job_is_that_jobs(running: World, shell: Shell) -> None:
    answer = shell("status", "scan", "--format", "json")

    assert [job["job"] for job in answer.json["jobs"]] == ["scan"]
    assert answer.json["config"]["file"] == "schedules.yaml"
    assert "sync" not in shell("status", "scan").out


def test_slots_and_accounts_of_a_job_are_that_jobs(running: World, shell: Shell) -> None:
    assert {slot["job"] for slot in shell("next", "sync", "--format", "json").json} == {"sync"}
    assert [job["job"] for job in shell("audit", "sync", "--format", "json").json["jobs"]] == ["sync"]
    assert {run["job"] for run in shell("plan", "sync", "--days", "1", "--format", "json").json["runs"]} == {"sync"}


@pytest.mark.parametrize("command", ["history", "status", "next", "audit", "plan", "logs", "doctor", "cancel", "show"])
def test_a_name_that_is_neither_a_job_nor_a_file_is_wrong_usage_beside_a_loop(
    running: World, shell: Shell, command: str
) -> None:
    answer = shell(command, "scna")

    assert (answer.code, answer.out) == (2, "")
    assert 'hint: did you mean "scan"?' in answer.err


@pytest.mark.parametrize("command", ["history", "status", "next"])
def test_a_name_may_have_meant_a_file(running: World, shell: Shell, command: str) -> None:
    (running.folder / "nightly.yaml").write_text(FILE)

    answer = shell(command, "nightly")

    assert (answer.code, answer.err.splitlines()[1]) == (2, '   hint: did you mean the file "nightly.yaml"?')


@pytest.mark.parametrize(
    "words",
    [
        ("pause", "scan"),
        ("resume", "scan"),
        ("cancel", "scan"),
        ("run", "scan"),
        ("logs", "scan"),
        ("history",),
        ("status",),
        ("audit",),
        ("doctor",),
    ],
)
def test_a_mistyped_file_reaches_no_loop(running: World, shell: Shell, words: tuple[str, ...]) -> None:
    answer = shell("-f", "typo.yaml", *words)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: typo.yaml is not there\n")
    with running.reading() as ledger:
        assert ledger.pauses() == {}


def test_a_job_named_like_a_file_beside_it_is_the_job(running: World, shell: Shell) -> None:
    (running.folder / "scan").write_text("#!/bin/sh\n")

    assert {run["job"] for run in shell("history", "scan", "--format", "json").json} == {"scan"}


def test_a_file_needs_no_ending(running: World, shell: Shell) -> None:
    (running.folder / "nightly").write_text("schedules:\n  copy: daily at 2 AM\n")

    assert {slot["job"] for slot in shell("next", "nightly", "--format", "json").json} == {"copy"}


def test_a_folder_where_a_file_belongs_is_named_as_that(running: World, shell: Shell) -> None:
    (running.folder / "site").mkdir()
    (running.folder / "site" / "schedules.yaml").write_text(FILE)

    for words in (("history", "site"), ("status", "site/"), ("-f", "site", "pause", "scan"), ("start", "site")):
        answer = shell(*words)

        assert (answer.code, answer.err) == (
            2,
            "error: site is a folder, and no file\n   hint: name the file in it: site/schedules.yaml\n",
        )


def test_one_run_is_cancelled_by_its_id(world: World, shell: Shell) -> None:
    world.durations["slow"] = "1 hour"
    world.write("schedules:\n  slow:\n    schedule: every hour\n    overlap: allow\n")
    world.start(at="2026-01-10 00:59").advance("10 minutes")
    [running] = world.history("slow")
    shell("run", "slow")
    waiting = next(run for run in world.history("slow") if run.id != running.id)

    answer = shell("cancel", waiting.id)

    assert (answer.code, answer.out) == (0, f"slow is cancelled; it had not started (run {waiting.id})\n")
    assert {run.id: str(run.status) for run in world.history("slow")} == {
        running.id: "running",
        waiting.id: "cancelled",
    }
    assert shell("cancel", waiting.id).err == (
        f"error: nothing to cancel: run {waiting.id} of slow is neither running nor waiting\n"
    )


def test_a_job_before_its_first_run_is_called_that(running: World, shell: Shell) -> None:
    logs = shell("logs", "later")

    assert (logs.code, logs.err) == (
        1,
        "error: later has not run yet\n   hint: aperture run later runs it now\n",
    )
    assert shell("history", "later").out == "later has not run yet\n"


def test_the_log_of_a_job_is_of_its_latest_run_that_began(world: World, shell: Shell) -> None:
    world.handlers["scan"] = lambda run: run.log.info("in %s", run.id)
    world.write("schedules:\n  scan: every hour\n").start(at="2026-01-10 00:59").advance("10 minutes")
    [began] = world.history("scan")
    shell("pause", "scan")
    world.advance("1 hour")  # The slot at 2:00 is skipped.

    answer = shell("logs", "scan")

    assert len(world.history("scan")) == 2
    assert f"run {began.id}" in answer.out


def test_where_the_first_file_is_refused_nobody_knows_its_jobs(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: evry hour\n")

    for words in (("history", "scan"), ("logs", "scan"), ("status", "scan"), ("pause", "scan")):
        answer = shell(*words)

        assert answer.code == 1
        assert answer.err == (
            "error: schedules.yaml is refused, and no earlier one was accepted: "
            "nobody knows whether it has a job scan\n"
            "   hint: aperture check says what is wrong with it\n"
        )
