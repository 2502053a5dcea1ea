"""The threads in which plugins are told and asked, so that none of them can hold up the loop."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

__all__ = ["Asking", "Observers"]

_log = logging.getLogger("aperture")

Call = Callable[[], object]


class Observers:
    """Tells the plugins, one call after the other in the order in which things happened.

    The thread begins with the first call and ends with `close`.

    Args:
        threaded: False makes each call at once, in the caller's thread, for tests.
    """

    def __init__(self, *, threaded: bool) -> None:
        self._threaded = threaded
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def tell(self, call: Call) -> None:
        """Have *call* made; returns at once."""
        if not self._threaded:
            self._make(call)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="aperture-observers", daemon=True)
            self._thread.start()
        self._calls.put(call)

    def close(self, seconds: float) -> bool:
        """Let what was told be called, for at most so long; say whether it all was."""
        if self._thread is None:
            return True
        self._calls.put(None)
        self._thread.join(seconds)
        ended = not self._thread.is_alive()
        self._thread = None
        return ended

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self._make(call)

    def _make(self, call: Call) -> None:
        try:
            call()
        except BaseException:  # noqa: BLE001  # the next call must be made; what plugins raise is caught nearer to them
            _log.exception("telling the plugins failed")


class Asking:
    """Asks the plugins about jobs, each question in a thread of its own, never the same one twice at once.

    Args:
        threaded: False asks at once, in the caller's thread, for tests.
    """

    def __init__(self, *, threaded: bool) -> None:
        self._threaded = threaded
        self._asked: set[str] = set()
        self._lock = threading.Lock()

    def ask(self, name: str, call: Call) -> None:
        """Have *call* made unless the question *name* is still open; returns at once."""
        with self._lock:
            if name in self._asked:
                return
            self._asked.add(name)
        if not self._threaded:
            self._answer(name, call)
            return
        threading.Thread(target=self._answer, args=(name, call), name=f"aperture-asks-{name}", daemon=True).start()

    def _answer(self, name: str, call: Call) -> None:
        try:
            call()
        except BaseException:  # noqa: BLE001  # the thread ends here; what plugins raise is caught nearer to them
            _log.exception("asking the plugins about %s failed", name)
        finally:
            with self._lock:
                self._asked.discard(name)
