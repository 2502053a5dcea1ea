"""Times, dates and counts as the messages of lints tell them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.words.times import time_text
from aperture_plugin.words.tokens import join_with_and

__all__ = ["clock", "listed", "minute_text", "named", "often", "within_two_years"]

_MOST_LISTED: Final = 3


def clock(at: time) -> str:
    """Return a wall time, with its seconds where it has any.

    >>> clock(time(3, 30)), clock(time(3, 30, 5))
    ('3:30 AM', '3:30:05 AM')
    """
    if not at.second:
        return time_text(at)
    shown, _, half = time_text(at).partition(" ")
    return f"{shown}:{at.second:02} {half}"


def minute_text(minute: int) -> str:
    """Return the wall time that is so many minutes after midnight.

    >>> minute_text(150)
    '2:30 AM'
    """
    return time_text(time(minute // 60, minute % 60))


def listed(items: Sequence[str], what: str = "more") -> str:
    """Return *items* as a sentence lists them, the first few by name.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e"])
    ('a, b and c', 'a, b, c and 2 more')
    """
    shown = list(items[:_MOST_LISTED])
    if len(items) > _MOST_LISTED:
        shown.append(f"{len(items) - _MOST_LISTED} {what}")
    return join_with_and(shown)


def often(times: int) -> str:
    """Return a number of times.

    >>> often(1), often(2), often(3)
    ('once', 'twice', '3 times')
    """
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def named(zone: ZoneInfo) -> str:
    """Return a zone's name as warnings about its clocks write it."""
    return zone.key or "this zone"


def within_two_years(more: int) -> str:
    """Return the clause that says how many more dates are meant; nothing for none."""
    return f"; so on {more} more {'date' if more == 1 else 'dates'} within two years" if more else ""


def day_and_clock(wall: datetime, beside: datetime) -> str:
    """Return a naive wall time, with its date where that is not the one of *beside*."""
    return clock(wall.time()) if wall.date() == beside.date() else f"{clock(wall.time())} on {wall.date().isoformat()}"
