"""Warnings about commands that do not do what they seem to."""

from __future__ import annotations

import unicodedata
from typing import Final

from aperture_plugin.config.checks.lint.lint_context import LintContext
from aperture_plugin.config.layers.entries import LayerValue
from aperture_plugin.words.plain_text import invisible_letters

__all__ = ["unseen_in_command"]

_MOST: Final = 3


def unseen_in_command(file: LintContext) -> None:
    """Report of each command with a letter that cannot be seen, or that turns the order of the others around."""
    for job in file.config.jobs.values():
        if job.command is None:
            continue
        words = job.command.words
        found = invisible_letters(words if isinstance(words, str) else " ".join(words))
        if not found:
            continue
        shown = [LayerValue(one.words["command"], one) for one in file.entries(job.name) if "command" in one.words]
        names = ", ".join(f"U+{ord(letter):04X} ({_name(letter)})" for letter in found[:_MOST])
        file.warn(
            "unseen-in-command",
            shown[-1].place if shown else job.place,
            f"the command has a character that cannot be seen, so it may not do what it seems to: {names}",
            "delete it; where the program needs it, have a script write it",
            job.name,
        )


def _name(letter: str) -> str:
    return unicodedata.name(letter, "a control character").lower()
