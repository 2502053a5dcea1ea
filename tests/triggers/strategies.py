"""Random zones, nights on which their clocks change, and schedules that are due about then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from hypothesis import assume
from hypothesis import strategies as st

from aperture_plugin.words.schedules import Cron, Daily, Interval, Monthly, Once, Schedule, Weekday, Weekly
from tests.triggers.oracle import MINUTE, Change, changes_of

__all__ = [
    "ZONES",
    "Night",
    "bases",
    "cron_expressions",
    "cuts",
    "intervals",
    "nights",
    "rare_crons",
    "repeats",
    "schedules",
]

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


@st.composite
def repeats(draw: st.DrawFn) -> Night:
    """A night of 2007 to 2037 in which the clocks show some wall times twice."""
    name, year = draw(st.sampled_from(zones_with_summers())), draw(st.integers(2007, 2037))
    found = [change for change in changes_of(name, year) if change.after < change.before]
    assume(found)
    return Night(ZoneInfo(name), draw(st.sampled_from(found)))


@cache
def zones_with_summers() -> list[str]:
    """Return the zones whose offsets of January and July 2026 differ."""
    halves = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7)]
    return [name for name in ZONES if len({half.astimezone(ZoneInfo(name)).utcoffset() for half in halves}) == 2]


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


def days_about(near: datetime) -> st.SearchStrategy[str]:
    """Lists of days of the month, most of them within two days of *near*, with days left out in between."""
    days = st.sampled_from([(near + days * DAY).day for days in (-2, -1, 0, 0, 1, 2)]) | st.integers(1, 31)
    return st.lists(days, min_size=2, max_size=5, unique=True).map(lambda some: ",".join(map(str, sorted(some))))


@st.composite
def cron_expressions(draw: st.DrawFn, about: datetime) -> str:
    """Expressions with every kind of field, most of which fire near the wall time *about*."""
    near = draw(minutes_about(about))
    star = st.just("*")
    day = star | star | field(1, 31, near.day) | days_about(near) | st.sampled_from(["L", "LW", "1,L", "15-20,LW"])
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
def rare_crons(draw: st.DrawFn, about: datetime) -> str:
    """Starred expressions that fire about the wall time *about* and then not for days or months.

    The wall times that they name last have passed when a clock change shows them again.
    """
    near = draw(minutes_about(about).filter(lambda wall: abs(wall - about) <= 90 * MINUTE))
    minute = draw(st.sampled_from(["*", "*/5", "*/15", "*/20", "*/30"]))
    hour = draw(st.sampled_from([str(near.hour), "*/2", f"{near.hour},{(near.hour + 1) % 24}"]))
    days = [(near + distance * DAY).day for distance in draw(st.sampled_from([(0,), (-2, 0), (-1, 0), (-3, 0, 1)]))]
    day = ",".join(map(str, days))
    expression = f"{minute} {hour} {day} {draw(st.sampled_from(['*', str(near.month), '3,10', '*/2']))} *"
    assume(names_some_date(expression))
    return expression


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


@st.composite
def bases(draw: st.DrawFn, night: Night, slots_there: int) -> datetime:
    """An instant before *night* at which a search may begin: minutes to years earlier, on any microsecond.

    Args:
        slots_there: How many slots the schedule has in that night; one that has many is searched from less far.
    """
    farthest = min(4 * 366 * DAY, 20_000 / (slots_there + 1) * DAY)
    distance = draw(st.sampled_from([0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 40, 100, 400, 1400])) * DAY
    distance += draw(st.integers(0, 1440)) * MINUTE + draw(st.sampled_from([-1, 0, 0, 1])) * datetime.resolution
    return night.since - max(timedelta(0), min(farthest, distance))
