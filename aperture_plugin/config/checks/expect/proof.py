"""Proofs of expectations: does a sentence under `expect` hold for every start in a span, and where does it break?"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush, merge
from math import ceil
from operator import itemgetter
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from aperture_plugin.config.checks.expect.planned_starts import Planned, PlannedStart
from aperture_plugin.config.checks.lint.lint_text import clock, day_and_clock, listed
from aperture_plugin.config.checks.lint.rhythms import weekly_times
from aperture_plugin.config.model import JobConfig, Overlap, Timing
from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.triggers.walltime import RESOLUTION, due_of
from aperture_plugin.triggers.window_hours import open_spans
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.expectations import AtMost, Before, Expectation, Nothing, ReadyBy, deadline_of
from aperture_plugin.words.schedules import DAY
from aperture_plugin.words.windows import Window, window_text

__all__ = ["Refuted", "at_most", "before", "lasting_text", "never", "nothing", "otherwise", "proved", "ready_by"]
_NEAR: Final = timedelta(days=2)
"""So far around a clock change, schedules are not taken to be what they are in every week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuted:
    """The proof that an expectation does not hold.

    Attributes:
        on: The date, in the file's zone, on which it fails first; None if it never has anything to hold of.
        why: The case in which it fails, to stand behind the expectation's own words.
        hint: A way to mend it.
    """

    on: date | None
    why: str
    hint: str


def never(name: str) -> Refuted:
    """Return what refutes any expectation of a job without starts."""
    return Refuted(
        on=None,
        why=f"{name} does not start by itself in the coming year",
        hint=f"give {name} a schedule, enable it, or take the line out",
    )


def lasting_text(took: timedelta) -> str:
    """Return a duration in whole seconds; half of an odd timeout has a part of one."""
    return duration_text(timedelta(seconds=ceil(took.total_seconds())))


def otherwise(took: str) -> str:
    """Return the clause that ends a hint: how long a run is taken to last, and how to say that it is not so."""
    return f'; a run is taken to last {took}, unless the sentence ends in "if runs take 30 minutes"'


def at_most(expectation: AtMost, planned: Planned) -> Refuted | None:
    """Count at each start what is in hand; a job does not overlap itself unless it says so."""
    planned.budget.spend(times=len(planned.config.jobs))
    jobs = [
        job
        for job in planned.config.jobs.values()
        if expectation.queue in (None, job.queue) and planned.job(job.name) is not None
    ]
    in_hand: list[tuple[datetime, int]] = []
    until: dict[int, datetime] = {}
    streams = (_numbered(planned, number, job.name) for number, job in enumerate(jobs))
    for start, number in merge(*streams):
        job = jobs[number]
        while in_hand and in_hand[0][0] <= start:
            heappop(in_hand)
        if job.overlap is not Overlap.ALLOW and until.get(number, start) > start:
            continue
        until[number] = start + job.jitter + planned.took(job.name)
        heappush(in_hand, (until[number], number))
        if len(in_hand) > expectation.most:
            value = expectation.lasting is not None
            return _too_many(planned, start, value, [jobs[number] for _, number in sorted(in_hand, key=itemgetter(1))])
    return None


def _numbered(planned: Planned, number: int, name: str) -> Iterator[tuple[datetime, int]]:
    return ((start.at, number) for start in planned.starts(name))


def _too_many(planned: Planned, start: datetime, value: bool, jobs: list[JobConfig]) -> Refuted:
    wall = planned.wall(start)
    names = listed(list(dict.fromkeys(job.name for job in jobs)))
    took = sorted({planned.took(job.name) for job in jobs})
    takes = lasting_text(took[0]) if len(took) == 1 else f"{lasting_text(took[0])} to {lasting_text(took[-1])}"
    return Refuted(
        on=wall.date(),
        why=f"at {clock(wall.time())} {len(jobs)} are in hand, {names}",
        hint="stagger them, or put some in another queue" + ("" if value else otherwise(takes)),
    )


def before(expectation: Before, planned: Planned) -> Refuted | None:
    """Compare the first start of one job on each day with that of the other."""
    first, then = expectation.first, expectation.then
    for name in (first, then):
        if planned.job(name) is None:
            return never(name)
    ours, theirs = _days(planned, first), _days(planned, then)
    one, other = next(ours, None), next(theirs, None)
    met = False
    while one is not None and other is not None:
        on, their_day = one[0], other[0]
        if on == their_day:
            met = True
            if not _goes_first(planned, first, one[1], then, other[1]):
                return _not_before(planned, first, one[1], then, other[1])
        one = next(ours, None) if on <= their_day else one
        other = next(theirs, None) if their_day <= on else other
    if met:
        return None
    return Refuted(
        on=None,
        why=f"{first} and {then} never start on the same day in the coming year",
        hint=f"it is held to the days on which both start; let {then} run after {first}, or take the line out",
    )


