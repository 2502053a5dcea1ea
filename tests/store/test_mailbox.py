"""Orders and events: taking what a message names, and going on without one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from aperture_plugin.ports import Mailbox, Order, StopRequest, Store, WorkerEvent
from aperture_plugin.rules.runs import AttemptKey, Run, RunTrigger, Status
from aperture_plugin.store.sql_store import SqlStore

NOON: Final = datetime(2026, 1, 10, 12, tzinfo=UTC)
BEGUN: Final = {"begun": {"can_kill": True}}


@pytest.fixture
def mailbox(store: Store) -> Mailbox:
    """The mailbox of an empty store."""
    assert isinstance(store, SqlStore)
    return store.mailbox()


@pytest.fixture
def place(store: Store, mailbox: Mailbox) -> Callable[..., AttemptKey]:
    """Writes a running attempt and its order."""

    def placed(run_id: str, *, queue: str = "default", status: Status = Status.RUNNING) -> AttemptKey:
        run = Run(
            id=run_id,
            job="scan",
            trigger=RunTrigger.MANUAL,
            queue=queue,
            status=status,
            queued_at=NOON,
            priority_at=NOON,
            priority_nominal=NOON.replace(tzinfo=None),
        )
        with store.transaction() as ledger:
            ledger.add([run])
        mailbox.exchange("loop", placed=[Order(key=run.key, sender="loop", queue=queue, body={"number": run_id})])
        return run.key

    return placed


def ended(key: AttemptKey) -> WorkerEvent:
    return WorkerEvent(key=key, body={"outcome": {"status": "completed"}})


def bodies(mailbox: Mailbox) -> list[tuple[str, Any]]:
    return [(event.key[0], next(iter(event.body))) for event in mailbox.exchange("loop")]


def test_a_worker_goes_on_with_the_oldest_attempt_of_its_queue(
    mailbox: Mailbox, place: Callable[..., AttemptKey]
) -> None:
    first = place("a")
    place("c")
    place("b")
    place("0", queue="other")
    taken = mailbox.take(first, "worker", begun=BEGUN)

    following = mailbox.take_next("default", "worker", told=[ended(first)], begun=BEGUN)

    assert taken is not None
    assert following is not None
    assert (following.key, following.queue, following.body) == (("b", 1), "default", {"number": "b"})
    events = sorted(bodies(mailbox), key=lambda one: one[0])  # Those of one attempt stay in their order.
    assert events == [("a", "begun"), ("a", "outcome"), ("b", "begun")]
    assert bodies(mailbox) == []


def test_an_end_is_written_where_there_is_nothing_to_go_on_with(
    mailbox: Mailbox, place: Callable[..., AttemptKey]
) -> None:
    only = place("a")
    mailbox.take(only, "worker", begun=BEGUN)

    following = mailbox.take_next("default", "worker", told=[ended(only)], begun=BEGUN)

    assert following is None
    assert bodies(mailbox) == [("a", "begun"), ("a", "outcome")]


def test_no_worker_goes_on_with_what_is_to_stop_or_runs_no_more(
    mailbox: Mailbox, place: Callable[..., AttemptKey]
) -> None:
    asked = place("a")
    place("b", status=Status.CANCELLED)
    mailbox.exchange("loop", asked=[StopRequest(key=asked, reason="cancelled")])

    assert mailbox.take_next("default", "worker", told=[], begun=BEGUN) is None


def test_an_attempt_is_given_to_one_worker_however_it_is_asked_for(
    mailbox: Mailbox, place: Callable[..., AttemptKey]
) -> None:
    keys = [place(f"{number:02}") for number in range(24)]
    taken: list[AttemptKey] = []
    together = threading.Barrier(4)

    def work(worker: str, *, by_message: bool) -> None:
        together.wait(60)
        orders = (
            [mailbox.take(key, worker, begun=BEGUN) for key in keys]
            if by_message
            else [mailbox.take_next("default", worker, told=[], begun=BEGUN) for _ in keys]
        )
        taken.extend(order.key for order in orders if order is not None)

    workers = [threading.Thread(target=work, args=(f"w{n}",), kwargs={"by_message": n % 2 == 0}) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)

    assert sorted(taken) == keys
    assert sorted(bodies(mailbox)) == [(key[0], "begun") for key in keys]


def test_an_attempt_whose_worker_does_not_know_of_it_is_not_renewed(
    mailbox: Mailbox, place: Callable[..., AttemptKey]
) -> None:
    known, unknown = place("a"), place("b")
    mailbox.take(known, "worker", begun=BEGUN)
    mailbox.take(unknown, "worker", begun=BEGUN)  # and the answer is lost on the way

    found = mailbox.beat("worker", [known])

    assert found == {known: None}
    assert {state.key: state.beat for state in mailbox.states("loop")} == {known: 1, unknown: 0}


def test_events_of_attempts_that_a_worker_does_not_have_are_dropped(
    mailbox: Mailbox, place: Callable[..., AttemptKey]
) -> None:
    mine, lost = place("a"), place("b")
    mailbox.take(mine, "worker", begun=BEGUN)
    mailbox.take(lost, "another", begun=BEGUN)

    mailbox.tell("worker", [ended(lost), ended(mine), ended(mine)])
    mailbox.tell(None, [ended(lost)])

    assert bodies(mailbox) == [("a", "begun"), ("b", "begun"), ("a", "outcome"), ("a", "outcome"), ("b", "outcome")]


def test_what_has_ended_is_removed_with_what_is_told_of_it_afterwards(
    mailbox: Mailbox, place: Callable[..., AttemptKey]
) -> None:
    key = place("a")
    mailbox.take(key, "worker", begun=BEGUN)

    events = mailbox.exchange("loop", removed=[key])
    mailbox.tell("worker", [ended(key)])

    assert [event.key for event in events] == [key]
    assert (mailbox.exchange("loop"), mailbox.states("loop")) == ([], [])
