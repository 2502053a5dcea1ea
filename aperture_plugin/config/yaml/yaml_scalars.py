"""Meanings of texts that are written with escapes, or folded over several lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aperture_plugin.words.errors import ApertureError

__all__ = ["Unknown", "folded", "folded_lines", "unescaped"]

_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_MEANINGS: Final = {
    "0": "\0",
    "a": "\x07",
    "b": "\x08",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\x0b",
    "f": "\x0c",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


class Unknown(ApertureError, ValueError):
    """An escape that has no meaning."""


def unescaped(text: str) -> str:
    r"""Return what *text*, the inside of double quotes on one line, means.

    Raises:
        Unknown: It has an escape that YAML does not know.

    >>> unescaped(r"a\tb \u00e9")
    'a\tb é'
    """
    return _ESCAPE.sub(_meaning, text)


def folded(lines: Sequence[str]) -> str:
    r"""Return lines of one text as it reads: a line end is a space, blank lines are line ends.

    Args:
        lines: Without the spaces around them. The first and the last may be empty; others that are stand for
            blank lines.

    >>> folded(["one", "two", "", "three"])
    'one two\nthree'
    """
    parts = [lines[0]]
    blanks = 0
    for place, line in enumerate(lines[1:], start=1):
        if not line and place < len(lines) - 1:
            blanks += 1
            continue
        parts.append("\n" * blanks or " ")
        parts.append(line)
        blanks = 0
    return "".join(parts)


def folded_lines(lines: Sequence[str]) -> str:
    r"""Return the lines behind > as they read: as `folded`, but lines that are indented further stay lines.

    >>> folded_lines(["one", "two", "", "three", "  four"])
    'one two\nthree\n  four'
    """
    parts = [lines[0]]
    last = lines[0]
    blanks = 0
    for line in lines[1:]:
        if not line:
            blanks += 1
            continue
        if last[0] in " \t" or line[0] in " \t":
            parts.append("\n" * (blanks + 1))
        else:
            parts.append("\n" * blanks or " ")
        parts.append(line)
        last, blanks = line, 0
    return "".join(parts)


def _meaning(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    if digits:
        code = int(digits, 16)
        if code > 0x10FFFF:
            raise Unknown(found.group())
        return chr(code)
    try:
        return _MEANINGS[found[4]]
    except KeyError:
        raise Unknown(found.group()) from None
