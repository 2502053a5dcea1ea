"""Possible meanings of a text that is no phrase: one schedule, one of several, one with a part missing, or none."""

from __future__ import annotations

from dataclasses import dataclass

from aperture_plugin.words.schedules import Schedule

__all__ = ["Incomplete", "Meaning", "Meant", "Unclear", "Unsupported"]


@dataclass(frozen=True, slots=True)
class Meant:
    """The text means *schedule*, and nothing else."""

    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Unclear:
    """The text may mean any of *choices*; *why* says in one clause what is open."""

    why: str
    choices: tuple[Schedule, ...]


@dataclass(frozen=True, slots=True)
class Incomplete:
    """The text lacks its *missing* part, such as a time of day; *example* is how it reads with one."""

    missing: str
    example: Schedule


@dataclass(frozen=True, slots=True)
class Unsupported:
    """No schedule says exactly this; *hint* says so, and what comes nearest."""

    hint: str


Meaning = Meant | Unclear | Incomplete | Unsupported
