"""A clock that was ahead and is right again: what a catch-up merged under it and is still to come is due as written."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aperture_plugin.loop.lease import Lease
from aperture_plugin.ports import LoopRecord
from aperture_plugin.testing import World

HOURLY = "schedules:\n  scan: every hour\n"
AHEAD = [timedelta(hours=5), timedelta(days=3), timedelta(days=400)]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def dues(world: World, job: str = "scan", *, until: str) -> list[datetime]:
    found = [run.due for run in world.history(job) if run.due is not None and run.due < instant(until)]
    assert [due for due, count in Counter(found).items() if count > 1] == [], "a slot ran twice"
    return sorted(found)


def hours(first: str, last: str) -> list[datetime]:
    count = (instant(last) - instant(first)) // timedelta(hours=1)
    return [instant(first) + timedelta(hours=n) for n in range(count + 1)]


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
@pytest.mark.parametrize("restarted", [False, True])
def test_what_was_merged_and_is_still_to_come_runs_as_written(world: World, ahead: timedelta, restarted: bool) -> None:
    world.write(HOURLY).start(at="2026-01-10 08:01").advance("1 hours")
    world.clock.step(ahead)
    world.advance("10 minutes")
    if restarted:
        world.stop()
    world.clock.step(-ahead)
    if restarted:
        world.start()
    world.advance("2 days")

    right = hours("2026-01-10 09:00", "2026-01-12 09:00")
    assert dues(world, until="2026-01-12 09:30") == right
    assert {run.status for run in world.history("scan")} == {"completed"}


def test_the_catch_up_stands_for_what_it_carried_alone_from_then_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.write(HOURLY).start(at="2026-01-10 08:01")
    world.clock.step(timedelta(hours=4))
    world.advance("1 minute")
    with caplog.at_level(logging.WARNING, logger="aperture"):
        world.clock.step(-timedelta(hours=4))
        world.advance("1 minute")

    [run] = world.history("scan")
    sentence = "the clock was ahead, and 3 slots to come were merged into catch-ups: they are due as written (scan)"
    assert (run.trigger, run.due, run.missed) == ("catch-up", instant("2026-01-10 12:00"), 1)
    assert sentence in [record.message for record in caplog.records]
    with world.reading() as ledger:
        [loop] = ledger.loops()
    assert loop.details["clock"]["found"] == sentence


def test_what_had_really_passed_stays_with_the_catch_up(world: World) -> None:
    world.write(HOURLY).start(at="2026-01-10 08:01").stop()
    world.clock.advance("3 hours")  # 9:00, 10:00 and 11:00 pass while nothing runs
    world.clock.step(timedelta(days=30))
    world.start().advance("1 minute")
    world.clock.step(-timedelta(days=30))
    world.advance("3 hours")

    [caught_up] = [run for run in world.history("scan") if run.trigger == "catch-up"]
    assert caught_up.missed == 4, "three that had passed, and the one that it carries"
    assert dues(world, until="2026-01-10 20:00") == hours("2026-01-10 12:00", "2026-01-10 14:00")
    with world.reading() as ledger:
        claims = ledger.claims("scan", instant("2026-01-10 00:00"), instant("2027-01-10 00:00"))
    assert sum(claim.count for claim in claims) == 4 + 3


def test_slots_that_were_skipped_under_a_clock_that_was_ahead_are_free_again(world: World) -> None:
    world.write("schedules:\n  scan:\n    schedule: every hour\n    missed: skip\n").start(at="2026-01-10 08:01")
    world.clock.step(timedelta(days=90))
    world.advance("1 minute")
    world.clock.step(-timedelta(days=90))
    world.advance("5 hours")

    assert {run.status for run in world.history("scan")} == {"completed"}
    assert dues(world, until="2026-02-01 00:00") == hours("2026-01-10 09:00", "2026-01-10 13:00")


def test_a_job_that_was_first_seen_under_a_clock_far_ahead_is_not_silent_until_then(world: World) -> None:
    world.write(HOURLY).start(at="2027-01-10 08:01").advance("1 minute")
    world.clock.set("2026-01-10 08:01")
    world.advance("3 hours")

    assert dues(world, until="2026-02-01 00:00") == hours("2026-01-10 09:00", "2026-01-10 11:00")


def test_a_retry_does_not_wait_for_the_time_of_a_clock_that_was_ahead(world: World) -> None:
    failing = [True]

    def flaky(_: object) -> None:
        if failing.pop():
            raise ValueError("not yet")
        failing.append(False)

    world.handlers["scan"] = flaky
    failing[:] = [False, True]
    world.write(
        "schedules:\n  scan:\n    schedule: every hour\n    retry:\n      attempts: 2\n      delay: 10 minutes\n"
    )
    world.start(at="2026-01-10 08:01")
    world.clock.step(timedelta(days=400))
    world.advance("1 minute")
    world.clock.step(-timedelta(days=400))
    world.advance("15 minutes")

    assert [run.status for run in world.history("scan")] == ["failed", "completed"]


class Machines:
    """Two machines with a loop each, on one store without a clock of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.worlds = [World(folder), World(folder)]
        self._monkeypatch = monkeypatch
        for world in self.worlds:
            world.clock.set("2026-01-10 08:01")
            world.pace = replace(world.pace, beat=True, poll=1.0)

    def start(self, text: str) -> None:
        for name, world in zip("ab", self.worlds, strict=True):
            self._monkeypatch.setattr("socket.gethostname", lambda name=name: name)
            world.write(text).start()

    def advance(self, seconds: int) -> None:
        for _ in range(seconds):
            for world in self.worlds:
                world.clock.advance("1 second")
                if world.is_started:
                    world.drain()


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    made = Machines(tmp_path, monkeypatch)
    yield made
    for world in made.worlds:
        world.close()


