"""What is said to a tired person: judged as a whole, and held to what it tells them to paste."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from aperture_plugin.config.model import Reading
from aperture_plugin.config.problem_report import text_reports
from aperture_plugin.config.problems import Problem

ReadFile = Callable[..., Reading]

HERE: Final = Path(__file__).parent
INSERTED: Final = ("add the line", "expected a type beside it", "say when it runs", "declare it under", "add items")
"""Hints that tell to write a line beside the others, and not in the place of this one."""
MORE_TO_MEND: Final = (
    "no space after two colons",
    "a question mark",
    "complex-key",
    "unclear-list",
    "bad-executor-name",
    "bad-queue-name",
    "type hourly",
    "list jobs",
    "expect noting",
    "expect ready2",
)
"""What the line to paste does not mend alone: the line below has the same fault, or another one shows."""


def cases(name: str) -> dict[str, tuple[str, str]]:
    """Return file and report by the name of the case."""
    found = re.findall(r"^=== ([^\n]+)\n(.*?)^>>>\n(.*?)\n\n", (HERE / name).read_text(), re.S | re.M)
    return {case: (text, report) for case, text, report in found}


TIRED: Final = cases("tired.txt")
PASTED: Final = {
    case: text
    for case, (text, report) in (TIRED | cases("messages.txt")).items()
    if report.count("Write:") == 1 == report.count(": error: ") == report.count("hint:")
    and not any(words in report for words in INSERTED)
}


@pytest.mark.parametrize("case", TIRED)
def test_a_tired_person_is_told_what_to_do(case: str, read_file: ReadFile) -> None:
    text, report = TIRED[case]

    reading = read_file(text)

    assert "\n".join(text_reports(reading.problems, reading.text)) == report


@pytest.mark.parametrize("case", PASTED)
def test_the_line_to_paste_is_accepted_when_it_is_pasted(case: str, read_file: ReadFile) -> None:
    text = PASTED[case]
    known = ("scan", "backup", "sync", "full-scan")
    [problem] = read_file(text, known_jobs=known).problems

    reading = read_file(pasted(text, problem), known_jobs=known)

    assert (problem.code, problem.place) not in [(found.code, found.place) for found in reading.problems]
    assert case in MORE_TO_MEND or [found.message for found in reading.problems if found.is_error] == []


def pasted(text: str, problem: Problem) -> str:
    """Return *text* with the line that *problem* offers in the place of the one that it is at."""
    lines = text.split("\n")
    at = problem.place.line - 1
    indent = re.match(r" *", lines[at])
    assert indent is not None
    _, _, offer = problem.hint.partition("\nWrite:  ")
    lines[at : at + 1] = [indent.group() + line.replace(" " * 8, "", 1) for line in offer.split("\n")]
    return "\n".join(lines)
