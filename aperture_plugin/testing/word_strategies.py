"""Hypothesis strategies for the values that words stand for.

A host's own property tests can draw schedules from here. Only this module needs Hypothesis.
"""

from __future__ import annotations

import string
from datetime import datetime, time, timedelta
from typing import Final

from hypothesis import strategies as st

from aperture_plugin.words.datetimes import FIRST_YEAR, LAST_YEAR
from aperture_plugin.words.durations import LONGEST_DURATION
from aperture_plugin.words.library_sizes import Sizes
from aperture_plugin.words.limits import MOST_CALLS, Limit
from aperture_plugin.words.names import LONGEST_NAME
from aperture_plugin.words.schedules import (
    DAY,
    LONGEST_INTERVAL,
    After,
    AtStart,
    Cron,
    Daily,
    Interval,
    Manual,
    Monthly,
    Once,
    Schedule,
    Several,
    Single,
    Weekday,
    Weekly,
)
from aperture_plugin.words.windows import Window

__all__ = [
    "afters",
    "crons",
    "dailies",
    "durations",
    "intervals",
    "job_names",
    "limits",
    "moments",
    "monthlies",
    "onces",
    "schedules",
    "several",
    "single_schedules",
    "sizes",
    "starts",
    "timed_schedules",
    "times",
    "times_of_day",
    "weekdays",
    "weeklies",
    "windows",
]

_FIRST_LETTERS: Final = string.ascii_letters + string.digits
_OFFERED_INTERVALS: Final = (
    *(timedelta(minutes=minutes) for minutes in (15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 4, 6, 8, 12)),
)
_ZONE_NAMES: Final = ("UTC", "America/New_York", "Europe/Riga", "Australia/Lord_Howe", "America/Argentina/Buenos_Aires")


def durations(*, at_most: timedelta = LONGEST_DURATION) -> st.SearchStrategy[timedelta]:
    """Draw a duration of whole seconds, from one second to *at_most*."""
    seconds = int(at_most.total_seconds())
    round_ones = [timedelta(seconds=n) for n in (1, 60, 90, 3600, 5400, 86_400, 604_800) if n <= seconds]
    return st.sampled_from(round_ones) | st.integers(1, seconds).map(lambda n: timedelta(seconds=n))


def times() -> st.SearchStrategy[time]:
    """Draw a wall time in whole minutes."""
    return st.builds(time, st.integers(0, 23), st.integers(0, 59))


def times_of_day(*, at_most: int = 4) -> st.SearchStrategy[tuple[time, ...]]:
    """Draw the times of a schedule: sorted, without repeats, at least one."""
    return st.sets(times(), min_size=1, max_size=at_most).map(lambda drawn: tuple(sorted(drawn)))


def weekdays() -> st.SearchStrategy[tuple[Weekday, ...]]:
    """Draw the days of a weekly schedule: sorted, without repeats, at least one."""
    return st.sets(st.sampled_from(Weekday), min_size=1).map(lambda drawn: tuple(sorted(drawn)))


def moments(*, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> st.SearchStrategy[datetime]:
    """Draw a naive date and wall time in whole minutes."""
    return st.datetimes(datetime(first_year, 1, 1), datetime(last_year, 12, 31, 23, 59)).map(  # noqa: DTZ001 - naive
        lambda drawn: drawn.replace(second=0, microsecond=0)
    )


def job_names() -> st.SearchStrategy[str]:
    """Draw a name that a job can have; `and`, which lists are joined with, is one."""
    rest = st.text(_FIRST_LETTERS + "._-", max_size=LONGEST_NAME - 1)
    return st.sampled_from(["and", "And", "at", "library-scan", "1"]) | st.builds(
        str.__add__, st.sampled_from(_FIRST_LETTERS), rest
    )


def dailies() -> st.SearchStrategy[Daily]:
    """Draw a daily schedule."""
    return st.builds(Daily, times=times_of_day())


def weeklies() -> st.SearchStrategy[Weekly]:
    """Draw a weekly schedule."""
    return st.builds(Weekly, days=weekdays(), times=times_of_day())


def monthlies() -> st.SearchStrategy[Monthly]:
    """Draw a monthly schedule."""
    return st.builds(Monthly, day=st.integers(1, 31) | st.just("last"), times=times_of_day())


@st.composite
def intervals(draw: st.DrawFn, *, at_most: timedelta = LONGEST_INTERVAL) -> Interval:
    """Draw an interval of up to *at_most*, often one that people are offered, with an offset or without."""
    every = draw(st.sampled_from(_OFFERED_INTERVALS) | durations(at_most=DAY) | durations(at_most=at_most))
    offset = draw(st.just(0) | st.integers(0, int(every.total_seconds()) - 1))
    return Interval(every=every, offset=timedelta(seconds=offset))


@st.composite
def crons(draw: st.DrawFn) -> Cron:
    """Draw a cron schedule: stars, numbers, lists, ranges and steps in each of the five fields."""
    ends = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6))
    return Cron(expression=" ".join(draw(_cron_field(first, last)) for first, last in ends))


