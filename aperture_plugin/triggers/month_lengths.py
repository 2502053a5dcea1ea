"""A cache of months: the weekday each begins on, and its length."""

from __future__ import annotations

from calendar import monthrange
from functools import lru_cache

__all__ = ["month_of"]

_SOME_CENTURIES = 4096


@lru_cache(maxsize=_SOME_CENTURIES)
def month_of(year: int, month: int) -> tuple[int, int]:
    """Return the weekday of day 1 (Monday 0) and the number of days.

    >>> month_of(2026, 11)
    (6, 30)
    """
    return monthrange(year, month)
