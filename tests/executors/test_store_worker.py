"""A worker of attempts in the store: by message, and from one end to the next attempt."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from aperture_plugin.executors import store_worker
from aperture_plugin.executors.remote_attempt import order_of
from aperture_plugin.executors.store_worker import StoreWorker
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import Mailbox, Order, StopRequest, StoreUnavailable, WorkerEvent
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import AttemptKey
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.sql_store import SqlStore

from .conftest import Bench, RealClock, a_run

SECONDS = 60


class Away:
    """A mailbox whose store goes away just when a worker would go on."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mailbox, name)

    def take_next(self, _queue: str, _worker: str, *, told: Sequence[WorkerEvent], begun: Mapping[str, Any]) -> None:
        raise StoreUnavailable(f"{len(told)} events and {len(begun)} more are not written")


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    assert isinstance(store, SqlStore)
    store.open()
    mailbox = store.mailbox()
    bench = Bench(executor=None, directory=tmp_path)  # type: ignore[arg-type]  # it only makes the work
    runs = [a_run(id=name) for name in "abc"]
    with store.transaction() as ledger:
        ledger.add(runs)
    works = [(run, order_of(bench.work(print, run=run))) for run in runs]
    mailbox.exchange("loop", placed=[Order(key=run.key, sender="loop", queue="q", body=body) for run, body in works])
    yield mailbox
    store.close()


@pytest.fixture
def ran() -> list[str]:
    """The runs whose handlers were called, in order."""
    return []


@pytest.fixture
def make(plugins: Plugins, ran: list[str]) -> Iterator[Callable[[Mailbox], StoreWorker]]:
    made: list[StoreWorker] = []

    def worker(mailbox: Mailbox) -> StoreWorker:
        jobs = {"library-scan": Job("library-scan", lambda run: ran.append(run.id))}
        made.append(StoreWorker(mailbox, jobs, plugins.run_job, clock=RealClock(), environ=os.environ))
        return made[-1]

    yield worker
    for each in made:
        each.close()


def outcomes(mailbox: Mailbox) -> list[AttemptKey]:
    return [event.key for event in mailbox.exchange("loop") if "outcome" in event.body]


Make = Callable[[Mailbox], StoreWorker]


def test_a_message_is_for_one_attempt_unless_the_worker_may_go_on(mailbox: Mailbox, make: Make, ran: list[str]) -> None:
    worker = make(mailbox)

    assert worker.work_on(("b", 1))

    assert worker.flush(SECONDS)
    assert (ran, outcomes(mailbox)) == (["b"], [("b", 1)])


def test_short_handlers_follow_each_other_on_one_message(mailbox: Mailbox, make: Make, ran: list[str]) -> None:
    worker = make(mailbox)

    worker.work_on(("b", 1), go_on_for=SECONDS)

    assert worker.flush(SECONDS)
    assert (ran, outcomes(mailbox)) == (["b", "a", "c"], [("b", 1), ("a", 1), ("c", 1)])


def test_a_message_that_comes_late_finds_work_all_the_same(mailbox: Mailbox, make: Make, ran: list[str]) -> None:
    worker, other = make(mailbox), make(mailbox)
    worker.work_on(("a", 1))
    other.work_on(("b", 1))

    assert worker.work_on(("b", 1), go_on_for=SECONDS)

    assert worker.flush(SECONDS)
    assert ran == ["a", "b", "c"]


def test_a_late_message_takes_nothing_new_while_the_worker_stops(mailbox: Mailbox, make: Make, ran: list[str]) -> None:
    worker, other = make(mailbox), make(mailbox)
    worker.work_on(("a", 1))
    other.work_on(("b", 1))

    assert not worker.work_on(("b", 1), go_on_for=SECONDS, may_go_on=lambda: False)
    assert worker.work_on(("b", 1), go_on_for=SECONDS)
    assert not worker.work_on(("b", 1), go_on_for=SECONDS)

    assert worker.flush(SECONDS)
    assert ran == ["a", "b", "c"]


def test_a_worker_that_may_not_go_on_takes_nothing_new(mailbox: Mailbox, make: Make, ran: list[str]) -> None:
    worker = make(mailbox)

    worker.work_on(("a", 1), go_on_for=SECONDS, may_go_on=lambda: False)

    assert worker.flush(SECONDS)
    assert (ran, outcomes(mailbox)) == (["a"], [("a", 1)])


