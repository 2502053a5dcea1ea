"""Durations as people write them: `90 seconds`, `30m`, `1 hour 30 minutes`.

Weeks, days, hours, minutes and seconds have fixed lengths; months and years do not, so they are refused
by name. A duration is always more than nothing and at most a hundred years.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aperture_plugin.words.did_you_mean import meaning, nearest
from aperture_plugin.words.digits import COUNTS, require_ascii_digits
from aperture_plugin.words.parse_error import Unreadable, mended, offers_what_reads, quoted, worth_guessing
from aperture_plugin.words.tokens import lowered

__all__ = ["LONGEST_DURATION", "UNITS", "duration_text", "read_duration"]

LONGEST_DURATION: Final = timedelta(days=36_500)

UNITS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
"""Every word for a unit, in lower case, and how long it is."""

_NAMES: Final = (
    ("week", timedelta(weeks=1)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
)
_LONG_NAMES: Final = tuple(f"{name}s" for name, _ in _NAMES)
_CLOCK: Final = re.compile(r"([0-9]{1,2})?:([0-5][0-9])(?!\S)")
_PART: Final = re.compile(r"([0-9]+)\s*([^\W\d_]*)")
_JOINT: Final = re.compile(r"\s*(?:,\s*and\b|,|and\b)?\s*", re.IGNORECASE)
_FRACTION: Final = re.compile(r"([0-9]+)[.,]([0-9]+)\s*([^\W\d_]*)")
_THOUSANDS: Final = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}\s*")
_WORD: Final = re.compile(r"\S+")
_HALF_HOUR: Final = re.compile(r"half (?:an )?hour", re.IGNORECASE)
_MOST_DIGITS: Final = 12
_EXPECTED: Final = "expected a number with its unit, such as 90 seconds, 30m or 1 hour 30 minutes"
_CALENDAR: Final = {"month": 30, "months": 30, "mo": 30, "year": 365, "years": 365, "y": 365, "yr": 365}


_MAY_BE_MEANT: Final = frozenset({"bad-duration", "unknown-unit", "duration-without-unit"})
"""Codes of what may be a length of time in words of one's own."""


@offers_what_reads
def read_duration(text: str) -> timedelta:
    """Return how long *text* says.

    Parts are joined by spaces, commas, `and` or nothing; each unit stands once.

    Returns:
        Whole seconds, at least one, at most `LONGEST_DURATION`.
    Raises:
        Unreadable: The text says no such duration.

    >>> read_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    try:
        return _duration(text)
    except Unreadable as problem:
        if _may_be_meant(problem) and worth_guessing(text):
            from aperture_plugin.words.other_lengths import length_elsewhere  # only what is refused needs it

            length = length_elsewhere(text)
            if length is not None:
                problem.instead = duration_text(length)
                problem.hint += f'; did you mean "{problem.instead}"?'
        raise


def _may_be_meant(problem: Unreadable) -> bool:
    """Return whether the text may be a length of time in words of one's own, and nothing better is offered."""
    if problem.code not in _MAY_BE_MEANT or "a second time" in problem.message:
        return False
    return mended(_duration, problem.instead) is None


def _duration(text: str) -> timedelta:
    require_ascii_digits(text)
    place, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if place >= end:
        raise Unreadable("nothing-written", "no duration is written", _EXPECTED)
    total, seen, first = timedelta(0), set[timedelta](), place
    while True:
        _refuse_fraction(text, place)
        part = _PART.match(text, place, end)
        if part is None:
            raise _not_a_part(text, place, end)
        unit = _unit(text, part)
        if unit in seen:
            raise _twice(part, unit)
        seen.add(unit)
        total += _length(part, unit)
        if total > LONGEST_DURATION:
            raise _too_long(text, first, end)
        if part.end() == end:
            break
        place = _next_part(text, part.end(), end)
    if not total:
        raise Unreadable(
            "zero-duration",
            f"{quoted(text.strip())} is no time at all",
            "expected a duration of 1 second or more",
            start=first,
            length=end - first,
        )
    return total


