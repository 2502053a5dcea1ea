"""What can be looked at when the file is gone, emptied or broken, and which store is meant then."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = "state: sqlite:///jobs.db\nschedules:\n  scan: every hour\n"
LOOKS = [("history",), ("logs", "scan"), ("audit",), ("status",)]


@pytest.fixture
def running(world: World) -> World:
    """A loop whose file names a store of its own; one run is past."""
    return world.write(FILE).start(at="2026-01-10 01:00").advance("90 minutes")


@pytest.mark.parametrize("words", LOOKS[:3])
def test_a_loop_whose_file_is_gone_is_looked_at_by_its_store(
    running: World, shell: Shell, words: tuple[str, ...]
) -> None:
    running.file.unlink()

    answer = shell(*words, "--state", "sqlite:///jobs.db")

    assert (answer.code, answer.err) == (0, "")
    assert "scan" in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pause", "scan", "--until", "6 AM"), "scan is paused until "),
        (("run", "scan"), "scan is queued"),
        (("cancel", "scan"), "scan is cancelled; it had not started"),
        (("doctor", "scan"), "schedules.yaml is refused for 1 error; the last good one goes on"),
    ],
)
def test_a_loop_whose_file_is_gone_is_asked_by_its_store(
    running: World, shell: Shell, words: tuple[str, ...], said: str
) -> None:
    running.file.unlink()
    if words[0] == "cancel":
        shell("run", "scan", "--state", "sqlite:///jobs.db")

    answer = shell(*words, "--state", "sqlite:///jobs.db")

    assert said in answer.out
    if words[0] != "doctor":
        assert answer.code == 0
        assert "note: schedules.yaml is not there; the loop goes by the last good one\n" in answer.err


def test_a_pause_is_lifted_though_the_file_is_gone(running: World, shell: Shell) -> None:
    shell("pause", "scan")
    running.file.unlink()

    answer = shell("resume", "scan", "--state", "sqlite:///jobs.db")

    assert (answer.code, answer.out) == (0, "scan is resumed; its slots fire from now on\n")


def test_a_job_that_the_last_good_file_has_not_is_unknown(running: World, shell: Shell) -> None:
    running.file.unlink()

    answer = shell("pause", "scna", "--state", "sqlite:///jobs.db")

    assert answer.code == 2
    assert 'did you mean "scan"?' in answer.err


@pytest.mark.parametrize("broken", [None, "schedules: [\n"])
def test_times_are_told_in_the_zone_of_the_last_good_file(world: World, shell: Shell, broken: str | None) -> None:
    world.write(f"timezone: Asia/Tokyo\n{FILE}").start(at="2026-01-10 01:00").advance("90 minutes")
    if broken is None:
        world.file.unlink()
    else:
        world.file.write_text(broken)

    paused = shell("pause", "scan", "--until", "2099-06-01 6 AM", "--state", "sqlite:///jobs.db")
    history = shell("history", "--state", "sqlite:///jobs.db", "--format", "json")

    assert paused.code == 0
    with world.reading() as ledger:
        assert ledger.pauses()["scan"].until == datetime(2099, 5, 31, 21, tzinfo=UTC)
    assert {run["slot"][-6:] for run in history.json} == {"+09:00"}


@pytest.mark.parametrize("words", [*LOOKS, ("pause", "scan"), ("run", "scan"), ("doctor",)])
def test_a_file_that_is_gone_is_missing_and_the_hint_tells_how_its_loop_is_found(
    running: World, shell: Shell, words: tuple[str, ...]
) -> None:
    running.file.unlink()

    answer = shell(*words)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "error: schedules.yaml is not there\n"
        "   hint: aperture init writes a starter file; -f FILE names another one; "
        "--state URL names the store of a loop that still goes by it\n"
    )


@pytest.mark.parametrize("words", [*LOOKS, ("cancel", "scan"), ("resume", "scan"), ("run", "scan"), ("doctor",)])
def test_a_file_that_is_gone_is_missing_where_no_loop_runs_on_the_store_that_was_named(
    running: World, shell: Shell, words: tuple[str, ...]
) -> None:
    running.stop()
    running.file.unlink()

    answer = shell(*words, "--state", "sqlite:///jobs.db")

    assert (answer.code, answer.err.splitlines()[0]) == (2, "error: schedules.yaml is not there")


@pytest.mark.parametrize("words", [("history",), ("audit",), ("status",)])
def test_an_emptied_file_says_that_it_may_have_named_another_store(
    running: World, shell: Shell, words: tuple[str, ...]
) -> None:
    running.file.write_text("")

    answer = shell(*words)

    assert answer.err.splitlines()[:2] == [
        "note: schedules.yaml is refused and names no store, and aperture.db is not there",
        "   hint: if it named another store before, --state URL names that one",
    ]


@pytest.mark.parametrize("words", LOOKS)
def test_a_store_whose_address_cannot_be_read_is_not_taken_for_another_one(
    running: World, shell: Shell, words: tuple[str, ...]
) -> None:
    running.file.write_text(FILE.replace("jobs.db", "${NOWHERE}.db"))

    answer = shell(*words)

    assert answer.code == 1
    assert answer.err.splitlines()[-1].endswith(
        "the address under state in schedules.yaml cannot be read "
        '(schedules.yaml:1:18: "NOWHERE" is not set in the environment); '
        "name it by --state URL or in APERTURE_STATE"
    )


def test_a_store_that_is_named_beside_the_file_is_looked_at_whatever_the_file_says(
    running: World, shell: Shell
) -> None:
    running.file.write_text(FILE.replace("jobs.db", "${NOWHERE}.db"))

    answer = shell("history", "--state", "sqlite:///jobs.db", "--format", "json")

    assert (answer.code, {run["job"] for run in answer.json}) == (0, {"scan"})


def test_a_plan_needs_no_store(world: World, shell: Shell) -> None:
    world.write(FILE.replace("jobs.db", "${NOWHERE}.db"))

    assert shell("plan").code == 0


def test_a_store_that_was_named_and_is_not_there_is_told_of(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("history", "--state", "sqlite:///jbos.db")

    assert (answer.code, answer.out) == (0, "no run to show\n")
    assert answer.err == "note: sqlite:///jbos.db is not there yet: nothing has run on it\n"
    assert not (world.folder / "jbos.db").exists()
