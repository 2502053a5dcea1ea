"""Notices that another process has written: the store notifies the loop, or the loop polls."""

from __future__ import annotations

from collections.abc import Callable

from aperture_plugin.ports import Store, StoreRefused, StoreUnavailable

__all__ = ["StoreWatch"]


class StoreWatch:
    """Polls the store only as often as it has to: where the store notifies by itself, only when it has done so.

    Args:
        poll: Seconds from one poll to the next where the store does not notify; None never polls.
        ring: Wakes the loop; called from another thread.
        heartbeat: Called with the monotonic time where nothing but heartbeats of others may have come.
    """

    def __init__(
        self,
        store: Store,
        poll: float | None,
        ring: Callable[[], object],
        heartbeat: Callable[[float], object] = lambda _at: None,
    ) -> None:
        self._store = store
        self._poll = poll
        self._ring = ring
        self._heartbeat = heartbeat
        self._polled_at = 0.0
        self._was_notified = False
        self._is_notified: Callable[[], bool] = lambda: False

    def begin(self) -> None:
        """Ask the store to notify from now on."""
        if self._poll is not None:
            self._is_notified = self._store.listen(self._notified)

    @property
    def waits(self) -> float | None:
        """Seconds the loop may sleep before it polls; None for as long as it likes."""
        if self._was_notified:
            return 0.0  # The wake-up may have been cleared meanwhile, with those of messages.
        return None if self._poll is None or self._is_notified() else self._poll

    def another_wrote(self, at: float) -> bool:
        """Return whether another process has written more than a beat, as far as it is time to know."""
        if not (self._was_notified or (self._poll is not None and at - self._polled_at >= self._poll)):
            return False
        self._polled_at = at
        self._was_notified = False  # Before polling: what is notified from here on is polled for the next time.
        try:
            changed = self._store.changed()
            if not changed:
                self._heartbeat(at)
        except (StoreUnavailable, StoreRefused):
            return True  # The transaction meets it again, and says so in full.
        return changed

    def _notified(self) -> None:
        self._was_notified = True
        self._ring()