def duration_text(duration: timedelta) -> str:
    """Return *duration* in words that `read_duration` reads as the same duration.

    Args:
        duration: Whole seconds. Zero prints as `0 seconds`, the only text here that does not read back.
    Raises:
        ValueError: *duration* is negative or has a part of a second.

    >>> duration_text(timedelta(seconds=5400))
    '1 hour 30 minutes'
    """
    if duration < timedelta(0) or duration.microseconds:
        raise ValueError(f"a duration has whole seconds and is not negative, got {duration!r}")
    if duration and not duration % timedelta(weeks=1):
        return _counted(duration // timedelta(weeks=1), "week")
    parts = []
    for name, unit in _NAMES[1:]:
        count, duration = divmod(duration, unit)
        if count:
            parts.append(_counted(count, name))
    return " ".join(parts) or "0 seconds"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _next_part(text: str, place: int, end: int) -> int:
    joint = _JOINT.match(text, place, end)
    after = place if joint is None else joint.end()
    if after < end:
        return after
    raise Unreadable(
        "bad-duration",
        f"{quoted(text[place:end].strip())} at the end joins nothing",
        _EXPECTED,
        start=place + len(text[place:end]) - len(text[place:end].lstrip()),
        length=len(text[place:end].strip()),
        instead=text[:place],
    )


def _refuse_fraction(text: str, place: int) -> None:
    found = _FRACTION.match(text, place)
    if found is None:
        return
    whole, part, word = found.groups()
    if _THOUSANDS.fullmatch(text, place, found.start(3)):
        number = whole + part
        raise Unreadable(
            "duration-fraction",
            f"{quoted(text[place : found.end(2)])} is not a number in plain digits",
            f"write it without a comma: {number} {word}",
            start=place,
            length=found.end(2) - place,
            instead=f"{text[:place]}{number}{text[found.end(2) :]}",
        )
    unit = UNITS.get(lowered(word))
    instead = None
    if unit is not None and len(whole) <= _MOST_DIGITS and len(part) <= _MOST_DIGITS:
        seconds, rest = divmod(int(whole + part) * int(unit.total_seconds()), 10 ** len(part))
        if not rest and 0 < seconds <= LONGEST_DURATION.total_seconds():
            instead = duration_text(timedelta(seconds=seconds))
    raise Unreadable(
        "duration-fraction",
        f"{quoted(found.group())} is not a whole number",
        f"write whole numbers, such as {instead or '1 hour 30 minutes'}",
        start=place,
        length=len(found.group()),
        instead=None if instead is None else text[:place] + instead + text[found.end() :],
    )


def _unit(text: str, part: re.Match[str]) -> timedelta:
    number, word = part.groups()
    if not word:
        clock = _CLOCK.match(text, part.start())
        if clock is not None:
            raise _without_unit(text, clock)
        if not number.strip("0"):
            raise Unreadable(
                "zero-duration",
                f"{quoted(number)} is no time at all",
                "expected a duration of 1 second or more; to do without it, take the line out",
                start=part.start(),
                length=len(number),
            )
        raise Unreadable(
            "duration-without-unit",
            f"{quoted(number)} does not say of what",
            f"expected a unit: {', '.join(reversed(_LONG_NAMES))}; write {_clipped(number)} minutes, for example",
            start=part.start(),
            length=len(number),
        )
    unit = UNITS.get(lowered(word))
    if unit is not None:
        return unit
    key = lowered(word)
    instead: str | None
    if key in _CALENDAR:
        hint = "months and years differ in length; count days or weeks instead"
        short = len(number) <= _MOST_DIGITS
        instead = f"{int(number) * _CALENDAR[key]} days" if short else None
    elif key in {"ms", "millisecond", "milliseconds", "us", "microseconds"}:
        hint, instead = "the shortest unit is the second", None
    else:
        near = nearest(word, _LONG_NAMES)
        hint = "expected seconds, minutes, hours, days or weeks" + meaning(word, near)
        instead = None if near is None else f"{number} {near}"
    raise Unreadable(
        "unknown-unit",
        f"{quoted(word)} is not a unit of time",
        hint,
        start=part.start(2),
        length=len(word),
        instead=None if instead is None else text[: part.start()] + instead + text[part.end() :],
    )


def _without_unit(text: str, clock: re.Match[str]) -> Unreadable:
    """Return what is wrong with `4:00` and `:10`, whose parts may be hours or minutes."""
    first, last = int(clock[1] or "0"), int(clock[2])
    hours = " ".join(f"{count} {unit}" for count, unit in ((first, "hours"), (last, "minutes")) if count)
    return Unreadable(
        "duration-without-unit",
        f"{quoted(clock.group())} does not say of what",
        f"expected numbers with their units, such as 90 seconds or {hours or '1 hour'}",
        start=clock.start(),
        length=len(clock.group()),
        instead=None if clock[1] or not last else f"{text[: clock.start()]}{last} minutes{text[clock.end() :]}",
    )


def _length(part: re.Match[str], unit: timedelta) -> timedelta:
    number = part.group(1)
    if len(number.lstrip("0")) > _MOST_DIGITS or int(number) * unit.total_seconds() > LONGEST_DURATION.total_seconds():
        raise _too_long(part.string, part.start(), part.end())
    return int(number) * unit


def _too_long(text: str, start: int, end: int) -> Unreadable:
    return Unreadable(
        "duration-too-long",
        f"{quoted(text[start:end])} is longer than anything that is scheduled",
        f"expected at most {LONGEST_DURATION.days} days",
        start=start,
        length=end - start,
    )


def _twice(part: re.Match[str], unit: timedelta) -> Unreadable:
    name = next(name for name, length in _NAMES if length == unit)
    return Unreadable(
        "bad-duration",
        f"{quoted(part.group())} counts {name}s a second time",
        "write each unit once, such as 1 hour 30 minutes",
        start=part.start(),
        length=len(part.group()),
    )


def _not_a_part(text: str, place: int, end: int) -> Unreadable:
    found = _WORD.match(text, place, end)
    word = text[place:end] if found is None else found.group()
    key = lowered(word)
    if word[0] == "-" and word[1:2].isdigit():
        return Unreadable(
            "negative-duration",
            f"{quoted(text[place:end])} is less than nothing",
            "expected a duration of 1 second or more, without a minus sign",
            start=place,
            length=end - place,
        )
    clock = _CLOCK.match(text, place, end)
    if clock is not None:
        return _without_unit(text, clock)
    instead, near = None, None
    if key in COUNTS:
        instead = f"{text[:place]}{COUNTS[key]}{text[place + len(word) :]}"
    elif key in UNITS:
        instead = text[:place] + "1 " + text[place:]
    elif half := _HALF_HOUR.match(text, place, end):
        instead = f"{text[:place]}30 minutes{text[half.end() :]}"
    elif word[0] == "+" and word[1:2].isdigit():
        instead = text[:place] + text[place + 1 :]
    elif near := nearest(word, _LONG_NAMES):
        instead = f"{text[:place]}1 {near.removesuffix('s')}{text[place + len(word) :]}"
    return Unreadable(
        "bad-duration",
        f"{quoted(word)} is not a number with a unit of time",
        _EXPECTED + meaning(word, near),
        start=place,
        length=len(word),
        instead=instead,
    )


def _clipped(number: str) -> str:
    return number if len(number) <= _MOST_DIGITS else "30"
