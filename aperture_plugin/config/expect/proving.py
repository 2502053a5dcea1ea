"""Whether an expectation holds for every start of a span, and if not, when it fails first and why."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from heapq import heappop, heappush, merge
from math import ceil
from operator import itemgetter
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from aperture_plugin.config.expect.planned import Planned, Start
from aperture_plugin.config.lint.rhythms import weekly_times
from aperture_plugin.config.lint.telling import clock, day_and_clock, listed
from aperture_plugin.config.model import JobConfig, Overlap
from aperture_plugin.triggers.clockchanges import changes
from aperture_plugin.triggers.walltime import RESOLUTION, due_of, offset_at, wall_at
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.expectations import AtMost, Before, Expectation, Nothing, ReadyBy
from aperture_plugin.words.schedules import DAY, Schedule
from aperture_plugin.words.windows import Window, window_text

__all__ = ["Refuted", "proved"]

_NEAR: Final = timedelta(days=2)
"""So far around a clock change, schedules are not taken to be what they are in every week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuted:
    """Why an expectation does not hold.

    Attributes:
        on: The date, in the file's zone, on which it fails first; None if it never has anything to hold of.
        why: What happens then, to stand behind the expectation's own words.
        hint: What can be done about it.
    """

    on: date | None
    why: str
    hint: str


def proved(expectation: Expectation, planned: Planned) -> Refuted | None:
    """Return None if *expectation* holds of every start that is *planned*, else what refutes it.

    Raises:
        TooMany: There are more starts than the budget allows, and none of those looked at refutes it.
    """
    proof = _Proof(planned, planned.config.zone)
    match expectation:
        case Before():
            return proof.before(expectation)
        case Nothing():
            return proof.nothing(expectation)
        case AtMost():
            return proof.at_most(expectation)
        case ReadyBy():
            return proof.ready_by(expectation)
    assert_never(expectation)


