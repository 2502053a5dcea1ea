"""How much a file may hold, and what is left to strictyaml because the fast way does not know it."""

from __future__ import annotations

from typing import Final

__all__ = ["DEEPEST", "MOST", "MOST_IN_ALL", "TOO_DEEP", "TOO_MUCH", "Doubt"]

TOO_DEEP: Final = "nested too deep"
TOO_MUCH: Final = "too many values"

DEEPEST: Final = 32
"""How many lists and mappings may stand within one another."""

MOST: Final = 20_000
"""How many items a list may have, and keys a mapping that is read as one piece."""

MOST_IN_ALL: Final = 200_000
"""How many items and keys there may be in all that is read as one piece."""


class Doubt(Exception):
    """Something that the fast way of reading leaves to strictyaml.

    Attributes:
        line, column: Where it stands, counted from 0; the column only where it is *certain*.
        certain: What is wrong beyond doubt, `TOO_DEEP` or `TOO_MUCH`, so that there is nothing to ask.
    """

    def __init__(self, line: int, column: int = 0, certain: str = "") -> None:
        super().__init__(line)
        self.line = line
        self.column = column
        self.certain = certain
