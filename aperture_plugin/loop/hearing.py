"""How the loop comes to know that another process has written: it is told, or it asks."""

from __future__ import annotations

from collections.abc import Callable

from aperture_plugin.ports import Store, StoreRefused, StoreUnavailable

__all__ = ["Hearing"]


class Hearing:
    """Asks the store only as often as it has to: where the store tells by itself, only when it has told.

    Args:
        poll: Seconds from one asking to the next where the store does not tell; None never asks.
        ring: Wakes the loop; called from another thread.
        beaten: Called where no more than beats of others may have come, with the monotonic time.
    """

    def __init__(
        self,
        store: Store,
        poll: float | None,
        ring: Callable[[], object],
        beaten: Callable[[float], object] = lambda _at: None,
    ) -> None:
        self._store = store
        self._poll = poll
        self._ring = ring
        self._beaten = beaten
        self._asked_at = 0.0
        self._was_told = False
        self._is_told: Callable[[], bool] = lambda: False

    def begin(self) -> None:
        """Ask to be told from now on."""
        if self._poll is not None:
            self._is_told = self._store.listen(self._told)

    @property
    def waits(self) -> float | None:
        """How many seconds the loop may sleep before it asks; None for as long as it likes."""
        if self._was_told:
            return 0.0  # The bell may have been silenced meanwhile, with what else is taken in.
        return None if self._poll is None or self._is_told() else self._poll

    def another_wrote(self, at: float) -> bool:
        """Say whether another process has written more than a beat, as far as it is time to know."""
        if not (self._was_told or (self._poll is not None and at - self._asked_at >= self._poll)):
            return False
        self._asked_at = at
        self._was_told = False  # Before asking: what is told from here on is asked for the next time.
        try:
            changed = self._store.changed()
            if not changed:
                self._beaten(at)
        except (StoreUnavailable, StoreRefused):
            return True  # The transaction meets it again, and says so in full.
        return changed

    def _told(self) -> None:
        self._was_told = True
        self._ring()
