"""Decides how much of a burst one tick claims.

To claim a thousand slots takes a while, and until that is committed none of their runs may start. So the first few are
claimed by themselves and start while the rest is claimed, each part larger than the one before. Without it, the last
of 1,000 runs that are due at one instant starts a fifth later, and on PostgreSQL a quarter fewer runs end in a second.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Final

from aperture_plugin.loop.pending_slots import PendingSlots
from aperture_plugin.rules.due_slots import Due

__all__ = ["Batches"]

_FIRST: Final = 64
_GROWTH: Final = 16
_MOST: Final = 1024
"""Number of jobs claimed at once: at first, how much more each time, and at most."""


class Batches:
    """The size of the next part of a burst.

    Args:
        first: Number of jobs claimed first.
    """

    def __init__(self, *, first: int = _FIRST) -> None:
        self._first = self._size = first
        self._left = 0

    def take(self, pending: PendingSlots, *, needed: AbstractSet[str], whole: bool) -> dict[str, Due]:
        """Return what is to be claimed next: the first in the order of the queues, or all there is.

        Args:
            needed: Jobs that another needs. Whether those are in hand decides about it; so none is left for later.
            whole: True if all of it must be claimed now.
        """
        due, size = pending.due, self._size
        if not due:
            self._size, self._left = self._first, 0
            return {}
        if len(due) < self._left:  # The part before is claimed.
            self._size = size = min(size * _GROWTH, _MOST)
        self._left = len(due)
        if whole or not pending.is_in_order or len(due) <= 2 * size:
            return dict(due)
        if needed and not needed.isdisjoint(islice(due, size, None)):
            return dict(due)
        return dict(islice(due.items(), size))
