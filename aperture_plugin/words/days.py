"""Days of the week and of the month, by the words people have for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from aperture_plugin.words.did_you_mean import meaning, nearest
from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, worth_guessing
from aperture_plugin.words.schedules import Weekday
from aperture_plugin.words.tokens import Piece, items_of, lowered

__all__ = ["month_day_text", "names_day", "read_month_day", "read_weekdays", "weekdays_text"]

_WEEK: Final = tuple(Weekday(n) for n in (6, 0, 1, 2, 3, 4, 5))
"""The week as it is printed: it begins with Sunday."""
_WORKING: Final = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}
_REST: Final = frozenset({Weekday.SATURDAY, Weekday.SUNDAY})
_NAMES: Final = {
    **{day.name.lower(): frozenset({day}) for day in _WEEK},
    **{day.name[:3].lower(): frozenset({day}) for day in _WEEK},
    "weekdays": _WORKING,
    "weekends": _REST,
}
_FULL_NAMES: Final = (*(day.name.lower() for day in _WEEK), "weekdays", "weekends")
_RANGE: Final = re.compile(r"([A-Za-z]+)\s*(?:-|–|\bto\b)\s*([A-Za-z]+)")
_EXPECTED: Final = "expected sunday to saturday, weekdays or weekends"
_EVERY_DAY: Final = frozenset({"daily", "day", "days", "everyday", "every day", "all", "any", "*"})
_MONTH_DAY: Final = "expected a day from 1 to 31, or last"
_LAST: Final = frozenset({"last", "last day", "the last", "the last day"})
_ORDINAL: Final = re.compile(r"(?:the\s+)?(?:day\s+)?([0-9]{1,2})(?:st|nd|rd|th)?", re.IGNORECASE)


@offers_what_reads
def read_weekdays(text: str) -> tuple[Weekday, ...]:
    """Return the days that *text* names: one, several joined by commas or `and`, `weekdays`, `weekends`.

    Returns:
        Sorted and without repeats, at least one.
    Raises:
        Unreadable: One of them is not a day of the week, or one is missing.

    >>> [day.name for day in read_weekdays("Sat, sunday")]
    ['SATURDAY', 'SUNDAY']
    """
    found: set[Weekday] = set()
    for item in items_of(text, what="day", example="sunday, monday"):
        days = _NAMES.get(item.key)
        if days is None:
            raise _unknown_day(text, item)
        found |= days
    return tuple(sorted(found))


def names_day(word: str) -> bool:
    """Return whether *word* alone names days of the week."""
    return lowered(word) in _NAMES


def weekdays_text(days: Iterable[Weekday]) -> str:
    """Return *days* as displays print them, and as `read_weekdays` reads them.

    >>> weekdays_text([Weekday.SATURDAY, Weekday.SUNDAY]), weekdays_text([Weekday.FRIDAY, Weekday.SUNDAY])
    ('weekends', 'Sunday, Friday')
    """
    chosen = frozenset(days)
    if chosen == _WORKING:
        return "weekdays"
    if chosen == _REST:
        return "weekends"
    return ", ".join(day.name.capitalize() for day in _WEEK if day in chosen)


@offers_what_reads
def read_month_day(text: str) -> int | Literal["last"]:
    """Return the day of the month that *text* says: 1 to 31, or `last`.

    Raises:
        Unreadable: It says no such day.
    """
    require_ascii_digits(text)
    written, start = text.strip(), len(text) - len(text.lstrip())
    if not written:
        raise Unreadable("nothing-written", "no day is written", _MONTH_DAY)
    if " ".join(lowered(written).split()) in _LAST:
        return "last"
    if written.isascii() and written.isdigit() and len(written) <= 2 and 1 <= int(written) <= 31:
        return int(written)
    raise _not_a_month_day(written, start)


def month_day_text(day: int | Literal["last"]) -> str:
    """Return *day* as a monthly phrase says it: `day 1`, `the last day`."""
    return "the last day" if day == "last" else f"day {day}"


def _unknown_day(text: str, item: Piece) -> Unreadable:
    offer: str | None
    if item.key in _EVERY_DAY:
        offer, hint = None, "for every day of the week, make the schedule daily"
    elif item.text.isdigit():
        offer, hint = None, f"days of the week have names here; {_EXPECTED}"
    else:
        offer = _range(item.text) or _in_a_row(item.text)
        if offer is not None:
            hint = f"join several days with a comma: {offer}"
        else:
            from aperture_plugin.words.informal_words import english_days  # only what is refused needs it

            offer = english_days(item.text) or nearest(item.text, _FULL_NAMES)
            hint = _EXPECTED + meaning(item.text, offer)
    return Unreadable(
        "unknown-day",
        f"{quoted(item.text)} is not a day of the week",
        hint,
        start=item.start,
        length=len(item.text),
        instead=None if offer is None else text[: item.start] + offer + text[item.end :],
    )


def _range(text: str) -> str | None:
    """Return the days of `mon-wed` as a list; None where *text* is no such range."""
    found = _RANGE.fullmatch(text) if worth_guessing(text) else None
    if found is None:
        return None
    ends = [_NAMES.get(lowered(end), frozenset()) for end in found.groups()]
    if any(len(end) != 1 for end in ends):
        return None
    [first], [last] = ends
    count = (last - first) % 7 + 1
    days = [Weekday((first + n) % 7) for n in range(count)]
    return "weekdays" if frozenset(days) == _WORKING else ", ".join(day.name.lower() for day in days)


def _in_a_row(text: str) -> str | None:
    """Return the days of `sunday monday` as a list; None where *text* is anything else."""
    words = lowered(text).split() if worth_guessing(text) else []
    return ", ".join(words) if 1 < len(words) <= 7 and all(word in _NAMES for word in words) else None


def _not_a_month_day(written: str, start: int) -> Unreadable:
    found = _ORDINAL.fullmatch(written)
    number = written.removeprefix("-").removeprefix("+")
    if number.isdigit() or (found is not None and not 1 <= int(found[1]) <= 31):
        message, instead = f"{quoted(written)} is not a day of a month", None
        hint = f"{_MONTH_DAY} for the last day, whichever that is"
        if written.startswith("-"):
            instead = "last" if int(number[:3]) == 1 else None
        return Unreadable("bad-month-day", message, hint, start=start, length=len(written), instead=instead)
    if found is not None:
        instead = str(int(found[1]))
        hint = f"{_MONTH_DAY}; write {instead}"
    elif "," in written or " and " in lowered(written):
        instead, hint = None, "a monthly schedule takes one day; for several, write cron, such as cron 0 4 1,15 * *"
    else:
        instead = nearest(written, ("last",))
        hint = _MONTH_DAY + meaning(written, instead)
        if " " in written and any(nearest(word, _FULL_NAMES) for word in written.split()):
            hint = f"{_MONTH_DAY}; for the first monday write cron, such as cron 0 4 * * MON#1"
    return Unreadable(
        "bad-month-day",
        f"{quoted(written)} is not a day of a month",
        hint,
        start=start,
        length=len(written),
        instead=instead,
    )
