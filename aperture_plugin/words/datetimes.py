"""A date and a wall time on it, without a zone: `2026-12-24 18:00`, `2026-12-24 6:00 PM`."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime
from typing import Final

from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part
from aperture_plugin.words.times import read_time, time_text

__all__ = ["FIRST_YEAR", "LAST_YEAR", "moment_text", "read_date", "read_moment"]

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9998
"""Local time of the very last year may be past the end of the calendar in UTC."""

_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LOOSE_DATE: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?![0-9])")
_AMERICAN: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?![0-9])")
_EUROPEAN: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?![0-9])")
_JOINT: Final = re.compile(r"\s*[Tt]\s*|\s+")
_ZONE: Final = re.compile(r"(?:[Zz]|UTC|[+-][0-9]{2}:?[0-9]{2})\Z")
_LONGEST_ZONE: Final = 6
_TIME_ALONE: Final = re.compile(r"[0-9]{1,2}(?::[0-9]{2})?(?: *[AaPp][Mm])?")
_EXPECTED: Final = "expected a date and a time, such as 2026-12-24 18:00 or 2026-12-24 6:00 PM"


@offers_what_reads
def read_moment(text: str) -> datetime:
    """Return the date and wall time that *text* says.

    Returns:
        Naive, in whole minutes; the job's own zone gives it a meaning.
    Raises:
        Unreadable: The text says no such date and time.

    >>> read_moment("2026-12-24 6:00 PM")
    datetime.datetime(2026, 12, 24, 18, 0)
    """
    require_ascii_digits(text)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if start >= end:
        raise Unreadable("nothing-written", "no date and time is written", _EXPECTED)
    found = _DATE.match(text, start, end)
    if found is None or text[found.end() : found.end() + 1].isdigit():
        raise _not_a_date(text, start, end)
    day = _date(text, found)
    if found.end() == end:
        raise Unreadable(
            "moment-without-time",
            f"{quoted(found[0])} does not say at what time",
            f"write the time after the date, such as {found[0]} 6:00 PM",
            start=start,
            length=end - start,
        )
    _refuse_zone(text, start, end)
    joint = _JOINT.match(text, found.end(), end)
    if joint is None:
        raise _not_a_date(text, start, end)
    return datetime.combine(day, read_part(text, joint.end(), end, read_time))


def read_date(text: str) -> date:
    """Return the date that *text* says, `2026-12-24`.

    Raises:
        Unreadable: It is not written so, or is not in the calendar.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise Unreadable("bad-date", f"{quoted(text)} is not a date", "expected a date such as 2026-12-24")
    return _date(text, found)


def moment_text(at: datetime) -> str:
    """Return the naive wall time *at*, in whole minutes, as displays print it.

    >>> moment_text(datetime(2026, 12, 24, 18, 0))
    '2026-12-24 6:00 PM'
    """
    return f"{at.year:04}-{at.month:02}-{at.day:02} {time_text(at.time())}"


def _date(text: str, found: re.Match[str]) -> date:
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(
            "year-out-of-range",
            f"{quoted(found[1])} is not a year that can be scheduled",
            f"expected a year from {FIRST_YEAR} to {LAST_YEAR}; for a job that never runs by itself write manual only",
            start=found.start(),
            length=4,
        )
    if not 1 <= month <= 12:
        raise Unreadable(
            "impossible-date",
            f"{quoted(found[0])} is not in the calendar: there is no month {month}",
            "expected year-month-day, the month from 01 to 12",
            start=found.start(2),
            length=2,
            instead=_swapped(text, found),
        )
    days = calendar.monthrange(year, month)[1]
    if not 1 <= day <= days:
        raise Unreadable(
            "impossible-date",
            f"{quoted(found[0])} is not in the calendar: {calendar.month_name[month]} {year} has {days} days",
            f"expected a day from 01 to {days}",
            start=found.start(3),
            length=2,
        )
    return date(year, month, day)


def _swapped(text: str, found: re.Match[str]) -> str | None:
    """Return *text* with day and month changing places, if that could be what was meant."""
    if not 1 <= int(found[3]) <= 12:
        return None
    return f"{text[: found.start()]}{found[1]}-{found[3]}-{found[2]}{text[found.end() :]}"


def _refuse_zone(text: str, start: int, end: int) -> None:
    zone = _ZONE.search(text, max(start + len("2026-12-24 "), end - _LONGEST_ZONE), end)
    if zone is None:
        return
    raise Unreadable(
        "moment-with-zone",
        f"{quoted(zone[0])} names a time zone beside the time",
        "write the date and the time as the clocks of the job's timezone show them then",
        start=zone.start(),
        length=len(zone[0]),
    )


def _not_a_date(text: str, start: int, end: int) -> Unreadable:
    instead = None
    if loose := _LOOSE_DATE.match(text, start, end):
        instead = f"{text[:start]}{loose[1]}-{int(loose[2]):02}-{int(loose[3]):02}{text[loose.end() :]}"
    elif (loose := _AMERICAN.match(text, start, end)) and int(loose[2]) > 12:
        instead = f"{text[:start]}{loose[3]}-{int(loose[1]):02}-{int(loose[2]):02}{text[loose.end() :]}"
    elif loose := _EUROPEAN.match(text, start, end):
        instead = f"{text[:start]}{loose[3]}-{int(loose[2]):02}-{int(loose[1]):02}{text[loose.end() :]}"
    return Unreadable(
        "bad-moment",
        f"{quoted(text[start:end])} is not a date and a time",
        f"{_EXPECTED}; a time of every day stands behind time, in a daily schedule"
        if _TIME_ALONE.fullmatch(text, start, end)
        else _EXPECTED,
        start=start,
        length=end - start,
        instead=instead,
    )
