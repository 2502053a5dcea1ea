"""For a person: each problem with its line of the file and what to do about it, then a sentence."""

from __future__ import annotations

from aperture_plugin.app.checking import Checked
from aperture_plugin.cli.output import say
from aperture_plugin.cli.problems import say_problems, summary

__all__ = ["show"]


def show(checked: Checked) -> None:
    """Print *checked* to stdout."""
    say_problems(checked.problems, checked.text, err=False)
    if checked.problems:
        say("")
    say(summary(checked.problems, file=checked.file, jobs=checked.jobs))
