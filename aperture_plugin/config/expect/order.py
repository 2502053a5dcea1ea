"""`library-scan before embeddings`: one job starts before the other on each day on which both do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from aperture_plugin.config.expect.planned import Planned, Start
from aperture_plugin.config.expect.refuted import Refuted, never
from aperture_plugin.config.lint.telling import clock, day_and_clock
from aperture_plugin.triggers.walltime import RESOLUTION, due_of
from aperture_plugin.words.expectations import Before
from aperture_plugin.words.schedules import DAY

__all__ = ["before"]


def before(expectation: Before, planned: Planned) -> Refuted | None:
    """Hold the first start of one job on each day against that of the other."""
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


def _goes_first(planned: Planned, first: str, one: Start, then: str, other: Start) -> bool:
    """Whether *one* starts before *other*: sooner, or at the same instant and ahead of it in their queue.

    Runs that fall due together, as where a clock change moves one of them, queue by the time that was written.
    """
    ours, theirs = (planned.config.jobs[name] for name in (first, then))
    late = one.at + ours.jitter
    ahead = ours.queue == theirs.queue and one[1:] < other[1:]
    return late < other.at or (late == other.at and ahead)


def _not_before(planned: Planned, first: str, one: Start, then: str, other: Start) -> Refuted:
    late, early = planned.wall(one.at + planned.config.jobs[first].jitter), planned.wall(other.at)
    same = late == early
    told = f"both start at {clock(early.time())}" if same else f"{then} starts at {clock(early.time())}"
    return Refuted(
        on=early.date(),
        why=told if same else f"{told}, and {first} at {day_and_clock(late, early)}",
        hint=f"move one of the two, or let {then} run as soon as {first} has\nWrite:  {then}: after {first}",
    )


def _days(planned: Planned, name: str) -> Iterator[tuple[date, Start]]:
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
            yield on, Start(slot.due, slot.due, slot.nominal)
        last = max(on, last)
        instant = max(due_of(datetime.combine(last, time()) + DAY, planned.config.zone), slot.due + RESOLUTION)
