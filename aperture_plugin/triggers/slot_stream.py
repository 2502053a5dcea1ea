"""The base of all triggers: spans and the next slot, derived from one lazy stream of slots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.offset_periods import Calm, calm_at, last_calm
from aperture_plugin.triggers.slots import Slot, slot_of
from aperture_plugin.triggers.walltime import (
    EARLIEST,
    LATEST,
    RESOLUTION,
    due_of,
    offset_at,
    utc_of,
    wall_at,
)

__all__ = ["SlotStream", "WallTrigger"]

_LONGEST_REPEAT: Final = timedelta(days=1)


class SlotStream(ABC):
    """A trigger that is defined by one method, `_from`, which yields its slots from an instant on.

    Subclasses are frozen values. `_from` is called with instants from `EARLIEST` to `LATEST` only, and may end its
    stream where no wall time before `LATEST` is left.
    """

    __slots__ = ()

    @abstractmethod
    def _from(self, since: datetime) -> Iterator[Slot]:
        """Yield ascending slots due at *since* (aware, in UTC) or later."""

    def upcoming(self, since: datetime) -> Iterator[Slot]:
        """Yield every slot due at the aware instant *since* or later, ascending and lazily.

        The stream ends when there are no more slots. The first and last days that datetime can represent
        have none, because not every zone can.

        Raises:
            ValueError: *since* is a naive time.
        """
        begin = utc_of(since)
        if begin > LATEST:
            return iter(())
        return self._from(max(begin, EARLIEST))

    def slots(self, since: datetime, until: datetime) -> list[Slot]:
        """Return the slots due in the half-open span from *since* to *until*, both aware, ascending.

        Cutting a span in two changes nothing: the slots of the parts are the slots of the whole.

        Raises:
            ValueError: *since* or *until* is a naive time.
        """
        end = utc_of(until)
        return list(takewhile(lambda slot: slot.due < end, self.upcoming(since)))

    def next_after(self, instant: datetime) -> Slot | None:
        """Return the first slot due strictly after the aware *instant*; None when there are no more.

        Raises:
            ValueError: *instant* is a naive time.
        """
        begin = utc_of(instant)
        if begin >= LATEST:
            return None
        return next(self._from(max(begin + RESOLUTION, EARLIEST)), None)


class WallTrigger(SlotStream):
    """A trigger of wall times: it finds the next slot without a stream while no clock change is near."""

    __slots__ = ()

    zone: ZoneInfo

    @abstractmethod
    def _due_after(self, instant: datetime, calm: Calm) -> datetime | None:
        """Return the first due instant after *instant*, which is within *calm*, as if *calm* had no end.

        None at the calendar's end.
        """

    def next_after(self, instant: datetime) -> Slot | None:
        """Return the first slot due strictly after the aware *instant*; None when there are no more.

        Raises:
            ValueError: *instant* is a naive time.
        """
        if instant.tzinfo is not UTC:
            instant = utc_of(instant)
        calm = last_calm(self.zone)
        if calm is None or not calm.begin <= instant < calm.end:
            calm = calm_at(instant, self.zone)
            if calm is None:
                return super().next_after(instant)
        due = self._due_after(instant, calm)
        if due is None:
            return None
        nominal = calm.date + (due - calm.midnight)
        if due < calm.end:
            return slot_of((due, nominal))
        # Beyond the calm it is still the first, unless what clocks show now is repeated at its very
        # end; and it is due when clocks show it, unless they skip it.
        if calm.end - instant > _LONGEST_REPEAT:
            due = due_of(nominal, self.zone)
            if wall_at(due, offset_at(due, self.zone)) == nominal:
                return Slot(due, nominal)
        return super().next_after(instant)
