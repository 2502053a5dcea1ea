"""For code scanning: SARIF 2.1.0."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from aperture_plugin import __version__
from aperture_plugin.app.checking import Checked
from aperture_plugin.cli.output import show_json
from aperture_plugin.config.problems import Problem

__all__ = ["sarif", "show"]

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def show(checked: Checked) -> None:
    """Print *checked* to stdout."""
    show_json(sarif(checked))


def sarif(checked: Checked) -> dict[str, Any]:
    """Return the problems as a SARIF log of one run."""
    codes = sorted({problem.code for problem in checked.problems})
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "aperture",
                        "version": __version__,
                        "rules": [{"id": code, "name": _name(code)} for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, codes.index(problem.code)) for problem in checked.problems],
            }
        ],
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    place = problem.place
    whose = "" if problem.job is None else f"{problem.job}: "
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": str(problem.severity),
        "message": {"text": f"{whose}{problem.message}\n{problem.hint}"},
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
