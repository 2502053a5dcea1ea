"""Messages are sent one by one, and no more of them than workers need to fall to work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from aperture_plugin.executors.publisher import Publisher, QueueMessages
from aperture_plugin.rules.runs import AttemptKey

Sent = SimpleQueue[tuple[AttemptKey, str]]
Make = Callable[..., Publisher]

WINDOW = 32
HOLD = 0.25


@pytest.fixture
def sent() -> Sent:
    """All messages that the broker was given."""
    return SimpleQueue()


@pytest.fixture
def make(sent: Sent) -> Iterator[Make]:
    made: list[Publisher] = []

    def publisher(is_wanted: Callable[[AttemptKey], bool] = lambda _key: True) -> Publisher:
        made.append(Publisher(lambda key, queue: sent.put((key, queue)), name="test", is_wanted=is_wanted))
        return made[-1]

    yield publisher
    for each in made:
        each.stop()


def test_a_lone_message_is_sent_at_once() -> None:
    line = QueueMessages()
    line.waiting.append((("a", 1), 100.0))

    assert line.due_in(100.0) == 0


def test_while_many_are_under_way_one_more_is_held_back_for_a_while() -> None:
    line = QueueMessages()
    line.under_way.extend([100.0] * WINDOW)
    line.waiting.append((("a", 1), 100.1))

    assert line.due_in(100.1) == pytest.approx(HOLD - 0.1)
    assert line.due_in(100.3) == 0


def test_a_message_that_has_arrived_makes_room_for_another() -> None:
    line = QueueMessages()
    line.under_way.extend([100.0] * WINDOW)
    line.waiting.append((("a", 1), 100.0))
    line.under_way.popleft()

    assert line.due_in(100.0) == 0


def test_every_attempt_that_no_worker_takes_has_its_message_in_the_end(make: Make, sent: Sent) -> None:
    publisher = make()
    keys = [(f"{number:03}", 1) for number in range(WINDOW + 8)]

    for key in keys:
        publisher.put(key, "default")

    assert [sent.get(timeout=30) for _ in keys] == [(key, "default") for key in keys]


def test_an_attempt_that_a_worker_took_without_a_message_has_none(make: Make, sent: Sent) -> None:
    taken: set[AttemptKey] = set()
    publisher = make(lambda key: key not in taken)
    first = [(f"{number:03}", 1) for number in range(WINDOW)]
    for key in first:
        publisher.put(key, "default")
    for _ in first:
        sent.get(timeout=30)

    taken.add(("taken", 1))
    publisher.put(("taken", 1), "default")
    publisher.put(("left", 1), "default")

    assert sent.get(timeout=30) == (("left", 1), "default")


def test_a_busy_queue_holds_up_no_other(make: Make, sent: Sent) -> None:
    publisher = make()
    for number in range(WINDOW + 1):
        publisher.put((f"{number:03}", 1), "busy")
    for _ in range(WINDOW):
        sent.get(timeout=30)

    publisher.put(("other", 1), "quiet")

    assert {sent.get(timeout=30)[1] for _ in range(2)} == {"busy", "quiet"}
