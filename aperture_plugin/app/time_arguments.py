"""Moments and spans as a person types them behind an option: `6:00 AM`, `tomorrow 6 AM`, `2 hours`, ISO 8601.

What is typed without an offset is a wall time of the schedule's zone, and falls due as a schedule's would
(DESIGN.md, section 3). `2 hours ago` is past and `in 2 hours` is to come, behind every option. Only a bare time
or duration follows the direction in which the command looks: a pause ends in what comes, a history begins in what was.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.words.datetimes import read_date
from aperture_plugin.words.days import read_weekdays
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.parse_error import Unreadable, quoted
from aperture_plugin.words.times import read_time
from aperture_plugin.words.tokens import lowered

__all__ = ["Towards", "read_instant"]

_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
_ISO: Final = re.compile(r"[0-9]{4}-?[0-9W].*")
_DATE_AND_CLOCK: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]+(.+)")
_CLOCK: Final = re.compile(r"(?:.*\s)?([0-9]{1,2}:\S*(?:\s*[AaPp]\.?[Mm]?\.?)?|[0-9]{1,2}\s*[AaPp]\.?[Mm]\.?)")
_SPAN: Final = re.compile(r"(in\s+)?(.+?)(?:\s+(ago|from now))?", re.IGNORECASE)
_DATE_FIRST: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_EXPECTED: Final = (
    'expected a date and time such as "2026-12-24 18:00" or 2026-12-24T18:00:00Z, '
    'a time such as "6:00 AM" or "tomorrow 6 AM", or a duration such as "2 hours"'
)


class Towards(Enum):
    """The direction in which a time without a date, and a duration, is looked for."""

    FUTURE = 1
    PAST = -1


def read_instant(text: str, *, now: datetime, zone: ZoneInfo, towards: Towards) -> datetime:
    """Return the instant that *text* says.

    Args:
        now: Aware; what `now`, `tomorrow`, a time alone and a duration are counted from.
        zone: The zone of a wall time without an offset.
        towards: A time alone is its next occurrence, or its last; a duration without `in` or `ago` is added, or
            taken away.
    Returns:
        Aware, in UTC.
    Raises:
        Unreadable: It says none, or one outside of the calendar.

    >>> noon = datetime(2026, 3, 28, 12, tzinfo=UTC)
    >>> read_instant("tomorrow 3:30 AM", now=noon, zone=ZoneInfo("Europe/Riga"), towards=Towards.FUTURE).isoformat()
    '2026-03-29T01:00:00+00:00'
    """
    value = " ".join(text.split())
    try:
        if lowered(value) == "now":
            return now.astimezone(UTC)
        found = _iso(value, zone) or _day_and_time(value, now, zone, towards) or _span(value, now, towards)
    except (OverflowError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("bad-moment", f"{quoted(text)} is outside of the calendar", _EXPECTED) from None
    if found is None:
        raise Unreadable("bad-moment", f"{quoted(text)} is not a moment", _EXPECTED, length=len(text))
    return found


def _iso(text: str, zone: ZoneInfo) -> datetime | None:
    if not text.isascii() or not _ISO.fullmatch(text):
        return None
    if day := _DATE_FIRST.match(text):
        _require_in_calendar(day[0])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        parts = _DATE_AND_CLOCK.fullmatch(text)
        if parts is None:
            return None
        try:
            moment = datetime.combine(date.fromisoformat(parts[1]), read_time(parts[2]))
        except ValueError:
            return None
    return _due(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def _require_in_calendar(day: str) -> None:
    """Refuse a date that the calendar does not have, and name what it lacks."""
    try:
        read_date(day)
    except Unreadable as problem:
        if problem.code == "year-out-of-range":
            raise ValueError(problem.message) from None
        raise


def _day_and_time(text: str, now: datetime, zone: ZoneInfo, towards: Towards) -> datetime | None:
    """Read `tomorrow`, `sunday 4 AM`, `today at 18:00`, `6:00 AM`."""
    first, _, rest = text.partition(" ")
    today = now.astimezone(zone).date()
    at = time(0) if not rest else _time(rest.removeprefix("at "))
    if lowered(first) in _DAYS:
        return None if at is None else _due(datetime.combine(today + timedelta(days=_DAYS[lowered(first)]), at), zone)
    weekday = _weekday(first)
    if weekday is not None and at is not None:
        days = [today + timedelta(days=step * towards.value) for step in range(8)]
        return _nearest([day for day in days if day.weekday() == weekday], at, now, zone, towards)
    alone = _time(text.removeprefix("at "))
    if alone is None:
        return None
    return _nearest([today, today + timedelta(days=towards.value)], alone, now, zone, towards)


def _nearest(days: list[date], at: time, now: datetime, zone: ZoneInfo, towards: Towards) -> datetime | None:
    """Return the first of *days*, in the direction looked at, whose *at* lies on that side of *now*."""
    instants = (_due(datetime.combine(day, at), zone) for day in days)
    return next((one for one in instants if (one > now if towards is Towards.FUTURE else one <= now)), None)


def _span(text: str, now: datetime, towards: Towards) -> datetime | None:
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    ahead, written, end = found[1], found[2], lowered(found[3] or "")
    try:
        length = read_duration(written)
    except Unreadable as problem:
        clock = _CLOCK.fullmatch(text)
        if clock is not None:
            problem = _misread_time(clock[1]) or problem
        elif not written[0].isdigit():
            return None
        raise Unreadable(problem.code, problem.message, f"{problem.hint}; {_EXPECTED}", length=len(text)) from None
    if ahead and end == "ago":
        hint = f'write "in {written}" for a time to come, "{written} ago" for one that has passed'
        raise Unreadable("bad-moment", f"{quoted(text)} is both to come and past", hint, length=len(text))
    if end:
        towards = Towards.PAST if end == "ago" else Towards.FUTURE
    elif ahead:
        towards = Towards.FUTURE
    return (now + towards.value * length).astimezone(UTC)


def _misread_time(clock: str) -> Unreadable | None:
    """Return what is wrong with *clock*, which looks like a time of day."""
    try:
        read_time(clock)
    except Unreadable as problem:
        return problem
    return None


def _time(text: str) -> time | None:
    try:
        return read_time(text)
    except Unreadable:
        return None


def _weekday(text: str) -> int | None:
    try:
        days = read_weekdays(text)
    except Unreadable:
        return None
    return int(days[0]) if len(days) == 1 else None


def _due(moment: datetime, zone: ZoneInfo) -> datetime:
    return due_of(moment.replace(microsecond=0), zone) + timedelta(microseconds=moment.microsecond)
