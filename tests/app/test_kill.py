"""A real process, killed by kill -9 at random moments: every slot accounted for, no attempt run twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.runs import IN_HAND, Run, Status
from aperture_plugin.store.connect import open_store
from aperture_plugin.testing import World
from tests.store.databases import database

PLUGIN = """
import os, time
from aperture_plugin import Job, hookimpl

@hookimpl
def aperture_jobs():
    yield Job("quick", note)
    yield Job("slow", lambda run: (note(run), time.sleep(0.4)))
    for number in range(300):
        yield Job(f"one-of-many-{number}", note)

def note(run):
    # One write, so that a kill leaves the line whole or not at all.
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{run.id} {run.attempt}\\n")
"""

STATE = "sqlite:///aperture.db"

FILE = """\
queues:
  default: 2
schedules:
  quick: every second
  slow: every second
"""

MANY = tuple(f"one-of-many-{number}" for number in range(300))
CROWD = "queues:\n  default: 4\nschedules:\n" + "".join(f"  {name}: every second\n" for name in MANY)


@pytest.fixture(params=["sqlite", "postgres"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a store that several processes share."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'shared.db'}"
        return
    with database() as url:
        yield url


@contextmanager
def loop(folder: Path, state: str = STATE) -> Iterator[subprocess.Popen[bytes]]:
    """A loop in a process of its own, once it is in force."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "aperture_plugin", "start", str(folder / "schedules.yaml"), "--state", state],
            env={**os.environ, "NOTES": str(folder / "notes"), "TZ": "UTC"},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a real condition, looked at often."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def begun(process: subprocess.Popen[bytes], folder: Path) -> None:
    until(lambda: process.pid in pids(folder))


def pids(folder: Path) -> list[int]:
    """Return the processes that the store has a record of."""
    try:
        with closing(sqlite3.connect(f"file:{folder / 'aperture.db'}?mode=ro", uri=True)) as store:
            return [pid for (pid,) in store.execute("SELECT pid FROM loops")]
    except sqlite3.OperationalError:
        return []


def history(folder: Path, state: str = STATE) -> list[Run]:
    store = open_store(state, directory=folder)
    store.open()
    try:
        return store.history(RunQuery(limit=None))
    finally:
        store.close()


def set_up(folder: Path, file: str = FILE) -> None:
    (folder / "hooks").mkdir()
    (folder / "hooks" / "jobs.py").write_text(PLUGIN)
    (folder / "schedules.yaml").write_text(file)


def kill_often(folder: Path, rounds: int, chance: random.Random) -> None:
    set_up(folder)
    for _ in range(rounds):
        with loop(folder) as process:
            begun(process, folder)
            # A moment of chance within a second's worth of slots; nothing depends on how long it really is.
            time.sleep(chance.uniform(0, 1.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
    with loop(folder) as process:
        begun(process, folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def kill_in_crowds(folder: Path, rounds: int, chance: random.Random) -> None:
    """Kill a process again and again while it works off what fell due at one instant."""
    set_up(folder, CROWD)
    for _ in range(rounds):
        with loop(folder) as process:
            begun(process, folder)
            time.sleep(1 - time.time() % 1 + chance.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
            process.wait()
    with loop(folder) as process:
        begun(process, folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def kill_two_by_turns(folder: Path, state: str, rounds: int, chance: random.Random) -> None:
    """Let two processes share a store, and kill the second of them again and again."""
    set_up(folder)
    with loop(folder, state) as last:
        for _ in range(rounds):
            with loop(folder, state) as other:
                until(lambda: {last.pid, other.pid} <= set(pids_at(folder, state)))
                time.sleep(chance.uniform(0, 1.2))
                other.send_signal(signal.SIGKILL)
                other.wait()
        until(lambda: pids_at(folder, state) == [last.pid])  # It has found what the dead left behind.
        last.send_signal(signal.SIGTERM)
        assert last.wait(timeout=60) == 0


def pids_at(folder: Path, state: str) -> list[int]:
    """Return the processes that the store at *state* has a record of."""
    store = open_store(state, directory=folder)
    store.open()
    try:
        with store.snapshot() as ledger:
            return [record.pid for record in ledger.loops()]
    finally:
        store.close()


def check(folder: Path, state: str = STATE, *, jobs: Sequence[str] = ("quick", "slow"), seats: int = 2) -> None:
    runs = history(folder, state)
    notes = Counter((folder / "notes").read_text().splitlines())
    assert notes, "nothing ran at all"
    assert max(notes.values()) == 1, "an attempt ran twice"
    assert len({run.key for run in runs}) == len(runs)
    slots = [(run.job, run.due) for run in runs if run.attempt == 1]
    assert len(set(slots)) == len(slots), "a slot has two runs"
    assert not [run for run in runs if run.status is Status.RUNNING], "a run was left running"
    keys = {run.key for run in runs}
    for run in runs:
        if run.status is Status.INTERRUPTED:
            assert (run.id, run.attempt + 1) in keys, "a run cut off has no next attempt"
        if run.status not in IN_HAND:
            assert run.finished_at is not None
    assert most_at_once(runs) <= seats, "the queue ran more than its number"
    for job in jobs:
        first = [run for run in runs if run.job == job and run.attempt == 1]
        first.sort(key=lambda run: run.due or run.queued_at)
        assert first[0].due is not None
        assert first[-1].due is not None
        span = round((first[-1].due - first[0].due).total_seconds()) + 1 + max(0, first[0].missed - 1)
        assert sum(max(1, run.missed) for run in first) == span, f"{job}: a slot is unaccounted for"


def most_at_once(runs: list[Run]) -> int:
    """Return how many ran at once at most, as the store tells it."""
    changes = [(run.finished_at, -1) for run in runs if run.started_at is not None and run.finished_at is not None]
    changes += [(run.started_at, 1) for run in runs if run.started_at is not None and run.finished_at is not None]
    most = at_once = 0
    for _, change in sorted(changes):  # of one instant, ends first: a seat is given on in the same tick
        at_once += change
        most = max(most, at_once)
    return most


def test_a_process_killed_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    kill_often(tmp_path, 10, random.Random(1))

    check(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_a_process_killed_hundreds_of_times_loses_nothing(tmp_path: Path, seed: int) -> None:
    kill_often(tmp_path, 40, random.Random(seed))

    check(tmp_path)


def test_a_process_killed_in_the_middle_of_crowds_loses_nothing(tmp_path: Path) -> None:
    kill_in_crowds(tmp_path, 5, random.Random(1))

    check(tmp_path, jobs=MANY, seats=4)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_a_process_killed_in_the_middle_of_many_crowds_loses_nothing(tmp_path: Path, seed: int) -> None:
    kill_in_crowds(tmp_path, 25, random.Random(seed))

    check(tmp_path, jobs=MANY, seats=4)


def test_two_processes_on_one_store_lose_nothing_when_one_is_killed(tmp_path: Path, shared: str) -> None:
    kill_two_by_turns(tmp_path, shared, 4, random.Random(2))

    check(tmp_path, shared)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_two_processes_on_one_store_lose_nothing_for_long(tmp_path: Path, shared: str, seed: int) -> None:
    kill_two_by_turns(tmp_path, shared, 25, random.Random(seed))

    check(tmp_path, shared)


def test_the_world_kills_as_the_kernel_does(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.durations["scan"] = "1 hour"
    world.write("schedules:\n  scan: every 2 hours\n").start(at="2026-01-10 01:30").advance("1 hour").kill()

    left = history(tmp_path)

    assert [run.status for run in left] == ["running"]
