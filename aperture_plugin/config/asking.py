"""strictyaml asked what a doubtful text says, and what it answers where it refuses one.

It is loaded when it is first asked: a file in which nothing is in doubt is read without it.
"""

from __future__ import annotations

from typing import Final

from aperture_plugin.config.nodes import Node, Spot

__all__ = ["TOO_LONG", "Refused", "Scanner"]

TOO_LONG: Final = "too long"
_COST_OF_ASKING: Final = 30
"""What asking costs beside the text itself, in characters."""


class Refused(ValueError):
    """strictyaml cannot read a piece of text.

    Attributes:
        problem: The scanner's own words, for `faults` to make a message of.
        context: What it was reading at the time, or an empty text.
        spot: Where it stopped.
        began: Where the thing that it was reading began, if it says so.
    """

    def __init__(self, problem: str, spot: Spot, context: str = "", began: Spot | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.context = context
        self.spot = spot
        self.began = began


class Scanner:
    """strictyaml's scanner, with so much patience for one file and no more.

    What a person writes needs a small part of it. Without a bound, 16 MiB of rare forms would take minutes.
    """

    PATIENCE: Final = 1024 * 1024
    """Characters of one file that are scanned at most; some four seconds, and twice as long on a busy machine. That
    is a doubtful value of 75 characters in each of 10,000 jobs."""
    LONGEST: Final = 64 * 1024
    """Characters that are scanned at most at one time."""

    def __init__(self) -> None:
        self._left = self.PATIENCE

    def scan(self, text: str, depth: int = 0) -> Node | None:
        """Return what *text* says, as `scan` does.

        Raises:
            Refused: As `scan`; or there is no patience left for it.
        """
        cost = len(text) + _COST_OF_ASKING
        if cost > min(self._left, self.LONGEST):
            raise Refused(TOO_LONG, (0, 0, 1))
        self._left -= cost
        from aperture_plugin.config.scanning import scan  # strictyaml takes as long to load as a small file to read

        return scan(text, depth)
