"""Loops whose clocks differ, on a store with a clock of its own: all go by that, and each says how far it is off."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from aperture_plugin.app import lifecycle
from aperture_plugin.cli.status_view import clocks_off
from aperture_plugin.clock.store_clock import StoreClock
from aperture_plugin.ports import Clock, ClockReading, Ledger, LoopRecord, Store
from aperture_plugin.store.sqlite import SqliteStore
from aperture_plugin.testing import FakeClock, World

EVERY_5 = "schedules:\n  scan: every 5 minutes\n"
BEGIN = datetime.fromisoformat("2026-01-10T08:01:00+00:00")
MINUTE = timedelta(minutes=1)


class ServedStore(SqliteStore):
    """SQLite that a server with a clock of its own might serve."""

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path, shown="sqlite:///aperture.db")
        self.clock = clock
        self.notify: Callable[[ClockReading], object] = print

    def watch_clock(self, notify: Callable[[ClockReading], object]) -> None:
        self.notify = notify

    def read_clock(self) -> None:
        at = self.clock.monotonic()
        self.notify(ClockReading(self.clock.now(), at, at))

    def open(self) -> None:
        super().open()
        self.read_clock()

    def changed(self) -> bool:
        self.read_clock()
        return super().changed()

    def listen(self, ring: Callable[[], object]) -> Callable[[], bool]:
        return lambda: False

    @contextmanager
    def transaction(self) -> Iterator[Ledger]:
        with super().transaction() as ledger:
            self.read_clock()
            yield ledger


class HostClock(StoreClock):
    """The clock of a machine, which is off."""

    def __init__(self, off: timedelta) -> None:
        self.own = FakeClock(BEGIN + off)
        super().__init__(self.own)

    def advance(self, span: timedelta) -> None:
        self.own.advance(span)


class Fleet:
    """Machines of which each has a loop on the one store."""

    def __init__(self, folder: Path, offs: list[timedelta], monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = FakeClock(BEGIN)
        self._monkeypatch = monkeypatch

        def store_of(*_args: object, **_kwargs: object) -> Store:
            return ServedStore(folder / "aperture.db", self.server)

        monkeypatch.setattr(lifecycle, "store_of", store_of)
        self.clocks = [HostClock(off) for off in offs]
        self.worlds = [World(folder) for _ in offs]
        for world, clock in zip(self.worlds, self.clocks, strict=True):
            world.clock = cast(FakeClock, clock)
            world.pace = replace(world.pace, poll=60.0)

    def start(self, text: str) -> Fleet:
        self.worlds[0].write(text)
        for name, world in zip("abc", self.worlds, strict=False):
            self._monkeypatch.setattr("socket.gethostname", lambda name=name: name)
            world.start()
        return self

    def advance(self, span: timedelta) -> None:
        """Let the time pass for all of them, minute by minute."""
        for _ in range(span // MINUTE):
            self.server.advance(MINUTE)
            for clock in self.clocks:
                clock.advance(MINUTE)
            self.drain()

    def sleep(self, span: timedelta) -> None:
        """Let the time pass while every machine is suspended: its wall clock goes on, its monotonic one does not."""
        self.server.step(span)
        for clock in self.clocks:
            clock.own.step(span)
        self.drain()

    def drain(self) -> None:
        for world in self.worlds:
            world.drain()

    @property
    def loops(self) -> list[LoopRecord]:
        with self.worlds[0].reading() as ledger:
            return ledger.loops()


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    made = Fleet(tmp_path, [timedelta(minutes=10), timedelta(minutes=-10), timedelta(0)], monkeypatch)
    yield made
    for world in made.worlds:
        world.close()


def test_with_clocks_ten_minutes_apart_each_slot_runs_once_and_on_time(fleet: Fleet) -> None:
    fleet.start(EVERY_5).advance(timedelta(hours=2))

    runs = fleet.worlds[0].history("scan")
    due = [BEGIN.replace(minute=0) + timedelta(minutes=5 * number) for number in range(1, 25)]
    assert [run.due for run in runs] == due
    assert {(run.status, run.trigger, run.missed) for run in runs} == {("completed", "schedule", 0)}
    for run in runs:
        times = [run.due, run.queued_at, run.started_at, run.finished_at]
        known = [at for at in times if at is not None]
        assert (len(known), sorted(known)) == (4, times)
        assert known[3] - known[0] <= MINUTE, "by the store's time"


def test_each_loop_publishes_how_far_its_clock_is_ahead(fleet: Fleet) -> None:
    fleet.start(EVERY_5)

    assert sorted(loop.details["skew"] for loop in fleet.loops) == [-600.0, 0.0, 600.0]
    assert {loop.beat_at for loop in fleet.loops} == {loop.since for loop in fleet.loops} == {BEGIN}


@pytest.mark.parametrize("step", [timedelta(minutes=-20), timedelta(hours=3), timedelta(seconds=5)], ids=str)
def test_a_machine_whose_clock_is_set_runs_on_as_before_and_says_so(
    fleet: Fleet, step: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    fleet.start(EVERY_5).advance(timedelta(minutes=8))
    fleet.clocks[2].own.step(step)
    fleet.drain()
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="aperture"):
        fleet.advance(timedelta(minutes=20))

    dues = [run.due for run in fleet.worlds[0].history("scan")]
    assert dues == [BEGIN.replace(minute=5 * number) for number in range(1, 6)]
    assert sorted(loop.details["skew"] for loop in fleet.loops) == sorted([-600.0, step / timedelta(seconds=1), 600.0])
    assert caplog.messages == [], "it was said once, when it was noticed"


def test_a_skew_is_logged_once_and_again_when_it_ends(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="aperture"):
        fleet.start(EVERY_5).advance(timedelta(minutes=20))
        fleet.clocks[0].own.step(timedelta(minutes=-10))
        fleet.advance(timedelta(minutes=20))

    rest = "jobs are due by the store's clock, which all loops go by"
    assert caplog.messages == [
        f"this machine's clock is 10 min ahead of the store's: {rest}",
        f"this machine's clock is 10 min behind the store's: {rest}",
        "this machine's clock agrees with the store's again",
    ]


def test_machines_that_slept_ask_the_store_for_the_time_before_they_decide(fleet: Fleet) -> None:
    fleet.start(EVERY_5).advance(timedelta(minutes=8))
    fleet.sleep(timedelta(hours=1))

    [*_, last] = fleet.worlds[0].history("scan")
    assert (last.trigger, last.missed) == ("catch-up", 12)
    assert (last.due, last.queued_at) == (BEGIN + timedelta(minutes=64), fleet.server.now())
    assert sorted(loop.details["skew"] for loop in fleet.loops) == [-600.0, 0.0, 600.0]


@pytest.mark.parametrize("ahead", [timedelta(hours=5), timedelta(days=400)], ids=str)
def test_after_a_stores_clock_was_ahead_what_is_still_to_come_is_due_as_written(fleet: Fleet, ahead: timedelta) -> None:
    fleet.start(EVERY_5).advance(timedelta(minutes=8))
    fleet.server.step(ahead)
    fleet.advance(timedelta(minutes=3))
    fleet.server.step(-ahead)
    fleet.advance(timedelta(minutes=40))

    runs, now = fleet.worlds[0].history("scan"), fleet.server.now()
    assert max(Counter(run.due for run in runs).values()) == 1, "a slot ran twice"
    [caught_up] = [run for run in runs if run.trigger == "catch-up"]
    assert caught_up.missed == 2, "8:10 had really passed, and the one that it carries"
    right = sorted(run.due for run in runs if run.due is not None and BEGIN + 8 * MINUTE < run.due <= now)
    assert right == [BEGIN + (14 + 5 * number) * MINUTE for number in range(8)]


def test_whoever_looks_finds_the_skew_in_seconds(fleet: Fleet) -> None:
    fleet.start(EVERY_5)
    aperture = fleet.worlds[1].aperture

    skews = {row["host"]: row["skew_seconds"] for row in aperture.status()["loops"]}
    lines = [text.plain for text in clocks_off(aperture.overview())]

    assert skews == {"a": 600.0, "b": -600.0, "c": 0.0}
    pids = {loop.host: loop.pid for loop in fleet.loops}
    assert sorted(lines) == [
        f"the clock of pid {pids['a']} on a is 10 min ahead of the store's; its jobs are due by the store's",
        f"the clock of pid {pids['b']} on b is 10 min behind the store's; its jobs are due by the store's",
    ]


def test_on_a_store_of_this_machine_no_skew_is_measured(world: World) -> None:
    world.write(EVERY_5).start(at="2026-01-10 08:01").advance("1 hour")

    assert [row["skew_seconds"] for row in world.aperture.status()["loops"]] == [None]
