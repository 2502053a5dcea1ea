"""Limits: how much of one is left, and when the rest returns.

Calls are counted in bins, a hundredth of the limit's span wide, so that a budget of a million calls
costs a hundred rows to look at. A bin counts until its last moment has left the span: what is granted
never exceeds the limit, and returns a hundredth of the span late at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.words.limits import Limit
from aperture_plugin.words.schedules import DAY

__all__ = ["BINS", "bin_of", "free_at", "window_start"]

BINS: Final = 100
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


def bin_width(limit: Limit) -> timedelta:
    """Return how long one bin of *limit* is."""
    return max(limit.per / BINS, timedelta(microseconds=1))


def bin_of(limit: Limit, instant: datetime) -> datetime:
    """Return the beginning of the bin in which calls made at *instant* are counted."""
    width = bin_width(limit)
    return _EPOCH + (instant - _EPOCH) // width * width


def window_start(limit: Limit, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant from which calls count against *limit* at *now*.

    Args:
        zone: In which a limit that resets at an hour reads that hour.
    """
    if limit.resets_at is None:
        return bin_of(limit, now - limit.per)
    return _last_reset(limit, now, zone)


def free_at(
    limit: Limit, spent: Mapping[datetime, int], calls: int, *, now: datetime, zone: ZoneInfo
) -> datetime | None:
    """Return when *calls* more may be made: *now*, or when enough of what was spent no longer counts.

    Args:
        spent: Calls made since `window_start`, by the beginning of their bin.
        calls: Number of calls, at once.
    Returns:
        An instant, or None if the limit allows so many never.

    >>> from aperture_plugin.words.limits import read_limit
    >>> now, zone = datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC")
    >>> free_at(read_limit("40 per 10 seconds"), {now: 40}, 1, now=now, zone=zone) - now
    datetime.timedelta(seconds=10, microseconds=100000)
    """
    if calls > limit.calls:
        return None
    start = window_start(limit, now, zone)
    counted = {at: count for at, count in spent.items() if at >= start}
    used = sum(counted.values())
    if used + calls <= limit.calls:
        return now
    if limit.resets_at is not None:
        return _next_reset(limit, now, zone)
    for at in sorted(counted):
        used -= counted[at]
        if used + calls <= limit.calls:
            return at + bin_width(limit) + limit.per
    raise AssertionError("an empty budget allows any number up to the limit")


def _last_reset(limit: Limit, now: datetime, zone: ZoneInfo) -> datetime:
    day = now.astimezone(zone).date() + DAY
    while (reset := _reset_on(limit, day, zone)) > now:
        day -= DAY
    return reset


def _next_reset(limit: Limit, now: datetime, zone: ZoneInfo) -> datetime:
    day = now.astimezone(zone).date() - DAY
    while (reset := _reset_on(limit, day, zone)) <= now:
        day += DAY
    return reset


def _reset_on(limit: Limit, day: date, zone: ZoneInfo) -> datetime:
    assert limit.resets_at is not None, "only asked for a limit that resets"
    return due_of(datetime.combine(day, limit.resets_at), zone)