@dataclass(frozen=True)
class _Proof:
    planned: Planned
    zone: ZoneInfo

    def wall(self, instant: datetime) -> datetime:
        """Return what the clocks of the file's zone show."""
        return wall_at(instant, offset_at(instant, self.zone))

    # ── before ──

    def before(self, expectation: Before) -> Refuted | None:
        first, then = expectation.first, expectation.then
        for name in (first, then):
            if self.planned.job(name) is None:
                return _never(name)
        ours, theirs = self._days(first), self._days(then)
        one, other = next(ours, None), next(theirs, None)
        met = False
        while one is not None and other is not None:
            on, their_day = one[0], other[0]
            if on == their_day:
                met = True
                if not self._goes_first(first, one[1], then, other[1]):
                    return self._not_before(first, one[1], then, other[1])
            one = next(ours, None) if on <= their_day else one
            other = next(theirs, None) if their_day <= on else other
        if met:
            return None
        return Refuted(
            on=None,
            why=f"{first} and {then} never start on the same day in the coming year",
            hint=f"it is held to the days on which both start; let {then} run after {first}, or take the line out",
        )

    def _goes_first(self, first: str, one: Start, then: str, other: Start) -> bool:
        """Whether *one* starts before *other*: sooner, or at the same instant and ahead of it in their queue.

        Runs that fall due together, as where a clock change moves one of them, queue by the time that was written.
        """
        ours, theirs = (self.planned.config.jobs[name] for name in (first, then))
        late = one.at + ours.jitter
        ahead = ours.queue == theirs.queue and one[1:] < other[1:]
        return late < other.at or (late == other.at and ahead)

    def _not_before(self, first: str, one: Start, then: str, other: Start) -> Refuted:
        late, early = self.wall(one.at + self.planned.config.jobs[first].jitter), self.wall(other.at)
        same = late == early
        told = f"both start at {clock(early.time())}" if same else f"{then} starts at {clock(early.time())}"
        return Refuted(
            on=early.date(),
            why=told if same else f"{told}, and {first} at {day_and_clock(late, early)}",
            hint=f"move one of the two, or let {then} run as soon as {first} has\nWrite:  {then}: after {first}",
        )

    def _days(self, name: str) -> Iterator[tuple[date, Start]]:
        """Yield each day on which the job starts, with its first start on it."""
        trigger = self.planned.trigger(name)
        last = date.min
        if trigger is None:
            for start in self.planned.starts(name):
                if (on := self.wall(start.at).date()) > last:
                    yield on, start
                    last = on
            return
        instant = self.planned.since
        while (slot := trigger.next_after(instant - RESOLUTION)) is not None and slot.due < self.planned.until:
            self.planned.budget.spend(slot.due)
            on = self.wall(slot.due).date()
            if on > last:
                yield on, Start(slot.due, slot.due, slot.nominal)
            last = max(on, last)
            instant = max(due_of(datetime.combine(last, time()) + DAY, self.zone), slot.due + RESOLUTION)

    # ── nothing between ──

    def nothing(self, expectation: Nothing) -> Refuted | None:
        self.planned.budget.spend(times=len(self.planned.config.jobs))
        spans = self._spans(expectation)
        odd = [span for span in spans if any(abs(span[0] - change) <= _NEAR for change in self._changes)]
        known: dict[tuple[Schedule, ZoneInfo], datetime | None] = {}
        found: tuple[datetime, str] | None = None
        for job in self.planned.config.jobs.values():
            trigger = self.planned.trigger(job.name)
            if trigger is None:
                start = self._start_within(job, spans)
            elif (job.schedule, job.zone) in known:
                start = None  # an earlier job has the same starts
            else:
                start = self._slot_within(job, spans if self._meets(job, expectation) else odd)
                known[job.schedule, job.zone] = start
            if start is not None and (found is None or start < found[0]):
                found = start, job.name
                spans = spans[: bisect_right(spans, start, key=itemgetter(0))]
                odd = odd[: bisect_right(odd, start, key=itemgetter(0))]
        if found is None:
            return None
        start, name = found
        around = Window(since=expectation.window.until, until=expectation.window.since)
        return Refuted(
            on=self.wall(start).date(),
            why=f"{name} starts at {clock(self.wall(start).time())}",
            hint="give it another time, or a window that lets it start in the other hours only"
            f"\nWrite:  window: {window_text(around)}",
        )

    @cached_property
    def _changes(self) -> list[datetime]:
        return [change.instant for change in changes(self.zone, self.planned.since - _NEAR, self.planned.until + _NEAR)]

    def _spans(self, expectation: Nothing) -> list[tuple[datetime, datetime]]:
        """Return the hours in which nothing is expected, as half-open spans of instants, ascending."""
        window, spans = expectation.window, []
        on = self.wall(self.planned.since).date() - DAY
        last = self.wall(self.planned.until).date()
        while on <= last:
            self.planned.budget.spend()
            if not expectation.days or on.weekday() in expectation.days:
                end = on + DAY if window.crosses_midnight else on
                opens, closes = (
                    due_of(datetime.combine(day, at), self.zone)
                    for day, at in ((on, window.since), (end, window.until))
                )
                opens, closes = max(opens, self.planned.since), min(closes, self.planned.until)
                if opens < closes:
                    spans.append((opens, closes))
            on += DAY
        return spans

    def _meets(self, job: JobConfig, expectation: Nothing) -> bool:
        """Whether the job may start in these hours in a week without a clock change."""
        times = weekly_times(job.schedule)
        if job.zone != self.zone or not times:
            return True
        window, days = expectation.window, expectation.days
        for minute, mask in times:
            at = time(minute // 60, minute % 60)
            if window.contains(at):
                back = 1 if window.crosses_midnight and at < window.until else 0
                if not days or any(mask >> (day + back) % 7 & 1 for day in days):
                    return True
        return False

    def _slot_within(self, job: JobConfig, spans: list[tuple[datetime, datetime]]) -> datetime | None:
        """Return the first slot of the job in one of *spans*, going from one to the next."""
        trigger = self.planned.trigger(job.name)
        place = 0
        while trigger is not None and place < len(spans):
            opens, closes = spans[place]
            self.planned.budget.spend(opens)
            slot = trigger.next_after(opens - RESOLUTION)
            if slot is None or slot.due < closes:
                return None if slot is None else slot.due
            place = max(place + 1, bisect_right(spans, slot.due, key=itemgetter(1)))
        return None

    def _start_within(self, job: JobConfig, spans: list[tuple[datetime, datetime]]) -> datetime | None:
        """Return when the job first may start in one of *spans*, looking at every start."""
        for start, _, _ in self.planned.starts(job.name) if spans else ():
            place = bisect_right(spans, start, key=itemgetter(1))
            if place == len(spans):
                return None
            if spans[place][0] <= start + job.jitter:
                return max(start, spans[place][0])
        return None

    # ── at most ──

    def at_most(self, expectation: AtMost) -> Refuted | None:
        self.planned.budget.spend(times=len(self.planned.config.jobs))
        jobs = [
            job
            for job in self.planned.config.jobs.values()
            if expectation.queue in (None, job.queue) and self.planned.job(job.name) is not None
        ]
        in_hand: list[tuple[datetime, int]] = []
        until: dict[int, datetime] = {}
        streams = (self._numbered(number, job.name) for number, job in enumerate(jobs))
        for start, number in merge(*streams):
            job = jobs[number]
            while in_hand and in_hand[0][0] <= start:
                heappop(in_hand)
            if job.overlap is not Overlap.ALLOW and until.get(number, start) > start:
                continue
            until[number] = start + job.jitter + self.planned.took(job.name)
            heappush(in_hand, (until[number], number))
            if len(in_hand) > expectation.most:
                said = expectation.lasting is not None
                return self._too_many(start, said, [jobs[number] for _, number in sorted(in_hand, key=itemgetter(1))])
        return None

    def _numbered(self, number: int, name: str) -> Iterator[tuple[datetime, int]]:
        return ((start.at, number) for start in self.planned.starts(name))

    def _too_many(self, start: datetime, said: bool, jobs: list[JobConfig]) -> Refuted:
        wall = self.wall(start)
        names = listed(list(dict.fromkeys(job.name for job in jobs)))
        took = sorted({self.planned.took(job.name) for job in jobs})
        takes = _text(took[0]) if len(took) == 1 else f"{_text(took[0])} to {_text(took[-1])}"
        return Refuted(
            on=wall.date(),
            why=f"at {clock(wall.time())} {len(jobs)} are in hand, {names}",
            hint="stagger them, or put some in another queue" + ("" if said else _otherwise(takes)),
        )

    # ── ready by ──

    def ready_by(self, expectation: ReadyBy) -> Refuted | None:
        job = self.planned.job(expectation.job)
        if job is None:
            return _never(expectation.job)
        took = self.planned.took(job.name)
        seen = False
        for start, _, _ in self.planned.starts(job.name):
            seen = True
            end = start + job.jitter + took
            wall = self.wall(start)
            if end > due_of(_deadline(wall, expectation.by), self.zone):
                return Refuted(
                    on=wall.date(),
                    why=f"{job.name} starts at {clock(wall.time())} and, taking {_text(took)}, "
                    f"has ended at {day_and_clock(self.wall(end), wall)}",
                    hint="give it, or what it runs after, an earlier time"
                    + (_otherwise(_text(took)) if expectation.lasting is None else ""),
                )
        return None if seen else _never(job.name)


def _deadline(start: datetime, by: time) -> datetime:
    """Return the wall time *by* that a start is held to: of its own day, or of the next for one in the evening before.

    >>> _deadline(datetime(2026, 1, 10, 23), time(6, 30)).isoformat()
    '2026-01-11T06:30:00'
    >>> _deadline(datetime(2026, 1, 10, 7), time(6, 30)).isoformat()
    '2026-01-10T06:30:00'
    """
    own = datetime.combine(start.date(), by)
    return own + DAY if start - own > own + DAY - start else own


def _text(took: timedelta) -> str:
    """Return a duration in whole seconds; half of an odd timeout has a part of one."""
    return duration_text(timedelta(seconds=ceil(took.total_seconds())))


def _otherwise(took: str) -> str:
    return f'; a run is taken to last {took}, unless the sentence ends in "if runs take 30 minutes"'


def _never(name: str) -> Refuted:
    return Refuted(
        on=None,
        why=f"{name} does not start by itself in the coming year",
        hint=f"give {name} a schedule, enable it, or take the line out",
    )
