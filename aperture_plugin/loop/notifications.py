"""The threads in which plugins are notified and asked, so that none of them can hold up the loop."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import Run

__all__ = ["Listeners", "Notifications", "Questions"]

_log = logging.getLogger("aperture")

Call = Callable[[], object]


class Listeners(Protocol):
    """The plugins, and the callers that wait for a run. None of these methods raises."""

    def run_ended(self, run: Run) -> None:
        """A run ended, and no attempt follows; called in the loop's thread."""
        ...

    def run_started(self, run: Run) -> None:
        """An attempt begins; called in the loop's thread."""
        ...

    def notices_wait(self) -> None:
        """Messages to people were written, which somebody has to send."""
        ...

    def read_anew(self, in_hand: set[str]) -> None:
        """The store was read anew, and these runs are in hand; others have ended, perhaps by another process."""
        ...

    @property
    def hears_runs(self) -> bool:
        """True if every change of a run is to be reported; those that failed are in any case."""
        ...

    def run_changed(self, run: Run) -> None:
        """A run changed its state."""
        ...

    def config_loaded(self, config: Config, previous: Config | None) -> None:
        """A file is in force."""
        ...

    def config_rejected(self, problems: Sequence[Problem]) -> None:
        """A saved file was refused."""
        ...

    def ready(self, job: Job) -> list[str]:
        """Return what holds the job back."""
        ...


class Notifications:
    """Notifies the plugins, one call after the other in the order in which things happened.

    The thread begins with the first call and ends with `close`.

    Args:
        threaded: False makes each call at once, in the caller's thread, for tests.
    """

    def __init__(self, *, threaded: bool) -> None:
        self._threaded = threaded
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def send(self, call: Call) -> None:
        """Have *call* made; returns at once."""
        if not self._threaded:
            self._make(call)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="aperture-observers", daemon=True)
            self._thread.start()
        self._calls.put(call)

    def close(self, seconds: float) -> bool:
        """Wait, for at most so long, until all calls are made; return whether they were."""
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


class Questions:
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
