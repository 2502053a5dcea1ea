"""Cron expressions as cronsim parses them, and explanations of what is wrong with one.

cronsim decides which expressions are valid and what their fields hold, but for a wrong one it names only the
field; this module finds the wrong part, and explains what that field accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from aperture_plugin.triggers.cron_fields import CronFields
from aperture_plugin.words.did_you_mean import did_you_mean, nearest
from aperture_plugin.words.parse_error import Unreadable, quoted

__all__ = ["both_day_fields", "check_cron", "cronsim_dues", "fields_of", "restarts_each_day", "restarts_each_hour"]

_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_STARRED_STEP: Final = re.compile(r"(?:\*|0-59|0-23)/(\d{1,9})")


class _Field(NamedTuple):
    """The values that one field accepts.

    Attributes:
        letters: Letters that are allowed beside *names*.
        around: The last and the first value of a round, for a range that goes across its end.
    """

    name: str
    lowest: int
    highest: int
    around: tuple[str, str]
    names: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    beside: str = ""

    @property
    def takes(self) -> str:
        names = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.lowest} to {self.highest}{names}{self.beside}"

    def number(self, value: str) -> int | None:
        """Return the number that *value* stands for in this field; None if it is not a value of the field."""
        if value.upper() in self.names:
            return self.lowest + self.names.index(value.upper())
        return int(value[:9]) if value.isascii() and value.isdigit() else None


_FIELDS: Final = (
    _Field("minute", 0, 59, ("59", "0")),
    _Field("hour", 0, 23, ("23", "0")),
    _Field(
        "day of month",
        1,
        31,
        ("31", "1"),
        letters=("L", "LW"),
        beside=", L for the last day or LW for the last workday",
    ),
    _Field(
        "month",
        1,
        12,
        ("DEC", "JAN"),
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
    ),
    _Field(
        "day of week",
        0,
        7,
        ("SAT", "SUN"),
        ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
        beside=", 5L for the last Friday or FRI#2 for the second",
    ),
)


@lru_cache(maxsize=131_072)  # a file may have a hundred thousand, and asks of each several times
def fields_of(expression: str) -> CronFields:
    """Return what the five fields of *expression* stand for.

    Raises:
        Unreadable: It is no cron expression; see `check_cron`, which also finds one that never fires.
    """
    if len(expression.split()) != len(_FIELDS):
        raise _not_five(expression)
    try:
        read = CronSim(expression, _ANY_TIME)
    except (CronSimError, ValueError) as error:  # ValueError: a number of more digits than Python reads
        raise _wrong(expression) from error
    minute, hour, day, _, weekday = expression.split()
    weekdays = read.weekdays
    return CronFields(
        minutes=_bits(read.minutes),
        hours=_bits(read.hours),
        days=_bits(read.days),
        last_day=CronSim.LAST in read.days,
        last_workday=CronSim.LAST_WEEKDAY in read.days,
        months=_bits(read.months),
        weekdays=_bits({number % 7 for number in weekdays if isinstance(number, int)}),
        nth_weekdays=tuple(sorted((item[0] % 7, max(item[1], -1)) for item in weekdays if isinstance(item, tuple))),
        both_days=day.startswith("*") or weekday.startswith("*"),
        starred=minute.startswith("*") or hour.startswith("*"),
    )


def check_cron(expression: str) -> None:
    """Check that *expression* is a cron expression, and that it fires on some date.

    Raises:
        Unreadable: It is not, or it never fires; `start` and `length` mark the wrong part.

    >>> check_cron("0 25 * * *")
    Traceback (most recent call last):
    aperture_plugin.words.parse_error.Unreadable: "25" is no hour
    """
    if not fields_of(expression).ever_fires():
        raise _never(expression)


def both_day_fields(expression: str) -> bool:
    """Return whether *expression* restricts both day fields, so that a date that matches one of them is enough.

    >>> both_day_fields("0 3 1 * MON"), both_day_fields("0 3 */2 * MON")
    (True, False)
    """
    return not fields_of(expression).both_days


def cronsim_dues(expression: str, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the instants from *since* (in) to *until* (out), in UTC, at which cronsim itself fires *expression*.

    Tests and lints compare with it; jobs do not fire by it. Started within a repeated hour, cronsim may return an
    instant before its start, so it is started days earlier.
    """
    for found in CronSim(expression, (since - timedelta(days=4)).astimezone(zone)):
        due = found.astimezone(UTC)
        if due >= until:
            return
        if due >= since:
            yield due


