"""What commands say of a loop whose store was taken away from under it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only /proc tells who has a file open")


@pytest.fixture
def pid(world: World) -> Iterator[int]:
    """A process that works on a store whose file was deleted."""
    world.write("state: sqlite:///jobs.db\nschedules:\n  a:\n    schedule: hourly\n    command: ls\n")
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
