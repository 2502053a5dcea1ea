"""systemd's calendar expressions (systemd.time(7)): what they name, and when systemd elapses on it.

A wall time that the clocks skip does not elapse; one that is repeated elapses the first time round, and so the
whole repeated stretch passes unseen, as `systemd-analyze calendar --iterations` shows.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.layers.zones import read_zone_name
from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.schedules import Weekday

__all__ = ["Calendar", "read_calendar"]

_SHORT: Final = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "semi-annually": "*-01,07-01 00:00:00",
    "biannually": "*-01,07-01 00:00:00",
    "bi-annually": "*-01,07-01 00:00:00",
}
_DAYS: Final = {name: day for day in Weekday for name in (day.name.lower(), day.name.lower()[:3])}
_WEEKDAYS: Final = re.compile(r"[A-Za-z]+(?:(?:\.\.|-|,)[A-Za-z]+)*,?")
_DATE: Final = re.compile(r"(?:([\d*,./]+)-)?([\d*,./]+)([-~])([\d*,./]+)")
_TIME: Final = re.compile(r"([\d*,./]+):([\d*,./]+)(?::([\d*,./]+))?")
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One expression, freed of how it was written.

    Attributes:
        weekdays: The only days of the week; None for all.
        years: The only years; None for all.
        days: The days of the month, counted from its first; or from its last (1), where *from_the_end*.
        zone: The zone that it names; None for the machine's own.
    """

    weekdays: frozenset[Weekday] | None
    years: frozenset[int] | None
    months: frozenset[int]
    days: frozenset[int]
    from_the_end: bool
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    zone: str | None

    @property
    def times(self) -> list[time]:
        """Every time of a day that it names, sorted."""
        return [time(hour, minute, second) for hour in self.hours for minute in self.minutes for second in self.seconds]

    @property
    def every_month(self) -> bool:
        """True if every month is named."""
        return len(self.months) == 12

    @property
    def every_day(self) -> bool:
        """True if every day of the months is named, as far as only their number counts."""
        return len(self.days) == 31 and not self.from_the_end

    def dues(self, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield the instants from *since* (in) to *until* (out), in UTC, at which systemd elapses."""
        day = since.astimezone(zone).date() - _ONE_DAY
        last = until.astimezone(zone).date() + _ONE_DAY
        times = self.times
        while day <= last:
            length = monthrange(day.year, day.month)[1]
            number = length - day.day + 1 if self.from_the_end else day.day
            named = (
                number in self.days
                and day.month in self.months
                and (self.years is None or day.year in self.years)
                and (self.weekdays is None or Weekday(day.weekday()) in self.weekdays)
            )
            if named:
                yield from (due for due in _dues_on(day, times, zone) if since <= due < until)
            day += _ONE_DAY


def _dues_on(day: date, times: list[time], zone: ZoneInfo) -> Iterator[datetime]:
    midnight = datetime.combine(day, time())
    begins, ends = (at.replace(tzinfo=zone).astimezone(UTC) for at in (midnight, midnight + _ONE_DAY))
    is_even = ends - begins == _ONE_DAY
    for at in times:
        nominal = datetime.combine(day, at)
        due = begins + (nominal - midnight) if is_even else due_of(nominal, zone)
        if is_even or due.astimezone(zone).replace(tzinfo=None) == nominal:
            yield due


def read_calendar(text: str) -> Calendar:
    """Return what an expression of systemd says.

    Raises:
        ValueError: It says nothing, or what this does not know, such as fractions of a second.

    >>> read_calendar("Mon..Fri 10:00").times
    [datetime.time(10, 0)]
    """
    words = text.split()
    zone = _zone_in(words)
    if len(words) == 1 and words[0].lower() in _SHORT:
        words = _SHORT[words[0].lower()].split()
    weekdays = None
    if words and _WEEKDAYS.fullmatch(words[0]):
        weekdays = _weekdays(words.pop(0))
    date_ = _DATE.fullmatch(words[0]) if words and ":" not in words[0] else None
    if date_ is not None:
        words.pop(0)
    time_ = _TIME.fullmatch(words[0]) if words else None
    if time_ is not None:
        words.pop(0)
    if words or not (weekdays or date_ or time_):
        raise ValueError(f"{text!r} is no calendar expression that is known here")
    year, month, mark, day = date_.groups() if date_ is not None else (None, "*", "-", "*")
    hour, minute, second = time_.groups() if time_ is not None else ("0", "0", "0")
    return Calendar(
        weekdays=weekdays,
        years=None if year in (None, "*") else frozenset(_numbers(year or "*", 1970, 2199)),
        months=frozenset(_numbers(month, 1, 12)),
        days=frozenset(_numbers(day, 1, 31)),
        from_the_end=mark == "~",
        hours=tuple(sorted(_numbers(hour, 0, 23))),
        minutes=tuple(sorted(_numbers(minute, 0, 59))),
        seconds=tuple(sorted(_numbers(second or "0", 0, 59))),
        zone=zone,
    )


def _zone_in(words: list[str]) -> str | None:
    """Return the zone that stands last among *words*, and take it out."""
    if len(words) < 2 or not words[-1][0].isalpha() or re.split(r"\.\.|-|,", words[-1].lower())[0] in _DAYS:
        return None
    try:
        zone = read_zone_name(words[-1])
    except Unreadable as problem:
        raise ValueError(problem.message) from None
    words.pop()
    return zone


def _weekdays(text: str) -> frozenset[Weekday]:
    found: set[Weekday] = set()
    for part in filter(None, text.lower().split(",")):
        ends = re.split(r"\.\.|-", part)
        if not all(end in _DAYS for end in ends) or len(ends) > 2:
            raise ValueError(f"{part!r} is no day of the week")
        first, last = _DAYS[ends[0]], _DAYS[ends[-1]]
        if last < first:
            raise ValueError(f"{part!r} runs backwards")
        found.update(Weekday(number) for number in range(first, last + 1))
    return frozenset(found)


def _numbers(text: str, lowest: int, highest: int) -> set[int]:
    """Return the numbers that one component names: `*`, `1,15`, `10..12`, `0/15`, `8..18/2`."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dots, last = span.partition("..")
        if first == "*":
            begin, end = lowest, highest
        else:
            begin = _number(first)
            end = _number(last) if dots else (highest if slash else begin)
        if not lowest <= begin <= end <= highest:
            raise ValueError(f"{part!r} names nothing from {lowest} to {highest}")
        found.update(range(begin, end + 1, _number(step) if slash else 1))
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)
