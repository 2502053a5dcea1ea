"""Two loops on one store, on two hosts: one falls silent, the other takes over its run, and the first comes back."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aperture_plugin.ports import RunQuery, Store
from aperture_plugin.rules.runs import Run
from aperture_plugin.store.connect import open_store
from tests.loop.simulation.lives import config_of
from tests.loop.simulation.machines import Behaviour, HostClock, Machine, Process, Time
from tests.loop.simulation.promises import Promises
from tests.store.conftest import postgres_url

__all__ = ["postgres_url"]

FILE = "schedules:\n  scan: daily at 2 AM\n"
PROGRAM = FILE.replace("daily", "\n    command: 'true'\n    schedule: daily")


class Pair:
    """Host A, whose run takes 30 seconds however often it is asked to stop, and host B, whose run takes 3."""

    def __init__(self, url: str, folder: Path, text: str = FILE, *, killable: bool = False) -> None:
        self.time = Time()
        self._text = text
        self.promises = Promises(self.time)
        self._url, self._folder = url, folder
        self.a = self._process("a", Behaviour(takes=timedelta(seconds=30), stubborn=True, killable=killable))
        self.b = self._process("b", Behaviour(takes=timedelta(seconds=3)))

    def open(self) -> Store:
        store = open_store(self._url, directory=self._folder)
        store.open()
        return store

    def _process(self, host: str, how: Behaviour) -> Process:
        clock = HostClock(self.time, datetime(2026, 1, 10, 1, 59, 58, tzinfo=UTC))
        process = Process(
            len(self.promises.processes) + 1,
            Machine(host, clock, clock),
            self.time,
            open_store(self._url, directory=self._folder),
            config_of(self._text),
            watching=self.promises,
            behave=lambda _run: how,
            chance=random.Random(1),
            alive=self.promises.processes,
        )
        self.promises.processes[process.id] = process
        return process

    def advance(self, seconds: float) -> None:
        end = self.time.passed + timedelta(seconds=seconds)
        while True:
            at, process = min(
                ((p.next_at, p) for p in (self.a, self.b) if p.next_at is not None), key=lambda one: one[0]
            )
            if at > end:
                break
            self.time.passed = max(self.time.passed, at)
            process.go_on()
        self.time.passed = end

    def history(self) -> list[Run]:
        store = self.open()
        runs = store.history(RunQuery(limit=None))
        store.close()
        return runs[::-1]

    def log(self, run_id: str) -> list[tuple[int, str]]:
        store = self.open()
        lines = [(line.attempt, line.text) for _, line in store.log_lines(run_id)]
        store.close()
        return lines


@pytest.fixture(params=["sqlite", "postgres"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    url = "sqlite:///aperture.db" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    made = Pair(url, tmp_path)
    yield made
    for process in (made.a, made.b):
        process.die()


@pytest.mark.parametrize("hangs", [False, True])
def test_what_another_recorded_stands_when_the_one_that_was_taken_for_dead_comes_back(
    pair: Pair, hangs: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    pair.a.begin()
    pair.advance(1)
    pair.b.begin()
    pair.a.wakes_at = pair.time.passed
    pair.b.hangs_until = pair.time.passed + timedelta(seconds=2)  # so that A takes the slot
    pair.advance(3)
    if hangs:
        pair.a.hangs_until = pair.time.passed + timedelta(seconds=20)
    pair.a.faults.away = not hangs
    pair.advance(20)

    taken_over = pair.history()
    pair.a.faults.away = False
    pair.advance(40)

    assert [(run.attempt, run.status, run.reason) for run in taken_over] == [
        (1, "interrupted", "its process on a gave no sign of life for 9 seconds"),
        (2, "completed", None),
    ]
    assert pair.history() == taken_over
    assert pair.promises.broken == []
    assert pair.log(taken_over[0].id) == [
        (
            1,
            "this process was taken for dead by another, which has ended the attempt; it is asked to stop; "
            "what this attempt still does is not recorded",
        ),
        (1, "its handler came back only now (completed); how the attempt ended stands already"),
    ]
    assert "taken for dead by another" in caplog.text


def test_what_was_taken_over_and_does_not_stop_when_asked_is_ended_by_force_where_that_can_be_done(
    tmp_path: Path,
) -> None:
    pair = Pair("sqlite:///aperture.db", tmp_path, killable=True)
    pair.a.begin()
    pair.advance(1)
    pair.b.begin()
    pair.a.wakes_at = pair.time.passed
    pair.b.hangs_until = pair.time.passed + timedelta(seconds=2)  # so that A takes the slot
    pair.advance(3)
    pair.a.faults.away = True
    pair.advance(12)
    pair.a.faults.away = False
    pair.advance(8)  # The handler itself would come back later.

    first, second = pair.history()
    assert (first.status, second.status) == ("interrupted", "completed")
    assert pair.log(first.id)[-1] == (
        1,
        "its handler came back only now (cancelled); how the attempt ended stands already",
    )
    assert pair.promises.broken == []


def test_a_program_that_another_host_may_still_run_is_told_of(tmp_path: Path) -> None:
    pair = Pair("sqlite:///aperture.db", tmp_path, PROGRAM)
    pair.a.begin()
    pair.advance(1)
    pair.b.begin()
    pair.a.wakes_at = pair.time.passed
    pair.b.hangs_until = pair.time.passed + timedelta(seconds=2)  # so that A takes the slot
    pair.advance(3)
    pair.a.faults.away = True
    pair.advance(20)

    first, second = pair.history()
    for process in (pair.a, pair.b):
        process.die()

    silent = "its process on a gave no sign of life for 9 seconds"
    assert (first.reason, second.status) == (f"{silent}; what it started may still run there", "completed")
    [(attempt, line)] = pair.log(first.id)
    assert (attempt, line.partition(" (process group")[0]) == (1, f"{silent}; what it started on a may still run")
    assert line.endswith("), and is to be ended on that host: from here it cannot be")
