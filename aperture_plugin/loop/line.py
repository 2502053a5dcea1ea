"""One queue's line: who waits for a seat, in the order of their places."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from heapq import heappop, heappush

__all__ = ["Line", "Place"]

Place = tuple[datetime, datetime, int, str]
Stand = tuple[Place, tuple[str, int]]


class Line:
    """Places, and the attempts that stand there. It may hold more than wait: whoever takes one looks whether it does.

    A crowd comes in its order, and leaves in it: that costs nothing but its two ends. Whoever comes out of turn
    stands in a heap beside it.
    """

    __slots__ = ("_in_order", "_others")

    def __init__(self) -> None:
        self._in_order: deque[Stand] = deque()
        self._others: list[Stand] = []

    def __bool__(self) -> bool:
        return bool(self._in_order) or bool(self._others)

    def push(self, stand: Stand) -> None:
        """Let an attempt stand in its place."""
        line = self._in_order
        if not line or line[-1] <= stand:
            line.append(stand)
        elif stand <= line[0]:
            line.appendleft(stand)
        else:
            heappush(self._others, stand)

    def pop(self) -> Stand:
        """Take out the first."""
        if self._others and (not self._in_order or self._others[0] < self._in_order[0]):
            return heappop(self._others)
        return self._in_order.popleft()
