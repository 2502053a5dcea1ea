"""Instants as a person reads them: how far away, and what the clock on the wall will show."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, overload
from zoneinfo import ZoneInfo

from aperture_plugin.words.duration_display import in_words
from aperture_plugin.words.times import time_text

__all__ = [
    "away",
    "clock_face",
    "dated",
    "iso_text",
    "next_run",
    "offset_text",
    "scheduled_for",
    "wall_time",
    "wall_time_and_offset",
]

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def away(instant: datetime, *, now: datetime) -> str:
    """Return how far away *instant* is, to the nearest whole unit: `in 3 hours`, `20 minutes ago`.

    Half a minute before the third hour is over it is three hours, as a person would say, not two.
    """
    return in_words(_rounded(instant - now))


def clock_face(instant: datetime, zone: ZoneInfo) -> str:
    """Return the wall time of *instant* in *zone*, with its seconds where it has any: `2:00 AM`, `2:00:30 AM`."""
    wall = instant.astimezone(zone).time()
    if not wall.second:
        return time_text(wall)
    clock, _, half = time_text(wall).partition(" ")
    return f"{clock}:{wall.second:02} {half}"


def dated(instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Return the wall time with as much of its date as it needs: `2:00 AM`, `tomorrow 2:00 AM`, `Sunday 4:00 AM`."""
    day, today = instant.astimezone(zone).date(), now.astimezone(zone).date()
    near = {0: "", 1: "tomorrow ", -1: "yesterday "}
    distance = (day - today).days
    if distance in near:
        return near[distance] + clock_face(instant, zone)
    if 1 < distance < 7:
        return f"{day:%A} {clock_face(instant, zone)}"
    return f"{day.isoformat()} {clock_face(instant, zone)}"


@overload
def iso_text(instant: datetime, zone: ZoneInfo) -> str: ...
@overload
def iso_text(instant: datetime | None, zone: ZoneInfo) -> str | None: ...
def iso_text(instant: datetime | None, zone: ZoneInfo) -> str | None:
    """Return *instant* for programs: ISO 8601, in *zone*, with its offset."""
    return None if instant is None else instant.astimezone(zone).isoformat()


def offset_text(instant: datetime, zone: ZoneInfo) -> str:
    """Return the offset of *zone* at *instant*: `UTC+02:00`."""
    offset = f"{instant.astimezone(zone):%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


def wall_time(instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Return the wall time of *instant*, with its date where that is not today's: `2026-03-29 3:00 AM`."""
    local = instant.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local.date().isoformat()} "
    return day + time_text(local.time())


def wall_time_and_offset(instant: datetime, zone: ZoneInfo) -> str:
    """Return the date and wall time of *instant*, with its offset: `2026-03-29 3:00 AM (UTC+02:00)`."""
    local = instant.astimezone(zone)
    return f"{local.date().isoformat()} {time_text(local.time())} ({offset_text(instant, zone)})"


def next_run(instant: datetime, *, now: datetime) -> str:
    """Return when a job runs next, as a distance: `Next run in 3 hours`."""
    return f"Next run {away(instant, now=now)}"


def scheduled_for(instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Return when a job runs next, as the clock will show it: `Scheduled for 2:00 AM`."""
    return f"Scheduled for {dated(instant, zone, now=now)}"


def _rounded(distance: timedelta) -> timedelta:
    size = abs(distance)
    if size < 59.5 * _SECOND:
        unit = _SECOND
    elif size < 59.5 * _MINUTE:
        unit = _MINUTE
    elif size < 23.5 * _HOUR:
        unit = _HOUR
    else:
        unit = _DAY
    whole = max(1, round(size / unit)) * unit if size >= _SECOND / 2 else timedelta(0)
    return whole if distance >= timedelta(0) else -whole
