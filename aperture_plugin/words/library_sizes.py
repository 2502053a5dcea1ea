"""Ranges of library sizes, in items: `under 500`, `500 to 2000`, `2000 and over`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.numbers import read_whole_number
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part, worth_guessing
from aperture_plugin.words.tokens import words_of

__all__ = ["Sizes", "read_sizes", "sizes_text"]

_GROUPING: Final = re.compile(r"(?<=[0-9])[,._](?=[0-9]{3})")
_MOST_ITEMS: Final = 1_000_000_000_000
_EXPECTED: Final = "expected under 500, 500 to 2000, or 2000 and over"
_UNDER: Final = re.compile(r"(?:below|less than|fewer than|up to|<)\s*([0-9]+)", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"(?:from\s+|between\s+)?([0-9]+)\s*(?:-|–|until|and|to)\s*([0-9]+)", re.IGNORECASE)
_OVER: Final = re.compile(
    r"(?:(?:over|above|from|at least|more than|>=?)\s*([0-9]+)|([0-9]+)\s*(?:\+|(?:and|or)\s+(?:more|over|above|up)))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """From *at_least* up to, and not including, *below*; None where that side is open. Never both None."""

    at_least: int | None
    below: int | None

    def contains(self, items: int) -> bool:
        """Return whether *items* is within the range."""
        return (self.at_least is None or items >= self.at_least) and (self.below is None or items < self.below)

    def nearly_contains(self, items: int) -> bool:
        """Return whether *items* is within the range, or outside by at most a tenth of its end."""
        above = self.at_least is None or 10 * items >= 9 * self.at_least
        return above and (self.below is None or 10 * items <= 11 * self.below)


@offers_what_reads
def read_sizes(text: str) -> Sizes:
    """Return the range of sizes that *text* says.

    Raises:
        Unreadable: It says none, or one that no library has.

    >>> read_sizes("500 to 2000")
    Sizes(at_least=500, below=2000)
    """
    require_ascii_digits(text)
    words = words_of(text)
    keys = [word.key for word in words]
    numbers = {
        "under": words[1:2] if keys[:1] == ["under"] and len(keys) == 2 else [],
        "over": words[:1] if keys[1:] == ["and", "over"] else [],
        "between": words[::2] if len(keys) == 3 and keys[1] == "to" else [],
    }
    if not words:
        raise Unreadable("nothing-written", "no sizes are written", _EXPECTED)
    counts = {
        form: [read_part(text, word.start, word.end, _read_items) for word in found] for form, found in numbers.items()
    }
    if counts["under"]:
        sizes = Sizes(at_least=None, below=counts["under"][0])
    elif counts["over"]:
        sizes = Sizes(at_least=counts["over"][0], below=None)
    elif counts["between"]:
        sizes = Sizes(at_least=counts["between"][0], below=counts["between"][1])
    else:
        raise _not_sizes(text)
    if sizes.below is not None and sizes.below <= (sizes.at_least or 0):
        raise _no_such_size(text, sizes)
    return sizes


def sizes_text(sizes: Sizes) -> str:
    """Return *sizes* as `read_sizes` reads them.

    Raises:
        ValueError: Both sides are open, which no text expresses.
    """
    if sizes.at_least is not None and sizes.below is not None:
        return f"{sizes.at_least} to {sizes.below}"
    if sizes.below is not None:
        return f"under {sizes.below}"
    if sizes.at_least is not None:
        return f"{sizes.at_least} and over"
    raise ValueError("sizes have a lower or an upper end")


def _read_items(text: str) -> int:
    return read_whole_number(text, 0, _MOST_ITEMS)


def _no_such_size(text: str, sizes: Sizes) -> Unreadable:
    written = text.strip()
    reversed_ends = sizes.at_least is not None and sizes.below is not None and 0 < sizes.below < sizes.at_least
    instead = f"{sizes.below} to {sizes.at_least}" if reversed_ends else None
    return Unreadable(
        "empty-sizes",
        f"{quoted(written)} holds no size at all",
        "the first number belongs to the range and the second does not"
        + (f"; write {instead}" if instead else f"; {_EXPECTED}"),
        start=len(text) - len(text.lstrip()),
        length=len(written),
        instead=instead,
    )


def _not_sizes(text: str) -> Unreadable:
    written = text.strip()
    instead = _guessed(written) if worth_guessing(written) else None
    return Unreadable(
        "bad-sizes",
        f"{quoted(written)} is not a range of sizes",
        _EXPECTED if instead is None else f'{_EXPECTED}; did you mean "{instead}"?',
        start=len(text) - len(text.lstrip()),
        length=len(written),
        instead=instead,
    )


def _guessed(written: str) -> str | None:
    ungrouped = _GROUPING.sub("", written)
    if ungrouped != written:
        return ungrouped
    if found := _UNDER.fullmatch(written):
        return f"under {found[1]}"
    if found := _OVER.fullmatch(written):
        return f"{found[1] or found[2]} and over"
    if found := _BETWEEN.fullmatch(written):
        return f"{found[1]} to {found[2]}"
    return None