def test_an_end_reaches_the_store_where_going_on_fails(mailbox: Mailbox, make: Make, ran: list[str]) -> None:
    worker = make(Away(mailbox))

    worker.work_on(("a", 1), go_on_for=SECONDS)

    assert worker.flush(SECONDS)
    assert (ran, outcomes(mailbox)) == (["a"], [("a", 1)])


def test_log_lines_are_written_before_the_end_that_follows_them(mailbox: Mailbox, make: Make, plugins: Plugins) -> None:
    jobs = {"library-scan": Job("library-scan", lambda run: [run.log.info("line %d", n) for n in range(250)] and None)}
    worker = StoreWorker(mailbox, jobs, plugins.run_job, clock=RealClock(), environ=os.environ)

    worker.work_on(("a", 1), go_on_for=SECONDS)

    assert worker.flush(SECONDS)
    worker.close()
    of_a = [next(iter(event.body)) for event in mailbox.exchange("loop") if event.key == ("a", 1)]
    assert of_a == ["begun", *["log"] * 250, "outcome"]


class Unreachable:
    """A mailbox to whose store nothing goes from the first beat on; calls hang or fail until it is *back*."""

    def __init__(self, mailbox: Mailbox, *, hangs: bool) -> None:
        self._mailbox = mailbox
        self._hangs = hangs
        self.back = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mailbox, name)

    def beat(self, worker: str, keys: Sequence[AttemptKey]) -> Mapping[AttemptKey, StopRequest | None]:
        if not self._hangs and not self.back.is_set():
            raise StoreUnavailable("no route to it")
        assert self.back.wait(SECONDS)
        return self._mailbox.beat(worker, keys)


@pytest.mark.parametrize("hangs", [True, False])
def test_a_worker_that_cannot_reach_the_store_gives_up_before_others_are_given_its_attempts(
    mailbox: Mailbox, plugins: Plugins, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    monkeypatch.setattr(store_worker, "GIVE_UP_SECONDS", 0.1)
    away = Unreachable(mailbox, hangs=hangs)

    def handler(run: Any) -> None:
        for _ in run.track(range(SECONDS * 100)):
            time.sleep(0.01)

    jobs = {"library-scan": Job("library-scan", handler)}
    worker = StoreWorker(away, jobs, plugins.run_job, clock=RealClock(), environ=os.environ)  # type: ignore[arg-type]

    worker.work_on(("a", 1))

    assert worker.flush(SECONDS)
    away.back.set()
    worker.close()
    [end] = [event.body["outcome"] for event in mailbox.exchange("loop") if "outcome" in event.body]
    assert (end["status"], end["reason"]) == ("interrupted", "its worker could not reach the store for 0 seconds")


class SlowToWrite:
    """A mailbox that writes nothing before it is *let*, and has one attempt stopped by force."""

    def __init__(self, mailbox: Mailbox, key: AttemptKey) -> None:
        self._mailbox = mailbox
        self._request = StopRequest(key=key, reason="cancelled by ana", force=True)
        self.let = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mailbox, name)

    def beat(self, _worker: str, keys: Sequence[AttemptKey]) -> Mapping[AttemptKey, StopRequest | None]:
        return {key: self._request if key == self._request.key else None for key in keys}

    def tell(self, worker: str | None, events: Sequence[WorkerEvent]) -> None:
        assert self.let.wait(SECONDS)
        self._mailbox.tell(worker, events)


def test_force_that_comes_too_late_does_not_end_the_attempt_that_follows(
    mailbox: Mailbox, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _signal: ended.append(pid))
    slow = SlowToWrite(mailbox, ("a", 1))

    def handler(run: Any) -> None:
        until = time.monotonic() + SECONDS
        while run.id == "a" and not run.cancelled and time.monotonic() < until:
            time.sleep(0.01)
        if run.id == "b":
            slow.let.set()
            assert worker.flush(SECONDS)

    jobs = {"library-scan": Job("library-scan", handler)}
    worker = StoreWorker(slow, jobs, plugins.run_job, clock=RealClock(), environ=os.environ, can_kill=True)  # type: ignore[arg-type]

    worker.work_on(("a", 1))
    worker.work_on(("b", 1))

    worker.close(SECONDS)
    assert ended == []
    assert outcomes(mailbox)[-1] == ("b", 1)