def _goes_first(planned: Planned, first: str, one: PlannedStart, then: str, other: PlannedStart) -> bool:
    """Return whether *one* starts before *other*: sooner, or at the same instant and ahead of it in their queue.

    Runs that fall due together, as where a clock change moves one of them, queue by the time that was written.
    """
    ours, theirs = (planned.config.jobs[name] for name in (first, then))
    late = one.at + ours.jitter
    ahead = ours.queue == theirs.queue and one[1:] < other[1:]
    return late < other.at or (late == other.at and ahead)


def _not_before(planned: Planned, first: str, one: PlannedStart, then: str, other: PlannedStart) -> Refuted:
    late, early = planned.wall(one.at + planned.config.jobs[first].jitter), planned.wall(other.at)
    same = late == early
    message = f"both start at {clock(early.time())}" if same else f"{then} starts at {clock(early.time())}"
    return Refuted(
        on=early.date(),
        why=message if same else f"{message}, and {first} at {day_and_clock(late, early)}",
        hint=f"move one of the two, or let {then} run as soon as {first} has\nWrite:  {then}: after {first}",
    )


def _days(planned: Planned, name: str) -> Iterator[tuple[date, PlannedStart]]:
    """Yield each day on which the job starts, with its first start on it."""
    trigger = planned.trigger(name)
    last = date.min
    if trigger is None:
        for start in planned.starts(name):
            if (on := planned.wall(start.at).date()) > last:
                yield on, start
                last = on
        return
    instant = planned.since
    while (slot := trigger.next_after(instant - RESOLUTION)) is not None and slot.due < planned.until:
        planned.budget.spend(slot.due)
        on = planned.wall(slot.due).date()
        if on > last:
            yield on, PlannedStart(slot.due, slot.due, slot.nominal)
        last = max(on, last)
        instant = max(due_of(datetime.combine(last, time()) + DAY, planned.config.zone), slot.due + RESOLUTION)


def ready_by(expectation: ReadyBy, planned: Planned) -> Refuted | None:
    """Compare the end of each run with the deadline that its start is nearest to."""
    job = planned.job(expectation.job)
    if job is None:
        return never(expectation.job)
    took = planned.took(job.name)
    seen = False
    for start, _, _ in planned.starts(job.name):
        seen = True
        end = start + job.jitter + took
        wall = planned.wall(start)
        if end > due_of(deadline_of(wall, expectation.by), planned.config.zone):
            return Refuted(
                on=wall.date(),
                why=f"{job.name} starts at {clock(wall.time())} and, taking {lasting_text(took)}, "
                f"has ended at {day_and_clock(planned.wall(end), wall)}",
                hint="give it, or what it runs after, an earlier time"
                + (otherwise(lasting_text(took)) if expectation.lasting is None else ""),
            )
    return None if seen else never(job.name)


Spans = list[tuple[datetime, datetime]]


def nothing(expectation: Nothing, planned: Planned) -> Refuted | None:
    """Look for the first start in these hours, of whichever job."""
    planned.budget.spend(times=len(planned.config.jobs))
    spans = _spans(expectation, planned)
    around = changes(planned.config.zone, planned.since - _NEAR, planned.until + _NEAR)
    odd = [span for span in spans if any(abs(span[0] - change.instant) <= _NEAR for change in around)]
    known: dict[Timing, datetime | None] = {}
    found: tuple[datetime, str] | None = None
    for job in planned.config.jobs.values():
        trigger = planned.trigger(job.name)
        if trigger is None:
            start = _start_within(planned, job, spans)
        elif job.timing in known:
            start = None  # an earlier job has the same starts
        else:
            start = _slot_within(planned, job, spans if _meets(job, expectation, planned.config.zone) else odd)
            known[job.timing] = start
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
    spans: Spans = []
    for begin, end, on in open_spans(expectation.window, planned.config.zone, planned.since):
        if begin >= planned.until:
            break
        planned.budget.spend()
        if not expectation.days or on.weekday() in expectation.days:
            spans.append((begin, min(end, planned.until)))
    return spans


def _meets(job: JobConfig, expectation: Nothing, zone: ZoneInfo) -> bool:
    """Return whether the job may start in these hours in a week without a clock change."""
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


def proved(expectation: Expectation, planned: Planned) -> Refuted | None:
    """Return None if *expectation* holds of every start that is *planned*, else what refutes it.

    Raises:
        TooMany: There are more starts than the budget allows, and none of those looked at refutes it.
    """
    match expectation:
        case Before():
            return before(expectation, planned)
        case Nothing():
            return nothing(expectation, planned)
        case AtMost():
            return at_most(expectation, planned)
        case ReadyBy():
            return ready_by(expectation, planned)
    assert_never(expectation)
