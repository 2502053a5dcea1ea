"""Cron, after Debian's rule for what clock changes do to it.

An expression of fixed times stands for wall times, each due once, like the times of a daily job. One
whose minute or hour field starts with a star follows the clocks as they go: what they skip does not
fire, what they show twice fires twice. cronsim makes the same distinction, but steps by elapsed minutes
and hours, and is wrong around changes of half an hour or at midnight; here the rule holds whatever the
size of the change (DESIGN.md, section 3).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.cron_fields import CronFields
from aperture_plugin.triggers.offset_periods import Calm, stretches
from aperture_plugin.triggers.slot_stream import WallTrigger
from aperture_plugin.triggers.slots import Slot, slot_of
from aperture_plugin.triggers.walltime import first_nominal, instant_of, slots_at, wall_at

__all__ = ["FixedCronTrigger", "StarredCronTrigger"]

# No change repeats more than a day. So once the clocks have run evenly for two without showing a time that is
# named, no repeat can show one again, and nothing that is this far ahead by the wall can be brought nearer by one.
_FAR: Final = timedelta(days=10)
_MARGIN: Final = timedelta(days=3)
_EVEN: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CronTrigger(WallTrigger):
    fields: CronFields
    zone: ZoneInfo

    def _due_after(self, instant: datetime, calm: Calm) -> datetime | None:
        nominal = self.fields.first_after(wall_at(instant, calm.offset))
        return None if nominal is None else instant_of(nominal, calm.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCronTrigger(_CronTrigger):
    """Wall times, each due exactly once."""

    def _from(self, since: datetime) -> Iterator[Slot]:
        return slots_at(self.fields.wall_times(first_nominal(since, self.zone)), self.zone, since)


@dataclass(frozen=True, slots=True, kw_only=True)
class StarredCronTrigger(_CronTrigger):
    """Every instant at which the clocks show a time that the fields name."""

    def _from(self, since: datetime) -> Iterator[Slot]:
        begin: datetime | None = since
        while begin is not None:
            begin = yield from self._until_far(begin)

    def _until_far(self, since: datetime) -> Generator[Slot, None, datetime | None]:
        """Yield slots while they are close together; return where to continue, None at the calendar's end."""
        for stretch in stretches(since, self.zone):
            offset, end = stretch.offset, stretch.end
            shown = stretch.begin  # the last instant at which clocks may have shown a time that is named
            for nominal in self.fields.wall_times(stretch.wall):
                due = instant_of(nominal, offset)
                if due >= end:
                    break
                yield slot_of((due, nominal))
                shown = due
            else:
                return None
            if due - stretch.begin > _FAR and end - shown > _EVEN:
                return due - _MARGIN
        return None
