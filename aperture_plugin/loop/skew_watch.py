"""Watches how far this machine's clock is off the store's: logs it, and notices when it is to be published anew."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from aperture_plugin.clock.store_clock import StoreClock
from aperture_plugin.ports import Clock, Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.clock_skew import differs, is_skewed, skew_text

__all__ = ["SkewWatch"]

_FRESH_SECONDS: Final = 1.0
"""What is due is decided by a reading that is no older: a server's clock may be set, or another server take over."""

_log = logging.getLogger("aperture")


class SkewWatch:
    """Watches one machine's clock.

    Args:
        clock: If it does not follow a store, nothing is measured.
        store: The store whose clock counts.
    """

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock if isinstance(clock, StoreClock) else None
        self._store = store
        self._logged: float | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds by which this machine's clock is ahead of the store's, to milliseconds; None where it is unknown."""
        skew = None if self._clock is None else self._clock.skew
        return None if skew is None else round(skew / timedelta(seconds=1), 3)

    def measure(self, next_due: datetime | None) -> None:
        """Read the store's clock if this machine's was set, or slept, or if something is due by an old reading.

        Without the store the time goes on as it was known: nothing can be claimed meanwhile.

        Args:
            next_due: The instant at which the next slot is due; None for never.
        """
        clock = self._clock
        if clock is None or clock.read_at is None:
            return
        is_due = next_due is not None and next_due <= clock.now()
        if not clock.has_slipped and not (is_due and clock.monotonic() - clock.read_at > _FRESH_SECONDS):
            return
        try:
            self._store.read_clock()
        except (StoreUnavailable, StoreRefused) as away:
            _log.debug("the store's clock is read later: %s", away)

    def has_news(self, published: Mapping[str, Any]) -> bool:
        """Return whether the skew differs from the one in *published*, this loop's details; log it if it is large."""
        if self._clock is None:
            return False
        seconds = self.seconds
        self._log_change(seconds)
        return differs(seconds, published.get("skew"))

    def _log_change(self, seconds: float | None) -> None:
        """Log a skew above a second once, again if it changes by a second, and its end."""
        if seconds is None:
            return
        if is_skewed(seconds):
            if self._logged is None or abs(seconds - self._logged) > 1.0:
                self._logged = seconds
                _log.warning(
                    "this machine's clock is %s: jobs are due by the store's clock, which all loops go by",
                    skew_text(seconds),
                )
        elif self._logged is not None and abs(seconds) < 0.5:
            self._logged = None
            _log.warning("this machine's clock agrees with the store's again")
