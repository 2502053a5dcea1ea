"""Heavy jobs by day, and runs that may take longer than the time to the next."""

from __future__ import annotations

from datetime import time
from typing import Final

from aperture_plugin.config.entries import DEFAULTS
from aperture_plugin.config.lint.looking import Looked
from aperture_plugin.config.lint.rhythms import closest, minutes_of_day
from aperture_plugin.config.lint.telling import minute_text, often
from aperture_plugin.config.model import Overlap
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.schedules import Interval
from aperture_plugin.words.windows import Window, window_text

__all__ = ["OFF_PEAK", "heavy_by_day", "timeout_over_interval"]

OFF_PEAK: Final = Window(since=time(22), until=time(8))
"""When a heavy job disturbs nobody."""


def heavy_by_day(file: Looked) -> None:
    """Tell of each heavy job that is due in the hours in which people are about; a window keeps it out of them."""
    for job in file.scheduled:
        if not job.heavy or job.window is not None:
            continue
        minutes = minutes_of_day(job.schedule)
        by_day = [minute for minute in minutes if not OFF_PEAK.contains(time(minute // 60, minute % 60))]
        if by_day:
            told = f"it is heavy, and due at {minute_text(by_day[0])}"
            more = len(by_day) - 1
            told += f" and {often(more)} more by day" if more else ""
        elif isinstance(job.schedule, Interval) and not minutes:
            told = "it is heavy, and its interval comes round to any hour of the day"
        else:
            continue
        file.warn(
            "heavy-by-day",
            file.schedule_place(job, "time", "cron", "at", "hours", "minutes", "seconds"),
            told,
            "a window lets it start in the quiet hours only, and what is due by day waits for them"
            f"\nWrite:  window: {window_text(OFF_PEAK)}",
            job.name,
        )


def timeout_over_interval(file: Looked) -> None:
    """Tell of each job that says a timeout of its own which is longer than the time from one slot to the next.

    A timeout that `defaults` give to all is a last resort, and no word about this job.
    """
    for job in file.scheduled:
        if job.timeout is None or job.overlap is not Overlap.QUEUE_ONE:
            continue
        apart = closest(job.schedule)
        if apart is None or job.timeout <= apart:
            continue
        told = file.beside(job, "timeout")
        if told is not None and told.entry.layer != DEFAULTS:
            file.warn(
                "timeout-over-interval",
                told.place,
                f"a run may take {duration_text(job.timeout)}, and the next is due {duration_text(apart)} later",
                "one run that hangs holds up those after it; a timeout of at most that, or overlap: skip",
                job.name,
            )
