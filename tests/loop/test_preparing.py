"""What falls due next is made ready before; whatever comes between is heeded as if nothing had been."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from aperture_plugin.rules.runs import Run
from aperture_plugin.testing import World

COUNT = 40
NAMES = [f"job-{n:02}" for n in range(COUNT)]
CROWD = f"queues:\n  default: {COUNT}\n  quick: {COUNT}\nschedules:\n" + "".join(
    f"  {name}: daily at 2 AM\n" for name in NAMES
)
DUE = datetime(2026, 1, 10, 2, tzinfo=UTC)


@pytest.fixture
def ready(world: World) -> World:
    """A world half a second before a crowd falls due, that has made all of it ready."""
    world.write(CROWD).start(at="2026-01-10 01:59").advance(timedelta(seconds=59.5))
    assert world.loop.state.ready.keys() == set(NAMES)
    return world


def told(runs: list[Run]) -> Counter[tuple[object, ...]]:
    return Counter((run.job, run.status, run.trigger, run.due, run.missed, run.reason) for run in runs)


def test_what_was_made_ready_runs_as_what_was_not(ready: World) -> None:
    made_of = {name: one.run.id for name, one in ready.loop.state.ready.items()}

    ready.advance("1 second")

    runs = ready.history()
    assert told(runs) == Counter((name, "completed", "schedule", DUE, 0, None) for name in NAMES)
    assert {run.job: run.id for run in runs} == made_of
    assert {run.queued_at for run in runs} == {DUE}
    assert [run.job for run in runs] == NAMES


def test_a_run_made_ready_was_queued_when_its_slot_was_claimed(ready: World) -> None:
    ready.clock.advance("3 seconds")

    ready.drain()

    assert {run.queued_at for run in ready.history()} == {DUE + timedelta(seconds=2.5)}


def test_nothing_is_made_ready_but_in_the_last_second(world: World) -> None:
    world.write(CROWD).start(at="2026-01-10 01:00").advance("59 minutes 58 seconds")

    assert not world.loop.state.ready


def test_a_few_are_not_made_ready(world: World) -> None:
    few = "schedules:\n" + "".join(f"  {name}: daily at 2 AM\n" for name in NAMES[:20])
    world.write(few).start(at="2026-01-10 01:59").advance(timedelta(seconds=59.5))

    assert not world.loop.state.ready


def test_a_pause_in_the_last_moment_holds_its_slot_back(ready: World) -> None:
    ready.pause(NAMES[0], note="no").advance("1 second")

    [held] = ready.history(NAMES[0])
    assert (held.status, held.reason) == ("skipped", "it was paused by a test: no")
    assert Counter(run.status for run in ready.history()) == {"completed": COUNT - 1, "skipped": 1}


def test_a_save_in_the_last_moment_is_what_counts(ready: World) -> None:
    ready.save(
        CROWD.replace(f"{NAMES[0]}: daily at 2 AM", f"{NAMES[0]}: daily at 3 AM").replace(f"  {NAMES[1]}:", "  other:")
    )

    ready.advance("1 second")

    assert {run.job for run in ready.history()} == {*NAMES[2:], "other"}


def test_words_beside_the_schedule_that_change_in_the_last_moment_count(ready: World) -> None:
    ready.save(f"defaults:\n  queue: quick\n{CROWD}")

    ready.advance("1 second")

    assert {run.queue for run in ready.history()} == {"quick"}


def test_a_run_that_is_still_in_hand_counts(world: World) -> None:
    world.durations[NAMES[0]] = "1 minute"
    world.write(f"defaults:\n  overlap: skip\n{CROWD}").start(at="2026-01-10 01:59").advance(timedelta(seconds=59.5))
    world.run(NAMES[0])

    world.advance("1 second")

    assert [run.reason for run in world.history(NAMES[0])][1:] == [f"{NAMES[0]} was still in hand (overlap: skip)"]


def test_a_clock_set_forward_in_the_last_moment_catches_up_as_ever(ready: World) -> None:
    ready.clock.step(timedelta(hours=50))

    ready.drain().advance("1 second")

    last = DUE + timedelta(days=2)
    assert told(ready.history()) == Counter((name, "completed", "catch-up", last, 3, None) for name in NAMES)


def test_a_clock_set_back_in_the_last_moment_runs_each_slot_once_when_it_comes(ready: World) -> None:
    ready.clock.step(timedelta(minutes=-10))

    ready.drain()
    assert not ready.history()
    ready.advance("10 minutes").advance("1 second")

    assert told(ready.history()) == Counter((name, "completed", "schedule", DUE, 0, None) for name in NAMES)


def test_the_executor_is_told_how_many_runs_are_about_to_begin(world: World) -> None:
    told: list[int] = []
    text = CROWD.replace(f"default: {COUNT}", "default: 3").replace(
        "job-00: daily at 2 AM", "job-00:\n    queue: quick\n    schedule: daily at 2 AM"
    )
    world.write(text).start(at="2026-01-10 01:59")
    world._executor.expect = told.append  # type: ignore[union-attr]

    world.advance("1 minute")

    assert told == [3 + 1]
