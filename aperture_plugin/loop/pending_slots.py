"""The slots that fell due and are not claimed yet."""

from __future__ import annotations

from collections.abc import Iterable

from aperture_plugin.rules.due_slots import Due
from aperture_plugin.triggers.slots import Slot

__all__ = ["PendingSlots"]


class PendingSlots:
    """Slots by job, in the order in which they fell due.

    Attributes:
        due: The slots to claim.
        is_in_order: True if each job has one slot, and none is earlier than one before it.
    """

    def __init__(self) -> None:
        self.due: dict[str, Due] = {}
        self.is_in_order = True
        self._last: Slot | None = None

    def __bool__(self) -> bool:
        return bool(self.due)

    def fall_due(self, name: str, due: Due) -> None:
        """Add the slots of a job; what is left from before stays with them."""
        before, slot = self.due.get(name), due.slots[0]
        if before is not None or len(due.slots) > 1 or (self._last is not None and slot < self._last):
            self.is_in_order = False  # Of several slots its run may carry any, and with it take that one's place.
        self._last = slot
        self.due[name] = due if before is None else _joined(before, due)

    def claimed(self, names: Iterable[str]) -> None:
        """Remove the slots of these jobs: their claims are committed."""
        for name in list(names):
            self.due.pop(name, None)
        if not self.due:
            self.is_in_order, self._last = True, None


def _joined(earlier: Due, later: Due) -> Due:
    """Return both as one, for a job that fell due again before the first could be claimed."""
    slots = earlier.slots + later.slots
    return Due(slots=slots, folded=earlier.folded + later.folded, first_due=earlier.first_due)
