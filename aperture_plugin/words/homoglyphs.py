"""Letters that look like those of an English keyboard, but are not.

They come with copied text. A word with one looks right on the screen and matches nothing, so the hint has to name the
letter.
"""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["odd_letter_clause", "plain_letters"]

_ALIKE: Final = str.maketrans(
    {
        odd: plain
        for plain, alike in {
            "a": "аαɑ", "b": "Ьь", "c": "сϲ", "d": "ԁ", "e": "еε", "g": "ɡ", "h": "һ", "i": "іιı", "j": "јϳ",
            "k": "кκ", "l": "ӏ", "m": "м", "n": "пη", "o": "оοσ", "p": "рρ", "q": "ԛ", "r": "г", "s": "ѕ",
            "t": "тτ", "u": "υцս", "v": "ѵν", "w": "ԝωш", "x": "хχ", "y": "уγү",
            "A": "АΑ", "B": "ВΒ", "C": "СϹ", "D": "Ꭰ", "E": "ЕΕ", "H": "НΗ", "I": "ІΙ", "J": "Ј", "K": "КΚ",
            "M": "МΜ", "N": "Ν", "O": "ОΟ", "P": "РΡ", "S": "Ѕ", "T": "ТΤ", "W": "Ԝ", "X": "ХΧ", "Y": "ҮΥ", "Z": "Ζ",
            "-": "‐‑‒–—−",
        }.items()
        for odd in alike
    }
)  # fmt: skip


def plain_letters(text: str) -> str:
    """Return *text* with every look-alike letter replaced by the English one.

    >>> plain_letters("ѕundау") == "sunday"
    True
    """
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_ALIKE)


def odd_letter_clause(text: str) -> str:
    """Return ` (its "ѕ" is a cyrillic small letter dze)` for the first such letter, or nothing if there is none."""
    for letter in text:
        if not letter.isascii() and plain_letters(letter).isascii():
            return f' (its "{letter}" is a {unicodedata.name(letter, "letter without a name").lower()})'
    return ""
