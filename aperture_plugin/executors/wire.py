"""What a worker process and whoever started it say to each other: lines of JSON, nothing else.

Never pickle: a line can be read by eye, and says nothing that could be run.
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

__all__ = ["Message", "Messages", "Speaker", "outcome_from", "outcome_to", "run_from", "run_to"]

Message = dict[str, Any]


class Speaker:
    """Writes messages to a pipe, whole, from any thread."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def say(self, **message: Any) -> bool:
        """Write a message; say whether somebody is there to read it."""
        data = (json.dumps(message) + "\n").encode()
        with self._lock:
            if self._pipe < 0:
                return False
            try:
                while data:
                    data = data[os.write(self._pipe, data) :]
            except (BrokenPipeError, BlockingIOError):
                # It has ended, or does not listen any more; its end is found out by other means.
                return False
        return True

    def hurry(self) -> None:
        """From now on rather say nothing than wait for somebody who does not read."""
        os.set_blocking(self._pipe, False)

    def close(self) -> None:
        """Let go of the pipe."""
        with self._lock:
            pipe, self._pipe = self._pipe, -1
            if pipe >= 0:
                os.close(pipe)


class Messages:
    """The `Sink` that makes messages of what comes through a pipe."""

    def __init__(self, hear: Callable[[Message], None]) -> None:
        self._hear = hear
        self._begun: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        *whole, rest = data.split(b"\n")
        for line in whole:
            self._begun.append(line)
            line, self._begun = b"".join(self._begun), []  # noqa: PLW2901 - the line with what came of it before
            # What is no message was written by somebody who found the pipe; it is nothing to us.
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    self._hear(message)
        self._begun.append(rest)

    def close(self) -> None:
        """Take note that nothing more comes; half a message is none."""


def run_to(run: Run) -> Message:
    """Return what a handler may see of *run*, as JSON.

    The worker makes a run of it again with `run_from`.
    """
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


def run_from(said: Mapping[str, Any]) -> Run:
    """Return the run that `run_to` made *said* of, as far as a handler sees it."""
    queued_at = datetime.fromisoformat(said["queued_at"])
    return Run(
        id=said["id"],
        job=said["job"],
        attempt=said["attempt"],
        trigger=RunTrigger(said["trigger"]),
        status=Status.RUNNING,
        due=_instant(said["due"]),
        nominal=_instant(said["nominal"]),
        missed=said["missed"],
        queue=said["queue"],
        priority_at=queued_at,
        priority_nominal=queued_at.replace(tzinfo=None),
        queued_at=queued_at,
        started_at=_instant(said["started_at"]),
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


def outcome_from(said: Mapping[str, Any]) -> Outcome:
    """Return the outcome that `outcome_to` made *said* of."""
    return Outcome(
        status=OutcomeStatus(said["status"]),
        result=said["result"],
        reason=said["reason"],
        error=said["error"],
        permanent=said["permanent"],
        until=_instant(said["until"]),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
