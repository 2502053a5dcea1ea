"""Digits as a file takes them: 0 to 9 and no others.

A full-width or Arabic-Indic digit is a digit to Unicode and to `int`. It is refused by name, since two
files that look alike must not mean different things.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from aperture_plugin.words.parse_error import Unreadable, quoted

__all__ = ["COUNTS", "require_ascii_digits"]

COUNTS: Final = {
    **dict.fromkeys(("a", "an", "one"), 1),
    **{word: n for n, word in enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 2)},
    **{"twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90},
}
"""Numbers as people write them in words."""


def require_ascii_digits(text: str) -> None:
    """Refuse *text* if it has a digit other than 0 to 9.

    Raises:
        Unreadable: `digits-not-ascii`, at the first such digit and those right after it.
    """
    if text.isascii():
        return
    start = next((place for place, letter in enumerate(text) if _is_odd(letter)), None)
    if start is None:
        return
    end = start
    while end < len(text) and _is_odd(text[end]):
        end += 1
    raise Unreadable(
        "digits-not-ascii",
        f"{quoted(text[start:end])} is not written in the digits 0 to 9",
        f"write {quoted(_plain(text[start:end]))} with the digits of an English keyboard",
        start=start,
        length=end - start,
        instead=_plain(text),
    )


def _is_odd(letter: str) -> bool:
    return letter.isdigit() and not letter.isascii()


def _plain(text: str) -> str:
    return "".join(str(unicodedata.digit(letter)) if _is_odd(letter) else letter for letter in text)
