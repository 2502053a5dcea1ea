"""Seats that are handed off without the loop: a burst of short runs, and whatever comes in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from aperture_plugin.loop import loop
from aperture_plugin.loop.bursts.handoff import Handoff
from aperture_plugin.loop.inbox import Inbox
from aperture_plugin.loop.messages import Begun, CancelAsked, Message
from aperture_plugin.loop.stages.receive import receive
from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import Ended, Event, Executor, LiveRun, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import Run, Status, but
from aperture_plugin.testing import World
from aperture_plugin.testing.simulated_executor import PretendingExecutor

COUNT = 60
FILE = "queues:\n  default: 4\nschedules:\n" + "".join(f"  job-{n:02}: daily at 2 AM\n" for n in range(COUNT))
NAMES = [f"job-{n:02}" for n in range(COUNT)]


@pytest.fixture(autouse=True)
def _hands_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a world's executor hand seats off, as threads do; under a fake clock nobody else wants it to."""
    monkeypatch.setattr(PretendingExecutor, "hands_on", True)


class Burst:
    """Many jobs of a few milliseconds, due at one instant, and what began of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.began: list[tuple[str, int]] = []
        self.jobs: list[str] = []
        for name in NAMES:
            world.handlers[name] = self.note
            world.durations[name] = timedelta(milliseconds=5)
        world.write(FILE).start(at="2026-01-10 01:59")

    def note(self, run: LiveRun) -> None:
        self.began.append((run.id, run.attempt))
        self.jobs.append(run.job)

    def pre_assigned(self) -> list[Run]:
        """Return what the store says was pre-assigned."""
        return [run for run in self.world.history() if run.is_pre_assigned]

    def until_some_are_pre_assigned(self) -> list[Run]:
        """Let time pass until runs are pre-assigned that no worker has begun."""
        self.world.advance("1 minute")
        for _ in range(20):
            if found := [run for run in self.pre_assigned() if run.key not in self.began]:
                return found
            self.world.advance(timedelta(milliseconds=2))
        raise AssertionError("nothing was pre-assigned")


@pytest.fixture
def burst(world: World) -> Burst:
    return Burst(world)


def most_at_once(runs: list[Run]) -> int:
    """Return how many ran at once at most, by what the store tells."""
    changes: list[tuple[object, int]] = []
    for run in runs:
        if run.started_at is not None and run.finished_at is not None:
            changes += [(run.started_at, 1), (run.finished_at, -1)]
    most = at_once = 0
    for _, change in sorted(changes, key=lambda each: (str(each[0]), each[1])):
        at_once += change
        most = max(most, at_once)
    return most


def test_a_burst_runs_in_order_and_never_more_at_once_than_its_queue_says(burst: Burst) -> None:
    burst.until_some_are_pre_assigned()

    burst.world.advance("1 minute")

    runs = burst.world.history()
    assert burst.jobs == NAMES
    assert {run.status for run in runs} == {Status.COMPLETED}
    assert most_at_once(runs) == 4
    assert not burst.pre_assigned()


def test_what_was_pre_assigned_to_a_process_that_died_counts_as_cut_off(burst: Burst) -> None:
    given = burst.until_some_are_pre_assigned()
    burst.world.advance(timedelta(milliseconds=5)).kill()

    burst.world.start().advance("1 minute")

    runs = {run.key: run for run in burst.world.history()}
    assert max(Counter(burst.began).values()) == 1, "an attempt ran twice"
    cut_off = [runs[run.key] for run in given if runs[run.key].status is Status.INTERRUPTED]
    assert "its process ended as it was about to begin it, or just after" in {run.reason for run in cut_off}
    assert {runs[(run.id, 2)].status for run in cut_off} == {Status.COMPLETED}
    assert {run.job for run in runs.values() if run.status is Status.COMPLETED} == set(NAMES)


def test_what_was_pre_assigned_can_be_cancelled_here(burst: Burst) -> None:
    given = burst.until_some_are_pre_assigned()[-1]

    burst.world.loop.inbox.put(CancelAsked(job=given.job, reason="cancelled by a test"))
    burst.world.advance("1 minute")

    assert given.job not in burst.jobs
    assert [(run.status, run.reason) for run in burst.world.history(given.job)] == [
        ("cancelled", "cancelled by a test")
    ]


def test_what_was_pre_assigned_can_be_cancelled_from_beside(burst: Burst) -> None:
    from aperture_plugin.app.store_commands import ask_cancel

    given = burst.until_some_are_pre_assigned()[-1]

    with burst.world.beside() as store:
        asked = ask_cancel(store, given.job, now=burst.world.clock.now(), by="a test")
    burst.world.loop.state.stale = True  # what a loop that polls would notice by itself
    burst.world.advance("1 minute")

    assert [run.key for run in asked.stopping] == [given.key], "it may have begun: its owner must be asked"
    assert given.job not in burst.jobs
    assert [run.status for run in burst.world.history(given.job)] == ["cancelled"]


def test_what_was_pre_assigned_goes_back_when_the_file_lets_go_of_its_job(burst: Burst) -> None:
    given = burst.until_some_are_pre_assigned()[-1]

    del burst.world.handlers[given.job]
    burst.world.save(FILE.replace(f"  {given.job}: daily at 2 AM\n", ""))
    burst.world.advance("1 minute")

    assert given.job not in burst.jobs
    assert [run.status for run in burst.world.history(given.job)] == ["skipped"]


def test_a_stop_begins_nothing_that_was_pre_assigned(burst: Burst) -> None:
    burst.until_some_are_pre_assigned()

    burst.world.stop()

    left = [run for run in burst.world.history() if run.status is not Status.COMPLETED]
    assert all(run.owner is None for run in left)
    assert not {run.key for run in left if run.status is Status.QUEUED} & set(burst.began)
    burst.world.start().advance("1 minute")
    assert max(Counter(burst.began).values()) == 1


def test_nothing_is_pre_assigned_ahead_behind_long_runs(world: World) -> None:
    for name in NAMES:
        world.durations[name] = "1 minute"
    world.write(FILE).start(at="2026-01-10 01:59").advance("1 minute")

    for _ in range(5):
        world.advance("1 minute")
        assert not [run for run in world.history() if run.is_pre_assigned]


def test_what_no_worker_has_taken_goes_back_into_its_line_after_a_moment(burst: Burst) -> None:
    for name in NAMES[20:]:
        burst.world.durations[name] = "1 hour"
    burst.until_some_are_pre_assigned()

    burst.world.advance("1 second")

    assert not [run for run in burst.pre_assigned() if run.key not in burst.began]
    assert len([run for run in burst.world.history() if run.status is Status.RUNNING]) == 4


def test_nothing_is_pre_assigned_ahead_while_another_process_is_on_the_store(tmp_path: Path) -> None:
    one, two = World(tmp_path), World(tmp_path)
    two.clock = one.clock
    burst = Burst(one)
    two.durations.update(one.durations)
    two.start()
    one.loop.state.stale = True  # what a loop that polls would notice by itself
    one.drain()

    for _ in range(40):
        one.advance("1 minute" if not burst.began else timedelta(milliseconds=5))
        assert not burst.pre_assigned()

    one.close()
    two.close()


def test_a_job_that_must_not_run_twice_is_not_given_ahead(world: World) -> None:
    burst = Burst(world)
    world.save(FILE.replace("schedules:\n", "defaults:\n  interrupted: leave\nschedules:\n"))

    world.advance("1 minute")
    for _ in range(40):
        world.advance(timedelta(milliseconds=5))
        assert not burst.pre_assigned()

    assert len(burst.began) > 20


def test_nothing_takes_the_seat_of_an_attempt_that_was_given_up(world: World) -> None:
    burst = Burst(world)
    for name in NAMES[:4]:
        world.durations[name] = "1 hour"
    world.advance("1 minute")
    handoff, inbox = Handoff(world._executor, Inbox(), world.clock), world.loop.inbox  # type: ignore[arg-type]
    handoff._inbox = inbox
    works = [world.loop._dispatcher._work_of(run) for run in world.loop.state.queue]
    handoff.start(works[0])
    handoff.pre_assign(works[5:7], seats={"default": 1})
    handoff.unseat(works[0].run.key)
    before = list(burst.began)

    ended = Ended(works[0].run.key, Outcome(status=OutcomeStatus.COMPLETED))
    handoff._reported(handoff._queues["default"], works[0].run, ended)

    assert burst.began == before
    assert handoff.left("default") == 2


def test_a_seat_that_came_free_unheard_is_taken_by_the_first_that_is_pre_assigned(burst: Burst) -> None:
    world = burst.world
    world.clock.advance("1 minute")
    world.loop.tick()
    handoff = Handoff(world._executor, Inbox(), world.clock)  # type: ignore[arg-type]
    works = [world.loop._dispatcher._work_of(run) for run in world.loop.state.queue.waiting()]

    handoff.start(works[0])
    handoff.pre_assign(works[1:6], seats={"default": 3})

    assert burst.jobs[-3:] == [work.run.job for work in works[:3]]
    assert handoff.left("default") == 3
    assert [message.key for message in handoff._inbox.take()] == [work.run.key for work in works[1:3]]  # type: ignore[union-attr]


def test_what_follows_one_that_could_not_be_started_begins_at_once(
    burst: Burst, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = burst.world
    world.clock.advance("1 minute")
    world.loop.tick()
    works = [world.loop._dispatcher._work_of(run) for run in world.loop.state.queue.waiting()][:5]
    keys = [work.run.key for work in works]
    executor, inbox = Refusing({keys[1], keys[2]}), Inbox()
    left: list[list[tuple[str, str, int]]] = []
    leave = inbox.leave

    def noted(*messages: Message) -> None:
        left.append(
            [(type(message).__name__, *message.key) for message in messages if isinstance(message, Ended | Begun)]
        )
        leave(*messages)

    monkeypatch.setattr(inbox, "leave", noted)
    handoff = Handoff(cast(Executor, executor), inbox, world.clock)

    handoff.start(works[0])
    handoff.pre_assign(works[1:], seats={"default": 1})
    executor.tells[keys[0]](Ended(keys[0], Outcome(status=OutcomeStatus.COMPLETED)))

    assert list(executor.tells) == [keys[0], keys[3]]
    assert handoff.left("default") == 1
    # Never the end alone: the loop would give the seat away a second time.
    assert left == [[("Ended", *keys[n]), ("Begun", *keys[n + 1])] for n in range(3)]


class Refusing:
    """An executor that cannot begin some attempts."""

    hands_on = True

    def __init__(self, refused: set[tuple[str, int]]) -> None:
        self.refused = refused
        self.tells: dict[tuple[str, int], Callable[[Event], object]] = {}

    def start(self, work: Work, tell: Callable[[Event], object]) -> None:
        if work.run.key in self.refused:
            raise OSError("no room")
        self.tells[work.run.key] = tell


def test_an_end_is_recorded_with_the_moment_it_came_at(burst: Burst) -> None:
    burst.world.clock.advance("1 minute")
    burst.world.loop.tick()
    burst.world.clock.advance(timedelta(milliseconds=5))
    burst.world._executor.tell_ends()  # type: ignore[union-attr]
    burst.world.clock.advance(timedelta(milliseconds=40))

    burst.world.drain()

    ended = [run for run in burst.world.history() if run.status is Status.COMPLETED]
    assert {run.duration for run in ended[:4]} == {timedelta(milliseconds=5)}


def completed(world: World) -> set[str]:
    """Return the jobs whose run the store says has completed."""
    return {run.job for run in world.history() if run.status is Status.COMPLETED}


@pytest.mark.parametrize("waits", ["after job-20", "daily at 2 AM\n    needs: [job-20]"])
def test_an_end_that_another_job_waits_for_is_recorded_at_once(burst: Burst, waits: str) -> None:
    world = burst.world
    world.handlers["waits"] = burst.note
    schedule = waits if "\n" not in waits else f"\n    schedule: {waits}"
    world.save(f"{FILE}  waits:{' ' if schedule == waits else ''}{schedule}\n")
    world.advance("1 minute")

    while "job-20" not in burst.jobs:
        world.advance(timedelta(milliseconds=1))
    world.advance(timedelta(milliseconds=6))

    assert "job-20" in completed(world)
    assert len(completed(world)) < COUNT


def test_a_run_is_recorded_as_begun_no_sooner_than_the_end_that_freed_its_seat(
    burst: Burst, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = burst.world
    world.clock.advance("1 minute")
    world.loop.tick()
    now = world.clock.now()
    received = receive

    def pass_the_time(tick: Tick, _messages: list[Message]) -> None:
        world.clock.advance(timedelta(milliseconds=5))  # as it does while a tick claims what is due
        world._executor.tell_ends()  # type: ignore[union-attr]
        received(tick, world.loop.inbox.take())
        assert tick.now == now

    monkeypatch.setattr(loop, "receive", pass_the_time)
    world.loop._publishes = True
    world.loop.tick()

    runs = world.history()
    assert {run.finished_at for run in runs if run.finished_at} == {now + timedelta(milliseconds=5)}
    assert most_at_once([but(run, finished_at=run.finished_at or world.clock.now()) for run in runs]) == 4
