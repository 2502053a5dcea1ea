"""The loop asks the store only as often as it has to, and does at once what another process asks for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.app.store_commands import ask_run
from aperture_plugin.loop.store_watch import StoreWatch
from aperture_plugin.loop.thread import LoopThread
from aperture_plugin.loop.wakeups import Pace
from aperture_plugin.ports import Store, StoreUnavailable
from aperture_plugin.store.connect import open_store
from tests.store.conftest import postgres_url

__all__ = ["postgres_url"]


class Told:
    """A store that tells, or does not, and counts how often it is asked."""

    def __init__(self) -> None:
        self.tells = True
        self.is_away = False
        self.news = False
        self.asked = 0
        self.ring: Callable[[], object] = lambda: None

    def listen(self, ring: Callable[[], object]) -> Callable[[], bool]:
        self.ring = ring
        return lambda: self.tells

    def changed(self) -> bool:
        self.asked += 1
        if self.is_away:
            raise StoreUnavailable("it is away")
        return self.news


def hearing(store: Told, *, poll: float | None = 0.5, ring: Callable[[], object] = lambda: None) -> StoreWatch:
    made = StoreWatch(cast(Store, store), poll, ring)
    made.begin()
    return made


def test_a_store_that_tells_is_asked_when_it_has_told() -> None:
    store, rung = Told(), threading.Event()
    heard = hearing(store, ring=rung.set)
    heard.another_wrote(100.0)

    before = [heard.another_wrote(100.0 + at) for at in (0.1, 0.2, 0.3)]
    store.news = True
    store.ring()
    after = [heard.another_wrote(100.0 + at) for at in (0.4, 0.41)]

    assert (before, after, rung.is_set(), heard.waits) == ([False] * 3, [True, False], True, None)
    assert store.asked == 2


def test_what_was_told_in_the_middle_of_a_turn_is_asked_for_right_after_it() -> None:
    store = Told()
    heard = hearing(store)
    heard.another_wrote(100.0)

    store.ring()
    before = heard.waits
    heard.another_wrote(100.1)

    assert (before, heard.waits) == (0.0, None)


def test_where_no_more_than_beats_may_have_come_those_are_read() -> None:
    store, read = Told(), list[float]()
    heard = StoreWatch(cast(Store, store), 0.5, lambda: None, read.append)
    heard.begin()
    heard.another_wrote(100.0)

    store.ring()
    heard.another_wrote(101.0)
    heard.another_wrote(101.1)
    store.news = True
    store.ring()
    heard.another_wrote(102.0)

    assert read == [100.0, 101.0]


def test_a_store_that_does_not_tell_is_asked_twice_a_second() -> None:
    store = Told()
    store.tells, store.news = False, True
    heard = hearing(store)

    found = [heard.another_wrote(100.0 + at / 10) for at in range(12)]

    assert [n for n, answer in enumerate(found) if answer] == [0, 5, 10]
    assert heard.waits == 0.5


def test_a_store_that_is_away_is_met_again_by_the_transaction() -> None:
    store = Told()
    heard = hearing(store)
    store.is_away = True
    store.ring()

    assert heard.another_wrote(1.0)


def test_under_a_fake_clock_nobody_is_asked() -> None:
    store = Told()
    heard = hearing(store, poll=None)

    assert (heard.another_wrote(100.0), heard.waits, store.asked) == (False, None, 0)


class Scans:
    """The plugin."""

    def __init__(self) -> None:
        self.done = threading.Event()

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        return [Job("scan", lambda run: self.done.set())]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_run_that_another_process_asks_for_does_not_wait_for_the_next_look(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = "sqlite:///aperture.db" if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))
    (tmp_path / "schedules.yaml").write_text("schedules:\n  scan: manual\n")
    plugin = Scans()
    aperture = Aperture(tmp_path / "schedules.yaml", [plugin], state=url, hooks=False, entry_points=False)
    loop = aperture.open(pace=Pace(poll=3600.0, beat=False))
    loop.begin()
    thread = LoopThread(loop)
    thread.start()
    time.sleep(0.5)  # By now it sleeps, and would for an hour.

    other = open_store(url, directory=tmp_path)
    other.open()
    ask_run(other, aperture.config.jobs["scan"], run_id="asked", now=datetime.now(UTC), by="ada")
    other.close()
    ran = plugin.done.wait(10)
    thread.ask_to_stop(timedelta(seconds=5))
    thread.join()
    aperture.close()

    assert ran
