"""Celery's side of a worker: the one task, and what happens when a worker process dies or is asked to end."""

from __future__ import annotations

import logging
import mmap
import os
import signal
import threading
from collections.abc import Callable
from typing import Any, Final

from billiard import active_children
from billiard.exceptions import WorkerLostError
from celery import Celery
from celery.signals import (
    celeryd_init,
    task_failure,
    worker_process_init,
    worker_process_shutdown,
    worker_shutdown,
    worker_shutting_down,
)

from aperture_plugin.executors.celery_app import TASK
from aperture_plugin.executors.remote_attempt import outcome_to
from aperture_plugin.executors.store_worker import StoreWorker
from aperture_plugin.ports import Mailbox, StoreRefused, StoreUnavailable, WorkerEvent
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["CeleryWorker"]

_log = logging.getLogger("aperture")

_STOP_SECONDS: Final = 5.0
"""A handler that was asked to cancel has so long until its attempt is marked `interrupted`."""

_GO_ON_SECONDS: Final = 0.5
"""For so long a process takes attempts without a message each; then Celery gets its turn again."""

_STOPPING: Final = "its worker is stopping"


class CeleryWorker:
    """The task that works on attempts, registered on *app*.

    Args:
        app: The host's, or one of our own.
        make_worker: Makes the worker of one process; called once in each, after it was forked. Its argument says
            whether the process may be killed for the sake of one handler.
        mailbox: Returns the mailbox, for the process that looks after the others.
        grace_seconds: Handlers have so long to end after SIGTERM before they are asked to cancel.
    """

    def __init__(
        self,
        app: Celery,
        make_worker: Callable[[bool], StoreWorker],
        mailbox: Callable[[], Mailbox],
        *,
        grace_seconds: float = 30.0,
    ) -> None:
        self._make_worker = make_worker
        self._mailbox = mailbox
        self._grace_seconds = grace_seconds
        self._lock = threading.Lock()
        self._worker: tuple[int, StoreWorker] | None = None
        self._main_pid = os.getpid()
        self._is_stopping = mmap.mmap(-1, 1)  # One byte that the processes forked from this one see as well.
        self._is_over = threading.Event()
        app.task(name=TASK, shared=False, ignore_result=True, acks_late=False, max_retries=0)(self._work_on)
        # Celery keeps weak references to receivers; these live as long as this object, which its app holds.
        app.aperture_worker = self
        celeryd_init.connect(self._begin, weak=True)
        worker_process_init.connect(self._begin_child, weak=True)
        worker_process_shutdown.connect(self._end_child, weak=True)
        worker_shutting_down.connect(self._shut_down, weak=True)
        worker_shutdown.connect(self._end, weak=True)
        task_failure.connect(self._look_at_failure, weak=True)

    def _work_on(self, run_id: str, attempt: int) -> None:
        """Work on one attempt, in whichever process or thread Celery has picked."""
        try:
            self._here().work_on((run_id, attempt), go_on_for=_GO_ON_SECONDS, may_go_on=self._may_go_on)
        except (StoreUnavailable, StoreRefused) as error:
            # Nobody has taken the attempt: the loop sends the message again.
            _log.warning("run %s, attempt %d, cannot be taken: %s", run_id, attempt, error)

    def _may_go_on(self) -> bool:
        return self._is_stopping[0] == 0

    def _here(self) -> StoreWorker:
        """Return the worker of this process, made when it is first asked for."""
        with self._lock:
            if self._worker is None or self._worker[0] != os.getpid():
                self._worker = os.getpid(), self._make_worker(os.getpid() != self._main_pid)
            return self._worker[1]

    def _prepare(self) -> None:
        """Connect to the store before there is an attempt; Celery gives a new process only four seconds itself."""
        try:
            self._here().prepare()
        except (StoreUnavailable, StoreRefused) as error:
            _log.debug("the first attempt will connect to the store: %s", error)

    # ── what Celery tells ──

    def _begin(self, **_: Any) -> None:
        self._main_pid = os.getpid()
        try:
            self._mailbox()  # What it loads takes half a second: once here, not in each forked process.
        except (StoreUnavailable, StoreRefused) as error:
            _log.warning("no attempt can be taken: %s", error)

    def _begin_child(self, **_: Any) -> None:
        self._lock = threading.Lock()  # The one that was forked may be held for ever.
        threading.Thread(target=self._prepare, name="aperture-worker-prepare", daemon=True).start()
        signal.signal(signal.SIGUSR2, lambda *_: threading.Thread(target=self._cut_off, daemon=True).start())

    def _end_child(self, **_: Any) -> None:
        if self._worker is not None and self._worker[0] == os.getpid():
            self._worker[1].close()

    def _shut_down(self, **_: Any) -> None:
        self._is_stopping[0] = 1
        threading.Thread(target=self._wait_and_cut_off, name="aperture-worker-grace", daemon=True).start()

    def _end(self, **_: Any) -> None:
        self._is_over.set()
        self._end_child()

    def _look_at_failure(self, sender: Any = None, exception: Any = None, args: Any = None, **_: Any) -> None:
        """Report to the loop at once that the process of an attempt has died; it would find out by its silence."""
        if getattr(sender, "name", None) != TASK or not isinstance(exception, WorkerLostError) or not args:
            return
        outcome = Outcome(status=OutcomeStatus.DIED, reason=f"its worker process died: {exception}")
        event = WorkerEvent(key=(str(args[0]), int(args[1])), body={"outcome": outcome_to(outcome)})
        try:
            self._mailbox().tell(None, [event])
        except (StoreUnavailable, StoreRefused) as error:
            _log.warning("that the process of run %s died will be found out by its silence: %s", args[0], error)

    # ── the end of the grace ──

    def _wait_and_cut_off(self) -> None:
        if self._is_over.wait(self._grace_seconds):
            return
        _log.warning("handlers had %g seconds to end, and are asked to cancel", self._grace_seconds)
        children = [child.pid for child in active_children() if child.pid is not None]
        for pid in children:
            os.kill(pid, signal.SIGUSR2)
        if not children:
            self._cut_off()

    def _cut_off(self) -> None:
        """Ask the handlers of this process to cancel, mark what is left `interrupted`, and end it."""
        worker = None if self._worker is None or self._worker[0] != os.getpid() else self._worker[1]
        if worker is not None:
            worker.cancel_all(_STOPPING)
            if not worker.wait_until_idle(_STOP_SECONDS):
                worker.interrupt_all(_STOPPING)
            worker.flush(_STOP_SECONDS)
        if os.getpid() != self._main_pid:
            os.kill(os.getpid(), signal.SIGKILL)
        elif worker is not None and worker.in_hand:
            os._exit(0)  # A thread cannot be ended; its attempt was marked, and is not heard any more.
