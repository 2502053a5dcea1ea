"""The file as three kinds of node, each knowing where it stands.

Nothing here knows YAML: `plain` and `scanning` make nodes of text, `walking` holds them against the
schema. A node's lines are counted from the piece of text it was read from, so that a piece read once
serves wherever it is found again.
"""

from __future__ import annotations

from typing import Final, TypeAlias

__all__ = ["Mapping", "Node", "Scalar", "Sequence", "Spot"]

Spot: TypeAlias = tuple[int, int, int]
"""Line from 0 within the piece, column from 0, and how many characters of that line it takes (at least 1)."""

NOWHERE: Final = -1


class Scalar:
    """A text.

    Attributes:
        text: What it says, free of quotes, escapes and folding.
        inner: How many characters after its column the text itself begins (1 for quotes), or `NOWHERE` if the
            text is not written there letter by letter, so that no place inside can be told.
        plain: Whether it is written without quotes or block marks.
    """

    __slots__ = ("inner", "plain", "spot", "text")

    def __init__(self, text: str, spot: Spot, inner: int = 0, plain: bool = True) -> None:
        self.text = text
        self.spot = spot
        self.inner = inner
        self.plain = plain

    def part(self, start: int, length: int) -> Spot:
        """Return where the *length* characters of the text from *start* stand; the whole where none can be told."""
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
