"""When messages are tried again, and that nobody else sends what is being sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from aperture_plugin.alerts import notifier
from aperture_plugin.alerts.message import Message
from aperture_plugin.alerts.notifier import Notifier
from aperture_plugin.config.model import Channel, NotifyEvent
from aperture_plugin.ports import Notice
from aperture_plugin.store.memory import MemoryStore
from aperture_plugin.store.memory_ledger import Tables
from aperture_plugin.testing import FakeClock

from .receiver import Receiver

SEVEN: Final = datetime(2026, 1, 10, 7, tzinfo=UTC)
SECONDS: Final = 60


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def store() -> MemoryStore:
    """A store with a message that quiet hours have held back since eleven."""
    store = MemoryStore(Tables())
    store.open()
    notice = Notice(
        key="one",
        channel="ops",
        event=NotifyEvent.FAILED,
        job="scan",
        at=SEVEN - timedelta(hours=8),
        not_before=SEVEN,
        facts={},
    )
    with store.transaction() as ledger:
        ledger.post([notice])
    return store


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock("2026-01-10 07:00")


@pytest.fixture
def sender(store: MemoryStore, clock: FakeClock, receiver: Receiver) -> Notifier:
    channels = {"ops": Channel(name="ops", to=(f"json://{receiver.host}/",))}
    return Notifier(store, clock, channels=lambda: channels, compose=lambda _: Message(title="title", body="body"))


def next_at(store: MemoryStore) -> datetime | None:
    with store.snapshot() as ledger:
        return ledger.next_notice_at()


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_first_retry_comes_after_five_seconds_and_the_second_after_ten(
    sender: Notifier, store: MemoryStore, clock: FakeClock, receiver: Receiver
) -> None:
    receiver.answers = 500

    found = []
    for _ in range(3):
        sender.send("ops", sender.taken()["ops"])
        at = next_at(store)
        assert at is not None
        found.append(at - clock.now())
        clock.advance(at - clock.now())

    assert found == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]


def test_the_day_of_tries_begins_when_the_quiet_hours_end(
    sender: Notifier, store: MemoryStore, clock: FakeClock, receiver: Receiver
) -> None:
    receiver.answers = 500
    sender.send("ops", sender.taken()["ops"])
    clock.advance("23 hours")

    sender.send("ops", sender.taken()["ops"])
    still = next_at(store)
    clock.advance("1 hour")
    sender.send("ops", sender.taken()["ops"])

    assert still == SEVEN + timedelta(hours=23, seconds=10)
    assert next_at(store) is None


def test_what_a_slow_receiver_has_not_answered_yet_is_kept_from_other_loops(
    sender: Notifier, store: MemoryStore, clock: FakeClock, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(notifier, "_HELD_SECONDS", 0.02)
    receiver.answers = "hang"
    sender.begin()
    receiver.seen.get(timeout=SECONDS)

    clock.advance("50 seconds")

    until(lambda: next_at(store) == SEVEN + timedelta(seconds=110))
    sender.close(0)


def test_what_was_sent_stays_sent_whoever_writes_later(sender: Notifier, store: MemoryStore, clock: FakeClock) -> None:
    first = sender.taken()["ops"]
    clock.advance("61 seconds")  # The first sender was stopped for a minute.
    sender.send("ops", sender.taken()["ops"])

    with store.transaction() as ledger:
        ledger.settle_notices([first[0].key], sent_at=None, not_before=clock.now())

    assert next_at(store) is None
