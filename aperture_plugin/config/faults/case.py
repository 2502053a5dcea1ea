"""The piece of text that could not be read, and what its lines look like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aperture_plugin.config.asking import Refused
from aperture_plugin.config.nodes import Spot

__all__ = ["VALUE", "Case", "indent_of", "line_above", "marked_key", "value_at"]

VALUE: Final = re.compile(r"( *(?:- +)?(?:[^\s:'\"#][^:#]*?|'[^']*'|\"[^\"]*\") *: +|  *- +|- +)(.+?) *(?: #.*)?$")
_MARKED_KEY: Final = re.compile(r" *(?:- +)?([&!][^\s:]*)")


@dataclass(frozen=True, slots=True)
class Case:
    """The piece of text that could not be read, and what strictyaml says of it."""

    lines: list[str]
    refused: Refused
    keys: tuple[str, ...]

    @property
    def spot(self) -> Spot:
        """Where the scanner stopped."""
        return self.refused.spot

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 0; empty where there is none."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    @property
    def here(self) -> str:
        """The line that the scanner stopped in."""
        return self.line(self.spot[0])

    @property
    def began(self) -> Spot:
        """Where what it was reading began; else where it stopped."""
        return self.refused.began or self.refused.spot


def value_at(case: Case) -> tuple[Spot, str] | None:
    """Return the value that the scanner stopped at, with its place, if the line is a key or a dash and a value."""
    for number in (case.spot[0], case.began[0]):
        found = VALUE.match(case.line(number))
        if found is not None:
            return (number, found.start(2), len(found[2])), found[2]
    return None


def marked_key(case: Case) -> tuple[Spot, str] | None:
    """Return the key of the line that the scanner stopped at if an anchor or a tag stands before it."""
    for number in (case.spot[0], case.began[0]):
        found = _MARKED_KEY.match(case.line(number))
        if found is not None:
            return (number, found.start(1), len(found[1])), found[1]
    return None


def line_above(case: Case, number: int) -> int:
    """Return the number of the nearest line above that says something."""
    number -= 1
    while number > 0 and (not case.line(number).strip() or case.line(number).lstrip().startswith("#")):
        number -= 1
    return number


def indent_of(line: str) -> int:
    """Return how many spaces *line* begins with."""
    return len(line) - len(line.lstrip(" "))
