"""An executor whose workers are elsewhere: orders and events travel through the store, a broker only says "take it".

The message that a broker carries names an attempt and nothing else. A worker takes that attempt in the store before it
calls the handler, so a message that is lost is sent again, and one that is delivered twice is harmless. Which broker
carries it is the business of *publish*.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aperture_plugin.executors.attempts import failed
from aperture_plugin.executors.live_run import WorkerRun, no_limits
from aperture_plugin.executors.publisher import Publish, Publisher
from aperture_plugin.executors.remote_attempt import apply_message, ended, order_of, outcome_to, spent
from aperture_plugin.executors.secret_names import spelt_out_no_more
from aperture_plugin.ports import (
    Clock,
    Mailbox,
    Order,
    OrderState,
    Report,
    Spender,
    StopRequest,
    StoreRefused,
    StoreUnavailable,
    Work,
    WorkerEvent,
)
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import AttemptKey

__all__ = ["SILENCE_SECONDS", "UNTAKEN_SECONDS", "StoreExecutor"]

_log = logging.getLogger("aperture")

SILENCE_SECONDS: Final = 15.0
"""An attempt whose worker gives no sign of life for so long is taken for cut off; a worker gives up before that."""

UNTAKEN_SECONDS: Final = 30.0
"""An attempt that no worker has taken for so long is published again, and its log says so."""

_SHORTEST, _LONGEST = 0.01, 0.25
"""Seconds between two looks for events: short while there are some, longer where attempts say nothing."""

_PLACED_AT_ONCE: Final = 200
_STATES_EVERY: Final = 1.0
_SWEEP_EVERY: Final = 60.0
_STORE_AWAY: Final = 1.0
_PATIENCE: Final = 5.0


@dataclass(slots=True)
class _Attempt:
    """One attempt that a worker has, or will have."""

    run: WorkerRun
    queue: str
    report: Report
    placed_at: float | None = None
    state: OrderState | None = None
    is_asked: bool = False  # The store has the request to stop it: no worker can take it any more.
    can_kill: bool | None = None
    beat_at: float = 0.0
    warned_at: float = 0.0


class _Looks:
    """The time of the next look at the store."""

    def __init__(self) -> None:
        self.pause = _SHORTEST
        self.states_at = self.swept_at = float("-inf")
        self.failed = False

    def succeed(self, *, found: bool) -> None:
        """Look again soon where something was *found*, else a little later than before."""
        self.failed = False
        self.pause = _SHORTEST if found else min(self.pause * 1.5, _LONGEST)

    def fail(self, words: str) -> None:
        """Look again in a while, and log *words* for the first failure in a row."""
        if words and not self.failed:
            _log.warning("%s", words)
        self.failed, self.pause = True, _STORE_AWAY


class StoreExecutor:
    """Gives attempts to workers elsewhere, and reports what they tell.

    Args:
        mailbox: Carries orders and events; it may raise `StoreUnavailable` at any time.
        publish: Sends the message that names an attempt; called in a thread of its own, may block and raise.
        name: As the file says it under `executor`.
        clock: This machine's time.
        spend: Spends from limits for runs; called here, whichever worker asks.
    """

    def __init__(
        self, mailbox: Mailbox, publish: Publish, *, name: str, clock: Clock, spend: Spender = no_limits
    ) -> None:
        self.name = name
        self.id: Final = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
        self._mailbox = mailbox
        self._clock = clock
        self._spend = spend
        self._publisher = Publisher(publish, name=name, is_wanted=self._needs_message)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Condition(self._lock)
        self._attempts: dict[AttemptKey, _Attempt] = {}
        self._new: deque[tuple[Order, _Attempt]] = deque()
        self._requests: deque[StopRequest] = deque()
        self._left: Mapping[AttemptKey, OrderState] = {}
        self._done: list[AttemptKey] = []
        self._is_stopped = self._is_over = False
        self._thread: threading.Thread | None = None

    def start(self, work: Work, report: Report) -> None:
        """Place an order for an attempt, and return at once."""
        run = WorkerRun(
            work.run,
            {},
            report,
            clock=self._clock,
            spend=self._spend,
            environment=work.environment,
            secrets=work.secrets,
        )
        if self._is_stopped:
            report(ended(run, outcome_to(failed("this executor was stopped"))))
            return
        body = spelt_out_no_more(order_of(work), work.environment)
        order = Order(key=run.key, sender=self.id, queue=work.run.queue, body=body)
        attempt = _Attempt(run, work.run.queue, report)
        with self._lock:
            self._attempts[run.key] = attempt
            self._new.append((order, attempt))
            self._begin_thread()
        self._wake.set()

    def cancel(self, key: AttemptKey, reason: str) -> None:
        """Ask the worker that has the attempt, or would take it, to stop it."""
        with self._lock:
            attempt = self._attempts.get(key)
        if attempt is not None and attempt.run.cancel_reason is None:
            attempt.run.cancel(reason)
            self._request(StopRequest(key=key, reason=reason))

    def kill(self, key: AttemptKey) -> bool:
        """Have the worker end the attempt by force; say whether its end is on its way.

        An attempt that is not known here may be one that a loop which died has placed; its worker is asked as well.
        """
        with self._lock:
            attempt = self._attempts.get(key)
        reason = "ended by force" if attempt is None else attempt.run.cancel_reason or "ended by force"
        self._request(StopRequest(key=key, reason=reason, force=True))
        if attempt is None:
            return False
        return attempt.can_kill is not False  # One that no worker has begun yet ends without one.

    def stop(self, timeout: timedelta) -> None:
        """Take no more work, and give the attempts that are in hand so long to end."""
        with self._idle:
            self._is_stopped = True
            self._idle.wait_for(lambda: not self._attempts or self._is_over, timeout.total_seconds())
            self._is_over = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join(_PATIENCE)
        self._publisher.stop()

    def _request(self, request: StopRequest) -> None:
        self._requests.append(request)
        with self._lock:
            if not self._is_over:
                self._begin_thread()
        self._wake.set()

    def _begin_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=f"aperture-{self.name}", daemon=True)
            self._thread.start()

    # ── the thread that talks with the store ──

    def _serve(self) -> None:
        looks = _Looks()
        while not self._is_over:
            self._wake.wait(looks.pause if self._attempts or self._done else _SWEEP_EVERY)
            self._wake.clear()
            try:
                self._look(looks)
            except (StoreUnavailable, StoreRefused) as away:
                looks.fail(f"attempts of workers cannot be looked after: {away}")
            except Exception:  # noqa: BLE001 - and it is logged
                # Whatever went wrong, the attempts in hand must still find their end.
                _log.exception("executor %s: a look at the store failed", self.name)
                looks.fail("")
        with contextlib.suppress(StoreUnavailable, StoreRefused):
            self._exchange()  # Sends the last requests; the loop has recorded these attempts already.

    def _look(self, looks: _Looks) -> None:
        """Place, ask and receive, once."""
        now = time.monotonic()
        events, asked = self._exchange()
        for event in events:
            self._receive(event, now)
        if self._attempts and (asked or now - looks.states_at >= _STATES_EVERY):
            looks.states_at = now
            self._look_at(self._mailbox.states(self.id), now, after_trouble=looks.failed)
        if now - looks.swept_at >= _SWEEP_EVERY:
            looks.swept_at = now
            self._sweep()
        looks.succeed(found=bool(events or asked or self._new))

    def _exchange(self) -> tuple[list[WorkerEvent], bool]:
        """Write what is new here and read what is new there; return the events, and whether a worker was asked."""
        batch = [self._new[i] for i in range(min(len(self._new), _PLACED_AT_ONCE))]
        wanted = [(order, attempt) for order, attempt in batch if attempt.run.cancel_reason is None]
        requests = [self._requests[i] for i in range(len(self._requests))]
        done = self._done[:]
        events = []
        if self._attempts or requests or done:
            placed = [order for order, _ in wanted]
            events = self._mailbox.exchange(self.id, placed=placed, asked=requests, removed=done)
        for line, written in ((self._new, batch), (self._requests, requests)):
            for _ in written:
                line.popleft()
        del self._done[: len(done)]
        for request in requests:
            if (asked := self._attempts.get(request.key)) is not None:
                asked.is_asked = True
        now = time.monotonic()
        for order, attempt in wanted:
            attempt.placed_at = attempt.beat_at = attempt.warned_at = now
            self._publisher.put(order.key, order.queue)
        for order, attempt in batch:
            if attempt.placed_at is None:
                self._end(order.key, Outcome(status=OutcomeStatus.CANCELLED, reason=attempt.run.cancel_reason))
        return events, bool(requests)

    def _needs_message(self, key: AttemptKey) -> bool:
        attempt = self._attempts.get(key)
        return attempt is not None and attempt.can_kill is None

    def _receive(self, event: WorkerEvent, now: float) -> None:
        attempt = self._attempts.get(event.key)
        if attempt is None:
            return
        attempt.beat_at = now
        match event.body:
            case {"outcome": dict(message)}:
                self._finish(event.key, message)
            case {"begun": {"can_kill": bool(can_kill), **more}}:
                attempt.can_kill = can_kill
                if more.get("by_message") is not False:
                    self._publisher.has_arrived(attempt.queue)
            case {"spend": [int(number), str(limit), int(calls)]}:
                given = (attempt, number, limit, calls)
                threading.Thread(target=self._spend_for, args=given, name="aperture-spend", daemon=True).start()
            case message:
                apply_message(dict(message), attempt.run)

    def _spend_for(self, attempt: _Attempt, number: int, limit: str, calls: int) -> None:
        answer = {"spent": number, **spent(attempt.run, limit, calls)}
        while attempt.run.key in self._attempts:
            try:
                self._mailbox.answer(attempt.run.key, answer)
            except StoreUnavailable:
                time.sleep(_STORE_AWAY)
            else:
                return

    def _look_at(self, states: list[OrderState], now: float, *, after_trouble: bool) -> None:
        found = {state.key: state for state in states}
        for key, attempt in list(self._attempts.items()):
            if attempt.placed_at is None:
                continue
            before, attempt.state = attempt.state, found.get(key)
            if attempt.state is None:
                self._end(key, Outcome(status=OutcomeStatus.DIED, reason="the store has lost its order"))
            elif attempt.state.worker is None:
                self._look_at_untaken(key, attempt, now)
            elif before is None or before.beat != attempt.state.beat or after_trouble:
                attempt.beat_at = now
            elif now - attempt.beat_at > SILENCE_SECONDS:
                reason = f"its worker {attempt.state.worker} gave no sign of life for {SILENCE_SECONDS:.0f} seconds"
                self._end(key, Outcome(status=OutcomeStatus.DIED, reason=reason))

    def _look_at_untaken(self, key: AttemptKey, attempt: _Attempt, now: float) -> None:
        if attempt.is_asked:  # Not if it was cancelled since the states were read: a worker may have taken it since.
            self._end(key, Outcome(status=OutcomeStatus.CANCELLED, reason=attempt.run.cancel_reason))
        elif now - attempt.warned_at >= UNTAKEN_SECONDS:
            attempt.warned_at = now
            since = timedelta(seconds=round(now - (attempt.placed_at or now)))
            trouble = self._publisher.trouble
            why = f"the broker does not take it: {trouble}" if trouble else "is a worker running, and on this queue?"
            text = f"no worker has taken it for {since.seconds} seconds; {why}"
            _log.warning("%s (run %s): %s", attempt.run.job, attempt.run.id, text)
            attempt.run.write("WARNING", text)
            if not trouble:
                self._publisher.put(key, attempt.queue)

    def _sweep(self) -> None:
        """Remove the orders of loops that are gone, once their workers have been quiet for a whole round."""
        left = {state.key: state for state in self._mailbox.leftovers() if state.key not in self._attempts}
        quiet = [key for key, state in left.items() if state.worker is None or self._left.get(key) == state]
        self._done += quiet
        self._left = left

    def _end(self, key: AttemptKey, outcome: Outcome) -> None:
        self._finish(key, outcome_to(outcome))

    def _finish(self, key: AttemptKey, message: dict[str, Any]) -> None:
        with self._idle:
            attempt = self._attempts.pop(key, None)
            if not self._attempts:
                self._idle.notify_all()
        if attempt is None:
            return
        self._done.append(key)
        attempt.report(ended(attempt.run, message))
