"""Ids of runs: short enough to type, and sorted by the moment they were made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["RunIds"]

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # without i, l, o and u: read aloud, nothing is mistaken
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)


class RunIds:
    """Makes ids that no other process makes.

    An id is 8 characters of time (milliseconds since 2020, until 2054), 3 that count within this
    process and 4 that tell this process from others.

    Args:
        chance: Random bytes, at least 4, drawn once for the process.
    """

    def __init__(self, chance: bytes) -> None:
        self._own = _encode(int.from_bytes(chance[:4]) & 0xFFFFF, 4)
        self._count = 0
        self._last = (-1, "")

    def new(self, now: datetime) -> str:
        """Return a new id; later ones sort behind earlier ones as long as the clock is not set back.

        >>> RunIds(bytes(4)).new(datetime(2026, 1, 10, 1, 0, tzinfo=UTC))
        '5h3g7tm00010000'
        """
        milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
        self._count = (self._count + 1) % 32**3
        if milliseconds != self._last[0]:
            self._last = (milliseconds, _encode(milliseconds & (32**8 - 1), 8))
        return self._last[1] + _encode(self._count, 3) + self._own


def _encode(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 32)
        digits = _DIGITS[rest] + digits
    return digits
