"""Days without slots: what `except` takes out of a schedule.

A slot whose nominal date is in one of the calendars does not exist. Where a whole stretch is closed, the search
goes on from the next open date, so that no schedule costs more for being asked in the middle of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.public_holidays import holidays_in
from aperture_plugin.triggers.slot_stream import SlotStream
from aperture_plugin.triggers.slots import Slot, Trigger
from aperture_plugin.triggers.walltime import EARLIEST, LATEST, RESOLUTION, due_of
from aperture_plugin.words.calendars import DateRange, Days, HolidaysOf, YearlyDays

__all__ = ["OpenDaysTrigger", "closed_on", "ends_on"]

_ONE_DAY: Final = timedelta(days=1)
_ROUND: Final = timedelta(days=400 * 365.2425)
"""After so long dates, weekdays and leap years come round as they were: a schedule with no open slot in it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDaysTrigger(SlotStream):
    """The slots of *trigger* but those whose nominal date is *closed*; *zone* is the one that it is read in."""

    trigger: Trigger
    closed: tuple[Days, ...]
    zone: ZoneInfo

    def _from(self, since: datetime) -> Iterator[Slot]:
        begin: datetime | None = since
        last_found = since
        while begin is not None and begin - last_found <= _ROUND:
            stream, begin = self.trigger.upcoming(begin), None
            for slot in stream:
                if not closed_on(self.closed, slot.nominal.date()):
                    yield slot
                    last_found = slot.due
                    continue
                begin = self._opens_after(slot)
                break

    def next_after(self, instant: datetime) -> Slot | None:
        """Return the first slot due strictly after the aware *instant*; None when there are no more.

        Raises:
            ValueError: *instant* is a naive time.
        """
        slot = self.trigger.next_after(instant)
        if slot is None or not closed_on(self.closed, slot.nominal.date()):
            return slot
        begin = self._opens_after(slot)
        return None if begin is None else next(self._from(max(begin, EARLIEST)), None)

    def _opens_after(self, slot: Slot) -> datetime | None:
        """Return where the search goes on after *slot*, which is closed; None if no day ever opens again."""
        day = slot.nominal.date()
        last = day + min(_ROUND, LATEST.date() - day)
        while closed_on(self.closed, day):
            end = _end_of_stretch(self.closed, day)
            if end >= last:
                return None
            day = end + _ONE_DAY
        return max(due_of(datetime.combine(day, time()), self.zone), slot.due + RESOLUTION)


def closed_on(closed: Sequence[Days], day: date) -> bool:
    """Return whether *day* is among the days *closed*."""
    return any(_covers(days, day) for days in closed)


def ends_on(closed: Sequence[Days]) -> date | None:
    """Return the last date of *closed*; None if it goes on every year, or has no days at all."""
    if not closed or any(not isinstance(days, DateRange) for days in closed):
        return None
    return max(days.last for days in closed if isinstance(days, DateRange))


def _covers(days: Days, day: date) -> bool:
    match days:
        case DateRange(first=first, last=last):
            return first <= day <= last
        case YearlyDays(first=first, last=last):
            at = day.month, day.day
            return first <= at <= last if first <= last else at >= first or at <= last
        case HolidaysOf():
            return day in holidays_in(days, day.year)


def _end_of_stretch(closed: Sequence[Days], day: date) -> date:
    """Return a date up to which all days from *day* on are closed: at the end of a range, or *day* itself."""
    return max((days.last for days in closed if isinstance(days, DateRange) and _covers(days, day)), default=day)
