"""Once: a single wall time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.base import SlotStream
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.walltime import EARLIEST, LATEST, due_of

__all__ = ["OnceTrigger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceTrigger(SlotStream):
    """Due a single time, at the naive wall time *at*."""

    at: datetime
    zone: ZoneInfo

    def _from(self, since: datetime) -> Iterator[Slot]:
        if EARLIEST.replace(tzinfo=None) <= self.at <= LATEST.replace(tzinfo=None):
            due = due_of(self.at, self.zone)
            if due >= since:
                yield Slot(due, self.at)