def onces(*, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> st.SearchStrategy[Once]:
    """Draw a schedule that is due a single time."""
    return st.builds(Once, at=moments(first_year=first_year, last_year=last_year))


def afters() -> st.SearchStrategy[After]:
    """Draw a schedule that follows one to four other jobs."""
    return st.builds(After, jobs=st.lists(job_names(), min_size=1, max_size=4, unique=True).map(tuple))


def timed_schedules() -> st.SearchStrategy[Schedule]:
    """Draw a schedule that has slots, and nothing but slots."""
    return single_schedules()


def starts() -> st.SearchStrategy[AtStart]:
    """Draw a schedule at start, at once or after a delay."""
    return st.builds(AtStart, delay=st.just(timedelta(0)) | durations(), unless_ran_within=st.none() | durations())


def several() -> st.SearchStrategy[Several]:
    """Draw two to four schedules of one job, one of them perhaps at start."""
    timed = st.lists(single_schedules(), min_size=2, max_size=3, unique=True)
    with_start = st.builds(lambda start, others: [start, *others], starts(), timed)
    return (timed | with_start).map(lambda parts: Several(schedules=tuple(parts)))


def single_schedules() -> st.SearchStrategy[Single]:
    """Draw a single schedule that has slots."""
    return st.one_of(dailies(), weeklies(), monthlies(), intervals(), crons(), onces())


def schedules() -> st.SearchStrategy[Schedule]:
    """Draw any kind of schedule, or several of one job."""
    return st.one_of(timed_schedules(), afters(), starts(), several(), st.just(Manual()))


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    """Draw a shared budget, moving or daily."""
    calls = draw(st.integers(1, MOST_CALLS))
    if draw(st.booleans()):
        return Limit(calls=calls, per=draw(durations()))
    zone_name = draw(st.none() | st.sampled_from(_ZONE_NAMES))
    return Limit(calls=calls, per=DAY, resets_at=draw(times()), zone_name=zone_name)


def windows() -> st.SearchStrategy[Window]:
    """Draw the hours in which a run may start, past midnight or not."""
    ends = st.lists(times(), min_size=2, max_size=2, unique=True)
    return ends.map(lambda drawn: Window(since=drawn[0], until=drawn[1]))


@st.composite
def sizes(draw: st.DrawFn) -> Sizes:
    """Draw a range of library sizes that holds at least one."""
    at_least = draw(st.none() | st.integers(0, 10**9))
    above = st.integers((at_least or 0) + 1, 10**9 + 1)
    return Sizes(at_least=at_least, below=draw(above if at_least is None else st.none() | above))


@st.composite
def _cron_field(draw: st.DrawFn, first: int, last: int) -> str:
    numbers = st.integers(first, last)
    form = draw(st.sampled_from(("*", "number", "list", "range", "step", "range step")))
    if form == "number":
        return str(draw(numbers))
    if form == "list":
        return ",".join(map(str, sorted(draw(st.sets(numbers, min_size=2, max_size=4)))))
    low, high = sorted((draw(numbers), draw(numbers)))
    step = draw(st.integers(1, last))
    return {"*": "*", "range": f"{low}-{high}", "step": f"*/{step}", "range step": f"{low}-{high}/{step}"}[form]
