"""A file's problems, as a person at a terminal is shown them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from aperture_plugin.cli.output import in_color, say
from aperture_plugin.config.problem_report import text_reports
from aperture_plugin.config.problems import Problem
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.plain_text import plain_line

__all__ = ["say_problems", "summary", "summary_of_all"]

_RED: Final = "\x1b[1;31m"
_YELLOW: Final = "\x1b[1;33m"
_CYAN: Final = "\x1b[36m"
_BOLD: Final = "\x1b[1m"
_END: Final = "\x1b[0m"


def say_problems(problems: Sequence[Problem], text: str, *, err: bool = True) -> None:
    """Show each of *problems* with its line of *text* and what to do about it."""
    color = in_color(sys.stderr if err else sys.stdout)
    for problem, report in zip(problems, text_reports(problems, text), strict=True):
        say(_colored(problem, report) if color else report, err=err)


def summary(problems: Sequence[Problem], *, file: str, jobs: int) -> str:
    """Return what came of reading a file, in one line.

    >>> summary([], file="schedules.yaml", jobs=10)
    'schedules.yaml is valid: 10 jobs, no problems'
    """
    is_valid = not any(problem.is_error for problem in problems)
    return f"{plain_line(file)} is {'' if is_valid else 'not '}valid: {counted(jobs, 'job')}, {_found(problems)}"


def summary_of_all(problems: Sequence[Sequence[Problem]], *, jobs: int) -> str:
    """Return what came of reading several files, in one line; *problems* are those of each.

    >>> summary_of_all([[], []], jobs=12)
    '2 files, all valid: 12 jobs, no problems'
    """
    bad = sum(any(problem.is_error for problem in found) for found in problems)
    every = [problem for found in problems for problem in found]
    how = f"{bad} not valid" if bad else "all valid"
    return f"{counted(len(problems), 'file')}, {how}: {counted(jobs, 'job')}, {_found(every)}"


def _found(problems: Sequence[Problem]) -> str:
    errors = sum(problem.is_error for problem in problems)
    warnings = len(problems) - errors
    found = [counted(errors, "error")] * bool(errors) + [counted(warnings, "warning")] * bool(warnings)
    return ", ".join(found) or "no problems"


def _colored(problem: Problem, report: str) -> str:
    first, *more = report.split("\n")
    hue = _RED if problem.is_error else _YELLOW
    place, mark, rest = first.partition(f" {problem.severity}: ")
    lines = [f"{_BOLD}{place}{_END} {hue}{mark.strip()}{_END} {rest}"]
    for line in more:
        if line.lstrip().startswith("| ") and line.rstrip().endswith("^"):
            bar, _, marks = line.partition("|")
            lines.append(f"{bar}|{hue}{marks}{_END}")
        elif line.startswith("   hint: "):
            lines.append(f"   {_CYAN}hint:{_END} {line.removeprefix('   hint: ')}")
        else:
            lines.append(line)
    return "\n".join(lines)
