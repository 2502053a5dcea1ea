"""Times, spans and counts as the pages say them. Relative first, absolute below, always in the server's zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.time_display import away, clock_face
from aperture_plugin.words.times import time_text

__all__ = ["about", "at", "clock", "day_and_time", "elapsed", "items_text", "percent", "relative"]

_DAY: Final = timedelta(days=1)


def at(instant: datetime, zone: ZoneInfo, *, now: datetime, exact: bool = False) -> str:
    """Return the wall time with as much of its date as it needs: `2:00 AM`, `tomorrow 2:00 AM`, `Sun 4:00 AM`.

    Args:
        exact: With its seconds, where it has any.
    """
    day, today = instant.astimezone(zone).date(), now.astimezone(zone).date()
    distance = (day - today).days
    face = f"{clock_face(instant, zone)}{_which(instant, zone)}" if exact else clock(instant, zone)
    if distance == 0:
        return face
    if distance == 1:
        return f"tomorrow {face}"
    if -6 <= distance < 7:
        return f"{day:%a} {face}"
    return f"{day.day} {day:%b}{'' if day.year == today.year else f' {day.year}'} {face}"


def day_and_time(instant: datetime, zone: ZoneInfo, *, now: datetime) -> tuple[str, str]:
    """Return the day and the wall time apart, as a list of runs shows them."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    day = "today" if local.date() == today else f"{local:%a} {local.day} {local:%b}"
    if local.year != today.year:
        day = f"{local.day} {local:%b} {local.year}"
    return day, clock_face(instant, zone)


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """Return the wall time alone, in whole minutes."""
    return time_text(instant.astimezone(zone).time().replace(second=0, microsecond=0)) + _which(instant, zone)


def about(instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Return what is foreseen, in whole minutes and with the word for it."""
    rounded = (instant + timedelta(seconds=30)).replace(second=0, microsecond=0)
    return f"about {at(rounded, zone, now=now)}"


def relative(instant: datetime, *, now: datetime) -> str:
    """Return how far away *instant* is; a coming one is never shown as past."""
    return away(instant, now=now)


def elapsed(since: datetime, *, now: datetime) -> str:
    """Return how long something has lasted, in whole seconds."""
    so_far = timedelta(seconds=max(0, int((now - since) / timedelta(seconds=1))))
    return short_duration(so_far) if so_far else "0 s"


def percent(part: float, whole: float) -> str:
    """Return a share in whole percent, never 100 before all is done."""
    share = 100 * part / whole if whole else 0
    return f"{min(99, int(share)) if part < whole else 100} %"


def items_text(done: int | None, total: int | None) -> str:
    """Return what a run has counted: `1,206 of 1,850 items · 65 %`, `312 items so far`, or nothing."""
    if done is None:
        return ""
    if not total:
        return f"{counted(done, 'item')} so far"
    return f"{done:,} of {counted(total, 'item')} · {percent(done, total)}"


def _which(instant: datetime, zone: ZoneInfo) -> str:
    """Return which of two equal wall times is meant, on the night when the clocks go back."""
    local = instant.astimezone(zone)
    if local.fold:
        return ", the second time"
    again = local.replace(fold=1)
    return ", the first time" if again.utcoffset() != local.utcoffset() and _repeats(local) else ""


def _repeats(local: datetime) -> bool:
    """Return whether the wall time *local*, the earlier of two, comes once more."""
    first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
    return first is not None and second is not None and first > second
