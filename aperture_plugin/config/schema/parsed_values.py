"""Values of the file with their places, and the faults in it, as they are read from nodes."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from aperture_plugin.config.schema import hints
from aperture_plugin.config.yaml.nodes import Spot

__all__ = ["FAULTY", "Fault", "ParsedValue", "duplicate", "moved"]

FAULTY: Final = object()
"""The value of a text that could not be read: it has been reported, and nothing more is to be made of it."""


class ParsedValue(NamedTuple):
    """Something the file says.

    Attributes:
        value: Its meaning. Of a list, a tuple of `ParsedValue`; of keys, a dict of `ParsedValue`.
        spot: The place of the value.
        key: The place of its key; the value's own place where there is no key.
        text: Its text; empty for lists and keys. Of one value where there might be a list, that value's.
    """

    value: Any
    spot: Spot
    key: Spot
    text: str = ""

    def moved(self, lines: int) -> ParsedValue:
        """Return the same words, all of them so many *lines* further down."""
        value = self.value
        if isinstance(value, dict):
            value = {key: text.moved(lines) for key, text in value.items()}
        elif isinstance(value, tuple):
            value = tuple(text.moved(lines) if isinstance(text, ParsedValue) else text for text in value)
        return ParsedValue(value, moved(self.spot, lines), moved(self.key, lines), self.text)


class Fault(NamedTuple):
    """One thing that is wrong, with its place in the piece of text."""

    code: str
    spot: Spot
    message: str
    hint: str


def moved(spot: Spot, lines: int) -> Spot:
    """Return the place so many *lines* further down."""
    return spot[0] + lines, spot[1], spot[2]


def duplicate(name: str, spot: Spot, first: Spot) -> Fault:
    """Return what is wrong with the key at *spot* that already stands at *first*."""
    return Fault("duplicate-key", spot, *hints.duplicate(name, spot[0] - first[0]))
