"""What fell due and is not claimed yet; of a crowd, the part that one turn claims.

To claim a thousand slots takes a while, and until it is written none of them may start. So the first few are
claimed by themselves, and start while the rest is claimed, each part larger than the one before.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final

from aperture_plugin.loop.fire import join_due
from aperture_plugin.rules.firing import Due
from aperture_plugin.triggers.slots import Slot

__all__ = ["Crowd"]

_FIRST: Final = 64
_GROWTH: Final = 16
_MOST: Final = 1024
"""So many jobs are claimed at once: at first, how much more each time, and at most."""


class Crowd:
    """Slots by job, in the order in which they fell due.

    Args:
        first: So many jobs are claimed first.
    """

    def __init__(self, *, first: int = _FIRST) -> None:
        self._due: dict[str, Due] = {}
        self._first = self._size = first
        self._is_in_order = True
        self._last: Slot | None = None

    def __bool__(self) -> bool:
        return bool(self._due)

    def fall_due(self, name: str, due: Due) -> None:
        """Take in what fell due of a job; what is left from before stays with it."""
        before, slot = self._due.get(name), due.slots[0]
        if before is not None or len(due.slots) > 1 or (self._last is not None and slot < self._last):
            self._is_in_order = False  # Of several slots its run may carry any, and with it take that one's place.
        self._last = slot
        self._due[name] = join_due(before, due)

    def part(self, *, needed: AbstractSet[str], whole: bool) -> dict[str, Due]:
        """Return what is to be claimed next: the first in the order of the queues, or all there is.

        Args:
            needed: Jobs that another needs. It looks whether they are in hand; so they are not left for later.
            whole: Whether all of it must be claimed now.
        """
        due, size = self._due, self._size
        if whole or not self._is_in_order or len(due) <= 2 * size:
            return dict(due)
        if needed and not needed.isdisjoint(islice(due, size, None)):
            return dict(due)
        return dict(islice(due.items(), size))

    def claimed(self, part: dict[str, Due]) -> None:
        """Let go of *part*: its claims are committed."""
        for name in part:
            del self._due[name]
        self._size = min(self._size * _GROWTH, _MOST)
        if not self._due:
            self._size, self._is_in_order, self._last = self._first, True, None
