"""What a host holds of a run it asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from aperture_plugin.rules.runs import Run

__all__ = ["RunHandle", "Waiters"]


class Waiters:
    """Who waits for the end of which run. A run has ended when an attempt did and none follows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Future[Run]] = {}

    def of(self, run_id: str) -> Future[Run]:
        """Return the promise of a run's end, the same for all who ask while it is open."""
        with self._lock:
            return self._open.setdefault(run_id, Future())

    def missing(self, in_hand: set[str]) -> list[str]:
        """Return the ids that somebody waits for and that are not in hand."""
        with self._lock:
            return [run_id for run_id in self._open if run_id not in in_hand]

    def heard(self, run: Run) -> None:
        """Keep the promise: *run* has ended for good."""
        with self._lock:
            promise = self._open.pop(run.id, None)
        if promise is not None:
            promise.set_result(run)


class RunHandle:
    """A run that was asked for.

    Attributes:
        id: The run's, as `history` and `logs` know it.
        job: Whose run it is.
    """

    def __init__(self, run_id: str, job: str, promise: Future[Run], cancel: Callable[[], None]) -> None:
        self.id = run_id
        self.job = job
        self._promise = promise
        self._cancel = cancel

    def wait(self, timeout: float | None = None) -> Run:
        """Return the run when it has ended, whatever its status: its last attempt.

        Args:
            timeout: Seconds to wait at most; None for as long as it takes.
        Raises:
            TimeoutError: It has not ended by then; it goes on.
        """
        return self._promise.result(timeout)

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._promise.done()

    def cancel(self) -> None:
        """Ask it to stop, or take it out of its queue."""
        self._cancel()

    def __repr__(self) -> str:
        return f"<RunHandle {self.id} of {self.job}{' (ended)' if self.done else ''}>"
