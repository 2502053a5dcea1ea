"""The executor whose workers are elsewhere, with a real store and no worker but the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from aperture_plugin.clock.system import SystemClock
from aperture_plugin.executors.remote_attempt import outcome_to
from aperture_plugin.executors.store_executor import StoreExecutor
from aperture_plugin.ports import Ended, Event, Mailbox, OrderState, WorkerEvent
from aperture_plugin.rules.jobs import Outcome
from aperture_plugin.rules.runs import Run
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.sql_store import SqlStore

from .conftest import Bench, a_run

SECONDS = 60


class HeldAfterStates:
    """A mailbox whose first answer about the states of orders is held back, as on a busy machine."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self.was_read, self.may_return = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mailbox, name)

    def states(self, sender: str) -> list[OrderState]:
        states = list(self._mailbox.states(sender))
        self.was_read.set()
        assert self.may_return.wait(SECONDS)
        return states


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    assert isinstance(store, SqlStore)
    store.open()
    yield store
    store.close()


def begun(store: SqlStore, executor: StoreExecutor, tmp_path: Path) -> tuple[Run, SimpleQueue[Event]]:
    events: SimpleQueue[Event] = SimpleQueue()
    run = a_run(id="a")
    with store.transaction() as ledger:
        ledger.add([run])
    bench = Bench(executor=None, directory=tmp_path)  # type: ignore[arg-type]  # it only makes the work
    executor.start(bench.work(print, run=run), events.put)
    return run, events


def end_of(events: SimpleQueue[Event]) -> Outcome:
    while not isinstance(event := events.get(timeout=SECONDS), Ended):
        pass
    return event.outcome


def test_one_that_a_worker_takes_just_before_it_is_cancelled_ends_as_its_worker_tells(
    store: SqlStore, tmp_path: Path
) -> None:
    mailbox = HeldAfterStates(store.mailbox())
    executor = StoreExecutor(mailbox, lambda key, queue: None, name="elsewhere", clock=SystemClock())
    run, events = begun(store, executor, tmp_path)
    assert mailbox.was_read.wait(SECONDS)

    worker = store.mailbox()
    assert worker.take(run.key, "worker", begun={"begun": {"can_kill": True}}) is not None
    executor.cancel(run.key, "cancelled by ana")
    mailbox.may_return.set()

    while worker.beat("worker", [run.key])[run.key] is None:
        pass  # The request is on its way.
    worker.tell("worker", [WorkerEvent(key=run.key, body={"outcome": outcome_to(Outcome(result="whole"))})])
    assert end_of(events).result == "whole"
    executor.stop(timedelta(seconds=SECONDS))


def test_one_that_no_worker_has_taken_ends_as_cancelled(store: SqlStore, tmp_path: Path) -> None:
    mailbox = HeldAfterStates(store.mailbox())
    executor = StoreExecutor(mailbox, lambda key, queue: None, name="elsewhere", clock=SystemClock())
    run, events = begun(store, executor, tmp_path)
    assert mailbox.was_read.wait(SECONDS)

    executor.cancel(run.key, "cancelled by ana")
    mailbox.may_return.set()

    assert end_of(events).reason == "cancelled by ana"
    assert store.mailbox().take(run.key, "worker", begun={"begun": {"can_kill": True}}) is None
    executor.stop(timedelta(seconds=SECONDS))
