"""The messages that other threads leave for the loop, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.ports import Ended, Event, Logged, Pause, Progressed, Spawned
from aperture_plugin.rules.jobs import Job, Json
from aperture_plugin.rules.runs import AttemptKey, Run
from aperture_plugin.triggers.slots import Slot

__all__ = [
    "BackfillAsked",
    "Begun",
    "CancelAsked",
    "CannotBeKilled",
    "ConfigRead",
    "ConfigRefusedMessage",
    "Message",
    "PauseAsked",
    "PluginsChanged",
    "ReadyAnswered",
    "Request",
    "ResumeAsked",
    "RunAsked",
    "is_of_a_run",
    "is_urgent",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunAsked:
    """Somebody asks for a run now; the answer is the run as the store has it (which may be a skipped one).

    The loop makes the run's id. Two requests are never equal, so that one that is dealt with again, after a commit
    that seemed to fail, is given the id that it had.
    """

    job: str
    by: str
    at: datetime
    params: Mapping[str, Json] | None = None
    note: str | None = None
    answer: Future[Run] = field(default_factory=Future)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BackfillAsked:
    """Somebody asks for past slots of a job to be run again; the answer is the runs that were queued for it.

    The loop makes their ids, as for `RunAsked`.
    """

    job: str
    slots: Sequence[Slot]
    by: str
    at: datetime
    note: str | None = None
    answer: Future[list[Run]] = field(default_factory=Future)


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


Request = RunAsked | BackfillAsked | CancelAsked | PauseAsked | ResumeAsked
"""A message whose sender waits for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRead:
    """A saved file was read and is valid: it is to come into force."""

    config: Config
    jobs: Mapping[str, Job]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRefusedMessage:
    """A saved file was read and is refused; the file in force stays."""

    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginsChanged:
    """Files of plugins are not as they were when they were loaded; no file means that they are again."""

    files: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyAnswered:
    """The plugins have answered what holds a job back; no reason means that it is ready."""

    job: str
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Begun:
    """A worker began a pre-assigned run at the instant *at*."""

    key: AttemptKey
    at: datetime


@dataclass(frozen=True, slots=True)
class CannotBeKilled:
    """Force was to be used on an attempt, and its executor has none."""

    key: AttemptKey


Message = (
    Event
    | Begun
    | CannotBeKilled
    | RunAsked
    | BackfillAsked
    | CancelAsked
    | PauseAsked
    | ResumeAsked
    | ConfigRead
    | ConfigRefusedMessage
    | PluginsChanged
    | ReadyAnswered
)


def is_urgent(message: Message) -> bool:
    """Return whether a message may not wait until progress and log lines are written together."""
    return not isinstance(message, Progressed | Logged)


def is_of_a_run(message: Message) -> bool:
    """Return whether a message reports what a run did, and asks for nothing."""
    return isinstance(message, Begun | Ended | Progressed | Logged | Spawned)
