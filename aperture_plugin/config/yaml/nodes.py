"""The file as three kinds of node, each with its place, and the limits and errors of reading them.

The fast reader (`yaml_subset`) and strictyaml's scanner (`strictyaml_fallback`) both make these nodes, and
`schema/validate` checks them against the schema. A node's lines are counted from the chunk of text it was
read from, so a chunk that was read once can be reused wherever it is found again.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from aperture_plugin.words.errors import ApertureError

__all__ = [
    "COLLECTION_AS_KEY",
    "DEEPEST",
    "MOST",
    "MOST_IN_ALL",
    "TOO_DEEP",
    "TOO_LONG",
    "TOO_MUCH",
    "Doubt",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "Spot",
    "YamlRefused",
]

Spot: TypeAlias = tuple[int, int, int]
"""Line from 0 within the piece, column from 0, and how many characters of that line it takes (at least 1)."""

NOWHERE: Final = -1

TOO_LONG: Final = "too long"
COLLECTION_AS_KEY: Final = "a list or a mapping is a key"
TOO_DEEP: Final = "nested too deep"
TOO_MUCH: Final = "too many values"
DEEPEST: Final = 32
"""Most lists and mappings that may stand within one another."""
MOST: Final = 20_000
"""Most items of a list, and most keys of a mapping that is read as one piece."""
MOST_IN_ALL: Final = 200_000
"""Most items and keys in all that is read as one piece."""


class Scalar:
    """A text.

    Attributes:
        text: Its text, free of quotes, escapes and folding.
        inner: Number of characters after its column at which the text itself begins (1 for quotes), or `NOWHERE` if the
            text is not written there letter by letter, so that no place inside is known.
        plain: True if it is written without quotes or block marks.
    """

    __slots__ = ("inner", "plain", "spot", "text")

    def __init__(self, text: str, spot: Spot, inner: int = 0, plain: bool = True) -> None:
        self.text = text
        self.spot = spot
        self.inner = inner
        self.plain = plain

    def part(self, start: int, length: int) -> Spot:
        """Return the place of *length* characters of the text from *start*; that of the whole where it is unknown."""
        if self.inner == NOWHERE:
            return self.spot
        line, column, whole = self.spot
        if start + length > whole - self.inner:
            # Something is missing at the end: point at the last character rather than behind it.
            start = min(start, max(0, whole - self.inner - 1))
            length = max(1, min(length, whole - self.inner - start))
        return line, column + self.inner + start, length


class Mapping:
    """Keys and values in the order of the file; a key that stands twice is there twice."""

    __slots__ = ("flow", "pairs", "spot")

    def __init__(self, pairs: list[tuple[Scalar, Node]], spot: Spot, flow: bool = False) -> None:
        self.pairs = pairs
        self.spot = spot
        self.flow = flow


class Sequence:
    """Items in the order of the file."""

    __slots__ = ("items", "spot")

    def __init__(self, items: list[Node], spot: Spot) -> None:
        self.items = items
        self.spot = spot


Node: TypeAlias = Scalar | Mapping | Sequence


class YamlRefused(ApertureError, ValueError):
    """strictyaml cannot read a piece of text.

    Attributes:
        problem: The scanner's own words, for `faults` to make a message of.
        context: The thing it was reading at the time, or an empty text.
        spot: The place at which it stopped.
        began: The place at which the thing that it was reading began, if it says so.
    """

    def __init__(self, problem: str, spot: Spot, context: str = "", began: Spot | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.context = context
        self.spot = spot
        self.began = began


class Doubt(ApertureError):
    """Something that the fast way of reading leaves to strictyaml.

    Attributes:
        line, column: Where it stands, counted from 0; the column only where it is *certain*.
        certain: A fault beyond doubt, `TOO_DEEP` or `TOO_MUCH`, so that there is nothing to ask.
    """

    def __init__(self, line: int, column: int = 0, certain: str = "") -> None:
        super().__init__(line)
        self.line = line
        self.column = column
        self.certain = certain
