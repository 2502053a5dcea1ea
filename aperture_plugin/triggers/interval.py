"""Intervals: a grid of wall-clock labels where they divide the day, elapsed time where they do not.

The labels of a grid stand at 00:00 plus the offset of every local date and at each interval after
it. As the interval divides 24 hours, they are an evenly spaced row of naive wall times. Clock changes decide
only when, and how often, the clocks show each label (DESIGN.md, section 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.offset_periods import Calm, Stretch, last_calm, stretches
from aperture_plugin.triggers.slot_stream import SlotStream, WallTrigger
from aperture_plugin.triggers.slots import Slot, slot_of
from aperture_plugin.triggers.walltime import EARLIEST, LATEST, SECOND, due_of, instant_of, offset_at, utc_of, wall_at

__all__ = ["ElapsedTrigger", "GridTrigger"]

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_SOME_MIDNIGHT: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # a naive wall time is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class GridTrigger(WallTrigger):
    """Due whenever the clocks show a label of the grid.

    A label that a gap skips is due when the gap ends, together with the others it skips. One that is
    seen twice is due twice only if the repeat is at least *every* long.

    Attributes:
        every: Divides 24 hours.
        offset: Less than *every*.
    """

    every: timedelta
    offset: timedelta
    zone: ZoneInfo
    lead: timedelta = field(init=False, repr=False, compare=False)
    step: int = field(init=False, repr=False, compare=False)
    first: int = field(init=False, repr=False, compare=False)
    labels: Sequence[timedelta] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lead", self.every - self.offset)
        object.__setattr__(self, "step", self.every // SECOND)
        object.__setattr__(self, "first", self.offset // SECOND)
        object.__setattr__(self, "labels", _labels(self.every, self.offset) if self.every >= _MINUTE else ())

    def _from(self, since: datetime) -> Iterator[Slot]:
        every = self.every
        for stretch in stretches(since, self.zone):
            label = self._first_label(stretch)
            if stretch.skipped and label <= stretch.wall:
                yield Slot(stretch.begin, label)
                label = self._label_from(stretch.wall + SECOND)
            due = instant_of(label, stretch.offset)
            end = stretch.end
            while due < end:
                yield slot_of((due, label))
                label += every
                due += every

    def next_after(self, instant: datetime) -> Slot | None:
        """Return the first slot due strictly after the aware *instant*; None when there are no more.

        Raises:
            ValueError: *instant* is a naive time.
        """
        # The work of `WallTrigger`, in one piece: it is done whenever a run has fired.
        calm, labels = last_calm(self.zone), self.labels
        if labels and calm is not None and instant.tzinfo is UTC and calm.begin <= instant < calm.sure:
            late = instant - calm.midnight + self.lead
            day, label = late.days, labels[late.seconds // self.step]
            return slot_of((calm.midnights[day] + label, calm.dates[day] + label))
        return WallTrigger.next_after(self, instant)  # super() would not find the class that slots=True makes anew

    def _due_after(self, instant: datetime, calm: Calm) -> datetime:
        late = instant - calm.midnight + self.lead
        passed = late.seconds
        return calm.midnights[late.days] + _seconds(passed - passed % self.step + self.first)

    def _first_label(self, stretch: Stretch) -> datetime:
        if stretch.skipped:
            return self._label_from(stretch.wall - stretch.skipped)
        if stretch.repeated < self.every:
            return self._label_from(stretch.repeats_until)
        return self._label_from(stretch.wall)

    def _label_from(self, wall: datetime) -> datetime:
        return wall + (_SOME_MIDNIGHT + self.offset - wall) % self.every


@dataclass(frozen=True, slots=True, kw_only=True)
class ElapsedTrigger(SlotStream):
    """Due every so much elapsed time, counted both ways from 2000-01-01 00:00 in *zone* plus *offset*."""

    every: timedelta
    offset: timedelta
    zone: ZoneInfo

    def _from(self, since: datetime) -> Iterator[Slot]:
        due = since + (_origin(self.zone) + self.offset - since) % self.every
        for stretch in stretches(since, self.zone):
            nominal = wall_at(due, stretch.offset)
            while due < stretch.end:
                yield slot_of((due, nominal))
                nominal += self.every
                due += self.every

    def next_after(self, instant: datetime) -> Slot | None:
        """Return the first slot due strictly after the aware *instant*; None when there are no more.

        Raises:
            ValueError: *instant* is a naive time.
        """
        begin = utc_of(instant)
        if not EARLIEST <= begin < LATEST - self.every:
            return SlotStream.next_after(self, begin)  # super() would not find the class that slots=True makes anew
        due = begin + self.every - (begin - _origin(self.zone) - self.offset) % self.every
        return Slot(due, wall_at(due, offset_at(due, self.zone)))


@cache
def _origin(zone: ZoneInfo) -> datetime:
    return due_of(_SOME_MIDNIGHT, zone)


@lru_cache(maxsize=4096)
def _seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


@lru_cache(maxsize=256)
def _labels(every: timedelta, offset: timedelta) -> tuple[timedelta, ...]:
    """Return how far after midnight each label of a day is; all triggers share the lists, 1,440 at most."""
    return tuple(offset + every * number for number in range(_DAY // every))
