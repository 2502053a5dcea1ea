"""Problems as people and programs read them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from aperture_plugin.config.problems import Place, Problem
from aperture_plugin.words.mask import masked_in_place
from aperture_plugin.words.plain_text import plain, plain_line

__all__ = ["problem_json", "text_report", "text_reports"]

_TAB: Final = 4
_OF_A_PLUGIN: Final = "plugin"
_MOST_SHOWN: Final = 160
"""Cells of a source line beyond which only the part around the fault is shown."""
_LOOKED_AT: Final = 1000
"""Characters before, at and behind a fault that are looked at: thousands of faults may stand on one long line."""


def text_report(problem: Problem, text: str) -> str:
    """Return *problem* as a terminal shows it: where and what, the line itself, a hint.

    Args:
        text: The file that *problem* is about.

    >>> problem = Problem(severity="error", code="unknown-day", message='"sunay" is not a day of the week',
    ...                   hint="expected sunday to saturday", file="s.yaml", place=Place(2, 8, 5), job="scan")
    >>> print(text_report(problem, "scan:\\n  day: sunay\\n"))
    s.yaml:2:8: error: scan: "sunay" is not a day of the week [unknown-day]
        2 |   day: sunay
          |        ^^^^^
       hint: expected sunday to saturday
    """
    return text_reports([problem], text)[0]


def text_reports(problems: Iterable[Problem], text: str) -> list[str]:
    """Return each of *problems* as `text_report` does; the text is cut into lines only once."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    masked = cache(lambda number: masked_in_place(lines[number]))  # Thousands of problems may stand on one line.
    return [_reported(problem, lines, masked) for problem in problems]


def problem_json(problem: Problem) -> dict[str, str | int | None]:
    """Return *problem* as `aperture check --format json` shows it (DESIGN.md, section 5)."""
    return {
        "severity": str(problem.severity),
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "file": problem.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "job": problem.job,
    }


def _reported(problem: Problem, lines: list[str], masked: Callable[[int], str]) -> str:
    place = problem.place
    where = f"{plain_line(problem.file)}:{place.line}:{place.column}"
    whose = "" if problem.job is None else f"{_shown(_plain_spaces(problem.job))}: "
    found = [f"{where}: {problem.severity}: {whose}{problem.message} [{problem.code}]"]
    is_elsewhere = problem.code == _OF_A_PLUGIN  # Its line is not one of this text.
    if not is_elsewhere and 1 <= place.line <= len(lines) and lines[place.line - 1].strip():
        found += _marked(masked(place.line - 1), place)
    first, *more = [_shown(_plain_spaces(line)) for line in problem.hint.split("\n")]
    found.append(f"   hint: {first}")
    found += [f"         {line}" for line in more]
    return "\n".join(found)


def _marked(line: str, place: Place) -> list[str]:
    """Return the source line with its number, and below it what marks the place."""
    start = min(place.column - 1, len(line))
    end = start + place.length
    before = _shown(line[max(0, start - _LOOKED_AT) : start])
    marked = _shown(line[start : min(end, start + _LOOKED_AT)])
    after = _shown(line[end : end + _LOOKED_AT])
    if len(line) > _LOOKED_AT or _cells(before) + _cells(marked) + _cells(after) > _MOST_SHOWN:
        before, marked, after = _shortened(before, marked, after)
    number = f"{place.line:5}"
    marks = " " * _cells(before) + "^" * max(1, _cells(marked))
    return [f"{number} | {before}{marked}{after}".rstrip(), f"{' ' * len(number)} | {marks}"]


def _shortened(before: str, marked: str, after: str) -> tuple[str, str, str]:
    half = _MOST_SHOWN // 4
    if len(before) > half:
        before = "…" + before[-half:]
    if len(marked) > 2 * half:
        marked = marked[: 2 * half - 1] + "…"
    if len(after) > half:
        after = after[:half] + "…"
    return before, marked, after


def _shown(text: str) -> str:
    """Return *text* as a terminal may show it: tabs as spaces, what controls the terminal as a stand-in."""
    return plain(text).replace("\t", " " * _TAB)


def _plain_spaces(text: str) -> str:
    """Return *text* with the space bar's space for every other that looks like it, so that it can be pasted."""
    return "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in text)


def _cells(text: str) -> int:
    """Return how many cells of a terminal *text* takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf")
        else 2
        if unicodedata.east_asian_width(letter) in ("W", "F")
        else 1
        for letter in text
    )
