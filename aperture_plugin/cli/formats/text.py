"""For a person: each problem with its line of the file and what to do about it, then a sentence for each file."""

from __future__ import annotations

from collections.abc import Sequence

from aperture_plugin.app.check import Checked
from aperture_plugin.cli.output import say
from aperture_plugin.cli.problem_text import say_problems, summary, summary_of_all

__all__ = ["show"]


def show(checked: Sequence[Checked], *, several: bool) -> None:
    """Print *checked* to stdout."""
    for one in checked:
        say_problems(one.problems, one.text, err=False)
        if one.problems:
            say("")
        say(summary(one.problems, file=one.file, jobs=one.jobs))
    if several:
        say(summary_of_all([one.problems for one in checked], jobs=sum(one.jobs for one in checked)))
