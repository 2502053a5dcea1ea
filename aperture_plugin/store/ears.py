"""Hearing at once that another process has committed, at no cost while nobody does.

A thread sleeps until the system wakes it. Whether that can be relied on is not believed but found out: what this
process commits itself is heard too, and where it is not, the loop asks the store as often as it would without.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

__all__ = ["Ears", "Source"]

_log = logging.getLogger("aperture")

SPACING: Final = 0.25
"""Seconds between two looks where one commit follows the other: they are heard together."""

GRACE: Final = 1.0
"""Seconds within which a commit of our own is heard by ears that are well."""

AGAIN: Final = 5.0
"""Seconds until a source that was lost is opened again."""


class Source(Protocol):
    """What a commit can be heard from. All but `attend` belongs to the listening thread."""

    def open(self) -> int:
        """Begin to listen; return what to wait at.

        Raises:
            OSError: It cannot be listened to just now.
        """
        ...

    def hear(self) -> bool:
        """Take in all there is; say whether another process may have committed.

        Raises:
            OSError: It is lost.
        """
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class Ears:
    """A thread that listens to *source* and rings when another process may have committed.

    Args:
        ring: Called in the listening thread. A first commit rings at once, those that follow it together.
    """

    def __init__(self, source: Source, ring: Callable[[], object]) -> None:
        self._source = source
        self._ring = ring
        self._stop_here, self._stop_there = os.pipe()
        self._is_listening = False
        self._heard_at = self._unheard_since = float("-inf")
        self._thread = threading.Thread(target=self._run, name="aperture-ears", daemon=True)
        self._thread.start()

    @property
    def are_well(self) -> bool:
        """Whether whatever is committed is heard, as far as our own commits tell."""
        is_missed = self._heard_at < self._unheard_since < time.monotonic() - GRACE
        return self._is_listening and not is_missed

    def expect(self) -> None:
        """Note that this process is about to commit, which the source will tell of."""
        if self._heard_at >= self._unheard_since:
            self._unheard_since = time.monotonic()

    def close(self) -> None:
        """Listen no more; returns when the thread has ended."""
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
                _log.debug("the store is not heard: %s; it is asked instead", error)
            finally:
                self._is_listening = False
                self._source.close()
            is_lost = True

    def _listen(self, number: int) -> None:
        waiting = select.poll()
        waiting.register(self._stop_here, select.POLLIN)
        waiting.register(number, select.POLLIN)
        self._is_listening = True
        self._ring()  # What was committed until now was not heard.
        woken_at = float("-inf")
        while not any(ready == self._stop_here for ready, _ in waiting.poll()):
            if self._stopped(woken_at + SPACING - time.monotonic()):
                return
            woken_at = time.monotonic()
            news = self._source.hear()
            self._heard_at = time.monotonic()
            if news:
                self._ring()

    def _stopped(self, seconds: float) -> bool:
        """Wait so long; say whether it was stopped."""
        if seconds <= 0:
            return False
        waiting = select.poll()
        waiting.register(self._stop_here, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))
