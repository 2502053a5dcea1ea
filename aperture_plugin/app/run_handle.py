"""The handle that a host receives for a run it asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, TypeVar

from aperture_plugin.app.errors import NotRunning
from aperture_plugin.ports import RunQuery, Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import ENDED, Run

__all__ = ["RunHandle", "Waiters", "answered", "latest_attempt"]

Answer = TypeVar("Answer")

_LOOKS_UP: Final = 1.0


class Waiters:
    """The promises of runs' ends that callers wait for. A run has ended when an attempt did and none follows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: set[Future[Run]] = set()
        self._open: dict[str, Future[Run]] = {}

    def of(self, answer: Future[Run]) -> Future[Run]:
        """Return the promise of the end of a run that is asked for.

        Args:
            answer: Will be the run as it was queued, which makes its id known.
        """
        promise: Future[Run] = Future()
        with self._lock:
            self._asked.add(promise)
        answer.add_done_callback(partial(self._follow, promise))
        return promise

    def _follow(self, promise: Future[Run], answer: Future[Run]) -> None:
        error = answer.exception()
        with self._lock:
            self._asked.discard(promise)
            if error is None:
                self._open[answer.result().id] = promise
        if error is not None:
            promise.set_exception(error)

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
        """End all waiting, as nothing runs here any more: report which runs ended, and which did not.

        Args:
            look_up: Returns a run's latest attempt; may raise what a store raises.
        """
        with self._lock:
            left, self._open = self._open, {}
            asked, self._asked = self._asked, set()
        for promise in asked:
            promise.set_exception(TimeoutError("aperture was stopped before it could queue the run"))
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
                raise NotRunning("aperture was stopped before it could answer") from None


class RunHandle:
    """A run that was asked for.

    Attributes:
        job: The job of the run.
    """

    def __init__(
        self,
        job: str,
        answer: Future[Run],
        promise: Future[Run],
        *,
        is_running: Callable[[], bool],
        cancel: Callable[[str], None],
    ) -> None:
        self.job = job
        self._answer = answer
        self._promise = promise
        self._is_running = is_running
        self._cancel = cancel

    @property
    def id(self) -> str:
        """The run's id, as `history` and `logs` know it; the loop makes it, which takes some milliseconds.

        Raises:
            RuntimeError: Aperture was stopped before it had made one.
        """
        return answered(self._answer, self._is_running).id

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
        """True if it has ended."""
        return self._promise.done()

    def cancel(self) -> None:
        """Ask it to stop, or take it out of its queue."""
        self._cancel(self.id)

    def __repr__(self) -> str:
        run_id = self._answer.result().id if self._answer.done() and not self._answer.exception() else "to come"
        return f"<RunHandle {run_id} of {self.job}{' (ended)' if self.done else ''}>"
