"""A pool of threads that grows with the work, and keeps idle threads for a while.

Admission decides how many runs there are at once; so the pool has no limit, and work never waits for a thread. The
threads are daemons: a handler that hangs must not keep the host's process from ending.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final

__all__ = ["STOPPED", "Pool", "Task"]

Task = Callable[[Callable[[], None]], None]
"""Work for a thread. Its argument is a function that it calls when it is nearly done: from then on the thread counts as
idle, so that the run that is admitted after this task's end uses this thread instead of a new one."""

STOPPED: Final = "this executor was stopped and takes no more work"

_IDLE_SECONDS: Final = 60.0
"""Seconds after which an idle thread ends."""


class Pool:
    """Daemon threads, as many as there are tasks at once."""

    def __init__(self, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._idle: dict[_Worker, None] = {}
        self._workers: set[_Worker] = set()
        self._is_stopped = False

    def __len__(self) -> int:
        """Return the number of threads, idle ones included."""
        return len(self._workers)

    def submit(self, name: str, task: Task) -> None:
        """Run *task* at once, in a thread called *name*.

        Raises:
            RuntimeError: The pool was stopped, or the system has no more threads.
        """
        with self._lock:
            if self._is_stopped:
                raise RuntimeError(STOPPED)
            # The thread that became idle last, whose stack is in the cache; the others may reach their age limit.
            worker = self._idle.popitem()[0] if self._idle else None
            if worker is None:
                worker = self._new_worker()
            worker.inbox.put((name, task))

    def expect(self, count: int) -> None:
        """Start threads until *count* are idle: work for them is about to come."""
        with self._lock:
            while not self._is_stopped and len(self._idle) < count:
                worker = self._new_worker()
                self._idle[worker] = None

    def stop(self, seconds: float) -> bool:
        """Take no more work, end the idle threads, and wait for the others; return whether all ended in time."""
        with self._lock:
            self._is_stopped = True
            for worker in self._idle:
                worker.inbox.put(None)
            self._idle.clear()
            workers = [worker for worker in self._workers if worker.thread is not threading.current_thread()]
        until = monotonic() + seconds
        for worker in workers:
            worker.thread.join(max(0.0, until - monotonic()))
        return not any(worker.thread.is_alive() for worker in workers)

    def _new_worker(self) -> _Worker:
        worker = _Worker(self)
        self._workers.add(worker)
        try:
            worker.thread.start()
        except BaseException:
            self._workers.discard(worker)
            raise
        return worker

    def _fall_idle(self, worker: _Worker) -> bool:
        """Make *worker* available for work; return whether it stays in the pool."""
        with self._lock:
            if self._is_stopped:
                return False
            self._idle[worker] = None
            return True

    def _leave(self, worker: _Worker) -> bool:
        """Remove an idle *worker*, unless it was given work in the same moment."""
        with self._lock:
            if worker not in self._idle:
                return False
            del self._idle[worker]
            self._workers.discard(worker)
            return True

    def _gone(self, worker: _Worker) -> None:
        with self._lock:
            self._workers.discard(worker)

    def _wait(self, worker: _Worker) -> tuple[str, Task] | None:
        while True:
            try:
                return worker.inbox.get(timeout=self._idle_seconds)
            except Empty:
                if self._leave(worker):
                    return None


class _Worker:
    def __init__(self, pool: Pool) -> None:
        self.inbox: SimpleQueue[tuple[str, Task] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, args=(pool,), name="aperture-worker", daemon=True)

    def _work(self, pool: Pool) -> None:
        try:
            while (given := pool._wait(self)) is not None:
                name, task = given
                self.thread.name = name
                idle: list[bool] = []

                def nearly_done(idle: list[bool] = idle) -> None:
                    if not idle:
                        idle.append(pool._fall_idle(self))

                # Context variables of a handler must not leak to the next one in this thread.
                contextvars.Context().run(task, nearly_done)
                nearly_done()
                given = task = None  # type: ignore[assignment]  # While it waits it keeps no task alive.
                self.thread.name = "aperture-idle"
                if not idle[0]:
                    return
        finally:
            pool._gone(self)
