"""For whatever reads test reports: JUnit XML, a test case for each error and one for the file."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from aperture_plugin.app.checking import Checked
from aperture_plugin.cli.output import say
from aperture_plugin.config.problems import Problem
from aperture_plugin.config.report import text_reports

__all__ = ["junit", "show"]

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, not even escaped."""


def show(checked: Checked) -> None:
    """Print *checked* to stdout."""
    say(junit(checked))


def junit(checked: Checked) -> str:
    """Return the problems as a test suite: errors are failures, warnings are said beside a case that passes."""
    errors = [problem for problem in checked.problems if problem.is_error]
    reports = dict(zip(checked.problems, text_reports(checked.problems, checked.text), strict=True))
    cases = [_case(checked.file, problem, reports[problem]) for problem in checked.problems]
    if not errors:
        cases.insert(0, f'    <testcase classname={_attribute(checked.file)} name="the file is valid"/>')
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites tests="{len(cases)}" failures="{len(errors)}">',
            f'  <testsuite name={_attribute(f"aperture check {checked.file}")} tests="{len(cases)}" '
            f'failures="{len(errors)}" errors="0" skipped="0">',
            *cases,
            "  </testsuite>",
            "</testsuites>",
        ]
    )


def _case(file: str, problem: Problem, report: str) -> str:
    place = f"line {problem.place.line}, column {problem.place.column}"
    name = f"{problem.job or 'file'}: {problem.code} ({place})"
    opening = f"    <testcase classname={_attribute(file)} name={_attribute(name)}>"
    if problem.is_error:
        kind = f"type={_attribute(problem.code)} message={_attribute(problem.message)}"
        told = f"<failure {kind}>{_text(report)}</failure>"
    else:
        told = f"<system-out>{_text(report)}</system-out>"
    return f"{opening}\n      {told}\n    </testcase>"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))
