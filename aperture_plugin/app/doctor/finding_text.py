"""Distances, spans and places in line, as the doctor writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from aperture_plugin.words.duration_display import in_words
from aperture_plugin.words.durations import duration_text

__all__ = ["ago", "ordinal", "span"]


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
