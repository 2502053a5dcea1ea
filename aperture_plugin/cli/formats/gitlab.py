"""For GitLab: a Code Quality report, which merge requests show as a widget and in the changed lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from aperture_plugin.app.check import Checked
from aperture_plugin.cli.output import show_json
from aperture_plugin.config.problems import Problem
from aperture_plugin.words.plain_text import plain_line

__all__ = ["issues", "show"]


def show(checked: Sequence[Checked], *, several: bool) -> None:  # noqa: ARG001  # one file has the same form
    """Print *checked* to stdout."""
    show_json(issues(checked))


def issues(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """Return the problems as Code Quality issues.

    A fingerprint does not depend on the line: an issue that only moved down is not a new one.
    """
    seen: Counter[str] = Counter()
    found = []
    for problem in (problem for one in checked for problem in one.problems):
        whose = "" if problem.job is None else f"{problem.job}: "
        identity = f"{problem.file}\0{problem.code}\0{problem.job}\0{problem.message}"
        seen[identity] += 1
        found.append(
            {
                "type": "issue",
                "check_name": problem.code,
                "description": plain_line(f"{whose}{problem.message} ({_one_line(problem)})"),
                "severity": "major" if problem.is_error else "minor",
                "fingerprint": sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "replace")).hexdigest(),
                "location": {
                    "path": problem.file,
                    "lines": {"begin": problem.place.line, "end": problem.place.line},
                },
            }
        )
    return found


def _one_line(problem: Problem) -> str:
    return " ".join(problem.hint.split())
