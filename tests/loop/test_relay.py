"""Seats that are handed on without the loop: a crowd of short runs, and whatever comes in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from aperture_plugin.loop.inbox import Begun, CancelAsked, Inbox, Message
from aperture_plugin.loop.relay import Relay
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import Ended, Event, Executor, LiveRun, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import Run, Status, but
from aperture_plugin.testing import World
from aperture_plugin.testing.pretending import PretendingExecutor

COUNT = 60
CROWD = "queues:\n  default: 4\nschedules:\n" + "".join(f"  job-{n:02}: daily at 2 AM\n" for n in range(COUNT))
NAMES = [f"job-{n:02}" for n in range(COUNT)]


@pytest.fixture(autouse=True)
def _hands_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a world's executor hand seats on, as threads do; under a fake clock nobody else wants it to."""
    monkeypatch.setattr(PretendingExecutor, "hands_on", True)


class Crowd:
    """Many jobs of a few milliseconds, due at one instant, and what began of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.began: list[tuple[str, int]] = []
        self.jobs: list[str] = []
        for name in NAMES:
            world.handlers[name] = self.note
            world.durations[name] = timedelta(milliseconds=5)
        world.write(CROWD).start(at="2026-01-10 01:59")

    def note(self, run: LiveRun) -> None:
        self.began.append((run.id, run.attempt))
        self.jobs.append(run.job)

    def given(self) -> list[Run]:
        """Return what the store says was given ahead."""
        return [run for run in self.world.history() if run.is_given]

    def until_some_are_given(self) -> list[Run]:
        """Let time pass until runs are given ahead that no worker has begun."""
        self.world.advance("1 minute")
        for _ in range(20):
            if found := [run for run in self.given() if run.key not in self.began]:
                return found
            self.world.advance(timedelta(milliseconds=2))
        raise AssertionError("nothing was given ahead")


@pytest.fixture
def crowd(world: World) -> Crowd:
    return Crowd(world)


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


def test_a_crowd_runs_in_order_and_never_more_at_once_than_its_queue_says(crowd: Crowd) -> None:
    crowd.until_some_are_given()

    crowd.world.advance("1 minute")

    runs = crowd.world.history()
    assert crowd.jobs == NAMES
    assert {run.status for run in runs} == {Status.COMPLETED}
    assert most_at_once(runs) == 4
    assert not crowd.given()


def test_what_was_given_to_a_process_that_died_counts_as_cut_off(crowd: Crowd) -> None:
    given = crowd.until_some_are_given()
    crowd.world.advance(timedelta(milliseconds=5)).kill()

    crowd.world.start().advance("1 minute")

    runs = {run.key: run for run in crowd.world.history()}
    assert max(Counter(crowd.began).values()) == 1, "an attempt ran twice"
    cut_off = [runs[run.key] for run in given if runs[run.key].status is Status.INTERRUPTED]
    assert "its process ended as it was about to begin it, or just after" in {run.reason for run in cut_off}
    assert {runs[(run.id, 2)].status for run in cut_off} == {Status.COMPLETED}
    assert {run.job for run in runs.values() if run.status is Status.COMPLETED} == set(NAMES)


def test_what_was_given_ahead_can_be_cancelled_here(crowd: Crowd) -> None:
    given = crowd.until_some_are_given()[-1]

    crowd.world.loop.inbox.put(CancelAsked(job=given.job, reason="cancelled by a test"))
    crowd.world.advance("1 minute")

    assert given.job not in crowd.jobs
    assert [(run.status, run.reason) for run in crowd.world.history(given.job)] == [
        ("cancelled", "cancelled by a test")
    ]


def test_what_was_given_ahead_can_be_cancelled_from_beside(crowd: Crowd) -> None:
    from aperture_plugin.app.asking import ask_cancel

    given = crowd.until_some_are_given()[-1]

    with crowd.world.beside() as store:
        asked = ask_cancel(store, given.job, now=crowd.world.clock.now(), by="a test")
    crowd.world.loop.state.stale = True  # what a loop that polls would notice by itself
    crowd.world.advance("1 minute")

    assert [run.key for run in asked.stopping] == [given.key], "it may have begun: its owner must be asked"
    assert given.job not in crowd.jobs
    assert [run.status for run in crowd.world.history(given.job)] == ["cancelled"]


def test_what_was_given_ahead_goes_back_when_the_file_lets_go_of_its_job(crowd: Crowd) -> None:
    given = crowd.until_some_are_given()[-1]

    del crowd.world.handlers[given.job]
    crowd.world.save(CROWD.replace(f"  {given.job}: daily at 2 AM\n", ""))
    crowd.world.advance("1 minute")

    assert given.job not in crowd.jobs
    assert [run.status for run in crowd.world.history(given.job)] == ["skipped"]


def test_a_stop_begins_nothing_that_was_given_ahead(crowd: Crowd) -> None:
    crowd.until_some_are_given()

    crowd.world.stop()

    left = [run for run in crowd.world.history() if run.status is not Status.COMPLETED]
    assert all(run.owner is None for run in left)
    assert not {run.key for run in left if run.status is Status.QUEUED} & set(crowd.began)
    crowd.world.start().advance("1 minute")
    assert max(Counter(crowd.began).values()) == 1


def test_nothing_is_given_ahead_behind_long_runs(world: World) -> None:
    for name in NAMES:
        world.durations[name] = "1 minute"
    world.write(CROWD).start(at="2026-01-10 01:59").advance("1 minute")

    for _ in range(5):
        world.advance("1 minute")
        assert not [run for run in world.history() if run.is_given]


def test_what_no_worker_has_taken_goes_back_into_its_line_after_a_moment(crowd: Crowd) -> None:
    for name in NAMES[20:]:
        crowd.world.durations[name] = "1 hour"
    crowd.until_some_are_given()

    crowd.world.advance("1 second")

    assert not [run for run in crowd.given() if run.key not in crowd.began]
    assert len([run for run in crowd.world.history() if run.status is Status.RUNNING]) == 4


def test_nothing_is_given_ahead_while_another_process_is_on_the_store(tmp_path: Path) -> None:
    one, two = World(tmp_path), World(tmp_path)
    two.clock = one.clock
    crowd = Crowd(one)
    two.durations.update(one.durations)
    two.start()
    one.loop.state.stale = True  # what a loop that polls would notice by itself
    one.drain()

    for _ in range(40):
        one.advance("1 minute" if not crowd.began else timedelta(milliseconds=5))
        assert not crowd.given()

    one.close()
    two.close()


def test_a_job_that_must_not_run_twice_is_not_given_ahead(world: World) -> None:
    crowd = Crowd(world)
    world.save(CROWD.replace("schedules:\n", "defaults:\n  interrupted: leave\nschedules:\n"))

    world.advance("1 minute")
    for _ in range(40):
        world.advance(timedelta(milliseconds=5))
        assert not crowd.given()

    assert len(crowd.began) > 20


def test_nothing_takes_the_seat_of_an_attempt_that_was_given_up(world: World) -> None:
    crowd = Crowd(world)
    for name in NAMES[:4]:
        world.durations[name] = "1 hour"
    world.advance("1 minute")
    relay, inbox = Relay(world._executor, Inbox(), world.clock), world.loop.inbox  # type: ignore[arg-type]
    relay._inbox = inbox
    works = [world.loop._handing.work_of(run) for run in world.loop.state.lines]
    relay.start(works[0])
    relay.give(works[5:7], seats={"default": 1}, at=0.0)
    relay.unseat(works[0].run.key)
    before = list(crowd.began)

    ended = Ended(works[0].run.key, Outcome(status=OutcomeStatus.COMPLETED))
    relay._heard(relay._lanes["default"], works[0].run, ended)

    assert crowd.began == before
    assert relay.left("default") == 2


def test_a_seat_that_came_free_unheard_is_taken_by_the_first_that_is_given(crowd: Crowd) -> None:
    world = crowd.world
    world.clock.advance("1 minute")
    world.loop.tick()
    relay = Relay(world._executor, Inbox(), world.clock)  # type: ignore[arg-type]
    works = [world.loop._handing.work_of(run) for run in world.loop.state.lines.waiting()]

    relay.start(works[0])
    relay.give(works[1:6], seats={"default": 3}, at=0.0)

    assert crowd.jobs[-3:] == [work.run.job for work in works[:3]]
    assert relay.left("default") == 3
    assert [message.key for message in relay._inbox.take()] == [work.run.key for work in works[1:3]]  # type: ignore[union-attr]


def test_what_follows_one_that_could_not_be_started_begins_at_once(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = crowd.world
    world.clock.advance("1 minute")
    world.loop.tick()
    works = [world.loop._handing.work_of(run) for run in world.loop.state.lines.waiting()][:5]
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
    relay = Relay(cast(Executor, executor), inbox, world.clock)

    relay.start(works[0])
    relay.give(works[1:], seats={"default": 1}, at=0.0)
    executor.tells[keys[0]](Ended(keys[0], Outcome(status=OutcomeStatus.COMPLETED)))

    assert list(executor.tells) == [keys[0], keys[3]]
    assert relay.left("default") == 1
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


def test_an_end_is_recorded_with_the_moment_it_came_at(crowd: Crowd) -> None:
    crowd.world.clock.advance("1 minute")
    crowd.world.loop.tick()
    crowd.world.clock.advance(timedelta(milliseconds=5))
    crowd.world._executor.tell_ends()  # type: ignore[union-attr]
    crowd.world.clock.advance(timedelta(milliseconds=40))

    crowd.world.drain()

    ended = [run for run in crowd.world.history() if run.status is Status.COMPLETED]
    assert {run.duration for run in ended[:4]} == {timedelta(milliseconds=5)}


def completed(world: World) -> set[str]:
    """Return the jobs whose run the store says has completed."""
    return {run.job for run in world.history() if run.status is Status.COMPLETED}


def test_while_a_crowd_begins_its_ends_are_recorded_later_all_at_once(crowd: Crowd) -> None:
    crowd.until_some_are_given()
    recorded = completed(crowd.world)

    while len(crowd.began) < COUNT:
        assert completed(crowd.world) == recorded
        crowd.world.advance(timedelta(milliseconds=5))
    crowd.world.advance(timedelta(milliseconds=30))

    assert completed(crowd.world) == set(NAMES)


@pytest.mark.parametrize("waits", ["after job-20", "daily at 2 AM\n    needs: [job-20]"])
def test_an_end_that_another_job_waits_for_is_recorded_at_once(crowd: Crowd, waits: str) -> None:
    world = crowd.world
    world.handlers["waits"] = crowd.note
    schedule = waits if "\n" not in waits else f"\n    schedule: {waits}"
    world.save(f"{CROWD}  waits:{' ' if schedule == waits else ''}{schedule}\n")
    world.advance("1 minute")

    while "job-20" not in crowd.jobs:
        world.advance(timedelta(milliseconds=1))
    world.advance(timedelta(milliseconds=6))

    assert "job-20" in completed(world)
    assert len(completed(world)) < COUNT


def test_no_end_is_recorded_much_later_than_it_came(crowd: Crowd) -> None:
    world = crowd.world
    for name in NAMES:
        world.durations[name] = timedelta(milliseconds=90)
    world.advance("1 minute")
    began: list[int] = []
    step = timedelta(milliseconds=10)

    while len(crowd.began) < COUNT:
        began.append(len(crowd.began))
        world.advance(step)
        ended_long_ago = began[-120] - 4 if len(began) >= 120 else 0
        assert len(completed(world)) >= ended_long_ago

    assert len(began) > 120, "all of it was over before anything had to be recorded"


def test_a_run_is_recorded_as_begun_no_sooner_than_the_end_that_freed_its_seat(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = crowd.world
    world.clock.advance("1 minute")
    world.loop.tick()
    now = world.clock.now()
    hear = world.loop._hear

    def pass_the_time(turn: Turn, messages: list[Message]) -> None:
        world.clock.advance(timedelta(milliseconds=5))  # as it does while a turn claims what is due
        world._executor.tell_ends()  # type: ignore[union-attr]
        hear(turn, world.loop.inbox.take())
        assert turn.now == now

    monkeypatch.setattr(world.loop, "_hear", pass_the_time)
    world.loop._details_changed = True
    world.loop.tick()

    runs = world.history()
    assert {run.finished_at for run in runs if run.finished_at} == {now + timedelta(milliseconds=5)}
    assert most_at_once([but(run, finished_at=run.finished_at or world.clock.now()) for run in runs]) == 4
