"""Effects of a tick after its commit, as values: a test can look at them, and a tick that fails drops them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.loop.messages import Request
from aperture_plugin.rules.runs import AttemptKey, Run

__all__ = [
    "Answer",
    "AskReady",
    "AskToStop",
    "ConfigLoaded",
    "ConfigRejected",
    "Effect",
    "EndGroup",
    "Kill",
    "Log",
    "NoticesWait",
    "ReadAnew",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a request with *value*."""

    request: Request
    value: Any


@dataclass(frozen=True, slots=True)
class AskToStop:
    """Ask an attempt that runs here to stop; it is given up later if it does not.

    Attributes:
        fails: True if *reason* makes its end `failed`, whatever the handler answers.
    """

    run: Run
    reason: str
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Kill:
    """End an attempt by force.

    Attributes:
        is_in_hand: True if it is recorded as running, so that it is given up where its executor has no force.
    """

    key: AttemptKey
    is_in_hand: bool


@dataclass(frozen=True, slots=True)
class EndGroup:
    """End the process group that a dead process of this machine left running for a run."""

    group: int | None
    run_id: str


@dataclass(frozen=True, slots=True)
class AskReady:
    """Ask the plugins whether a job is ready."""

    job: str


@dataclass(frozen=True, slots=True)
class ConfigLoaded:
    """Notify the plugins that a file is in force."""

    config: Config
    previous: Config | None


@dataclass(frozen=True, slots=True)
class ConfigRejected:
    """Notify the plugins that a saved file was refused."""

    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class ReadAnew:
    """Notify callers who wait for a run that the store was read anew, with these runs in hand."""

    in_hand: frozenset[str]


@dataclass(frozen=True, slots=True)
class NoticesWait:
    """Have the messages sent that the tick has written to people."""


@dataclass(frozen=True, slots=True)
class Log:
    """Write to the log of the process."""

    level: int
    text: str


Effect = Answer | AskToStop | Kill | EndGroup | AskReady | ConfigLoaded | ConfigRejected | ReadAnew | NoticesWait | Log
