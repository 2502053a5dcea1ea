"""Two loops on one store, SQLite or PostgreSQL: a queue's number, a limit, a pause and a cancel hold over both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.loop import lease
from aperture_plugin.loop.state import State
from aperture_plugin.ports import Ledger, LiveRun
from aperture_plugin.rules.runs import Status
from aperture_plugin.store.connect import open_store
from aperture_plugin.testing import World
from tests.store.conftest import postgres_url

__all__ = ["postgres_url"]

FOUR = (
    "queues:\n  default: 2\nlimits:\n  omdb: 10 per day from midnight\n"
    "schedules:\n  a: daily at 2 AM\n  b: daily at 2 AM\n  c: daily at 2 AM\n  d: daily at 2 AM\n"
)


@pytest.fixture(params=["sqlite", "postgres"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two worlds with one clock and one store."""
    state = None if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    one, two = World(tmp_path, state=state), World(tmp_path, state=state)
    two.clock = one.clock
    yield one, two
    one.close()
    two.close()


def pass_time(pair: tuple[World, World], minutes: int) -> int:
    """Let both tick minute by minute; return how many ran at once at most."""
    one, two = pair
    most = 0
    for _ in range(minutes):
        one.clock.advance("1 minute")
        for world in (two, one, two):
            world.drain()
        most = max(most, sum(run.status is Status.RUNNING for run in one.history()))
    return most


def test_a_queues_number_holds_over_all_processes(pair: tuple[World, World]) -> None:
    one, two = pair
    for world in pair:
        world.durations.update(dict.fromkeys("abcd", "10 minutes"))
    one.write(FOUR).start(at="2026-01-10 01:50")
    two.start()

    most = pass_time(pair, 40)

    assert most == 2
    assert [(run.job, run.status) for run in one.history()] == [(job, "completed") for job in "abcd"]


def test_a_limit_is_spent_by_all_processes_together(pair: tuple[World, World]) -> None:
    one, two = pair
    spent: list[str] = []

    def spend(run: LiveRun) -> None:
        for _ in range(4):
            run.spend("omdb")
            spent.append(run.job)

    for world in pair:
        world.handlers.update(dict.fromkeys("abcd", spend))
    one.write(FOUR).start(at="2026-01-10 01:50")
    two.start()

    pass_time(pair, 20)

    assert len(spent) == 10
    assert {run.reason for run in one.history() if run.status is Status.WAITING} == {
        "limit omdb is used up; it returns at 2026-01-11 12:00 AM"
    }


def test_a_pause_put_on_in_one_process_holds_in_the_other(pair: tuple[World, World]) -> None:
    one, two = pair
    one.write(FOUR).start(at="2026-01-10 01:50")
    two.start()

    one.pause("a", note="its disk is full")
    two.loop.state.stale = True  # what a loop that polls would notice by itself
    two.drain()
    one.kill()
    two.advance("20 minutes")

    assert [(run.job, run.status) for run in two.history()] == [
        ("a", "skipped"),
        ("b", "completed"),
        ("c", "completed"),
        ("d", "completed"),
    ]


def test_both_go_by_a_file_that_was_saved_whoever_took_it_in_first(pair: tuple[World, World]) -> None:
    one, two = pair
    one.write("schedules:\n  a: every 10 minutes\n").start(at="2026-01-10 01:51")
    two.start()

    for world in pair:
        world.save("schedules:\n  a: every hour at :05\n")
        assert world.loop.state.timetable.next_run == datetime(2026, 1, 10, 2, 5, tzinfo=UTC)
    pass_time(pair, 60)

    assert [run.due for run in one.history()] == [datetime(2026, 1, 10, 2, 5, tzinfo=UTC)]


@pytest.fixture(params=["sqlite", "postgres"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/aperture.db"
    return str(request.getfixturevalue("postgres_url"))


def test_two_that_only_beat_read_nothing_anew(state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time, as hosts embed it; the beats follow one another so fast that it need not take long."""
    monkeypatch.setattr(lease, "HERE_BEAT_SECONDS", 0.05)
    read: list[str] = []
    read_anew = State.read_anew

    def counted(state: State, ledger: Ledger) -> None:
        read.append(state.id)
        read_anew(state, ledger)

    monkeypatch.setattr(State, "read_anew", counted)
    file = tmp_path / "schedules.yaml"
    file.write_text("schedules:\n  scan: manual\n")
    store = open_store(state, directory=tmp_path)
    store.open()

    with Aperture(file, [Scan()], state=state), Aperture(file, [Scan()], state=state):
        time.sleep(1)  # Each has read what the other wrote as it began.
        read.clear()
        before = {loop.id: loop.beat for loop in store.loops()}
        time.sleep(1)
        after = {loop.id: loop.beat for loop in store.loops()}
        read_by = list(read)
    store.close()

    assert (len(before), read_by) == (2, [])
    assert all(after[loop] - before[loop] > 3 for loop in before)


class Scan:
    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        return [Job("scan", lambda _run: None)]
