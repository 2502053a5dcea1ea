"""Schedules in another program's notation: six cron fields, `@every 5m`, `PT1H30M`, `rate(5 minutes)`.

Each is the same schedule here, or a sentence says what this one lacks.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Final

from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.informal_schedules import informal_length
from aperture_plugin.words.meanings import Meaning, Meant, Unsupported
from aperture_plugin.words.other_lengths import iso_length
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.schedules import LONGEST_INTERVAL, Cron, Daily, Interval, Monthly, Weekday, Weekly

__all__ = ["cron_elsewhere", "meaning_in_another_notation"]

_FIELD: Final = re.compile(
    r"(?:[0-9*/,?#LWH()-]|SUN|MON|TUE|WED|THU|FRI|SAT|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)+", re.I
)
_WRAPPED: Final = re.compile(r"(rate|cron)\s*\(\s*(.*?)\s*\)", re.IGNORECASE)
_NTH: Final = re.compile(r"(?<![#\d])([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#(\d+)", re.IGNORECASE)
_CALENDAR: Final = re.compile(
    r"(?:oncalendar\s*=\s*)?(?:(?P<days>[a-z]{3,9}(?:(?:\.\.|,)[a-z]{3,9})*)\s+)?(?:(?:\*-)?\*-(?P<date>\*|[0-9]{1,2})\s+)?"
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::00)?",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"(?:RRULE:|DTSTART|FREQ=)", re.IGNORECASE)
_WEEK: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIVE: Final = 5
_EXPECTED: Final = "expected five fields of cron, from the minute to the day of the week"


def meaning_in_another_notation(text: str) -> Meaning | None:
    """Return what *text* means where it is written as another scheduler takes it; None where it is not.

    >>> meaning_in_another_notation("PT1H30M")
    Meant(schedule=Interval(every=datetime.timedelta(seconds=5400), offset=datetime.timedelta(0)))
    """
    written = text.strip()
    if written.lower().startswith("@every"):
        return _every(written[len("@every") :].strip())
    if (iso := iso_length(written)) is not None:
        return _interval(iso)
    if (
        written.lower().startswith("every ")
        and (length := informal_length(written[len("every ") :])) is not None
        and ":" in written
    ):
        return _interval(length)
    if re.fullmatch(r"(?:R\d*/)?P\d+[MY]\S*", written, re.IGNORECASE):
        return Unsupported("months and years differ in length; a day of each month is  monthly on day 1 at 4:00 AM")
    if _RULE.match(written):
        return Unsupported(
            "rules of iCalendar are not read; write the schedule as a phrase, such as  weekly on monday at 9:00 AM"
        )
    wrapped = _WRAPPED.fullmatch(written)
    if wrapped is not None and wrapped[1].lower() == "rate":
        return _every(wrapped[2])
    calendar = _CALENDAR.fullmatch(written)
    if calendar is not None and (calendar["days"] or calendar["date"] or "=" in written):
        return _calendar(calendar)
    of_cron = re.match(r"cron\s+", written, re.IGNORECASE)
    fields = (wrapped[2] if wrapped else written[of_cron.end() :] if of_cron else written).split()
    if all(map(_FIELD.fullmatch, fields)):
        return _fields(fields, of_amazon=wrapped is not None, of_cron=of_cron is not None)
    return None


def cron_elsewhere(text: str) -> tuple[str, str | None] | None:
    """Return hint and corrected text of cron fields as another scheduler has them; None where they are of none.

    >>> cron_elsewhere("0 30 3 ? * 2-6")
    ('expected five fields, from the minute to the day of the week: 30 3 * * MON-FRI', '30 3 * * MON-FRI')
    """
    fields = text.split()
    if len(fields) <= _FIVE or not all(map(_FIELD.fullmatch, fields)):
        return None
    meaning = _fields(fields, of_amazon=False, of_cron=True)
    if isinstance(meaning, Meant) and isinstance(meaning.schedule, Cron):
        expression = meaning.schedule.expression
        return f"expected five fields, from the minute to the day of the week: {expression}", expression
    return (meaning.hint, None) if isinstance(meaning, Unsupported) else None


def _every(text: str) -> Meaning | None:
    try:
        return _interval(read_duration(text))
    except Unreadable as problem:
        if problem.instead is None:
            return None
        return _interval(read_duration(problem.instead))


def _interval(every: timedelta) -> Meaning | None:
    return Meant(Interval(every=every)) if timedelta(0) < every <= LONGEST_INTERVAL else None


def _calendar(found: re.Match[str]) -> Meaning | None:
    """Return the meaning of systemd's `Mon..Fri *-*-* 09:00:00`, of times without steps and lists."""
    hour, minute = int(found["hour"]), int(found["minute"])
    if hour > 23 or minute > 59:
        return None
    times = (time(hour, minute),)
    day = found["date"]
    if found["days"] is None:
        if day in {None, "*"}:
            return Meant(Daily(times=times))
        return Meant(Monthly(day=int(day), times=times)) if 1 <= int(day) <= 31 else None
    if day not in {None, "*"}:
        return None
    days: set[Weekday] = set()
    for term in found["days"].lower().split(","):
        ends = [_weekday(end) for end in term.split("..")]
        if len(ends) > 2 or None in ends:
            return None
        first, last = ends[0], ends[-1]
        assert first is not None
        assert last is not None
        days |= {Weekday((first + n) % 7) for n in range((last - first) % 7 + 1)}
    return Meant(Weekly(days=tuple(sorted(days)), times=times))


