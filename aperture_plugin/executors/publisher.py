"""The thread that gives messages to a broker: it may hang for as long as it likes, and holds up nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from aperture_plugin.rules.runs import AttemptKey

__all__ = ["Publish", "Publisher"]

_log = logging.getLogger("aperture")

Publish = Callable[[AttemptKey, str], object]
"""Sends the message that names an attempt, by key and queue of the file; it may block and raise."""

_RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_SLOW_SECONDS: Final = 10.0


class Publisher:
    """Sends messages one after the other, each until the broker has taken it.

    Args:
        publish: Sends one.
        name: Of the executor, for its thread and log lines.
    """

    def __init__(self, publish: Publish, *, name: str) -> None:
        self._publish = publish
        self._name = name
        self._messages: SimpleQueue[tuple[AttemptKey, str] | None] = SimpleQueue()
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
        self._messages.put((key, queue))

    def stop(self) -> None:
        """Send nothing more; a call that hangs is left to its background thread."""
        self._stopped.set()
        self._messages.put(None)

    def _send_all(self) -> None:
        while not self._stopped.is_set() and (message := self._messages.get()) is not None:
            self._send(*message)

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
