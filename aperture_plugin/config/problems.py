"""Problems, for people who edit the file: what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Place", "Problem", "Problems", "Severity", "Silenced"]

Silenced = frozenset[tuple[str, str | None]]
"""Codes of warnings to suppress: each of one job, or with None of the whole file and all its jobs."""


class Severity(StrEnum):
    """An error keeps the file out of force; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the file.

    Attributes:
        line: Counted from 1.
        column: Counted from 1, in characters, at the value itself.
        length: Number of characters of that line; at least 1.
    """

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, or doubtful, in a file.

    Attributes:
        code: A stable name that tools can filter, such as `unknown-day`.
        message: The finding, in the person's own words. One line, no full stop.
        hint: The expected value, the nearest name, a line to write instead. Never empty.
        file: The file as the person named it (relative where they were relative).
        place: The place of the value itself.
        job: The job it is about; None for a problem of the whole file.
    """

    severity: Severity
    code: str
    message: str
    hint: str
    file: str
    place: Place
    job: str | None = None

    @property
    def is_error(self) -> bool:
        """True if it keeps the file out of force."""
        return self.severity is Severity.ERROR


class Problems:
    """Collects the problems of one file while reading goes on.

    >>> problems = Problems("schedules.yaml")
    >>> problems.add("unknown-day", at=Place(33, 10, 8), message='"saterday" is not a day', hint="expected …")
    >>> [problem.code for problem in problems]
    ['unknown-day']
    """

    MOST: Final = 20_000
    """Most problems that are kept. Nobody reads as many, and a file may have millions."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[Problem] = []
        self._left_out = False
        self._any_error = False
        self._muted: Collection[int] = ()
        self.silenced: Silenced = frozenset()

    def add(self, code: str, *, at: Place, message: str, hint: str, job: str | None = None) -> None:
        """Add an error; reading goes on."""
        self._add(Severity.ERROR, code, at, message, hint, job)

    def warn(self, code: str, *, at: Place, message: str, hint: str, job: str | None = None) -> None:
        """Add a warning, which does not keep the file out of force."""
        self._add(Severity.WARNING, code, at, message, hint, job)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take over the problems that a host's lint, or another reading, has found."""
        for problem in problems:
            if not problem.is_error and self._is_silenced(problem.code, problem.job):
                continue
            self._found.append(problem)
            self._any_error = self._any_error or problem.is_error

    def mute(self, lines: Collection[int]) -> None:
        """Leave out what is added from now on at any of *lines*: they are known to be spoilt."""
        self._muted = lines

    @property
    def mutes_any(self) -> bool:
        """True if something that is added may be left out because of where it stands."""
        return bool(self._muted)

    def silence(self, silenced: Silenced) -> None:
        """Leave out warnings that are added from now on and are *silenced*; an error cannot be."""
        self.silenced = silenced

    def __iter__(self) -> Iterator[Problem]:
        """Yield every problem in file order, one of each where two say the same."""
        found = sorted(dict.fromkeys(self._found), key=lambda problem: (problem.place, problem.code))
        if self._left_out:
            found.append(self._rest(found[-1].place))
        return iter(found)

    def __len__(self) -> int:
        return len(self._found) + self._left_out

    @property
    def full(self) -> bool:
        """True if so many were reported that further ones are left out."""
        return self._left_out

    @property
    def any_error(self) -> bool:
        """True if one of them keeps the file out of force."""
        return self._any_error

    def _add(self, severity: Severity, code: str, at: Place, message: str, hint: str, job: str | None) -> None:
        if at.line in self._muted:
            return
        is_error = severity is Severity.ERROR
        if not is_error and self._is_silenced(code, job):
            return
        if len(self._found) >= self.MOST and (self._any_error or not is_error):
            self._left_out = True
            return
        self._any_error = self._any_error or is_error
        self._found.append(
            Problem(severity=severity, code=code, message=message, hint=hint, file=self.file, place=at, job=job)
        )

    def _is_silenced(self, code: str, job: str | None) -> bool:
        return bool(self.silenced) and ((code, None) in self.silenced or (code, job) in self.silenced)

    def _rest(self, last: Place) -> Problem:
        return Problem(
            severity=Severity.ERROR if self._any_error else Severity.WARNING,
            code="more-problems",
            message=f"there are more than the first {len(self._found)} problems",
            hint="mend those, and the rest will show, or be gone with them",
            file=self.file,
            place=last,
        )
