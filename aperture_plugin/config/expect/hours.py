"""`nothing between 6 PM and 11 PM on friday`: no job starts in these hours."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, time, timedelta
from operator import itemgetter
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.expect.planned import Planned
from aperture_plugin.config.expect.refuted import Refuted
from aperture_plugin.config.lint.rhythms import weekly_times
from aperture_plugin.config.lint.telling import clock
from aperture_plugin.config.model import JobConfig
from aperture_plugin.triggers.clockchanges import changes
from aperture_plugin.triggers.walltime import RESOLUTION, due_of
from aperture_plugin.words.expectations import Nothing
from aperture_plugin.words.schedules import DAY, Schedule
from aperture_plugin.words.windows import Window, window_text

__all__ = ["nothing"]

_NEAR: Final = timedelta(days=2)
"""So far around a clock change, schedules are not taken to be what they are in every week."""

Spans = list[tuple[datetime, datetime]]


def nothing(expectation: Nothing, planned: Planned) -> Refuted | None:
    """Look for the first start in these hours, of whichever job."""
    planned.budget.spend(times=len(planned.config.jobs))
    spans = _spans(expectation, planned)
    around = changes(planned.config.zone, planned.since - _NEAR, planned.until + _NEAR)
    odd = [span for span in spans if any(abs(span[0] - change.instant) <= _NEAR for change in around)]
    known: dict[tuple[Schedule, ZoneInfo], datetime | None] = {}
    found: tuple[datetime, str] | None = None
    for job in planned.config.jobs.values():
        trigger = planned.trigger(job.name)
        if trigger is None:
            start = _start_within(planned, job, spans)
        elif (job.schedule, job.zone) in known:
            start = None  # an earlier job has the same starts
        else:
            start = _slot_within(planned, job, spans if _meets(job, expectation, planned.config.zone) else odd)
            known[job.schedule, job.zone] = start
        if start is not None and (found is None or start < found[0]):
            found = start, job.name
            spans = spans[: bisect_right(spans, start, key=itemgetter(0))]
            odd = odd[: bisect_right(odd, start, key=itemgetter(0))]
    if found is None:
        return None
    start, name = found
    others = Window(since=expectation.window.until, until=expectation.window.since)
    return Refuted(
        on=planned.wall(start).date(),
        why=f"{name} starts at {clock(planned.wall(start).time())}",
        hint="give it another time, or a window that lets it start in the other hours only"
        f"\nWrite:  window: {window_text(others)}",
    )


def _spans(expectation: Nothing, planned: Planned) -> Spans:
    """Return the hours in which nothing is expected, as half-open spans of instants, ascending."""
    window, spans = expectation.window, list[tuple[datetime, datetime]]()
    on = planned.wall(planned.since).date() - DAY
    last = planned.wall(planned.until).date()
    while on <= last:
        planned.budget.spend()
        if not expectation.days or on.weekday() in expectation.days:
            end = on + DAY if window.crosses_midnight else on
            opens, closes = (
                due_of(datetime.combine(day, at), planned.config.zone)
                for day, at in ((on, window.since), (end, window.until))
            )
            opens, closes = max(opens, planned.since), min(closes, planned.until)
            if opens < closes:
                spans.append((opens, closes))
        on += DAY
    return spans


def _meets(job: JobConfig, expectation: Nothing, zone: ZoneInfo) -> bool:
    """Whether the job may start in these hours in a week without a clock change."""
    times = weekly_times(job.schedule)
    if job.zone != zone or not times:
        return True
    window, days = expectation.window, expectation.days
    for minute, mask in times:
        at = time(minute // 60, minute % 60)
        if window.contains(at):
            back = 1 if window.crosses_midnight and at < window.until else 0
            if not days or any(mask >> (day + back) % 7 & 1 for day in days):
                return True
    return False


def _slot_within(planned: Planned, job: JobConfig, spans: Spans) -> datetime | None:
    """Return the first slot of the job in one of *spans*, going from one to the next."""
    trigger = planned.trigger(job.name)
    place = 0
    while trigger is not None and place < len(spans):
        opens, closes = spans[place]
        planned.budget.spend(opens)
        slot = trigger.next_after(opens - RESOLUTION)
        if slot is None or slot.due < closes:
            return None if slot is None else slot.due
        place = max(place + 1, bisect_right(spans, slot.due, key=itemgetter(1)))
    return None


def _start_within(planned: Planned, job: JobConfig, spans: Spans) -> datetime | None:
    """Return when the job first may start in one of *spans*, looking at every start."""
    for start, _, _ in planned.starts(job.name) if spans else ():
        place = bisect_right(spans, start, key=itemgetter(1))
        if place == len(spans):
            return None
        if spans[place][0] <= start + job.jitter:
            return max(start, spans[place][0])
    return None
