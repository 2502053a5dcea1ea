"""Moments, spans and counts, as the doctor says them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aperture_plugin.words.duration_display import in_words
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.times import time_text

__all__ = ["ago", "clock", "ordinal", "span", "told"]


def told(instant: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """Return the wall time of *instant*, with its date where that is not today's."""
    local = instant.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local.date().isoformat()} "
    return day + time_text(local.time())


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """Return the date and wall time of *instant*, with its offset."""
    local = instant.astimezone(zone)
    offset = f"{local:%z}"
    return f"{local.date().isoformat()} {time_text(local.time())} (UTC{offset[:3]}:{offset[3:]})"


def ago(instant: datetime, *, now: datetime) -> str:
    """Return how far away *instant* is: `in 3 hours`, `20 minutes ago`."""
    return in_words(instant - now)


def span(length: timedelta) -> str:
    """Return *length* in words that the file understands, in whole seconds and at least one of them."""
    return duration_text(timedelta(seconds=max(1, round(length.total_seconds()))))


def ordinal(place: int) -> str:
    """Return the place in a line, from 1: `first`, `second`, `12th`."""
    words = ("first", "second", "third", "fourth", "fifth")
    if place <= len(words):
        return words[place - 1]
    end = "th" if place % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{end}"
