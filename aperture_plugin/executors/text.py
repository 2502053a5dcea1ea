"""What goes into a run's log: text that every store can keep, and not without end."""

from __future__ import annotations

from typing import Final

from aperture_plugin.rules.recordable import storable

__all__ = ["LONGEST_LINE", "LONGEST_LOG", "MOST_LINES", "Quota", "storable"]

LONGEST_LINE: Final = 16 * 1024
"""Characters of one line that are kept."""
LONGEST_LOG: Final = 10 * 1024 * 1024
"""Characters of an attempt's log that are kept."""
MOST_LINES: Final = 100_000
"""Lines of an attempt's log that are kept."""


class Quota:
    """What is left of the room that one attempt's log may take.

    >>> quota = Quota(characters=10)
    >>> quota.take("12345678"), quota.take("12345678"), quota.take("12345678")
    ('12345678', '(more than 10 characters or 100000 lines: the rest is not kept)', None)
    """

    def __init__(self, *, line: int = LONGEST_LINE, characters: int = LONGEST_LOG, lines: int = MOST_LINES) -> None:
        self._line, self._characters, self._lines = line, characters, lines
        self._left, self._lines_left = characters, lines

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is kept."""
        return self._lines_left < 0

    def take(self, text: str) -> str | None:
        """Return what is kept of *text*; once, that the room is used up; from then on None."""
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
