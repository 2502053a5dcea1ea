"""For GitHub: workflow commands that stand as annotations beside the changed lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from aperture_plugin.app.check import Checked
from aperture_plugin.cli.output import say
from aperture_plugin.cli.problem_text import summary
from aperture_plugin.config.problems import Problem
from aperture_plugin.words.plain_text import plain, plain_line

__all__ = ["annotation", "show"]


def show(checked: Sequence[Checked], *, several: bool) -> None:  # noqa: ARG001  # one file has the same form
    """Print *checked* to stdout."""
    for one in checked:
        for problem in one.problems:
            say(annotation(problem))
        say(plain_line(summary(one.problems, file=one.file, jobs=one.jobs)))  # A line might be a command.


def annotation(problem: Problem) -> str:
    """Return *problem* as one workflow command; line ends within it are escaped, as GitHub has it."""
    place = problem.place
    properties = {
        "file": problem.file,
        "line": place.line,
        "col": place.column,
        "endColumn": place.column + place.length,
        "title": problem.code,
    }
    whose = "" if problem.job is None else f"{problem.job}: "
    message = f"{whose}{problem.message}\nhint: {problem.hint}"
    text = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{problem.severity} {text}::{_message(message)}"


def _message(text: str) -> str:
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
