"""Pings: a job's monitor elsewhere is requested as the job starts, completes and fails.

The convention is that of Healthchecks (`/start`, none, `/fail`, `?rid=`), which others share; the address of one of
Sentry's monitors is requested the way Sentry's check-ins want it. Jobs never wait: a few threads send the pings.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from aperture_plugin.alerts.http_get import NotTaken, http_get
from aperture_plugin.rules.runs import Run, Status

__all__ = ["Pings", "ping_address", "run_uuid"]

_log = logging.getLogger("aperture")

_SENDERS: Final = 4
"""Threads at most: so many receivers that hang hold up no other one."""

_MOST_WAITING: Final = 100
"""Pings that wait for one address; of more the oldest are given up."""

_RETRIES: Final = (1.0, 5.0, 20.0, 60.0)
"""Seconds after which a ping is tried again; then it is given up."""

_BEAT_SECONDS: Final = 60.0
_SENTRY: Final = {"/start": "in_progress", "": "ok", "/fail": "error"}


def run_uuid(run_id: str) -> UUID:
    """Return the id of a run as a UUID; the same one for the same run."""
    return uuid5(NAMESPACE_URL, f"aperture:run:{run_id}")


def ping_address(address: str, suffix: str, run_id: str | None = None) -> str:
    """Return the address to request.

    Args:
        address: As the file has it.
        suffix: `/start`, `/fail` or nothing.
        run_id: None for the loop's own heartbeat.

    >>> ping_address("https://hc.example.org/a?create=1", "/start")
    'https://hc.example.org/a/start?create=1'
    """
    parts = urlsplit(address)
    path, query = parts.path, [parts.query] if parts.query else []
    if "/cron/" in path and path.startswith("/api/"):
        query.append(f"status={_SENTRY[suffix]}")
        name = "check_in_id"
    else:
        path = path.rstrip("/") + suffix if suffix else path
        name = "rid"
    if run_id is not None:
        query.append(f"{name}={run_uuid(run_id)}")
    return urlunsplit(parts._replace(path=path, query="&".join(query), fragment=""))


@dataclass(slots=True)
class _Receiver:
    """The pings that wait for one address; one thread at a time sends them, in their order."""

    waiting: deque[str] = field(default_factory=deque)
    tries: int = 0
    not_before: float = 0.0
    is_served: bool = False


class Pings:
    """Sends pings until it is closed. Every method may be called from any thread, and returns at once.

    Args:
        job_address: Returns what a job of that name says under `ping`; None for nothing.
        loop_address: Returns what the file says under `ping`.
        ticks: Says whether the loop ticks.
    """

    def __init__(
        self,
        job_address: Callable[[str], str | None],
        loop_address: Callable[[], str | None],
        ticks: Callable[[], bool],
    ) -> None:
        self._job_address = job_address
        self._loop_address = loop_address
        self._ticks = ticks
        self._changed = threading.Condition()
        self._receivers: dict[str, _Receiver] = {}
        self._threads: list[threading.Thread] = []
        self._beat_at = monotonic()
        self._is_closed = False

    def begin(self) -> None:
        """Begin to send the loop's own heartbeat."""
        with self._changed:
            self._add_thread()

    def run_started(self, run: Run) -> None:
        """Send that an attempt begins."""
        self._put(run, "/start")

    def run_ended(self, run: Run) -> None:
        """Send how a run ended for good: no attempt follows."""
        if run.status is Status.COMPLETED:
            self._put(run, "")
        elif run.status in {Status.FAILED, Status.INTERRUPTED}:
            self._put(run, "/fail")

    def close(self, timeout_seconds: float) -> None:
        """Send what waits and can be sent within that time, and end."""
        until = monotonic() + timeout_seconds
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, until - monotonic()))

    def _put(self, run: Run, suffix: str) -> None:
        address = self._job_address(run.job)
        if address:
            self._send(address, ping_address(address, suffix, run.id))

    def _send(self, receiver: str, address: str) -> None:
        with self._changed:
            if self._is_closed and not self._threads:
                return
            waits = self._receivers.setdefault(receiver, _Receiver())
            if len(waits.waiting) >= _MOST_WAITING:
                waits.waiting.popleft()
            waits.waiting.append(address)
            busy = sum(one.is_served for one in self._receivers.values())
            if len(self._threads) < _SENDERS and busy >= len(self._threads):
                self._add_thread()
            self._changed.notify()

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._run, name="aperture-pings", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            receiver, address = taken
            try:
                http_get(address)
            except NotTaken as reason:
                self._failed(receiver, str(reason))
            else:
                self._taken(receiver)

    def _next(self) -> tuple[_Receiver, str] | None:
        """Wait for a ping that may be sent, and return it; None when all is over."""
        with self._changed:
            while True:
                now = monotonic()
                if not self._is_closed and now >= self._beat_at:
                    self._beat_at = now + _BEAT_SECONDS
                    self._beat()
                able = [one for one in self._receivers.values() if one.waiting and not one.is_served]
                due = next((one for one in able if one.not_before <= now), None)
                if due is not None:
                    due.is_served = True
                    return due, due.waiting[0]
                if self._is_closed:
                    return None
                self._changed.wait(min([self._beat_at, *(one.not_before for one in able)]) - now)

    def _beat(self) -> None:
        address = self._loop_address()
        if address and self._ticks():
            waits = self._receivers.setdefault(address, _Receiver())
            if not waits.waiting:  # A heartbeat that is late is of no use beside the next one.
                waits.waiting.append(ping_address(address, ""))

    def _taken(self, receiver: _Receiver) -> None:
        with self._changed:
            receiver.waiting.popleft()
            receiver.tries, receiver.is_served, receiver.not_before = 0, False, 0.0
            self._changed.notify()

    def _failed(self, receiver: _Receiver, reason: str) -> None:
        with self._changed:
            host = urlsplit(receiver.waiting[0]).hostname
            if self._is_closed:
                receiver.waiting.clear()
                _log.warning("pings to %s were given up: %s", host, reason)
            elif receiver.tries >= len(_RETRIES):
                receiver.waiting.popleft()
                receiver.tries = 0
                _log.warning("a ping to %s was given up: %s", host, reason)
            else:
                receiver.not_before = monotonic() + _RETRIES[receiver.tries]
                receiver.tries += 1
                _log.debug("a ping to %s is tried again: %s", host, reason)
            receiver.is_served = False
            self._changed.notify()
