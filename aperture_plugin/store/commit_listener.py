"""Notices within milliseconds that another process has committed, at no cost while none does.

A thread sleeps until the system wakes it. The commits of this process show whether that is reliable: they must be
noticed too. If one is not, the loop polls the store as if there were no listener.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

__all__ = ["CommitListener", "CommitSource"]

_log = logging.getLogger("aperture")

SPACING: Final = 0.25
"""Seconds within which further commits are reported together."""

GRACE: Final = 1.0
"""Seconds within which a reliable source reports a commit of this process."""

AGAIN: Final = 5.0
"""Seconds until a lost source is opened again."""


class CommitSource(Protocol):
    """A source of events about commits. The listening thread calls every method but `attend`."""

    def open(self) -> int:
        """Begin to listen; return the file descriptor to wait for.

        Raises:
            OSError: Listening is not possible just now.
        """
        ...

    def read_events(self) -> bool:
        """Read all pending events; return whether another process may have committed.

        Raises:
            OSError: The source is lost.
        """
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class CommitListener:
    """A thread that listens to *source*, and calls *ring* when another process may have committed.

    Args:
        ring: Called in the listening thread: at once for a first commit, once for those that follow shortly after.
    """

    def __init__(self, source: CommitSource, ring: Callable[[], object]) -> None:
        self._source = source
        self._ring = ring
        self._stop_here, self._stop_there = os.pipe()
        self._is_listening = False
        self._heard_at = self._unheard_since = float("-inf")
        self._thread = threading.Thread(target=self._run, name="aperture-listener", daemon=True)
        self._thread.start()

    @property
    def is_reliable(self) -> bool:
        """True if commits are noticed, judging by those of this process."""
        is_missed = self._heard_at < self._unheard_since < time.monotonic() - GRACE
        return self._is_listening and not is_missed

    def expect(self) -> None:
        """Note that this process is about to commit, which the source has to report."""
        if self._heard_at >= self._unheard_since:
            self._unheard_since = time.monotonic()

    def close(self) -> None:
        """Stop listening; return when the thread has ended."""
        os.write(self._stop_there, b"!")
        self._thread.join()
        os.close(self._stop_here)
        os.close(self._stop_there)

    def _run(self) -> None:
        is_lost = False
        while not self._stopped(AGAIN if is_lost else 0):
            try:
                self._listen(self._source.open())
            except OSError as error:
                _log.debug("changes of the store cannot be listened for: %s; it is polled instead", error)
            finally:
                self._is_listening = False
                self._source.close()
            is_lost = True

    def _listen(self, number: int) -> None:
        waiting = select.poll()
        waiting.register(self._stop_here, select.POLLIN)
        waiting.register(number, select.POLLIN)
        self._is_listening = True
        self._ring()  # Commits until now were not noticed.
        woken_at = float("-inf")
        while not any(ready == self._stop_here for ready, _ in waiting.poll()):
            if self._stopped(woken_at + SPACING - time.monotonic()):
                return
            woken_at = time.monotonic()
            news = self._source.read_events()
            self._heard_at = time.monotonic()
            if news:
                self._ring()

    def _stopped(self, seconds: float) -> bool:
        """Wait *seconds*; return whether it was stopped."""
        if seconds <= 0:
            return False
        waiting = select.poll()
        waiting.register(self._stop_here, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))
