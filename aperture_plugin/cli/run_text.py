"""Descriptions of one run, in a few words each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.app.value_text import params_text
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.plain_text import plain_line
from aperture_plugin.words.time_display import away

__all__ = ["asked_with", "came_of_it", "items", "last_run", "took"]

_MOST_RESULT: Final = 60
_NOTHING_TO_TELL: Final = {"exit_code": 0}
"""Result of a command that succeeded."""


def items(run: Run) -> str:
    """Return what a run counted: `152/400`, `400`, or nothing."""
    if run.items_done is None:
        return ""
    if run.items_total is None or run.items_total == run.items_done:
        return f"{run.items_done:,}"
    return f"{run.items_done:,}/{run.items_total:,}"


def took(run: Run, *, now: datetime) -> str:
    """Return how long a run took, or has been running."""
    if run.duration is not None:
        return short_duration(run.duration)
    if run.started_at is not None and run.status is Status.RUNNING:
        so_far = max(0, int((now - run.started_at) / timedelta(seconds=1)))
        return short_duration(timedelta(seconds=so_far)) if so_far else "0 s"
    return ""


def came_of_it(run: Run) -> str:
    """Return what there is to say of a run in a few words: its reason, else what it returned."""
    if run.reason:
        return plain_line(run.reason)
    if run.result == _NOTHING_TO_TELL:
        return ""
    if isinstance(run.result, dict):
        text = ", ".join(f"{key} {value}" for key, value in run.result.items() if not isinstance(value, dict | list))
    elif run.result is None or isinstance(run.result, list):
        text = ""
    else:
        text = str(run.result)
    text = " ".join(plain_line(text).split())
    return text if len(text) <= _MOST_RESULT else text[: _MOST_RESULT - 1] + "…"


def asked_with(run: Run) -> str:
    """Return the parameters and the note that a run was asked for with, on one line; nothing where there are none."""
    message = [f"with {plain_line(params_text(run.params))}"] if run.params else []
    message += [f"note: {plain_line(run.note)}"] if run.note else []
    return "; ".join(message)


def last_run(run: Run | None, *, now: datetime) -> tuple[str, str]:
    """Return how a job's last run ended, and when and in how long: `completed`, `14 minutes ago in 2 s`."""
    if run is None or run.finished_at is None:
        return "never ran", ""
    lasted = f" in {short_duration(run.duration)}" if run.duration is not None else ""
    return str(run.status), f"{away(run.finished_at, now=now)}{lasted}"
