"""What a host holds of a run it asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from aperture_plugin.ports import RunQuery, Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import ENDED, Run

__all__ = ["RunHandle", "Waiters", "answered", "latest_attempt"]

Answer = TypeVar("Answer")

_LOOKS_UP: Final = 1.0


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

    def give_up(self, look_up: Callable[[str], Run | None]) -> None:
        """Let nobody wait any longer, as nothing runs here any more: tell who ended, and who did not.

        Args:
            look_up: Returns a run's latest attempt; may raise what a store raises.
        """
        with self._lock:
            left, self._open = self._open, {}
        for run_id, promise in left.items():
            try:
                run = look_up(run_id)
            except (StoreUnavailable, StoreRefused):
                run = None
            if run is not None and run.status in ENDED:
                promise.set_result(run)
            else:
                words = f"aperture was stopped before run {run_id} had ended; the next start goes on with it"
                promise.set_exception(TimeoutError(words))


def latest_attempt(store: Store, run_id: str) -> Run | None:
    """Return a run as it stands; None where the store knows nothing of it."""
    return next(iter(store.history(RunQuery(run_id=run_id, limit=1))), None)


def answered(answer: Future[Answer], is_running: Callable[[], bool]) -> Answer:
    """Wait for what the loop answers.

    Raises:
        RuntimeError: It was stopped before it could.
    """
    while True:
        try:
            return answer.result(_LOOKS_UP)
        except TimeoutError:
            if not is_running():
                raise RuntimeError("aperture was stopped before it could answer") from None


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
            TimeoutError: It has not ended by then, and goes on; or aperture was stopped before it had ended.
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
