"""Promise 11: loops with different files on one store, under the fake clock, on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aperture_plugin.app.audit import audit
from aperture_plugin.ports import LiveRun
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.testing import World
from tests.store.conftest import postgres_url

__all__ = ["postgres_url"]


class Several:
    """Worlds with one clock and one store, and a file each; notes which of them ran what."""

    def __init__(self, folder: Path, state: str | None) -> None:
        self._folder = folder
        self._state = state or f"sqlite:///{folder / 'aperture.db'}"
        self.worlds: dict[str, World] = {}
        self.ran: list[tuple[str, str]] = []

    def __getitem__(self, name: str) -> World:
        if name not in self.worlds:
            (self._folder / name).mkdir()
            world = World(self._folder / name, state=self._state)
            if self.worlds:
                world.clock = next(iter(self.worlds.values())).clock
            self.worlds[name] = world
        return self.worlds[name]

    def start(self, name: str, text: str | None = None, *, at: str | None = None) -> World:
        """Start the loop *name*, with *text* as its file, and handlers for its jobs alone."""
        world = self[name]
        if text is not None:
            world.write(text)
            jobs = re.findall(r"^  ([a-g]):", text, re.MULTILINE)
            world.handlers = {job: self._handler(name) for job in jobs}
        world.start(at=at)
        self.look()
        return world

    def _handler(self, name: str) -> Callable[[LiveRun], None]:
        def handle(run: LiveRun) -> None:
            self.ran.append((name, run.job))

        return handle

    @property
    def living(self) -> list[World]:
        return [world for world in self.worlds.values() if world.is_started]

    def look(self) -> None:
        """Let every loop see what the others have written."""
        for _ in range(3):
            for world in self.living:
                world.loop.state.stale = True  # what a loop that polls or listens notices by itself
                world.drain()

    def pass_time(self, seconds: int, *, step: int = 1) -> None:
        """Let time pass for all of them together."""
        for _ in range(seconds // step):
            next(iter(self.worlds.values())).clock.advance(timedelta(seconds=step))
            self.look()

    def history(self, job: str | None = None) -> list[Run]:
        return next(iter(self.worlds.values())).history(job)

    def check(self) -> None:
        """Account for every slot since the beginning."""
        world = next(iter(self.worlds.values()))
        now = world.clock.now()
        with world.beside() as store:
            found = audit(store, since=now - timedelta(days=1), until=now, now=now)
        assert found.is_whole, [(job.job, job.account.unaccounted) for job in found.jobs]
        slots = Counter((run.job, run.due) for run in self.history() if run.due is not None and run.attempt == 1)
        assert set(slots.values()) <= {1}


@pytest.fixture
def several(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Several]:
    on = getattr(request, "param", "sqlite")
    made = Several(tmp_path, None if on == "sqlite" else str(request.getfixturevalue("postgres_url")))
    yield made
    for world in made.worlds.values():
        world.close()


def test_each_loop_runs_the_jobs_that_it_alone_lists(several: Several) -> None:
    several.start("web", "schedules:\n  a: every 10 seconds\n", at="2026-01-10 12:00:01")
    several.start("worker", "schedules:\n  b: every 10 seconds\n")
    several.look()

    several.pass_time(60)

    assert Counter(several.ran) == {("web", "a"): 6, ("worker", "b"): 6}
    assert {run.status for run in several.history()} == {Status.COMPLETED}
    assert several["web"].aperture.status()["loops"][0]["unknown_jobs"] in (["a"], ["b"])
    several.check()


@pytest.mark.parametrize("several", ["sqlite", "postgres"], indirect=True)
def test_the_words_of_the_newest_file_are_in_force_everywhere(several: Several) -> None:
    old = (
        "queues:\n  default: 1\nschedules:\n"
        "  a:\n    schedule: every 10 seconds\n    params:\n      n: {}\n  b: every 10 seconds\n"
    )
    several.start("old", old.format(1), at="2026-01-10 12:00:01")
    several.start("new", old.format(2))
    several.look()

    several.pass_time(60)

    assert Counter(job for name, job in several.ran if name == "old") == {"b": Counter(several.ran)["old", "b"]}
    assert Counter(several.ran)["new", "a"] == 6
    assert len(several.history("b")) == 6
    several.check()


def test_a_stale_restart_changes_nothing(several: Several) -> None:
    several.start("one", "schedules:\n  a: every 10 seconds\n  d: every 10 seconds\n", at="2026-01-10 12:00:01")
    several.start("two", "schedules:\n  a: every 20 seconds\n")
    several.look()
    several.pass_time(20)
    several["one"].stop()
    several.look()
    several.start("one")
    several.look()
    several.pass_time(40)

    assert Counter(several.ran) == {("two", "a"): 3, ("one", "d"): 6}
    several.check()


def test_after_a_rollback_the_old_text_rules_when_the_last_loop_with_the_newer_one_has_ended(several: Several) -> None:
    several.start("one", "schedules:\n  a: every 10 seconds\n", at="2026-01-10 12:00:01")
    several.start("two", "schedules:\n  a: every 20 seconds\n")
    several.look()
    several.pass_time(20)
    assert Counter(several.ran) == {("two", "a"): 1}

    several["two"].stop()
    several.start("two", "schedules:\n  a: every 10 seconds\n")
    several.look()
    several.pass_time(40)

    assert several.ran.count(("two", "a")) + several.ran.count(("one", "a")) == 1 + 4
    several.check()


def test_a_run_that_waits_is_left_to_the_loop_that_lists_its_job(several: Several) -> None:
    several.start("web", "schedules:\n  a: daily at 3 PM\n", at="2026-01-10 12:00:01")
    several.start("worker", "schedules:\n  a: daily at 3 PM\n  b: daily at 12:01 PM\n")
    several.look()

    several["web"].aperture.run("b", by="a test")
    several.look()

    assert several.ran == [("worker", "b")]
    assert [run.status for run in several.history("b")] == [Status.COMPLETED]


def test_a_run_is_skipped_once_no_loop_has_listed_its_job_for_some_seconds(several: Several) -> None:
    several.start("web", "schedules:\n  a: daily at 3 PM\n", at="2026-01-10 12:00:01")
    worker = several.start("worker", "schedules:\n  b:\n    window: 6 PM to 7 PM\n    schedule: daily at 12:01 PM\n")
    several.look()
    several.pass_time(70)
    worker.stop()
    several.look()
    assert [run.status for run in several.history("b")] == [Status.WAITING]

    several.pass_time(10)

    assert [(run.status, run.reason) for run in several.history("b")] == [
        (Status.SKIPPED, f"b was taken out of {several['web'].loop.in_force.config.file}")
    ]
    several.pass_time(5)
    several.check()


def test_a_restart_of_the_only_loop_that_knows_a_job_loses_none_of_its_slots(several: Several) -> None:
    several.start("web", "schedules:\n  a: daily at 3 PM\n", at="2026-01-10 12:00:01")
    worker = several.start("worker", "schedules:\n  b: every 2 seconds\n")
    several.look()
    several.pass_time(10)

    worker.stop()
    several.look()
    several.pass_time(6)
    several.start("worker")
    several.look()
    several.pass_time(4)

    assert [(run.trigger, run.missed) for run in several.history("b")][5] == ("catch-up", 3)
    several.check()


def test_both_files_catch_up_after_all_loops_were_down(several: Several) -> None:
    web = several.start("web", "schedules:\n  a: every minute\n", at="2026-01-10 12:00:30")
    worker = several.start("worker", "schedules:\n  b: every minute\n")
    several.look()
    several.pass_time(60)
    web.kill()
    worker.kill()
    web.clock.advance("10 minutes")

    several.start("web")
    web.clock.advance("3 seconds")
    web.drain()
    several.start("worker")
    several.look()

    for job in "ab":
        assert [(run.trigger, run.missed) for run in several.history(job)] == [("schedule", 0), ("catch-up", 10)]
    several.check()


def test_a_job_that_follows_one_of_another_file_is_run_where_it_is_listed(several: Several) -> None:
    several.start("old", "schedules:\n  a: every 10 seconds\n", at="2026-01-10 12:00:01")
    several.start("new", "schedules:\n  b: after a\n  a: manual\n")
    several["old"].aperture.run("a", by="a test")
    several.look()

    assert several.ran[-1] == ("new", "b")
    several.check()


def test_a_seat_is_left_for_the_run_of_another_file_whose_turn_it_is(several: Several) -> None:
    web = (
        several["web"]
        .write("schedules:\n  a: daily at 12:01 PM\n  c: daily at 12:03 PM\n")
        .start(at="2026-01-10 12:00:01")
    )
    worker = several.start("worker", "schedules:\n  b: daily at 12:02 PM\n")
    web.durations["a"] = worker.durations["b"] = "5 minutes"
    several.look()

    several.pass_time(12 * 60, step=10)

    started = sorted((run.started_at, run.job) for run in several.history() if run.started_at is not None)
    assert [job for _, job in started] == ["a", "b", "c"]
    several.check()


def test_the_numbers_of_queues_and_limits_are_those_of_the_newest_file(several: Several) -> None:
    file = (
        "queues:\n  default: {0}\nlimits:\n  omdb: {0} per hour\n"
        "schedules:\n  {1}: daily at 12:01 PM\n  {2}: daily at 12:01 PM\n"
    )
    old = several.start("old", file.format(1, "a", "b"), at="2026-01-10 12:00:01")
    several.start("new", file.format(2, "c", "d"))
    several.look()

    state = old.loop.state
    assert dict(state.division.queues) == {"default": 2}
    assert state.division.limits["omdb"].calls == 2


@pytest.mark.parametrize("several", ["sqlite", "postgres"], indirect=True)
def test_a_deploy_changes_three_loops_over_one_by_one(several: Several) -> None:
    before = "queues:\n  default: 5\nschedules:\n  a: every 5 seconds\n  b: every 5 seconds\n  c: every 5 seconds\n"
    after = "queues:\n  default: 5\nschedules:\n  a: every 5 seconds\n  b: every 10 seconds\n  d: every 5 seconds\n"
    names = ["one", "two", "three"]
    several[names[0]].write(before).start(at="2026-01-10 12:00:01")
    for name in names[1:]:
        several.start(name, before)
    several.look()
    several.pass_time(20)

    for number, name in enumerate(names):
        several[name].stop()
        several.look()
        several.pass_time(3)
        several.start(name, after)
        several.look()
        several.pass_time(7)
        if number == 0:  # an old one is restarted in between
            several["two"].kill()
            several.pass_time(2)
            several.start("two")
            several.look()
            several.pass_time(8)
    several.pass_time(30)

    several.check()
    assert {run.status for run in several.history("abd")} <= {Status.COMPLETED}
    last = max(run.due for run in several.history("c") if run.due is not None)
    first = min(run.due for run in several.history("d") if run.due is not None)
    assert first < last  # what only the old file lists went on while an old loop lived
    assert [row["newest"] for row in several["one"].aperture.status()["loops"]] == [True] * 3
