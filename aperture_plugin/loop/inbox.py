"""What other threads tell the loop, and the waking of it.

Everything that happens outside the loop's own thread (a handler ended, a file was read, a host asks for
a run) arrives here as a message, so that only one thread ever touches what the loop keeps.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.ports import Ended, Event, Logged, Pause, Progressed, Spawned
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import Run

__all__ = [
    "Begun",
    "CancelAsked",
    "ConfigRead",
    "ConfigRefusedMessage",
    "Inbox",
    "Message",
    "PauseAsked",
    "ReadyAnswered",
    "ResumeAsked",
    "RunAsked",
    "is_of_a_run",
    "is_urgent",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAsked:
    """Somebody asks for a run now; the answer is the run as the store has it (which may be a skipped one)."""

    run: Run
    answer: Future[Run] = field(default_factory=Future)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """Somebody asks a job's runs, one run, or all of them to stop; the answer is the runs that were asked."""

    job: str | None = None
    run_id: str | None = None
    reason: str
    answer: Future[list[Run]] = field(default_factory=Future)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAsked:
    """Somebody pauses a job."""

    pause: Pause
    answer: Future[None] = field(default_factory=Future)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAsked:
    """Somebody lifts a pause; the answer is whether there was one."""

    job: str
    answer: Future[bool] = field(default_factory=Future)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRead:
    """A saved file was read and is valid: swap it in."""

    config: Config
    jobs: dict[str, Job]
    warnings: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRefusedMessage:
    """A saved file was read and is refused: say so, and go on."""

    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyAnswered:
    """The plugins have said what holds a job back; nothing means it is ready."""

    job: str
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker began a run that was given ahead, at the instant *at*."""

    key: tuple[str, int]
    at: datetime


Message = (
    Event
    | Begun
    | RunAsked
    | CancelAsked
    | PauseAsked
    | ResumeAsked
    | ConfigRead
    | ConfigRefusedMessage
    | ReadyAnswered
)


def is_urgent(message: Message) -> bool:
    """Say whether a message may not wait until progress and log lines are written together."""
    return not isinstance(message, Progressed | Logged)


def is_of_a_run(message: Message) -> bool:
    """Say whether a message tells of a run and asks for nothing."""
    return isinstance(message, Begun | Ended | Progressed | Logged | Spawned)


class Inbox:
    """Messages in the order they came, and a bell."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._bell = threading.Event()
        self._presses = False

    def put(self, message: Message) -> None:
        """Leave a message that is to be heard soon, and ring; callable from any thread, never blocks."""
        self._messages.append(message)
        self.press()

    def leave(self, *messages: Message) -> None:
        """Leave messages that the loop may hear when it has time: all of them, or none yet."""
        self._messages.extend(messages)

    def press(self) -> None:
        """Let all that was left be heard soon, and ring."""
        self._presses = True
        self._bell.set()

    @property
    def presses(self) -> bool:
        """Whether there is a message that is to be heard soon."""
        return self._presses

    @property
    def rang(self) -> bool:
        """Whether somebody rang since the loop last woke."""
        return self._bell.is_set()

    def ring(self) -> None:
        """Wake the loop without a message."""
        self._bell.set()

    def woke(self) -> None:
        """Note that the loop looks, so that a bell from now on wakes it again."""
        self._bell.clear()

    def take(self, *, only: Callable[[Message], bool] | None = None) -> list[Message]:
        """Return all messages there are, oldest first, and take them out.

        Args:
            only: Those alone that come before the first of which it says no.
        """
        self._presses = False
        taken: list[Message] = []
        pop = self._messages.popleft
        while self._messages:
            if only is not None and not only(self._messages[0]):
                self.press()
                break
            taken.append(pop())
        return taken

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody rings, at most so long; say whether somebody did."""
        return self._bell.wait(seconds)

    def __bool__(self) -> bool:
        return bool(self._messages)


def answer(future: Future[Any], value: object) -> None:
    """Give *value* as the answer unless the asker has gone."""
    if future.set_running_or_notify_cancel():
        future.set_result(value)
