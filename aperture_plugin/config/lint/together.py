"""Jobs that are due at the same time of the same day in a queue that cannot start them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.lint.looking import Looked
from aperture_plugin.config.lint.rhythms import EVERY_DAY, weekly_times
from aperture_plugin.config.lint.telling import listed, minute_text
from aperture_plugin.config.model import JobConfig
from aperture_plugin.words.days import weekdays_text
from aperture_plugin.words.schedules import Weekday
from aperture_plugin.words.unreadable import quoted

__all__ = ["due_together"]

_MOST_TOLD: Final = 8
"""How many crowds of one queue are told. A person mends some and looks again; a large file would have hundreds."""

_Due = list[tuple[int, JobConfig]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crowd:
    """Jobs due together in one queue: at *minute* of the day, on *days* as bits, Monday the lowest."""

    minute: int
    days: int
    jobs: Sequence[JobConfig]


def due_together(file: Looked) -> None:
    """Tell of jobs that are due together, week after week, in a queue that starts fewer at once.

    Rhythms meet every so often, and a job that needs another waits for it by design: neither is told. Jitter
    draws starts apart. What else falls due at one time starts in the order of the file, which nobody chose.
    """
    crowds: dict[str, list[_Crowd]] = defaultdict(list)
    for (queue, _, minute), due in _by_time(file).items():
        crowd = _crowd(minute, due, file.config.queues[queue])
        if crowd is not None:
            crowds[queue].append(crowd)
    for queue, found in crowds.items():
        found.sort(key=lambda crowd: (crowd.minute, crowd.jobs[0].order))
        for place, crowd in enumerate(found[:_MOST_TOLD], start=1):
            _tell(file, queue, crowd, left=len(found) - place if place == _MOST_TOLD else 0)


def _by_time(file: Looked) -> dict[tuple[str, ZoneInfo, int], _Due]:
    """Return the jobs by queue, zone and minute of the day, each with the days on which it is due then."""
    found: dict[tuple[str, ZoneInfo, int], _Due] = defaultdict(list)
    for job in file.scheduled:
        if not job.jitter:
            for minute, days in weekly_times(job.schedule):
                found[job.queue, job.zone, minute].append((days, job))
    return found


def _crowd(minute: int, due: _Due, width: int) -> _Crowd | None:
    """Return the jobs among *due* that are on some day more than *width*; None if they never are."""
    if len(due) <= width:
        return None
    crowded: dict[str, JobConfig] = {}
    on = 0
    for day in range(7):
        names = {job.name for days, job in due if days >> day & 1}
        jobs = [job for days, job in due if days >> day & 1 and names.isdisjoint(job.needs)]
        if len(jobs) > width:
            crowded |= {job.name: job for job in jobs}
            on |= 1 << day
    return _Crowd(minute=minute, days=on, jobs=sorted(crowded.values(), key=_order)) if on else None


def _order(job: JobConfig) -> int:
    return job.order


def _tell(file: Looked, queue: str, crowd: _Crowd, *, left: int) -> None:
    """Tell of *crowd* at the first job that has to wait.

    Args:
        left: How many further crowds of this queue are not told.
    """
    width = file.config.queues[queue]
    job = crowd.jobs[width]
    others = [other.name for other in crowd.jobs if other is not job]
    on = "" if crowd.days == EVERY_DAY else f" on {_days(crowd.days)}"
    first = "it goes last" if len(others) == 1 else "their order in the file is the order they start in"
    more = f"; {left} more such times of this queue are not shown" if left else ""
    file.warn(
        "due-together",
        file.schedule_place(job, "time", "cron"),
        f"it is due at {minute_text(crowd.minute)}{on} together with {listed(others)}, "
        f"and queue {quoted(queue)} starts {width} at once",
        f"{first}; stagger them by about as long as a run takes, or let one need the other{more}",
        job.name,
    )


def _days(mask: int) -> str:
    return weekdays_text([day for day in Weekday if mask >> day & 1])
