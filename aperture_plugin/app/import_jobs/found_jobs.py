"""Jobs found in the files of another scheduler, before anything is made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["Dues", "ForeignJob", "Found", "Left", "Value", "name_of", "unique_names"]

Dues = Callable[[datetime, datetime, ZoneInfo], Iterator[datetime]]
"""The instants in UTC, ascending, from the first (in) to the second (out), at which the source runs a job whose wall
times are read in the zone."""

Value = str | Sequence[str] | Mapping[str, str]
"""The value behind a key of a job: a text, a list, or keys of its own."""

_LONGEST: Final = 64
_OTHER: Final = re.compile(r"[^A-Za-z0-9._-]+")
_PROGRAM: Final = re.compile(r"[^\s;&|<>()'\"]+")
_NOT_A_NAME: Final = frozenset(
    {"sh", "bash", "dash", "zsh", "ksh", "python", "python3", "perl", "ruby", "node", "php", "env", "cd", "nice"}
    | {"ionice", "flock", "timeout", "sudo", "time", "test", "[", "exec", "root"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignJob:
    """One job of the source.

    Attributes:
        place: Its place, such as `crontab:7`.
        name: Its intended name; made unique later.
        phrases: The ways to say when it is due, the one that reads best first. Never empty.
        dues: The times at which the source runs it; None where they cannot be known beforehand.
        zone: The zone that the source reads its wall times in; None for the machine's own.
        keys: The keys of the job beside its schedule.
        notes: The parts that are not taken over as they were.
        is_conditional: True if the source runs it only where something holds that is not asked here.
    """

    place: str
    name: str
    phrases: tuple[str, ...]
    dues: Dues | None
    zone: str | None = None
    keys: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    is_conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something of the source that no job was made of."""

    place: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that the files of one scheduler hold.

    Attributes:
        defaults: Keys for every job, with what the file says of each: how that scheduler goes about it.
    """

    scheduler: str
    entries: tuple[ForeignJob, ...]
    left: tuple[Left, ...] = ()
    defaults: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))


def name_of(command: str | Sequence[str], otherwise: str) -> str:
    """Return what a job that runs *command* may be called: the program, without its folder and its ending.

    >>> name_of("/usr/local/bin/backup.sh --all > /dev/null", "job"), name_of("cd /srv && ./run-report", "job")
    ('backup', 'run-report')
    """
    words = [word for text in ([command] if isinstance(command, str) else command) for word in _PROGRAM.findall(text)]
    skip = False
    for word in words:
        program = word.rpartition("/")[2]
        if skip or "=" in word or word.startswith(("-", "$")) or program.isdigit() or program in _NOT_A_NAME:
            skip = program == "cd" and not skip
            continue
        stem = program.rpartition(".")[0] or program
        if name := _OTHER.sub("-", stem).strip("._-")[:_LONGEST]:
            return name
    return otherwise


def unique_names(names: Sequence[str], otherwise: str) -> list[str]:
    """Return *names* as names of jobs, each once: what is no name is mended, a second one gets a number."""
    taken: set[str] = set()
    made = []
    for wanted in names:
        name = _OTHER.sub("-", wanted).strip("._-")[:_LONGEST] or otherwise
        number, chosen = 2, name
        while chosen in taken:
            end = f"-{number}"
            chosen, number = name[: _LONGEST - len(end)] + end, number + 1
        taken.add(chosen)
        made.append(chosen)
    return made
