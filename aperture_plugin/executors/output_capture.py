"""Writes the output of a program to the run's log, line by line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from aperture_plugin.executors.log_quota import LONGEST_LINE
from aperture_plugin.words.mask import Mask

__all__ = ["Lines"]

_TAIL_LINES: Final = 20
_ENOUGH_FOR_TAIL: Final = 8 * 1024


class Lines:
    """Splits bytes into lines as they arrive, and remembers the last lines.

    A carriage return restarts the line, as on a terminal: only the last state of a progress bar is kept. A line
    without an end is cut.
    """

    def __init__(
        self,
        mask: Mask,
        write: Callable[[str], None],
        *,
        is_full: Callable[[], bool] = lambda: False,
        beside: Lines | None = None,
    ) -> None:
        """Begin with nothing.

        Args:
            mask: Takes the secrets out of a line.
            write: Takes each line.
            is_full: Returns whether the log drops further lines, so that only the last lines matter.
            beside: The other output of the program, which the last lines are shared with.
        """
        self._mask = mask
        self._write = write
        self._is_full = is_full
        self._begun = b""
        # Room for a secret that begins just before the cut, so that no part of it is shown.
        self._longest = 4 * (LONGEST_LINE + mask.longest)
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES) if beside is None else beside._tail
        self.last = ""
        """The last line that is not blank."""

    @property
    def tail(self) -> str:
        """The last lines."""
        return "\n".join(self._tail)

    def feed(self, data: bytes) -> None:
        """Add bytes that were printed."""
        if len(data) > _ENOUGH_FOR_TAIL and self._is_full():
            # From the first whole line on: a part of a line could show a part of a secret.
            self._begun, data = b"", data[-_ENOUGH_FOR_TAIL:].partition(b"\n")[2]
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._grow(piece)
            self._end_line()
        self._grow(rest)

    def close(self) -> None:
        """End the output; a last line without a line end counts."""
        if self._begun:
            self._end_line()

    def _grow(self, piece: bytes) -> None:
        begun = self._begun + piece if self._begun else piece
        if b"\r" in begun:
            ends_in_return = begun.endswith(b"\r")
            begun = begun.rstrip(b"\r").rpartition(b"\r")[2] + (b"\r" if ends_in_return else b"")
        self._begun = begun[: self._longest]

    def _end_line(self) -> None:
        text = self._mask(self._begun.removesuffix(b"\r").decode("utf-8", "replace"))
        self._begun = b""
        self._tail.append(text if len(text) <= 2000 else f"{text[:2000]} …")
        if text.strip():
            self.last = text.strip()
        self._write(text)
