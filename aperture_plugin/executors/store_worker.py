"""The worker's side of `store_executor`: takes an attempt in the store, calls its handler, and tells how it went.

Whatever brings the name of an attempt here (a Celery task, an actor of another engine) calls `StoreWorker.work_on`.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import Any, Final

from aperture_plugin.executors.attempts import failed
from aperture_plugin.executors.remote_attempt import Errand, outcome_to, raise_spent
from aperture_plugin.executors.secret_names import MissingVariable, brought_in, filled_in
from aperture_plugin.ports import (
    Clock,
    Dispatch,
    Mailbox,
    Order,
    StopRequest,
    StoreUnavailable,
    WorkerEvent,
)
from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
from aperture_plugin.rules.runs import AttemptKey

__all__ = ["StoreWorker"]

_log = logging.getLogger("aperture")

GIVE_UP_SECONDS: Final = 10.0
"""A worker that cannot reach the store for so long stops its handlers, and has two seconds more to end its process:
others are given their attempts after 15 (`store_executor.SILENCE_SECONDS`)."""

_BEAT_SECONDS: Final = 0.5
_TAKE_TRIES: Final = 5
_EVENTS_AT_ONCE: Final = 100
_SPEND_LOOK: Final = (0.005, 0.1)


class StoreWorker:
    """One process that calls handlers for a loop elsewhere.

    Attributes:
        id: Names this process in the store.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        jobs: Mapping[str, Job],
        dispatch: Dispatch,
        *,
        clock: Clock,
        environ: Mapping[str, str],
        secrets: tuple[str, ...] = (),
        can_kill: bool = False,
    ) -> None:
        """Make a worker; it takes nothing by itself.

        Args:
            mailbox: Of the store that the loop uses.
            jobs, dispatch: The jobs that plugins register here, and what runs one: `Plugins.jobs`, `Plugins.run_job`.
            clock: This machine's time.
            environ: The environment in which parameters find the secrets that orders name.
            secrets: Further texts that are masked before they reach the store: those of the file, which a handler may
                tell though no parameter of its job has them.
            can_kill: True if this process may be ended by SIGKILL to end one handler: it has one at a time,
                and something starts it anew.
        """
        self.id: Final = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self._mailbox = mailbox
        self._jobs = jobs
        self._dispatch = dispatch
        self._clock = clock
        self._environ = environ
        self._secrets = secrets
        self._can_kill = can_kill
        self._begun: Final = {"begun": {"can_kill": can_kill, "by_message": True}}
        self._begun_next: Final = {"begun": {"can_kill": can_kill, "by_message": False}}
        self._stopping: str | None = None
        self._given_up: dict[AttemptKey, str] = {}
        self._renewed_at: dict[AttemptKey, float] = {}
        self._queue: str | None = None
        self._lock = threading.Lock()
        self._live: dict[AttemptKey, Errand] = {}
        self._changed = threading.Condition(self._lock)
        self._writing = threading.Lock()
        self._unwritten: deque[WorkerEvent] = deque()
        self._threads: list[threading.Thread] = []
        self._is_closed = threading.Event()

    def prepare(self) -> None:
        """Connect to the store, so that the first attempt need not.

        Raises:
            StoreUnavailable: It cannot be reached just now.
        """
        self._begin_threads()
        self._mailbox.beat(self.id, [])

    def work_on(self, key: AttemptKey, *, go_on_for: float = 0.0, may_go_on: Callable[[], bool] = lambda: True) -> bool:
        """Take an attempt and call its handler, in this thread; return when it has ended.

        Where the attempt is not to be had (a message that came late or twice), the worker is idle all the same, and
        takes the oldest of the queue that it worked on before.

        Args:
            go_on_for: For so many seconds from now on, an end is followed by the oldest attempt of the same queue that
                no worker has: short handlers need no message each. What reaches the store is the same.
            may_go_on: Returns whether this worker may still take something new.
        Returns:
            Whether a handler was called.
        Raises:
            StoreUnavailable: The store could not be reached to take it.
        """
        self._begin_threads()
        until = time.monotonic() + go_on_for
        order = self._take(key)
        if order is None:
            _log.debug("run %s, attempt %d, is not to be had: it was taken, withdrawn, or has ended", *key)
            if not go_on_for or self._queue is None or not self._may_take(may_go_on):
                return False
            order = self._mailbox.take_next(self._queue, self.id, told=[], begun=self._begun)
        was_called = order is not None
        while order is not None:
            self._queue = order.queue
            end = WorkerEvent(key=order.key, body={"outcome": outcome_to(self._outcome_of(order))})
            if time.monotonic() >= until or not self._may_take(may_go_on):
                self._say(end.key, end.body)
                break
            order = self._end_and_take(end, order.queue)
        return was_called

    def _may_take(self, may_go_on: Callable[[], bool]) -> bool:
        return self._stopping is None and may_go_on()

    def _outcome_of(self, order: Order) -> Outcome:
        """Call the handler of an attempt that is this worker's, and return how it went."""
        key = order.key
        try:
            body = filled_in(order.body, self._environ)
        except MissingVariable as error:
            return failed(str(error), permanent=True)
        numbers, lock = count(1), threading.Lock()

        def spend(_key: AttemptKey, limit: str, calls: int, cancelled: threading.Event) -> None:
            with lock:  # The order has room for one answer.
                number = next(numbers)
                self._say(key, {"spend": [number, limit, calls]})
                raise_spent(self._answer(key, number, cancelled))

        errand = Errand(
            body,
            self._jobs,
            self._dispatch,
            lambda message: self._say(key, message),
            clock=self._clock,
            spend=spend,
            environment=self._environ,
            secrets=(*self._secrets, *brought_in(order.body, self._environ)),
        )
        with self._lock:
            self._live[key] = errand
            self._renewed_at[key] = time.monotonic()
        outcome = errand.run()
        with self._changed:
            self._live.pop(key, None)
            self._renewed_at.pop(key, None)
            cut_off = self._given_up.pop(key, None) or self._stopping
            self._changed.notify_all()
        if cut_off is not None and outcome.status is OutcomeStatus.CANCELLED:
            # Nobody wants this run cancelled: it goes on elsewhere.
            outcome = replace(outcome, status=OutcomeStatus.INTERRUPTED, reason=cut_off)
        return outcome

    @property
    def in_hand(self) -> list[AttemptKey]:
        """The attempts whose handlers are at work here."""
        with self._lock:
            return list(self._live)

    def cancel_all(self, reason: str) -> None:
        """Ask every handler here to stop, because this worker does: what is cancelled counts as cut off."""
        self._stopping = reason
        with self._lock:
            errands = list(self._live.values())
        for errand in errands:
            errand.cancel(reason)

    def interrupt_all(self, reason: str) -> None:
        """Report that the attempts here were cut off: whatever their handlers do from now on is not heard."""
        for key in self.in_hand:
            self._say(key, {"outcome": outcome_to(Outcome(status=OutcomeStatus.INTERRUPTED, reason=reason))})

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no handler is at work here; return False if one still is after *seconds*."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._live, seconds)

    def flush(self, seconds: float) -> bool:
        """Wait until all reported events have reached the store; return False if they did not within *seconds*."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._unwritten, seconds)

    def close(self, seconds: float = 5.0) -> None:
        """Write the reported events to the store, and end the threads."""
        self.flush(seconds)
        self._is_closed.set()
        with self._changed:
            self._changed.notify_all()

    # ── how ──

    def _begin_threads(self) -> None:
        with self._lock:
            if not self._threads:
                for target in (self._tell_all, self._watch, self._stop_when_unreached):
                    thread = threading.Thread(target=target, name=f"aperture-worker-{target.__name__[1:]}", daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _take(self, key: AttemptKey) -> Order | None:
        for left in reversed(range(_TAKE_TRIES)):
            try:
                return self._mailbox.take(key, self.id, begun=self._begun)
            except StoreUnavailable:
                if not left or self._is_closed.wait(1.0):
                    raise
        raise AssertionError("the last try returns or raises")

    def _end_and_take(self, end: WorkerEvent, queue: str) -> Order | None:
        """Report *end* and take the next attempt of *queue*, in one transaction where that is possible."""
        with self._writing:
            with self._lock:
                self._unwritten.append(end)  # The thread that writes events is not woken: this one writes.
            try:
                while len(told := self._first_unwritten()) == _EVENTS_AT_ONCE:
                    self._mailbox.tell(self.id, told)
                    self._is_written(told)
                order = self._mailbox.take_next(queue, self.id, told=told, begun=self._begun_next)
            except StoreUnavailable as away:
                _log.debug("after run %s nothing is taken without a message: %s", end.key[0], away)
                with self._changed:
                    self._changed.notify_all()
                return None
            self._is_written(told)
            return order

    def _say(self, key: AttemptKey, body: Mapping[str, Any]) -> None:
        with self._changed:
            self._unwritten.append(WorkerEvent(key=key, body=body))
            self._changed.notify_all()

    def _first_unwritten(self) -> list[WorkerEvent]:
        with self._lock:
            return list(islice(self._unwritten, _EVENTS_AT_ONCE))

    def _is_written(self, events: Sequence[WorkerEvent]) -> None:
        with self._changed:
            for _ in events:
                self._unwritten.popleft()
            self._changed.notify_all()

    def _answer(self, key: AttemptKey, number: int, cancelled: threading.Event) -> dict[str, Any]:
        pause, longest = _SPEND_LOOK
        while not cancelled.is_set():
            try:
                answer = self._mailbox.answer_to(key)
            except StoreUnavailable:
                answer, pause = None, longest
            if answer is not None and answer.get("spent") == number:
                return dict(answer)
            cancelled.wait(pause)
            pause = min(pause * 1.5, longest)
        return {}  # The live run knows why it was asked to stop, and says so.

    def _tell_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._unwritten or self._is_closed.is_set())
                if not self._unwritten:
                    return
            if not self._tell() and self._is_closed.wait(1.0):
                return

    def _tell(self) -> bool:
        with self._writing:
            events = self._first_unwritten()
            try:
                self._mailbox.tell(self.id, events)
            except StoreUnavailable as away:
                _log.warning("what handlers tell waits for the store: %s", away)
                return False
            self._is_written(events)
        return True

    def _watch(self) -> None:
        """Renew the orders of this worker, and pass on the requests to stop, until it is closed."""
        while not self._is_closed.wait(_BEAT_SECONDS):
            mine, asked_at = self.in_hand, time.monotonic()
            if not mine:
                continue
            try:
                found = self._mailbox.beat(self.id, mine)
            except StoreUnavailable:
                continue
            with self._lock:
                self._renewed_at.update((key, asked_at) for key in mine if key in self._live)
            for key in mine:
                if key not in found:
                    self._give_up([key], "its order is gone: it was taken for cut off")
                elif (request := found[key]) is not None:
                    self._obey(request)

    def _stop_when_unreached(self) -> None:
        """Give up attempts that no beat has renewed for too long; a beat may hang meanwhile."""
        reason = f"its worker could not reach the store for {GIVE_UP_SECONDS:.0f} seconds"
        while not self._is_closed.wait(_BEAT_SECONDS):
            with self._lock:
                oldest = time.monotonic() - GIVE_UP_SECONDS
                unreached = [key for key, renewed_at in self._renewed_at.items() if renewed_at < oldest]
            self._give_up(unreached, reason)

    def _obey(self, request: StopRequest) -> None:
        with self._lock:
            errand = self._live.get(request.key)
        if errand is None:
            return
        errand.cancel(request.reason)
        if request.force and self._can_kill:
            outcome = Outcome(status=OutcomeStatus.CANCELLED, reason=f"{request.reason}, and was ended by force")
            self._say(request.key, {"outcome": outcome_to(outcome)})
            self.flush(5.0)
            self._end_process_of([request.key])

    def _give_up(self, keys: list[AttemptKey], reason: str) -> None:
        """Stop handlers whose attempts will be, or were, given to somebody else."""
        with self._lock:
            errands = [self._live[key] for key in keys if key in self._live]
            self._given_up.update((key, reason) for key in keys if key in self._live)
        for errand in errands:
            errand.cancel(reason)
        if errands and self._can_kill and not self._is_closed.wait(2.0) and any(key in self.in_hand for key in keys):
            _log.error("this worker process ends: %s", reason)
            self._end_process_of(keys)

    def _end_process_of(self, keys: Sequence[AttemptKey]) -> None:
        """End this process if it still works on one of *keys*; it may have gone on to an attempt that nobody stops."""
        with self._lock:
            if any(key in self._live for key in keys):
                os.kill(os.getpid(), signal.SIGKILL)
