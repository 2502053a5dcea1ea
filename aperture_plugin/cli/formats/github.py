"""For GitHub: workflow commands that stand as annotations beside the changed lines of a pull request."""

from __future__ import annotations

from aperture_plugin.app.checking import Checked
from aperture_plugin.cli.output import say
from aperture_plugin.cli.problems import summary
from aperture_plugin.config.problems import Problem

__all__ = ["annotation", "show"]


def show(checked: Checked) -> None:
    """Print *checked* to stdout."""
    for problem in checked.problems:
        say(annotation(problem))
    say(summary(checked.problems, file=checked.file, jobs=checked.jobs))


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
    said = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{problem.severity} {said}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