def restarts_each_hour(expression: str) -> int | None:
    """Return the step in minutes that *expression* counts anew from each full hour; None if its steps are even.

    >>> restarts_each_hour("*/45 * * * *"), restarts_each_hour("*/15 * * * *")
    (45, None)
    """
    return _uneven_step(expression.split(maxsplit=1)[0], 60)


def restarts_each_day(expression: str) -> int | None:
    """Return the step in hours that *expression* counts anew from each midnight; None if its steps are even.

    >>> restarts_each_day("0 */5 * * *"), restarts_each_day("0 */6 * * *")
    (5, None)
    """
    return _uneven_step(expression.split()[1], 24)


def _uneven_step(field: str, whole: int) -> int | None:
    step = _STARRED_STEP.fullmatch(field)
    return int(step[1]) if step and whole % int(step[1]) else None


def _bits(numbers: set[int]) -> int:
    return sum(1 << number for number in numbers if number >= 0)


def _not_five(expression: str) -> Unreadable:
    count = len(expression.split())
    return Unreadable(
        "cron-fields",
        f"the cron expression has {count} field{'' if count == 1 else 's'}",
        "expected five: minute, hour, day of month, month, day of week, such as 0 3 * * 1-5",
        length=len(expression),
    )


def _never(expression: str) -> Unreadable:
    day, month, weekday = list(re.finditer(r"\S+", expression))[2:]
    why = f"no date is day {day.group()} in month {month.group()}"
    if "#" in weekday.group() or "L" in weekday.group().upper():
        why = f"no date is day {day.group()} in month {month.group()} and day of week {weekday.group()}"
    return Unreadable(
        "never-fires",
        f"the cron expression {quoted(expression)} can never fire",
        f"expected a date that exists; {why}",
        start=day.start(),
        length=weekday.end() - day.start() if "and" in why else month.end() - day.start(),
    )


def _wrong(expression: str) -> Unreadable:
    """Return what is wrong with *expression*, which has five fields."""
    for place, (found, field) in enumerate(zip(re.finditer(r"\S+", expression), _FIELDS, strict=True)):
        start = found.start()
        for term in found.group().split(","):
            if not _reads(term, place):
                part, message, hint, better = _fault(term, field)
                at = start + (term.index(part) if part else 0)
                instead = None if better is None else expression[:at] + better + expression[at + len(part) :]
                return Unreadable("cron-field", message, hint, start=at, length=len(part), instead=instead)
            start += len(term) + 1
    return _never(expression)


def _reads(term: str, place: int) -> bool:
    fields = ["*"] * len(_FIELDS)
    fields[place] = term or "?"  # a field of nothing would only be a field less
    try:
        CronSim(" ".join(fields), _ANY_TIME)
    except (CronSimError, ValueError):
        return False
    return True


def _fault(term: str, field: _Field) -> tuple[str, str, str, str | None]:
    """Return the wrong part of *term*, what is wrong with it, what is expected, and what to write in its place."""
    expected = f"expected {field.takes}"
    if not term:
        return term, f"a comma of the {field.name} field has nothing beside it", expected, None
    values, slash, step = term.partition("/")
    if slash and not step.strip("0"):
        return term, f"{quoted(term)} has no step", "expected a number from 1 after the slash", None
    ends = values.partition("#")[0].split("-")
    for end in ends:
        number = field.number(end)
        if number is not None and not field.lowest <= number <= field.highest:
            return end, f"{quoted(end)} is no {field.name}", expected, None
        if end.isalpha() and number is None and end.upper() not in field.letters:
            near = nearest(end, field.names)
            return end, f"{quoted(end)} is no {field.name}", expected + did_you_mean(end, field.names), near
    nth = values.partition("#")[2]
    if field.name == "day of week" and nth.isascii() and nth.isdigit() and not 1 <= int(nth[:9]) <= 5:
        number = field.number(ends[0])
        last = "5" if number is None else str(number % 7)
        hint = f"expected 1 to 5 after the #, since a month has at most five of a weekday; the last one is  {last}L"
        return f"#{nth}", f"{quoted(term)} is no day of week", hint, None
    numbers = [number for end in ends if (number := field.number(end)) is not None]
    if len(ends) == len(numbers) == 2 and numbers[0] > numbers[1] and not slash:
        around = f"{ends[0]}-{field.around[0]},{field.around[1]}-{ends[1]}"
        hint = f"expected the lower end first; across the end write {around}"
        return term, f"{quoted(term)} runs backwards", hint, around
    return (
        term,
        f"{quoted(term)} cannot be read in the {field.name} field",
        f"{expected}, ranges such as 1-5 and steps such as */2",
        None,
    )
