"""Bounds the size of a run's log."""

from __future__ import annotations

from typing import Final

from aperture_plugin.rules.sanitize import storable

__all__ = ["LONGEST_LINE", "LONGEST_LOG", "MOST_LINES", "Quota", "storable"]

LONGEST_LINE: Final = 16 * 1024
"""The most characters kept of one line."""
LONGEST_LOG: Final = 10 * 1024 * 1024
"""The most characters kept of an attempt's log."""
MOST_LINES: Final = 100_000
"""The most lines kept of an attempt's log."""


class Quota:
    """The space that is left for one attempt's log.

    >>> quota = Quota(characters=10)
    >>> quota.take("12345678"), quota.take("12345678"), quota.take("12345678")
    ('12345678', '(more than 10 characters or 100000 lines: the rest is not kept)', None)
    """

    def __init__(self, *, line: int = LONGEST_LINE, characters: int = LONGEST_LOG, lines: int = MOST_LINES) -> None:
        self._line, self._characters, self._lines = line, characters, lines
        self._left, self._lines_left = characters, lines

    @property
    def is_spent(self) -> bool:
        """True if no space is left."""
        return self._lines_left < 0

    def take(self, text: str) -> str | None:
        """Return the part of *text* to keep; once the space is used up, a note of that, and from then on None."""
        if self._lines_left < 0:
            return None
        if len(text) > self._line:
            text = f"{text[: self._line]} … (the rest of this line is not kept)"
        self._left -= len(text)
        self._lines_left -= 1
        if self._left >= 0 and self._lines_left >= 0:
            return text
        self._lines_left = -1
        return f"(more than {self._characters} characters or {self._lines} lines: the rest is not kept)"
