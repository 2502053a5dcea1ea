"""The wall clock set by minutes and days, even in mid-tick: no slot twice, none lost, one catch-up at most."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta

import pytest

from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.testing import FakeClock, World
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.phrases import read_phrase

SCAN = "schedules:\n  scan: every 2 hours\n"
STEPS = [timedelta(minutes=2), timedelta(hours=1), timedelta(hours=5), timedelta(days=3)]


class StepsWhileLookedAt(FakeClock):
    """A clock that is set between one look at it and the next."""

    def __init__(self, at: str) -> None:
        super().__init__(at)
        self.looks = 0
        self.steps: dict[int, timedelta] = {}

    def now(self) -> datetime:
        self.looks += 1
        self.step(self.steps.pop(self.looks, timedelta(0)))
        return super().now()


def slots_between(first: datetime, last: datetime) -> set[datetime]:
    trigger = trigger_of(read_phrase("every 2 hours"), local_zone({"TZ": "UTC"}))
    return {slot.due for slot in trigger.slots(first, last + timedelta(microseconds=1))}


@pytest.mark.parametrize("step", [*STEPS, *(-step for step in STEPS)], ids=str)
@pytest.mark.parametrize("look", range(1, 9))
def test_a_clock_stepped_in_the_middle_of_a_tick_costs_no_slot(world: World, look: int, step: timedelta) -> None:
    clock = world.clock = StepsWhileLookedAt("2026-01-10 00:30")
    world.write(SCAN).start()
    world.clock.advance("1 hour 30 minutes")  # 02:00 is due at this very tick
    clock.steps[clock.looks + look] = step

    world.drain()
    world.clock.advance("1 second")
    world.drain()
    world.advance(timedelta(hours=10) + max(timedelta(0), -step))

    runs = world.history("scan")
    assert [count for count in Counter(run.due for run in runs).values() if count > 1] == [], "a slot ran twice"
    assert all(run.status == "completed" for run in runs), [(run.status, run.reason) for run in runs]
    assert sum(run.trigger == "catch-up" for run in runs) <= 1
    begin, end = datetime.fromisoformat("2026-01-10T00:30+00:00"), max(run.due for run in runs if run.due)
    assert sum(max(1, run.missed) for run in runs) == len(slots_between(begin, end)), "a slot is lost"


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_clock_set_forward_catches_up_once(world: World, step: timedelta) -> None:
    world.write(SCAN).start(at="2026-01-10 01:59")
    world.clock.step(step)

    world.drain().advance("2 hours")

    caught_up = [run.missed for run in world.history() if run.trigger == "catch-up"]
    passed = len(slots_between(instant("2026-01-10 01:59"), instant("2026-01-10 01:59") + step))
    assert caught_up == ([passed] if passed and step > timedelta(minutes=1) else [])


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_clock_set_back_runs_nothing_until_it_shows_what_is_new(world: World, step: timedelta) -> None:
    world.write(SCAN).start(at="2026-01-10 01:59").advance("2 minutes")
    world.clock.step(-step)

    world.drain().advance(step + timedelta(hours=2))

    assert [run.due for run in world.history()] == [instant("2026-01-10 02:00"), instant("2026-01-10 04:00")]


def test_a_laptop_that_was_closed_for_days_catches_up_once_when_it_is_opened(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:30")
    world.clock.step(timedelta(days=3))  # the monotonic clock stands still while it sleeps

    world.drain()

    [run] = world.history()
    assert (run.trigger, run.missed, run.due) == ("catch-up", 36, instant("2026-01-13 00:00"))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            timedelta(minutes=2),
            "the clock went forward by 2 minutes without a tick; what was due then is caught up once",
        ),
        (-timedelta(days=1), "the clock was set back by 1 day; no slot runs twice"),
    ],
)
def test_a_step_is_told_in_the_log_and_kept_for_doctor(
    world: World, step: timedelta, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.write(SCAN).start(at="2026-01-10 00:30")

    with caplog.at_level(logging.WARNING, logger="aperture"):
        world.clock.step(step)
        world.drain()

    assert [record.message for record in caplog.records] == [said]
    with world.reading() as ledger:
        [loop] = ledger.loops()
    assert said in str(loop.details)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def test_a_job_follows_a_completion_though_the_clock_was_set_back_since_its_own_last_run(world: World) -> None:
    world.write("schedules:\n  scan: manual\n  build: after scan\n").start(at="2026-01-10 02:00")
    world.run("scan")
    world.clock.step(timedelta(hours=-1))

    world.run("scan")

    assert [run.status for run in world.history("build")] == ["completed", "completed"]


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1)], ids=str)
@pytest.mark.parametrize("restarted", [False, True])
def test_a_job_follows_several_once_all_have_completed_whichever_time_the_clock_shows(
    world: World, step: timedelta, restarted: bool
) -> None:
    world.write("schedules:\n  scan: manual\n  embed: manual\n  build: after scan, embed\n")
    world.start(at="2026-01-10 02:00")
    followed = []
    for name in ("scan", "embed", "embed", "scan", "scan", "embed"):
        world.run(name)
        followed.append(len(world.history("build")))
        world.clock.step(step)
        if restarted:
            world.stop().start()

    assert followed == [0, 1, 1, 2, 2, 3]
