"""Triggers: the pure values that schedules become in a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import assert_never
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.calendar_dates import DailyTrigger, MonthlyTrigger, WeeklyTrigger
from aperture_plugin.triggers.closed_days import OpenDaysTrigger
from aperture_plugin.triggers.cron import FixedCronTrigger, StarredCronTrigger
from aperture_plugin.triggers.cron_expression import fields_of
from aperture_plugin.triggers.interval import ElapsedTrigger, GridTrigger
from aperture_plugin.triggers.once import OnceTrigger
from aperture_plugin.triggers.slot_stream import SlotStream
from aperture_plugin.triggers.slots import Slot, Trigger
from aperture_plugin.words.calendars import Days
from aperture_plugin.words.schedules import (
    After,
    AtStart,
    Cron,
    Daily,
    Interval,
    Manual,
    Monthly,
    Once,
    Schedule,
    Several,
    Weekly,
)

__all__ = ["NoSlots", "Trigger", "UnionTrigger", "trigger_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSlots(SlotStream):
    """The trigger of jobs that run after others, at start, or on request: they are never due by themselves."""

    def _from(self, since: datetime) -> Iterator[Slot]:  # noqa: ARG002  # there is nothing to look for
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionTrigger(SlotStream):
    """Due whenever one of *triggers* is; slots due at one instant are one, with the earliest nominal."""

    triggers: tuple[Trigger, ...]

    def _from(self, since: datetime) -> Iterator[Slot]:
        last: datetime | None = None
        for slot in merge(*(trigger.upcoming(since) for trigger in self.triggers)):
            if slot.due != last:
                yield slot
                last = slot.due

    def next_after(self, instant: datetime) -> Slot | None:
        """Return the first slot due strictly after the aware *instant*; None when there are no more.

        Raises:
            ValueError: *instant* is a naive time.
        """
        return min((slot for trigger in self.triggers if (slot := trigger.next_after(instant))), default=None)


def trigger_of(schedule: Schedule, zone: ZoneInfo, closed: tuple[Days, ...] = ()) -> Trigger:
    """Return the trigger of *schedule*, its wall times read in *zone*, without the slots of the days *closed*.

    Raises:
        Unreadable: *schedule* is a `Cron` whose expression is wrong; `check_cron` has not been called.

    >>> from datetime import UTC, time
    >>> trigger = trigger_of(Daily(times=(time(3, 30),)), ZoneInfo("Europe/Riga"))
    >>> trigger.next_after(datetime(2026, 3, 28, 12, tzinfo=UTC)).due.isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    if closed:
        return OpenDaysTrigger(trigger=trigger_of(schedule, zone), closed=closed, zone=zone)
    match schedule:
        case Daily(times=times):
            return DailyTrigger(times=times, zone=zone)
        case Weekly(days=days, times=times):
            return WeeklyTrigger(days=days, times=times, zone=zone)
        case Monthly(day=day, times=times):
            return MonthlyTrigger(day=day, times=times, zone=zone)
        case Interval(every=every, offset=offset):
            kind = GridTrigger if schedule.divides_the_day else ElapsedTrigger
            return kind(every=every, offset=offset, zone=zone)
        case Cron(expression=expression):
            fields = fields_of(expression)
            return (StarredCronTrigger if fields.starred else FixedCronTrigger)(fields=fields, zone=zone)
        case Once(at=at):
            return OnceTrigger(at=at, zone=zone)
        case After() | AtStart() | Manual():
            return NoSlots()
        case Several(schedules=schedules):
            timed = [trigger_of(part, zone) for part in schedules if not isinstance(part, AtStart)]
            return timed[0] if len(timed) == 1 else UnionTrigger(triggers=tuple(timed))
        case _:
            assert_never(schedule)
