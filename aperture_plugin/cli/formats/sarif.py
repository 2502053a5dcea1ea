"""For code scanning: SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from aperture_plugin import __version__
from aperture_plugin.app.check import Checked
from aperture_plugin.cli.output import show_json
from aperture_plugin.config.checks.problem_codes import CODES, WARNINGS
from aperture_plugin.config.problems import Problem
from aperture_plugin.words.plain_text import plain

__all__ = ["sarif", "show"]

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def show(checked: Sequence[Checked], *, several: bool) -> None:  # noqa: ARG001  # one file has the same form
    """Print *checked* to stdout."""
    show_json(sarif(checked))


def sarif(checked: Sequence[Checked]) -> dict[str, Any]:
    """Return the problems as a SARIF log of one run."""
    problems = [problem for one in checked for problem in one.problems]
    codes = sorted({problem.code for problem in problems})
    at = {code: place for place, code in enumerate(codes)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "aperture",
                        "version": __version__,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, at[problem.code]) for problem in problems],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    # A host's own lint has codes of its own, of which only their name is known.
    found = CODES.get(code, code)
    level = "warning" if code in WARNINGS else "error"
    return {
        "id": code,
        "name": _name(code),
        "shortDescription": {"text": found},
        "defaultConfiguration": {"level": level},
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    place = problem.place
    whose = "" if problem.job is None else f"{problem.job}: "
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": str(problem.severity),
        "message": {"text": plain(f"{whose}{problem.message}\n{problem.hint}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(problem.file)},
                    "region": {
                        "startLine": place.line,
                        "startColumn": place.column,
                        "endColumn": place.column + place.length,
                    },
                }
            }
        ],
    }


def _name(code: str) -> str:
    return "".join(part.capitalize() for part in code.split("-"))