def _weekday(name: str) -> Weekday | None:
    return next((day for day in Weekday if name in {day.name.lower(), day.name.lower()[:3]}), None)


def _fields(fields: list[str], *, of_amazon: bool, of_cron: bool) -> Meaning | None:
    """Return the meaning of cron fields: with seconds before them, a year behind them, or a weekday there is not."""
    written = " ".join(fields)
    nth = _NTH.search(fields[-1]) if len(fields) == _FIVE else None
    if nth is not None and not 1 <= int(nth[2]) <= 5:
        return Unsupported(
            f"a month has at most five of a weekday, so a number after # goes from 1 to 5; the last one is  "
            f"{_day_number(nth[1])}L"
        )
    if len(fields) < _FIVE and not of_cron and any("*" in field for field in fields):
        step = re.fullmatch(r"\*/(\d{1,2})", written)
        whole = f", such as  every {step[1]} minutes  or  cron {written} * * * *" if len(fields) == 1 and step else ""
        count = "one is" if len(fields) == 1 else f"{len(fields)} are"
        return Unsupported(f"{_EXPECTED}, and {count} written{whole}")
    if len(fields) not in {6, 7} or "H" in "".join(fields):
        return None
    marks = {place for place, field in enumerate(fields) if "?" in field}
    if of_amazon or (len(fields) == 6 and (4 in marks or (2 in marks and not marks & {3, 5}))):
        five, year, seconds, quartz = fields[:5], fields[5:], "0", True
    else:
        five, year, seconds, quartz = fields[1:6], fields[6:], fields[0], "?" in "".join(fields)
    if len(five) < _FIVE:
        return None
    if (year and year[0] != "*") or re.fullmatch(r"20\d\d", five[-1]):
        return Unsupported(f"{_EXPECTED}, without years; for one moment write  once at 2026-12-24 18:00")
    five = _without_question_marks(five, quartz=quartz)
    text = " ".join(five).upper()
    if seconds.strip("0") == "":
        return Meant(Cron(expression=text))
    step = re.fullmatch(r"(?:\*|0)/(\d{1,2})", seconds)
    if step is not None and text == "* * * * *" and int(step[1]) and 60 % int(step[1]) == 0:
        return Meant(Interval(every=timedelta(seconds=int(step[1]))))
    return Unsupported(f"{_EXPECTED}, without seconds; nearest is  cron {text}")


def _without_question_marks(five: list[str], *, quartz: bool) -> list[str]:
    """Return *five* fields as cron has them; Quartz and Amazon count the days of the week from Sunday as 1."""
    fields = [field.replace("?", "*") for field in five]
    if quartz:
        fields[4] = re.sub(r"(?<![#\d/])[1-7](?=L|#|-|,|$)", lambda number: _quartz_day(number, fields[4]), fields[4])
    return fields


def _quartz_day(found: re.Match[str], field: str) -> str:
    number = int(found.group())
    return str(number - 1) if field[found.end() : found.end() + 1].upper() == "L" else _WEEK[number - 1]


def _day_number(day: str) -> str:
    return str(_WEEK.index(day.upper())) if day.upper() in _WEEK else str(int(day) % 7)
