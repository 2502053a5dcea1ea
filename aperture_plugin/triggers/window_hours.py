"""The instants at which a window of the day is open in a zone.

A window is open while the clocks show a time within it: twice on a date that shows its hours twice,
and not at all on a date whose clocks skip them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.offset_periods import stretches
from aperture_plugin.triggers.walltime import offset_at, wall_at
from aperture_plugin.words.windows import Window

__all__ = ["OpenSpan", "is_open", "open_spans", "opens_at"]

_DAY: Final = timedelta(days=1)
_NOTHING: Final = timedelta(0)


class OpenSpan(NamedTuple):
    """A half-open span of instants in which a window is open.

    Attributes:
        begin, end: Aware, in UTC.
        date: The local date on which the window opened.
    """

    begin: datetime
    end: datetime
    date: date


def is_open(window: Window, zone: ZoneInfo, instant: datetime) -> bool:
    """Return whether *window* is open in *zone* at *instant*, which is aware and in UTC."""
    return window.contains(wall_at(instant, offset_at(instant, zone)).time())


def opens_at(window: Window, zone: ZoneInfo, since: datetime) -> datetime:
    """Return the first instant at or after *since* (aware, in UTC) at which *window* is open in *zone*.

    >>> from datetime import UTC, time
    >>> window, riga = Window(since=time(3, 59), until=time(4, 1)), ZoneInfo("Europe/Riga")
    >>> opens_at(window, riga, datetime(2026, 10, 25, 1, 4, tzinfo=UTC)).isoformat()
    '2026-10-25T01:59:00+00:00'
    """
    return next((span.begin for span in open_spans(window, zone, since)), since)


def open_spans(window: Window, zone: ZoneInfo, since: datetime) -> Iterator[OpenSpan]:
    """Yield the spans from *since* (aware, in UTC) on in which *window* is open in *zone*; no two of them touch."""
    pending: OpenSpan | None = None
    for stretch in stretches(since, zone):
        wall_begin, wall_end = stretch.wall, wall_at(stretch.end, stretch.offset)
        # A window that crosses midnight may have opened on the day before.
        opens = datetime.combine(wall_begin.date() - _DAY, window.since)
        while opens < wall_end:
            closes = datetime.combine(opens.date() + (_DAY if window.crosses_midnight else _NOTHING), window.until)
            begin = stretch.begin + (max(opens, wall_begin) - wall_begin)
            end = stretch.begin + (min(closes, wall_end) - wall_begin)
            if begin < end:
                if pending is not None and pending.end == begin:
                    begin = pending.begin
                elif pending is not None:
                    yield pending
                pending = OpenSpan(begin, end, opens.date())
            opens += _DAY
    if pending is not None:
        yield pending
