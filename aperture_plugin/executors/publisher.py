"""The thread that gives messages to a broker: it may hang for as long as it likes, and holds up nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final

from aperture_plugin.rules.runs import AttemptKey

__all__ = ["Publish", "Publisher", "QueueMessages"]

_log = logging.getLogger("aperture")

Publish = Callable[[AttemptKey, str], object]
"""Sends the message that names an attempt, by key and queue of the file; it may block and raise."""

_RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_SLOW_SECONDS: Final = 10.0

_UNDER_WAY: Final = 32
_HOLD_SECONDS: Final = 0.25
"""While so many messages of a queue are under way, one more is held back, but no longer than this. Without it a burst
of short handlers has a message for each, and its rate is halved."""


class QueueMessages:
    """The messages of one queue.

    Attributes:
        waiting: Attempts whose message was not sent yet, each with the time since when.
        under_way: When the messages were sent that no worker is known to have received.
    """

    def __init__(self) -> None:
        self.waiting: deque[tuple[AttemptKey, float]] = deque()
        self.under_way: deque[float] = deque()

    def due_in(self, now: float) -> float:
        """Return in how many seconds the first message is to be sent."""
        while self.under_way and self.under_way[0] <= now - _HOLD_SECONDS:
            self.under_way.popleft()
        if len(self.under_way) < _UNDER_WAY:
            return 0.0
        return max(0.0, min(self.waiting[0][1], self.under_way[0]) + _HOLD_SECONDS - now)


class Publisher:
    """Sends messages one after the other, each until the broker has taken it.

    A worker that has received a message goes on with attempts that are without one, so an attempt of a busy queue needs
    its own only if it is still there when a worker falls idle. While enough messages of its queue are under way, it is
    held back, and dropped if a worker takes its attempt.

    Args:
        publish: Sends one.
        is_wanted: Returns whether an attempt still needs its message; asked just before it is sent.
        name: Of the executor, for its thread and log lines.
    """

    def __init__(
        self, publish: Publish, *, name: str, is_wanted: Callable[[AttemptKey], bool] = lambda _key: True
    ) -> None:
        self._publish = publish
        self._is_wanted = is_wanted
        self._name = name
        self._lines: defaultdict[str, QueueMessages] = defaultdict(QueueMessages)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._error: str | None = None
        self._sending_since: float | None = None

    @property
    def trouble(self) -> str | None:
        """The reason why messages do not reach the broker just now; None where they do."""
        since = self._sending_since
        if self._error is None and since is not None and time.monotonic() - since > _SLOW_SECONDS:
            return f"it has not answered for {time.monotonic() - since:.0f} seconds"
        return self._error

    def put(self, key: AttemptKey, queue: str) -> None:
        """Have a message sent; it returns at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._send_all, name=f"aperture-{self._name}-publish", daemon=True)
            self._thread.start()
        with self._changed:
            self._lines[queue].waiting.append((key, time.monotonic()))
            self._changed.notify_all()

    def has_arrived(self, queue: str) -> None:
        """Note that a worker has received a message of *queue*."""
        with self._changed:
            under_way = self._lines[queue].under_way
            if under_way:
                under_way.popleft()
                self._changed.notify_all()

    def stop(self) -> None:
        """Send nothing more; a call that hangs is left to its background thread."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    def _send_all(self) -> None:
        while (message := self._next()) is not None:
            self._send(*message)

    def _next(self) -> tuple[AttemptKey, str] | None:
        """Wait for the message that is to be sent next, and take it from its line; None once this is stopped."""
        with self._changed:
            while not self._stopped.is_set():
                now = time.monotonic()
                for line in self._lines.values():
                    while line.waiting and not self._is_wanted(line.waiting[0][0]):
                        line.waiting.popleft()
                lines = [
                    (line.due_in(now), line.waiting[0][1], name) for name, line in self._lines.items() if line.waiting
                ]
                due_in, _, queue = min(lines, default=(None, 0.0, ""))
                if due_in == 0.0:
                    key, _ = self._lines[queue].waiting.popleft()
                    self._lines[queue].under_way.append(now)
                    return key, queue
                self._changed.wait(due_in)
        return None

    def _send(self, key: AttemptKey, queue: str) -> None:
        """Send one message, trying again until the broker takes it or this is stopped."""
        tries = 0
        while not self._stopped.is_set():
            self._sending_since = time.monotonic()
            try:
                self._publish(key, queue)
            except Exception as error:  # noqa: BLE001 - clients of brokers raise whatever they like
                self._sending_since = None
                if self._error is None:
                    _log.warning("the broker of executor %s does not take messages: %s", self._name, _words(error))
                self._error = _words(error)
                self._stopped.wait(_RETRY_SECONDS[min(tries, len(_RETRY_SECONDS) - 1)])
                tries += 1
            else:
                self._sending_since = None
                if self._error is not None:
                    _log.info("the broker of executor %s takes messages again", self._name)
                self._error = None
                return


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip().splitlines()[0]
