"""The protocol between a worker process and the process that started it: lines of JSON.

It never uses pickle: a line can be read by eye, and contains no code.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import Run, RunTrigger, Status

__all__ = ["Message", "MessageWriter", "Messages", "outcome_from", "outcome_to", "run_from", "run_to"]

Message = dict[str, Any]


class MessageWriter:
    """Writes messages to a pipe, whole, from any thread."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def say(self, **message: Any) -> bool:
        """Write a message; return whether the other process can read it."""
        data = (json.dumps(message) + "\n").encode()
        with self._lock:
            if self._pipe < 0:
                return False
            try:
                while data:
                    data = data[os.write(self._pipe, data) :]
            except (BrokenPipeError, BlockingIOError):
                # It has ended, or does not read any more; its end is noticed by other means.
                return False
        return True

    def hurry(self) -> None:
        """From now on drop messages instead of waiting for a process that does not read."""
        os.set_blocking(self._pipe, False)

    def close(self) -> None:
        """Close the pipe."""
        with self._lock:
            pipe, self._pipe = self._pipe, -1
            if pipe >= 0:
                os.close(pipe)


class Messages:
    """A `Sink` that decodes messages from the bytes of a pipe."""

    def __init__(self, receive: Callable[[Message], None]) -> None:
        self._receive = receive
        self._begun: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Add bytes that were read."""
        *whole, rest = data.split(b"\n")
        for line in whole:
            self._begun.append(line)
            line, self._begun = b"".join(self._begun), []  # noqa: PLW2901 - the line with what came of it before
            # Anything else was written by code that found the pipe; it is ignored.
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    self._receive(message)
        self._begun.append(rest)

    def close(self) -> None:
        """End the input; an incomplete message is dropped."""


def run_to(run: Run) -> Message:
    """Return the part of *run* that a handler may see, as JSON; `run_from` is its inverse."""
    return {
        "id": run.id,
        "job": run.job,
        "attempt": run.attempt,
        "trigger": str(run.trigger),
        "due": None if run.due is None else run.due.isoformat(),
        "nominal": None if run.nominal is None else run.nominal.isoformat(),
        "missed": run.missed,
        "queue": run.queue,
        "queued_at": run.queued_at.isoformat(),
        "started_at": None if run.started_at is None else run.started_at.isoformat(),
    }


def run_from(message: Mapping[str, Any]) -> Run:
    """Return the run in *message*, the result of `run_to`, as far as a handler may see it."""
    queued_at = datetime.fromisoformat(message["queued_at"])
    return Run(
        id=message["id"],
        job=message["job"],
        attempt=message["attempt"],
        trigger=RunTrigger(message["trigger"]),
        status=Status.RUNNING,
        due=_instant(message["due"]),
        nominal=_instant(message["nominal"]),
        missed=message["missed"],
        queue=message["queue"],
        priority_at=queued_at,
        priority_nominal=queued_at.replace(tzinfo=None),
        queued_at=queued_at,
        started_at=_instant(message["started_at"]),
    )


def outcome_to(outcome: Outcome) -> Message:
    """Return *outcome* as JSON."""
    return {
        "status": str(outcome.status),
        "result": outcome.result,
        "reason": outcome.reason,
        "error": outcome.error,
        "permanent": outcome.permanent,
        "until": None if outcome.until is None else outcome.until.isoformat(),
    }


def outcome_from(message: Mapping[str, Any]) -> Outcome:
    """Return the outcome in *message*, the result of `outcome_to`."""
    return Outcome(
        status=OutcomeStatus(message["status"]),
        result=message["result"],
        reason=message["reason"],
        error=message["error"],
        permanent=message["permanent"],
        until=_instant(message["until"]),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