@pytest.mark.parametrize("end", ["is right again", "is stopped", "is killed"])
def test_a_machine_that_was_ahead_beside_another_leaves_nothing_claimed_that_is_to_come(
    machines: Machines, end: str
) -> None:
    machines.start("schedules:\n  scan: every minute\n")
    machines.advance(90)
    fast, right = machines.worlds
    fast.clock.step(timedelta(hours=5))
    machines.advance(90)
    if end == "is right again":
        fast.clock.step(-timedelta(hours=5))
    elif end == "is stopped":
        fast.stop()
    else:
        fast.kill()
    machines.advance(300)

    now = right.clock.now()
    assert now == instant("2026-01-10 08:09")
    found = dues(right, until="2026-01-10 08:09")
    assert found[-3:] == [instant("2026-01-10 08:06"), instant("2026-01-10 08:07"), instant("2026-01-10 08:08")]
    claimed = sum(max(1, run.missed) for run in right.history("scan") if run.due is not None and run.due <= now)
    assert claimed <= 8, "no slot stands for two runs"


def test_how_far_a_clock_elsewhere_is_ahead_is_known_only_from_a_beat_that_was_seen_to_come() -> None:
    now = instant("2026-01-10 08:00")
    ours = LoopRecord(
        id="ours", host="a", pid=1, boot="1", serves="schedule", since=now, beat=1, beat_at=now, details={}
    )
    theirs = replace(ours, id="theirs", host="b", beat_at=now + timedelta(seconds=50))
    lease = Lease(record=ours, is_alive=lambda _loop: True)

    lease.note([ours, theirs], at=100.0)
    late = now + timedelta(seconds=40)  # The store was away: the clocks seem to agree by then.
    assert lease.clock_ahead(theirs, now=late, at=140.0) is None

    theirs = replace(theirs, beat=2, beat_at=now + timedelta(seconds=90))
    lease.note([ours, theirs], at=140.0)
    assert lease.clock_ahead(theirs, now=late, at=140.0) == timedelta(seconds=50)
    assert lease.clock_ahead(theirs, now=late + timedelta(seconds=8), at=148.0) == timedelta(seconds=50)
