"""Once: a single wall time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.slot_stream import SlotStream
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.walltime import EARLIEST, LATEST, slots_at

__all__ = ["OnceTrigger"]

_FIRST: Final = EARLIEST.replace(tzinfo=None)
_LAST: Final = LATEST.replace(tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceTrigger(SlotStream):
    """Due a single time, at the naive wall time *at*."""

    at: datetime
    zone: ZoneInfo

    def _from(self, since: datetime) -> Iterator[Slot]:
        if _FIRST <= self.at <= _LAST:
            yield from slots_at((self.at,), self.zone, since)
