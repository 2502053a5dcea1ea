"""Values of a configuration as the file would write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aperture_plugin.config.model import Command, Retry
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import After, Cron, Daily, Interval, Manual, Monthly, Once, Weekly
from aperture_plugin.words.windows import Window, window_text

__all__ = ["as_written"]


def as_written(value: Any) -> str | None:
    """Return *value* on one line, as schedules.yaml would have it; None for what it would not say at all.

    >>> as_written(timedelta(minutes=90)), as_written(True), as_written(("library-scan", "user-sync"))
    ('1 hour 30 minutes', 'yes', 'library-scan, user-sync')
    """
    match value:
        case None | () | "":
            return None
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return duration_text(value) if value else None
        case Daily() | Weekly() | Monthly() | Interval() | Cron() | Once() | After() | Manual():
            return phrase_of(value)
        case Window():
            return window_text(value)
        case Retry():
            return _retry(value)
        case Command(words=str(words)):
            return words
        case Command(words=words):
            return " ".join(words)
        case tuple() | list():
            return ", ".join(as_written(one) or "" for one in value)
        case Mapping():
            return ", ".join(f"{key}: {as_written(one) or ''}" for key, one in value.items()) or None
        case _:
            return str(value)


def _retry(retry: Retry) -> str | None:
    if retry.attempts == 1:
        return None
    said = f"attempts: {retry.attempts}, delay: {duration_text(retry.delay)}, backoff: {retry.backoff:g}"
    if retry.max_delay is not None:
        said += f", max delay: {duration_text(retry.max_delay)}"
    if retry.past_next_slot:
        said += ", past next slot: yes"
    return f"{said}, not on exit: {', '.join(map(str, retry.not_on_exit))}" if retry.not_on_exit else said
