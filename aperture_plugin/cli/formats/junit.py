"""For readers of test reports: JUnit XML, a test case for each error and one for the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from aperture_plugin.app.check import Checked
from aperture_plugin.cli.output import say
from aperture_plugin.config.problem_report import text_reports
from aperture_plugin.config.problems import Problem
from aperture_plugin.words.plain_text import plain, plain_line

__all__ = ["junit", "show"]

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, not even escaped."""


def show(checked: Sequence[Checked], *, several: bool) -> None:  # noqa: ARG001  # one file has the same form
    """Print *checked* to stdout."""
    say(junit(checked))


def junit(checked: Sequence[Checked]) -> str:
    """Return each file as a test suite: errors are failures, warnings stand beside a case that passes."""
    cases = [_cases(one) for one in checked]
    errors = [sum(problem.is_error for problem in one.problems) for one in checked]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites tests="{sum(map(len, cases))}" failures="{sum(errors)}">',
    ]
    for one, those, failures in zip(checked, cases, errors, strict=True):
        lines += [
            f'  <testsuite name={_attribute(f"aperture check {one.file}")} tests="{len(those)}" '
            f'failures="{failures}" errors="0" skipped="0">',
            *those,
            "  </testsuite>",
        ]
    return "\n".join([*lines, "</testsuites>"])


def _cases(checked: Checked) -> list[str]:
    reports = text_reports(checked.problems, checked.text)
    cases = [_case(checked.file, problem, report) for problem, report in zip(checked.problems, reports, strict=True)]
    if checked.is_valid:
        cases.insert(0, f'    <testcase classname={_attribute(checked.file)} name="the file is valid"/>')
    return cases


def _case(file: str, problem: Problem, report: str) -> str:
    place = f"line {problem.place.line}, column {problem.place.column}"
    name = f"{problem.job or 'file'}: {problem.code} ({place})"
    opening = f"    <testcase classname={_attribute(file)} name={_attribute(name)}>"
    if problem.is_error:
        kind = f"type={_attribute(problem.code)} message={_attribute(problem.message)}"
        message = f"<failure {kind}>{_text(report)}</failure>"
    else:
        message = f"<system-out>{_text(report)}</system-out>"
    return f"{opening}\n      {message}\n    </testcase>"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", plain(text)))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", plain_line(text)))
