"""Days by name: dates, ranges of dates, days of every year, and the public holidays of a country.

A calendar is a list of them; on its days a job that names it under `except` has no slots. A freeze is a range of
dates too. What is a public holiday is for `triggers` to say; here is only how it is written.
"""

from __future__ import annotations

import re
from calendar import month_name, monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final, assert_never

from aperture_plugin.words.datetimes import FIRST_YEAR, LAST_YEAR
from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted
from aperture_plugin.words.tokens import lowered

__all__ = ["DateRange", "Days", "HolidaysOf", "YearlyDays", "days_text", "read_date_range", "read_days"]

_LEAP_YEAR: Final = 2024
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DATE_LIKE: Final = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}")
_RANGE: Final = re.compile(r"(\S+)(?:\s+to\s+(\S+))?", re.IGNORECASE)
_YEARLY: Final = re.compile(r"every\s+(\S+)(?:\s+to\s+(\S+))?", re.IGNORECASE)
_MONTH_DAY: Final = re.compile(r"([0-9]{2})-([0-9]{2})")
_HOLIDAYS: Final = re.compile(r"holidays\s+(?:of|in)\s+([A-Za-z]{2})(?:-([A-Za-z0-9]{1,10}))?", re.IGNORECASE)
_EXPECTED: Final = (
    "expected a date such as 2026-12-24, a range such as 2026-12-25 to 2027-01-01, a day of every year such as "
    "every 05-01, or holidays of a country such as holidays of LV"
)
_EXPECTED_RANGE: Final = "expected a date such as 2026-12-24, or a range such as 2026-12-18 to 2027-01-04"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRange:
    """The dates from *first* to *last*, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyDays:
    """The days of every year from *first* to *last*, both included: pairs of month and day.

    Where *last* is the smaller, they go on over the end of the year. 29 February is a day of leap years only.
    """

    first: tuple[int, int]
    last: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidaysOf:
    """The public holidays of a country (ISO 3166-1, two capital letters), or of one of its subdivisions."""

    country: str
    subdivision: str | None = None


Days = DateRange | YearlyDays | HolidaysOf


@offers_what_reads
def read_days(text: str) -> Days:
    """Return the days that *text* names.

    Raises:
        Unreadable: It names none.

    >>> read_days("every 05-01")
    YearlyDays(first=(5, 1), last=(5, 1))
    """
    require_ascii_digits(text)
    written = text.strip()
    start = len(text) - len(text.lstrip())
    if found := _HOLIDAYS.fullmatch(written):
        return HolidaysOf(country=found[1].upper(), subdivision=None if found[2] is None else found[2].upper())
    if found := _YEARLY.fullmatch(written):
        first = _month_day(text, found[1], start + found.start(1))
        last = first if found[2] is None else _month_day(text, found[2], start + found.start(2))
        return YearlyDays(first=first, last=last)
    if not _DATE_LIKE.match(written):
        raise _not_days(text, written, start, _EXPECTED)
    return read_date_range(text)


@offers_what_reads
def read_date_range(text: str) -> DateRange:
    """Return the date, or the range of dates, that *text* names.

    Raises:
        Unreadable: It names none.
    """
    require_ascii_digits(text)
    written = text.strip()
    start = len(text) - len(text.lstrip())
    found = _RANGE.fullmatch(written)
    if found is None or not written:
        raise _not_days(text, written, start, _EXPECTED_RANGE)
    first = _date(text, found[1], start + found.start(1))
    last = first if found[2] is None else _date(text, found[2], start + found.start(2))
    if last < first:
        raise Unreadable(
            "range-backwards",
            f"{quoted(written)} ends before it begins",
            "expected the earlier date first",
            start=start,
            length=len(written),
            instead=f"{last} to {first}",
        )
    return DateRange(first=first, last=last)


def days_text(days: Days) -> str:
    """Return *days* as `read_days` reads them.

    >>> days_text(HolidaysOf(country="US", subdivision="CA"))
    'holidays of US-CA'
    """
    match days:
        case DateRange(first=first, last=last):
            return str(first) if first == last else f"{first} to {last}"
        case YearlyDays(first=first, last=last):
            since, until = ("{:02}-{:02}".format(*day) for day in (first, last))
            return f"every {since}" if first == last else f"every {since} to {until}"
        case HolidaysOf(country=country, subdivision=subdivision):
            return f"holidays of {country}" + (f"-{subdivision}" if subdivision else "")
    assert_never(days)


def _date(text: str, written: str, start: int) -> date:
    found = _DATE.fullmatch(written)
    if found is None:
        raise _not_days(text, written, start, _EXPECTED_RANGE)
    year, month, day = (int(part) for part in found.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(
            "year-out-of-range",
            f"{quoted(found[1])} is not a year that can be scheduled",
            f"expected a year from {FIRST_YEAR} to {LAST_YEAR}",
            start=start,
            length=4,
        )
    _require_day(written, start + 5, month, day, monthrange(year, month)[1] if 1 <= month <= 12 else 0, f" {year}")
    return date(year, month, day)


def _month_day(text: str, written: str, start: int) -> tuple[int, int]:
    found = _MONTH_DAY.fullmatch(written)
    if found is None:
        dated = _DATE.fullmatch(written)
        raise Unreadable(
            "bad-days",
            f"{quoted(written)} is not a day of every year",
            "expected month and day, such as every 05-01 for 1 May",
            start=start,
            length=len(written),
            instead=None if dated is None else text[:start] + written[5:] + text[start + len(written) :],
        )
    month, day = int(found[1]), int(found[2])
    _require_day(written, start, month, day, monthrange(_LEAP_YEAR, month)[1] if 1 <= month <= 12 else 0, "")
    return month, day


def _require_day(written: str, start: int, month: int, day: int, days: int, of: str) -> None:
    """Refuse a month or a day that is not in the calendar; the month stands at *start*, the day three further on."""
    if not days:
        message = f"{quoted(written)} is not in the calendar: there is no month {month}"
        raise Unreadable("impossible-date", message, "expected the month from 01 to 12", start=start, length=2)
    if not 1 <= day <= days:
        message = f"{quoted(written)} is not in the calendar: {month_name[month]}{of} has {days} days"
        raise Unreadable("impossible-date", message, f"expected a day from 01 to {days}", start=start + 3, length=2)


def _not_days(text: str, written: str, start: int, expected: str) -> Unreadable:
    if not written:
        return Unreadable("nothing-written", "no date is written", expected)
    instead = None
    if _MONTH_DAY.fullmatch(written) and expected is _EXPECTED:
        instead = f"every {written}"
    elif lowered(written).startswith(("every year on ", "yearly on ")):
        instead = f"every {written.rsplit(maxsplit=1)[-1]}"
    elif re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,10})?", written) and expected is _EXPECTED:
        instead = f"holidays of {written}"
    elif loose := re.fullmatch(r"([0-9]{4})[./-]([0-9]{1,2})[./-]([0-9]{1,2})", written):
        instead = f"{text[:start]}{loose[1]}-{int(loose[2]):02}-{int(loose[3]):02}{text[start + len(written) :]}"
    elif loose := re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", written):
        instead = f"{text[:start]}{loose[3]}-{int(loose[2]):02}-{int(loose[1]):02}{text[start + len(written) :]}"
    elif loose := re.fullmatch(r"(\S+)\s*(?:-|–|\.\.|until|till|through)\s*(\S+)", written):
        instead = f"{loose[1]} to {loose[2]}"
    if instead is not None:
        expected += f'; did you mean "{instead}"?'
    return Unreadable(
        "bad-days", f"{quoted(written)} names no days", expected, start=start, length=len(written), instead=instead
    )
