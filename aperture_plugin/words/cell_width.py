"""Widths of texts in cells of a terminal: two for each letter of Chinese, Japanese and Korean."""

from __future__ import annotations

import unicodedata

__all__ = ["cell_width", "cut_to_width"]

_WIDE = frozenset({"W", "F"})
_WITHOUT_WIDTH = frozenset({"Mn", "Me", "Cf"})


def cell_width(text: str) -> int:
    """Return how many cells *text* takes.

    >>> cell_width("scan"), cell_width("備份"), cell_width("e\\u0301")
    (4, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def cut_to_width(text: str, width: int) -> str:
    """Return as much of the beginning of *text* as fits into *width* cells.

    >>> cut_to_width("備份資料庫", 5)
    '備份'
    """
    if text.isascii():
        return text[: max(0, width)]
    used = 0
    for place, letter in enumerate(text):
        used += _width(letter)
        if used > width:
            return text[:place]
    return text


def _width(letter: str) -> int:
    if unicodedata.category(letter) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1
