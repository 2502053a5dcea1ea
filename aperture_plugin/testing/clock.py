"""A clock that only the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aperture_plugin.words.durations import read_duration

__all__ = ["FakeClock"]


class FakeClock:
    """A clock that stands still until it is moved.

    >>> clock = FakeClock("2026-01-10 01:00")
    >>> clock.advance("7 hours 30 minutes")
    >>> clock.now().isoformat()
    '2026-01-10T08:30:00+00:00'

    Args:
        at: The wall clock's instant: text in UTC, or an aware datetime.
    """

    def __init__(self, at: str | datetime = "2026-01-10 00:00") -> None:
        self._now = _instant(at)
        self._passed = timedelta(0)

    def now(self) -> datetime:
        """Return the wall clock's instant, aware and in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return seconds that only grow, from 0."""
        return self._passed.total_seconds()

    def advance(self, span: str | timedelta) -> None:
        """Move the time forward by *span*."""
        span = read_duration(span) if isinstance(span, str) else span
        if span < timedelta(0):
            raise ValueError(f"time does not pass backwards; step() sets the wall clock back (got {span})")
        self._now += span
        self._passed += span

    def step(self, span: timedelta) -> None:
        """Set the wall clock forward or back by *span*; the monotonic clock stands still."""
        self._now += span

    def set(self, at: str | datetime) -> None:
        """Set the wall clock to *at*; a later instant also moves the monotonic clock."""
        instant = _instant(at)
        self._passed += max(timedelta(0), instant - self._now)
        self._now = instant


def _instant(at: str | datetime) -> datetime:
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
