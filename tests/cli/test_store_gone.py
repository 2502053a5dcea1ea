"""What commands say of a loop whose store was taken away from under it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aperture_plugin.app import store_access
from aperture_plugin.testing import World
from tests.cli.conftest import Shell, Terminal

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only /proc tells who has a file open")


@pytest.fixture
def pid(world: World) -> Iterator[int]:
    """A process that works on a store whose file was deleted."""
    world.write("state: sqlite:///jobs.db\nschedules:\n  a:\n    schedule: every hour\n    command: ls\n")
    store = world.folder / "jobs.db"
    store.write_bytes(b"")
    words = [sys.executable, "-c", "import sys; held = open(sys.argv[1]); print(flush=True); input()", str(store)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        store.unlink()
        yield process.pid
        process.kill()


def test_status_says_that_a_loop_runs_and_what_became_of_its_store(pid: int, shell: Shell) -> None:
    answer, json = shell("status"), shell("status", "--format", "json").json

    assert answer.code == 1
    assert f"a loop runs (pid {pid}), but its store was deleted or overwritten under it" in answer.lines
    assert answer.err.splitlines()[-1] == (
        "error: the store cannot be read, so this is what the file alone says: a loop runs "
        f"(process {pid}), but its store sqlite:///jobs.db was deleted or moved away; put it back, or stop the loop "
        "and start anew"
    )
    assert (json["running"], json["pid"]) == (True, pid)


def test_doctor_says_what_to_do(pid: int, shell: Shell) -> None:
    answer = shell("doctor")

    assert answer.code == 1
    assert (
        f"a loop runs (pid {pid}), but its store was deleted or overwritten under it: it starts nothing" in answer.out
    )
    assert "put the store back; or stop the loop, and start it anew on a new store" in answer.out


@pytest.mark.parametrize("words", ["history", "logs a", "next", "audit"])
def test_any_other_command_says_it_in_words(pid: int, shell: Shell, words: str) -> None:
    answer = shell(*words.split())

    assert "aperture itself failed" not in answer.err
    assert answer.code == 0 or "was deleted or moved away; put it back" in answer.err


def test_a_store_that_a_loop_makes_at_this_moment_is_no_store_that_is_gone(
    world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("state: sqlite:///jobs.db\nschedules:\n  a:\n    schedule: every hour\n    command: ls\n")

    def holders(path: Path) -> list[int]:
        path.write_bytes(b"")  # as the loop does between the look at the file and the one at the processes
        return [1]

    monkeypatch.setattr(store_access, "holders", holders)

    assert (shell("history").code, shell("history").err) == (0, "")


def test_several_loops_notice_that_their_store_is_gone_and_go_on_with_the_one_put_back(terminal: Terminal) -> None:
    terminal.write("state: sqlite:///jobs.db\nschedules:\n  a:\n    schedule: every second\n    command: echo x\n")
    store = terminal.folder / "jobs.db"
    pids = {terminal.begin("start").pid for _ in range(2)}

    def loops() -> set[int]:
        return {loop["pid"] for loop in terminal.look("status", "--format", "json").json["loops"]}

    terminal.until(lambda: loops() == pids)
    with closing(sqlite3.connect(store)) as ours, closing(sqlite3.connect(terminal.folder / "copy.db")) as copy:
        ours.backup(copy)
    for path in terminal.folder.glob("jobs.db*"):
        path.unlink()
    gone = terminal.look("status")
    (terminal.folder / "copy.db").replace(store)
    terminal.until(lambda: loops() == pids)
    before = len(terminal.look("history", "--format", "json", "--limit", "0").json)
    terminal.until(lambda: len(terminal.look("history", "--format", "json", "--limit", "0").json) > before + 2)
    slots = [run["slot"] for run in terminal.look("history", "--format", "json", "--limit", "0").json]

    assert all(str(pid) in gone.err for pid in pids)
    assert len(slots) == len(set(slots))
