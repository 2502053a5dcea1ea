"""Random zones, nights on which their clocks change, and schedules that are due about then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from hypothesis import assume
from hypothesis import strategies as st

from aperture_plugin.words.schedules import Cron, Daily, Interval, Monthly, Once, Schedule, Weekday, Weekly
from tests.triggers.oracle import MINUTE, Change, changes_of

__all__ = ["ZONES", "Night", "cron_expressions", "cuts", "intervals", "nights", "schedules"]

ZONES = sorted(available_timezones() - {"localtime", "posixrules"})
DAY = timedelta(days=1)
DIVISORS_OF_A_DAY = [minutes for minutes in range(1, 1441) if 1440 % minutes == 0]


@dataclass(frozen=True)
class Night:
    """A clock change and the 40 hours about it; a night like any other where a zone had none that year."""

    zone: ZoneInfo
    change: Change

    @property
    def since(self) -> datetime:
        return self.change.instant - timedelta(hours=20)

    @property
    def until(self) -> datetime:
        return self.change.instant + timedelta(hours=20)

    @property
    def wall(self) -> datetime:
        """What the clocks would have shown at the change."""
        return self.change.instant.replace(tzinfo=None) + self.change.before

    def __repr__(self) -> str:
        change = self.change
        return f"<{change.zone}: {change.before} to {change.after} at {change.instant.isoformat()}>"


@st.composite
def nights(draw: st.DrawFn) -> Night:
    """A change of any zone of the tz database from 2007 to 2037; rarely a night without one."""
    name = draw(st.sampled_from(ZONES))
    years = range(2007, 2038)
    first = draw(st.sampled_from(years))
    for year in [*range(first, 2038), *range(2007, first)]:
        if found := changes_of(name, year):
            return Night(ZoneInfo(name), draw(st.sampled_from(found)))
    zone = ZoneInfo(name)
    noon = datetime(first, draw(st.integers(1, 12)), draw(st.integers(1, 28)), 12, tzinfo=UTC)
    offset = noon.astimezone(zone).utcoffset() or timedelta(0)
    return Night(zone, Change(name, noon, offset, offset))


def minutes_about(wall: datetime) -> st.SearchStrategy[datetime]:
    """Wall times in whole minutes within a day of *wall*, most of them close to it."""
    wall = wall.replace(second=0)
    close = st.integers(-13, 13).map(lambda quarters: wall + quarters * 15 * MINUTE)
    closer = st.integers(-200, 200).map(lambda minutes: wall + minutes * MINUTE)
    return close | closer | st.integers(-1200, 1200).map(lambda minutes: wall + minutes * MINUTE)


def times_about(wall: datetime) -> st.SearchStrategy[tuple[time, ...]]:
    return st.lists(minutes_about(wall).map(datetime.time), min_size=1, max_size=4, unique=True).map(
        lambda times: tuple(sorted(times))
    )


def weekdays(of: datetime) -> st.SearchStrategy[tuple[Weekday, ...]]:
    near = st.sampled_from([Weekday((of + days * DAY).weekday()) for days in (-1, 0, 1)])
    return st.lists(near | st.sampled_from(Weekday), min_size=1, max_size=7, unique=True).map(
        lambda days: tuple(sorted(days))
    )


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Intervals of whole minutes: most divide the day, some do not."""
    every = draw(st.sampled_from(DIVISORS_OF_A_DAY) | st.integers(1, 3000))
    offset = draw(st.just(0) | st.integers(0, every - 1))
    return Interval(every=every * MINUTE, offset=offset * MINUTE)


@st.composite
def field(draw: st.DrawFn, low: int, high: int, near: int) -> str:
    """One field of a cron expression, often one that holds *near*."""
    value = st.just(near) | st.integers(low, high)
    kind = draw(st.sampled_from(["star", "star", "step", "value", "list", "range", "range step"]))
    if kind == "star":
        return "*"
    if kind == "step":
        return f"*/{draw(st.integers(1, high + 1))}"
    if kind == "list":
        return ",".join(map(str, draw(st.lists(value, min_size=2, max_size=4, unique=True))))
    first, last = sorted((draw(value), draw(value)))
    if kind == "value":
        return str(first)
    return f"{first}-{last}" + (f"/{draw(st.integers(1, 20))}" if kind == "range step" else "")


@st.composite
def cron_expressions(draw: st.DrawFn, about: datetime) -> str:
    """Expressions with every kind of field, most of which fire near the wall time *about*."""
    near = draw(minutes_about(about))
    star = st.just("*")
    day = star | star | field(1, 31, near.day) | st.sampled_from(["L", "LW", "1,L", "15-20,LW"])
    weekday = star | star | field(0, 7, near.isoweekday())
    weekday |= st.builds("{}#{}".format, st.integers(0, 7), st.integers(1, 5)) | st.integers(0, 7).map("{}L".format)
    month = star | star | field(1, 12, near.month) | st.sampled_from(["JAN-DEC", "MAR,OCT,NOV", near.strftime("%b")])
    fields = field(0, 59, near.minute), field(0, 23, near.hour), day, month, weekday
    expression = " ".join(draw(one) for one in fields)
    assume(names_some_date(expression))
    return expression


def names_some_date(expression: str) -> bool:
    try:
        CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError:  # such as 31 November
        return False
    return True


@st.composite
def schedules(draw: st.DrawFn, about: datetime) -> Schedule:
    """Schedules of every kind that has slots, most of them due near the wall time *about*."""
    kind = draw(st.sampled_from(["daily", "weekly", "monthly", "interval", "interval", "cron", "cron", "once"]))
    if kind == "interval":
        return draw(intervals())
    if kind == "cron":
        return Cron(expression=draw(cron_expressions(about)))
    if kind == "once":
        return Once(at=draw(minutes_about(about)))
    times = draw(times_about(about))
    if kind == "weekly":
        return Weekly(days=draw(weekdays(about)), times=times)
    if kind == "monthly":
        days = st.sampled_from([(about + days * DAY).day for days in (-1, 0, 1)]) | st.integers(1, 31)
        return Monthly(day=draw(days | st.just("last")), times=times)
    return Daily(times=times)


@st.composite
def cuts(draw: st.DrawFn, night: Night) -> tuple[datetime, datetime, datetime]:
    """Three ascending instants within *night*, in whole minutes, often the change itself."""
    change = night.change.instant.replace(second=0)
    minute = st.integers(-240, 240) | st.integers(-1200, 1200)
    instants = st.just(change) | minute.map(lambda minutes: change + minutes * MINUTE)
    first, middle, last = sorted(draw(st.tuples(instants, instants, instants)))
    return first, middle, last
