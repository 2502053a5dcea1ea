"""Warnings about load: jobs due together, heavy jobs by day, timeouts beyond the interval, exceeded limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.checks.lint.lint_context import LintContext
from aperture_plugin.config.checks.lint.lint_text import listed, minute_text, often
from aperture_plugin.config.checks.lint.rhythms import EVERY_DAY, closest, minutes_of_day, runs_per_week, weekly_times
from aperture_plugin.config.layers.entries import DEFAULTS, place_of
from aperture_plugin.config.model import JobConfig, Overlap
from aperture_plugin.words.days import weekdays_text
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.schedules import Interval, Weekday, schedules_in
from aperture_plugin.words.windows import Window, window_text

__all__ = ["OFF_PEAK", "due_together", "heavy_by_day", "limit_exceeded", "timeout_over_interval"]

OFF_PEAK: Final = Window(since=time(22), until=time(8))
"""Hours in which a heavy job disturbs nobody."""
_MOST_TOLD: Final = 8
"""Collisions of one queue that are reported. A person mends some and looks again; a large file would have hundreds."""
_WEEK: Final = timedelta(days=7)


def heavy_by_day(file: LintContext) -> None:
    """Report of each heavy job that is due in the hours in which people are about; a window keeps it out of them."""
    for job in file.scheduled:
        if not job.heavy or job.window is not None:
            continue
        minutes = minutes_of_day(job.schedule)
        by_day = [minute for minute in minutes if not OFF_PEAK.contains(time(minute // 60, minute % 60))]
        if by_day:
            message = f"it is heavy, and due at {minute_text(by_day[0])}"
            more = len(by_day) - 1
            message += f" and {often(more)} more by day" if more else ""
        elif not minutes and any(isinstance(one, Interval) for one in schedules_in(job.schedule)):
            message = "it is heavy, and its interval comes round to any hour of the day"
        else:
            continue
        file.warn(
            "heavy-by-day",
            file.schedule_place(job, "time", "cron", "at", "hours", "minutes", "seconds"),
            message,
            "a window lets it start in the quiet hours only, and what is due by day waits for them"
            f"\nWrite:  window: {window_text(OFF_PEAK)}",
            job.name,
        )


def timeout_over_interval(file: LintContext) -> None:
    """Report of each job that says a timeout of its own which is longer than the time from one slot to the next.

    A timeout that `defaults` give to all is a last resort, and no word about this job.
    """
    for job in file.scheduled:
        if job.timeout is None or job.overlap is not Overlap.QUEUE_ONE:
            continue
        apart = closest(job.schedule)
        if apart is None or job.timeout <= apart:
            continue
        chosen = file.beside(job, "timeout")
        if chosen is not None and chosen.entry.layer != DEFAULTS:
            file.warn(
                "timeout-over-interval",
                chosen.place,
                f"a run may take {duration_text(job.timeout)}, and the next is due {duration_text(apart)} later",
                "one run that hangs holds up those after it; a timeout of at most that, or overlap: skip",
                job.name,
            )


_Due = list[tuple[int, JobConfig]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _DueTogether:
    """Jobs due together in one queue: at *minute* of the day, on *days* as bits, Monday the lowest."""

    minute: int
    days: int
    jobs: Sequence[JobConfig]


def due_together(file: LintContext) -> None:
    """Report of jobs that are due together, week after week, in a queue that starts fewer at once.

    Rhythms meet every so often, and a job that needs another waits for it by design: neither is reported. Jitter
    draws starts apart. What else falls due at one time starts in the order of the file, which nobody chose.
    """
    groups: dict[str, list[_DueTogether]] = defaultdict(list)
    for (queue, _, minute), due in _by_time(file).items():
        group = _due_together(minute, due, file.config.queues[queue])
        if group is not None:
            groups[queue].append(group)
    for queue, found in groups.items():
        found.sort(key=lambda group: (group.minute, group.jobs[0].order))
        for place, group in enumerate(found[:_MOST_TOLD], start=1):
            _tell(file, queue, group, left=len(found) - place if place == _MOST_TOLD else 0)


def _by_time(file: LintContext) -> dict[tuple[str, ZoneInfo, int], _Due]:
    """Return the jobs by queue, zone and minute of the day, each with the days on which it is due then."""
    found: dict[tuple[str, ZoneInfo, int], _Due] = defaultdict(list)
    for job in file.scheduled:
        if not job.jitter:
            days_at: dict[int, int] = defaultdict(int)
            for one in schedules_in(job.schedule):
                for minute, days in weekly_times(one):
                    days_at[minute] |= days
            for minute, days in days_at.items():
                found[job.queue, job.zone, minute].append((days, job))
    return found


def _due_together(minute: int, due: _Due, width: int) -> _DueTogether | None:
    """Return the jobs among *due* that are on some day more than *width*; None if they never are."""
    if len(due) <= width:
        return None
    waiting: dict[str, JobConfig] = {}
    on = 0
    for day in range(7):
        names = {job.name for days, job in due if days >> day & 1}
        jobs = [job for days, job in due if days >> day & 1 and names.isdisjoint(job.needs)]
        if len(jobs) > width:
            waiting |= {job.name: job for job in jobs}
            on |= 1 << day
    return _DueTogether(minute=minute, days=on, jobs=sorted(waiting.values(), key=_order)) if on else None


def _order(job: JobConfig) -> int:
    return job.order


def _tell(file: LintContext, queue: str, group: _DueTogether, *, left: int) -> None:
    """Report *group* at the first job that has to wait.

    Args:
        left: Number of further collisions of this queue that are not reported.
    """
    width = file.config.queues[queue]
    job = group.jobs[width]
    others = [other.name for other in group.jobs if other is not job]
    on = "" if group.days == EVERY_DAY else f" on {_days(group.days)}"
    first = "it goes last" if len(others) == 1 else "their order in the file is the order they start in"
    more = f"; {left} more such times of this queue are not shown" if left else ""
    file.warn(
        "due-together",
        file.schedule_place(job, "time", "cron"),
        f"it is due at {minute_text(group.minute)}{on} together with {listed(others)}, "
        f"and queue {quoted(queue)} starts {width} at once",
        f"{first}; stagger them by about as long as a run takes, or let one need the other{more}",
        job.name,
    )


def _days(mask: int) -> str:
    return weekdays_text([day for day in Weekday if mask >> day & 1])


def limit_exceeded(file: LintContext) -> None:
    """Report of each limit whose jobs are due more often than it allows calls.

    A run makes as many calls as the file says, else its plugin, else one: the least it can have a limit for.
    """
    runs: dict[str, float] = defaultdict(float)
    spent: dict[str, float] = defaultdict(float)
    for job in file.scheduled:
        for name in job.limits:
            runs[name] += runs_per_week(job.schedule)
            spent[name] += runs_per_week(job.schedule) * (job.calls or file.declared.get(job.name, {}).get(name, 1))
    for name, calls in spent.items():
        limit = file.config.limits[name]
        allowed = limit.calls * (_WEEK / limit.per)
        parsed = (file.words.limits or {}).get(name)
        if calls > allowed and parsed is not None:
            spend = "" if calls == runs[name] else f" and make {calls:,.0f} calls"
            file.warn(
                "limit-exceeded",
                place_of(parsed.spot, 0),
                f"jobs with the limit {quoted(name)} are due {runs[name]:,.0f} times a week{spend}, "
                f"and it allows {allowed:,.0f}{' calls' if not spend else ''} in that time",
                "runs would wait longer and longer for the budget to return; run them less often, or allow more",
            )
