"""Text from outside as it may be shown: without what steers a terminal, hides letters or turns their order around.

Names of files and jobs, reasons, log lines, notes and results come from elsewhere. Whatever shows them, on a terminal,
in a report for CI, in a calendar, as JSON or on the page, passes them through this module.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["invisible_letters", "plain", "plain_json", "plain_line", "plain_lines", "plain_output"]

_STAND_IN: Final = "\ufffd"

_BLANK: Final = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u2800\u3164\uffa0\U000e0100-\U000e01ef"
"""Letters and marks that Unicode counts as visible, of which nothing is seen."""

_BLANKS: Final = re.compile(f"[{_BLANK}]")
_STYLE: Final = re.compile(r"(\x1b\[[0-9;]{0,20}m)")
"""The sequence that sets a color: the terminal's only command that our own output has."""


def plain(text: str) -> str:
    r"""Return *text* with a stand-in for each letter that cannot be seen; tabs and line ends stay.

    >>> plain("a\x1b[2Jb\u202ec\td")
    'a\ufffd[2Jb\ufffdc\td'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if _is_seen(letter) or letter in "\t\n" else _STAND_IN for letter in text)


def plain_line(text: str) -> str:
    r"""Return *text* likewise on one line: for what stands in the middle of a sentence, such as the name of a file.

    >>> plain_line("a\n::error::b")
    'a ::error::b'
    """
    if text.isascii() and text.isprintable():
        return text
    return plain(text.replace("\r\n", "\n")).replace("\n", " ").replace("\t", " ")


def plain_lines(text: str) -> str:
    r"""Return *text* likewise, each line after the first indented: none of them can be taken for a line of its own.

    >>> plain_lines("two\nlines")
    'two\n    lines'
    """
    return plain(text).replace("\n", "\n    ")


def plain_output(text: str) -> str:
    """Return what is about to be written to a terminal; colors stay as well.

    It is the last line of defense: code that puts text from outside into a sentence has made it plain before.
    """
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" not in text:
        return plain(text)
    return "".join(part if _STYLE.fullmatch(part) else plain(part) for part in _STYLE.split(text))


def plain_json(text: str) -> str:
    r"""Return JSON in which each letter that cannot be seen is escaped: a program reads the same value.

    >>> plain_json('"\u202e"')
    '"\\u202e"'
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(letter if _is_seen(letter) or letter in "\t\r\n" else _escaped(letter) for letter in text)


def invisible_letters(text: str) -> list[str]:
    """Return the letters of *text* that cannot be seen, each once, in order; tabs and line ends are none of them."""
    if text.isascii() and text.isprintable():
        return []
    seen = (letter for letter in text if not _is_seen(letter) and letter not in "\t\n\r\xa0\u3000")
    return list(dict.fromkeys(seen))


def _is_seen(letter: str) -> bool:
    return letter.isprintable() and (letter.isascii() or not _BLANKS.match(letter))


def _escaped(letter: str) -> str:
    units = letter.encode("utf_16_be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
