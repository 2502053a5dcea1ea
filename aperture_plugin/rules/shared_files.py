"""The division of the jobs between loops on one store whose files may differ (DESIGN.md, section 4, promise 11).

There is no leader. Each loop publishes a digest of the words of each job that it can run. Where the digests of a job
differ, those of the newest file among the loops that list the job are in force: a loop with other words leaves the job
to a loop with those.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, Final

from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.config.problems import Place
from aperture_plugin.rules.jobs import Job
from aperture_plugin.words.limits import Limit, limit_text, read_limit
from aperture_plugin.words.mask import mask_of
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.revision_text import revision_text
from aperture_plugin.words.schedules import After, Manual

__all__ = ["ALONE", "Division", "PublishedWords", "divide", "file_words"]

_NOWHERE: Final = Place(1, 1)
_IN_THIS_PROCESS: Final = frozenset({"threads", "processes"})
"""Executors that need the handler in the process of the loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedWords:
    """The part of one loop's file that the others on the store must know.

    Attributes:
        jobs: By job that the file lists and that can run there, a digest of its words.
        offers: Jobs that its plugins register and the file does not name.
        after: By job that runs `after` others, those.
        queues: By queue, its number.
        limits: By limit, its words.
    """

    jobs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    offers: Collection[str] = ()
    after: Mapping[str, Collection[str]] = field(default_factory=lambda: MappingProxyType({}))
    queues: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    limits: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def as_json(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        return {
            "jobs": dict(self.jobs),
            "offers": sorted(self.offers),
            "after": {name: list(jobs) for name, jobs in self.after.items()},
            "queues": dict(self.queues),
            "limits": dict(self.limits),
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> PublishedWords:
        """Return what the store keeps; what a later version adds is passed over."""
        return cls(
            jobs=value.get("jobs", {}),
            offers=frozenset(value.get("offers", ())),
            after={name: frozenset(jobs) for name, jobs in value.get("after", {}).items()},
            queues=value.get("queues", {}),
            limits=value.get("limits", {}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopWords:
    """One loop, as the division of the jobs sees it.

    Attributes:
        number: The generation of its file; 0 for a program that numbers none.
        text: The digest of its file's text; None likewise.
        since: When it began.
        fires: Whether it claims slots and starts runs; one that stops or is silent does not.
        words: None where it has not published them: it may know any job.
    """

    id: str
    number: int
    text: str | None
    since: datetime
    fires: bool
    words: PublishedWords | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """The jobs that one loop fires and runs, and those that it leaves to others.

    Attributes:
        is_alone: Whether no other loop has a say, so that every job is this loop's.
        own: The digests of this loop's own words, by job.
        in_force: Those in force, by job that any loop lists.
        offered: Jobs that any loop can run though no file lists them.
        is_open: Whether a loop is on the store that has not published its words, and so may know any job.
        waits: Whether a loop with a newer file has not published its words: until then nothing is this loop's.
        after: By job that runs `after` others and is not this loop's, those.
        queues, limits: The numbers in force; of one that the newest file lacks, those of the newest file that has it.
    """

    is_alone: bool = True
    own: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    in_force: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    offered: Collection[str] = frozenset()
    is_open: bool = False
    waits: bool = False
    after: Mapping[str, Collection[str]] = field(default_factory=lambda: MappingProxyType({}))
    queues: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    limits: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))

    def is_ours(self, job: str) -> bool:
        """Return whether this loop fires and runs *job*, if it has any words for it."""
        if self.is_alone:
            return True
        if self.waits:
            return False
        words = self.in_force.get(job)
        return self.own.get(job) == words if words is not None else job not in self.offered or job in self.own

    def is_elsewhere(self, job: str) -> bool:
        """Return whether another loop on the store knows *job*, or may know it."""
        return not self.is_alone and (self.is_open or job in self.in_force or job in self.offered)

    @property
    def unknown(self) -> list[str]:
        """The jobs that other loops list and this one cannot run."""
        return sorted(name for name in self.in_force if name not in self.own)


ALONE: Final = Division()


def file_words(config: Config, jobs: Mapping[str, Job]) -> PublishedWords:
    """Return what a loop publishes of its file.

    Words are what a person wrote: neither a job's place in the file nor the value of a secret is a part of them.

    Args:
        jobs: The jobs that the plugins register.
    """
    elsewhere = config.executor not in _IN_THIS_PROCESS
    mask = mask_of(config.secrets) if config.secrets else str
    common = repr(config.freezes)
    can_run = {name: job for name, job in config.jobs.items() if elsewhere or job.command is not None or name in jobs}
    return PublishedWords(
        jobs={name: _digest(mask(_text(job)) + common) for name, job in can_run.items()},
        offers=[name for name in jobs if name not in config.jobs],
        after={
            name: job.schedule.jobs for name, job in can_run.items() if job.enabled and isinstance(job.schedule, After)
        },
        queues=config.queues,
        limits={name: limit_text(limit) for name, limit in config.limits.items()},
    )


def divide(own: LoopWords, others: Sequence[LoopWords]) -> Division:
    """Return which jobs are *own*'s, given the living loops beside it.

    Of two loops with one text and different words for a job (their environment differs), the one that began first is
    taken for the newer, so that a restart changes nothing.
    """
    if not others:
        return ALONE
    numbers: dict[str | None, int] = {}
    for loop in (own, *others):
        numbers[loop.text] = max(numbers.get(loop.text, 0), loop.number)
    firing = [loop for loop in (own, *others) if loop.fires]
    # The oldest file first, so that each newer one is laid over it.
    firing.sort(key=lambda loop: (-numbers[loop.text], loop.since, loop.id), reverse=True)
    in_force: dict[str, str] = {}
    queues: dict[str, int] = {}
    limits: dict[str, str] = {}
    for loop in firing:
        if loop.words is not None:
            in_force.update(loop.words.jobs)
            queues.update(loop.words.queues)
            limits.update(loop.words.limits)
    ours: Mapping[str, str] = {} if own.words is None else own.words.jobs
    after: dict[str, Collection[str]] = {}
    for words in [loop.words for loop in firing if loop.words is not None]:
        for name, jobs in words.after.items():
            if words.jobs.get(name) == in_force[name] != ours.get(name):
                after[name] = jobs
    rank = numbers[own.text]
    return Division(
        is_alone=False,
        own=ours,
        in_force=in_force,
        offered=frozenset(name for loop in others if loop.words is not None for name in loop.words.offers),
        is_open=any(loop.words is None for loop in others),
        waits=any(loop.words is None and loop.fires and numbers[loop.text] > rank for loop in others),
        after=after,
        queues=queues,
        limits={name: limit for name, text in limits.items() if (limit := _limit(text)) is not None},
    )


def _text(job: JobConfig) -> str:
    plain = replace(job, order=0, place=_NOWHERE, schedule=Manual(), closed=())
    return f"{revision_text(job.schedule, job.closed)}\n{plain!r}"


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _limit(text: str) -> Limit | None:
    try:
        return read_limit(text)
    except Unreadable:
        return None  # A later version's kind of limit.
