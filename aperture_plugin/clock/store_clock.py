"""The time of a store that several machines share, in place of this machine's own (DESIGN.md, section 4, promise 12).

Machines whose clocks differ agree on what is due if all of them go by the clock of the store. It is read with every
transaction; between two readings this machine's monotonic clock counts on, so setting its wall clock moves nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from aperture_plugin.ports import Clock, ClockReading, Store

__all__ = ["StoreClock", "follow"]

_STEADY: Final = timedelta(milliseconds=10)
"""A reading that differs by less moves nothing: a short run must not seem to end before it began."""

_SLIP: Final = timedelta(seconds=1)
"""A wall clock that has moved by so much otherwise than the monotonic one was set, or its machine slept."""


class _Anchor(NamedTuple):
    """The store's time at one monotonic time, and this machine's clocks at the latest reading."""

    shown: datetime
    at: float
    own: datetime
    own_at: float

    def shown_at(self, monotonic: float) -> datetime:
        return self.shown + timedelta(seconds=monotonic - self.at)


class StoreClock:
    """A clock that shows the store's time once that was read, and the time of *own* until then.

    Callable from any thread.

    >>> from datetime import UTC
    >>> class Fast:
    ...     def now(self): return datetime(2026, 1, 10, 12, 10, tzinfo=UTC)
    ...     def monotonic(self): return 7.0
    >>> clock = StoreClock(Fast())
    >>> clock.take(ClockReading(datetime(2026, 1, 10, 12, 0, tzinfo=UTC), 7.0, 7.0))
    >>> clock.now().isoformat(), str(clock.skew)
    ('2026-01-10T12:00:00+00:00', '0:10:00')
    """

    def __init__(self, own: Clock) -> None:
        self._own = own
        self._known: _Anchor | None = None

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        known = self._known
        return self._own.now() if known is None else known.shown_at(self._own.monotonic())

    def monotonic(self) -> float:
        """Return the monotonic seconds of this machine."""
        return self._own.monotonic()

    @property
    def skew(self) -> timedelta | None:
        """The time by which this machine's own clock is ahead of the store's; None until that was read."""
        return None if self._known is None else self._own.now() - self.now()

    @property
    def has_slipped(self) -> bool:
        """True if the wall clock was set since the last reading, or the machine slept: then read the store's anew."""
        known = self._known
        if known is None:
            return False
        passed = timedelta(seconds=self._own.monotonic() - known.own_at)
        return abs(self._own.now() - known.own - passed) > _SLIP

    @property
    def read_at(self) -> float | None:
        """The monotonic time of the last reading; None before the first."""
        return None if self._known is None else self._known.own_at

    def take(self, reading: ClockReading) -> None:
        """Correct the time by *reading*, as far as its round trip leaves no doubt.

        The store's clock showed its time somewhere within the round trip, so the middle is wrong by half of it at
        most. A reading that agrees within that half tells nothing new, however long it took.
        """
        doubt = (reading.answered_at - reading.asked_at) / 2
        middle = reading.asked_at + doubt
        known, shown = self._known, reading.shown
        if known is not None and abs(shown - known.shown_at(middle)) <= max(timedelta(seconds=doubt), _STEADY):
            shown, middle = known.shown, known.at
        self._known = _Anchor(shown, middle, self._own.now(), self._own.monotonic())


def follow(clock: Clock, store: Store) -> None:
    """Make *clock* show the time of *store*, if it is a `StoreClock` and the store has a clock of its own."""
    if isinstance(clock, StoreClock):
        store.watch_clock(clock.take)
