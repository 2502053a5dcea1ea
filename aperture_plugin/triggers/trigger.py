"""Triggers: the pure values that schedules turn into, once they are told their zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, assert_never
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.base import SlotStream
from aperture_plugin.triggers.calendar import DailyTrigger, MonthlyTrigger, WeeklyTrigger
from aperture_plugin.triggers.cron import fields_of
from aperture_plugin.triggers.crontrigger import FixedCronTrigger, StarredCronTrigger
from aperture_plugin.triggers.interval import ElapsedTrigger, GridTrigger
from aperture_plugin.triggers.once import OnceTrigger
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.words.schedules import After, Cron, Daily, Interval, Manual, Monthly, Once, Schedule, Weekly

__all__ = ["NoSlots", "Trigger", "trigger_of"]


class Trigger(Protocol):
    """The slots of one schedule in one zone.

    A frozen value: two triggers of the same schedule and zone are equal. Instants are aware, in UTC
    where they are answered; spans are half-open; slots ascend by due instant and no two share one.
    """

    def slots(self, since: datetime, until: datetime) -> list[Slot]:
        """Return the slots due from *since* (in) to *until* (out)."""
        ...

    def next_after(self, instant: datetime) -> Slot | None:
        """Return the first slot due strictly after *instant*; None when there are no more."""
        ...

    def upcoming(self, since: datetime) -> Iterator[Slot]:
        """Yield the slots due at *since* or later, lazily, until there are no more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSlots(SlotStream):
    """What runs after others, or when a person asks, is never due by itself."""

    def _from(self, since: datetime) -> Iterator[Slot]:  # noqa: ARG002  # there is nothing to look for
        return iter(())


def trigger_of(schedule: Schedule, zone: ZoneInfo) -> Trigger:
    """Return the trigger of *schedule*, its wall times read in *zone*.

    Raises:
        Unreadable: *schedule* is a `Cron` whose expression nobody has checked, and it is wrong.

    >>> from datetime import UTC, time
    >>> trigger = trigger_of(Daily(times=(time(3, 30),)), ZoneInfo("Europe/Riga"))
    >>> trigger.next_after(datetime(2026, 3, 28, 12, tzinfo=UTC)).due.isoformat()
    '2026-03-29T01:00:00+00:00'
    """
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
        case After() | Manual():
            return NoSlots()
        case _:
            assert_never(schedule)
