"""Splits a text into words and into items of a list, each with its place.

Spaces of any kind separate words, so that a narrow no-break space copied from a clock display is a space
too. Items of a list are joined by commas or by `and`, or by both (`a, b, and c`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aperture_plugin.words.parse_error import Unreadable, quoted

__all__ = ["Piece", "items_of", "join_with_and", "lowered", "words_of"]

_WORD: Final = re.compile(r"[^\s,]+|,")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and the place where it begins."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Its end: the place after its last character."""
        return self.start + len(self.text)

    @property
    def key(self) -> str:
        """The piece as it is compared: case does not matter, a look-alike letter of another alphabet does."""
        return lowered(self.text)


def lowered(text: str) -> str:
    """Return *text* in lower case if it is ASCII, unchanged if it is not.

    The full rules of Unicode would make a `k` of the Kelvin sign and two letters of one.
    """
    return text.lower() if text.isascii() else text


def words_of(text: str) -> list[Piece]:
    """Return the words of *text*; a comma is a word by itself."""
    return [Piece(found.group(), found.start()) for found in _WORD.finditer(text)]


def items_of(text: str, *, what: str, example: str) -> list[Piece]:
    """Return the items of a list that commas and `and` separate.

    Args:
        text: One item or several.
        what: The name of an item, where one is missing, such as `day`.
        example: An example of a list of them.
    Returns:
        At least one item, none of them empty or with spaces around it.
    Raises:
        Unreadable: `missing-item`, where nothing stands before, between or after the joints.

    >>> [item.text for item in items_of("2 AM, and 4 PM", what="time", example="")]
    ['2 AM', '4 PM']
    """
    items: list[Piece] = []
    first: Piece | None = None
    last: Piece | None = None
    joint: Piece | None = None
    for word in words_of(text):
        if word.text != "," and word.key != "and":
            first, last = first or word, word
        elif first is not None and last is not None:
            items.append(Piece(text[first.start : last.end], first.start))
            first, last, joint = None, None, word
        elif joint is not None and joint.text == "," and word.key == "and":
            joint = word
        else:
            raise _missing(what, example, f"before {quoted(word.text)}", word)
    if first is not None and last is not None:
        items.append(Piece(text[first.start : last.end], first.start))
        return items
    if joint is None:
        raise Unreadable("nothing-written", f"no {what} is written", f"expected a {what}, or several such as {example}")
    raise _missing(what, example, f"after {quoted(joint.text)}", joint)


def join_with_and(items: list[str], word: str = "and") -> str:
    """Return the items as a sentence lists them: `a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def _missing(what: str, example: str, where: str, at: Piece) -> Unreadable:
    return Unreadable(
        "missing-item",
        f"a {what} is missing {where}",
        f'join several with a comma or "and", as in {example}',
        start=at.start,
        length=len(at.text),
    )
