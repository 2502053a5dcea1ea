"""The thread that ticks, and its clean end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from aperture_plugin.loop.deadlines import PATIENCE
from aperture_plugin.loop.loop import Loop

__all__ = ["STUCK_SECONDS", "LoopThread"]

STUCK_SECONDS: Final = 15.0
"""A tick takes milliseconds, and waits for the store ten seconds at most."""

_log = logging.getLogger("aperture")


class LoopThread:
    """Runs one loop in a thread of its own until it is stopped.

    Args:
        loop: Has begun already, so that a fault at the start is raised to the caller.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._stopping = threading.Event()
        self._grace = timedelta(0)
        self._ticks_at = loop.state.clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="aperture-loop", daemon=True)

    def start(self) -> None:
        """Begin to tick."""
        self._thread.start()

    def ask_to_stop(self, grace: timedelta) -> None:
        """Ask the loop to claim nothing any more and to end running runs after *grace*.

        Called a second time, it cuts the grace of the first short.
        """
        self._grace = grace if not self._stopping.is_set() else timedelta(0)
        self._stopping.set()
        self._loop.inbox.ring()

    def join(self) -> None:
        """Return when it has ended, and all is written."""
        if threading.current_thread() is not self._thread:
            self._thread.join()

    @property
    def is_alive(self) -> bool:
        """True while it still ticks."""
        return self._thread.is_alive()

    @property
    def is_stuck(self) -> bool:
        """True if the next tick is long overdue: the loop hangs in one, or the machine gives it no time."""
        return self._loop.state.clock.monotonic() - self._ticks_at > STUCK_SECONDS

    def _run(self) -> None:
        loop = self._loop
        while not self._stopping.is_set():
            self._ticks_at = loop.state.clock.monotonic()
            seconds = self._tick()
            if seconds > 0:
                self._ticks_at = loop.state.clock.monotonic() + seconds
                loop.inbox.wait(seconds)
        loop.drain()
        self._wait_for_runs(lambda: self._grace)
        if loop.running_here():
            loop.ask_all_to_stop("aperture was stopped")
            self._wait_for_runs(lambda: PATIENCE)
        try:
            loop.end(reason="aperture was stopped before it had finished")
        except Exception:  # noqa: BLE001  # plugins must still be notified of the rest, and the thread end
            _log.exception("what still ran could not be marked interrupted; the next start will")
        loop.notifications.close(5.0)

    def _tick(self) -> float:
        try:
            return self._loop.tick()
        except Exception:  # noqa: BLE001  # a fault of our own: logged in full, the store read anew, and the loop goes on
            _log.exception("a tick failed")
            self._loop.state.stale = True
            return 1.0

    def _wait_for_runs(self, grace: Callable[[], timedelta]) -> None:
        """Tick until nothing runs here any more, or the time is up."""
        clock = self._loop.state.clock
        began = clock.monotonic()
        while self._loop.running_here():
            span = grace()
            left = began + span.total_seconds() - clock.monotonic()
            if left <= 0:
                return
            seconds = self._tick()
            if seconds > 0:
                self._loop.inbox.wait(min(seconds, left))
