"""What a phrase that cannot be read was probably meant to be.

Examines what the person began with and tells the nearest of the eight forms, as a phrase to paste
wherever one can be made out of their own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, TypeVar

from aperture_plugin.words.lookalikes import odd_letter_clause
from aperture_plugin.words.nearest import meaning, nearest
from aperture_plugin.words.pieces import Piece
from aperture_plugin.words.schedules import Schedule
from aperture_plugin.words.unreadable import Unreadable, quoted, read_part, worth_guessing

__all__ = [
    "FIRST_WORDS",
    "expect_word",
    "find_at",
    "more_than_manual",
    "no_month_day",
    "not_a_phrase",
    "not_an_interval",
    "part",
]

_Value = TypeVar("_Value")

FIRST_WORDS: Final = ("daily", "weekly", "monthly", "every", "cron", "once", "after", "manual")

_EXPECTED: Final = "expected a phrase that begins with daily, weekly, monthly, every, cron, once, after or manual"
_MEANT: Final = {
    **dict.fromkeys(("never", "none", "no", "off", "disabled", "null", "~"), "manual only"),
    "hourly": "every hour",
    "minutely": "every minute",
    "nightly": "daily at 2:00 AM",
    "midnight": "daily at 12:00 AM",
    "noon": "daily at 12:00 PM",
    "fortnightly": "every 2 weeks",
    "@hourly": "every hour",
    "@daily": "daily at 12:00 AM",
    "@midnight": "daily at 12:00 AM",
    "@weekly": "weekly on sunday at 12:00 AM",
    "@monthly": "monthly on day 1 at 12:00 AM",
    "@yearly": "cron 0 0 1 1 *",
    "@annually": "cron 0 0 1 1 *",
}
_ALONE: Final = {
    "yearly": "cron 0 0 1 1 *",
    "annually": "cron 0 0 1 1 *",
    "quarterly": "cron 0 0 1 */3 *",
    "biweekly": "every 2 weeks",
    "weekdays": "weekly on weekdays at 2:00 AM",
    "weekends": "weekly on weekends at 2:00 AM",
}
_LONG_NUMBER: Final = 4
_HOURS: Final = re.compile(r"\b(?:between|from)\s+(.+?)\s+(?:and|to|until)\s+(.+)", re.IGNORECASE)
_BEGINNINGS: Final = (
    "daily ",
    "daily at ",
    "weekly ",
    "weekly on ",
    "monthly on ",
    "every ",
    "once ",
    "once at ",
)
_LIKE_CRON: Final = re.compile(r"\s*[0-9*/,?-]+\s+[0-9*/,?-]+\s")
"""The minute and the hour of a cron expression, which have no letters."""
_ORDINALS: Final = {"other": 2, "second": 2, "third": 3, "fourth": 4}
_DAYS: Final = frozenset({"day", "night", "morning", "evening"})
_INTERVAL_UNITS: Final = ("second", "minute", "hour", "day", "week")

_Reader = Callable[[str], Schedule]


def not_a_phrase(text: str, words: list[Piece], read: _Reader) -> Unreadable:
    """Return what is wrong with *text*, whose first word begins none of the phrases."""
    if not words:
        return Unreadable("nothing-written", "no schedule is written", f"{_EXPECTED}, such as daily at 2:00 AM")
    first = words[0]
    near = nearest(first.text, FIRST_WORDS)
    meant = _MEANT.get(first.key)
    instead: str | None = None
    if len(words) == 1 and first.key in _ALONE:
        near = instead = _ALONE[first.key]
    elif len(words) == 1 and first.text.isascii() and first.text.isdigit() and len(first.text) < _LONG_NUMBER:
        near = f"every {first.text} minutes"
    elif first.key == "nightly" and len(words) > 1:
        near = instead = "daily" + text[first.end :]
    elif meant is not None:
        near = instead = meant
    elif near is not None:
        instead = text[: first.start] + near + text[first.end :]
    elif worth_guessing(text):
        beginnings = [*_BEGINNINGS, "cron "] if _LIKE_CRON.match(text) else _BEGINNINGS
        instead = next(_readable((beginning + text.strip() for beginning in beginnings), read), None)
        near = instead
    clause = odd_letter_clause(first.text[:64]) if near is None else meaning(first.text, near)
    return Unreadable(
        "unknown-phrase",
        f"{quoted(first.text)} begins no schedule",
        _EXPECTED + clause,
        start=first.start,
        length=len(first.text),
        instead=instead,
    )


def not_an_interval(problem: Unreadable, text: str, words: list[Piece], read: _Reader) -> Unreadable:
    """Return *problem* of a phrase that begins with `every`, told better if another phrase was meant."""
    if not worth_guessing(text) or len(words) < 2:
        return problem
    hours = _HOURS.search(text)
    if hours is not None:
        problem.hint += "; in which hours it may start is said by a key, such as  window: 8:00 AM to 6:00 PM"
    if not words[1].text.isalpha():
        return problem
    second, rest = words[1], text[words[1].start :].strip()
    near = nearest(second.text, _INTERVAL_UNITS)
    if second.key in _DAYS:
        offers = [f"daily {text[second.end :].strip()}", "daily at 2:00 AM"]
    elif second.key in _ORDINALS and len(words) > 2:
        unit = words[2].text if words[2].text.endswith("s") else f"{words[2].text}s"
        offers = [f"every {_ORDINALS[second.key]} {unit}{text[words[2].end :].rstrip()}"]
    elif near is not None and near != second.key:
        offers = [text[: second.start] + near + text[second.end :]]
    else:
        offers = [f"{often} on {rest}{at}" for often in ("weekly", "monthly") for at in ("", " at 4:00 AM")]
    instead = next(_readable(offers, read), None)
    if instead is None:
        return problem
    return Unreadable(
        problem.code,
        problem.message,
        f'expected an interval, such as every 2 hours; did you mean "{instead}"?',
        start=problem.start,
        length=problem.length,
        instead=instead,
    )


def part(text: str, after: Piece, end: int, read: Callable[[str], _Value], *, what: str, example: str) -> _Value:
    """Return what *read* makes of that part of *text* which stands between the word *after* and *end*.

    Raises:
        Unreadable: The part cannot be read, told at its place in *text*; or nothing stands there.
    """
    if not text[after.end : end].strip():
        raise Unreadable(
            "incomplete-phrase",
            f"no {what} is written after {quoted(after.text)}",
            f"write it in full, such as {example}",
            start=after.start,
            length=len(after.text),
        )
    return read_part(text, after.end, end, read)


def expect_word(text: str, words: list[Piece], place: int, expected: str, *, example: str) -> Piece:
    """Return the word at *place*, which has to be *expected*.

    Raises:
        Unreadable: Another word stands there, or none.
    """
    if len(words) <= place:
        last = words[-1]
        raise Unreadable(
            "incomplete-phrase",
            f"nothing is written after {quoted(last.text)}",
            f"write it in full, such as {example}",
            start=last.start,
            length=len(last.text),
        )
    if words[place].key == expected:
        return words[place]
    raise _wrong_word(text, words[place], expected, example)


def find_at(text: str, words: list[Piece], *, example: str) -> Piece:
    """Return the `at` that parts the days from the times, after the two words a phrase begins with.

    Raises:
        Unreadable: There is none, or nothing before it.
    """
    at = next((word for word in words[2:] if word.key == "at"), None)
    if at is not None and at is not words[2]:
        return at
    if at is not None or len(words) < 3:
        raise Unreadable(
            "incomplete-phrase",
            f"no day is written after {quoted(words[1].text)}",
            f"write it in full, such as {example}",
            start=words[1].start,
            length=len(words[1].text),
        )
    for before, word in pairwise(words[2:]):
        if before.key != "day" and (word.text[0].isdigit() or nearest(word.text, ("at",))):
            raise _wrong_word(text, word, "at", example)
    last = words[-1]
    raise Unreadable(
        "incomplete-phrase",
        f"no time is written after {quoted(last.text)}",
        f"write it in full, such as {example}",
        start=last.start,
        length=len(last.text),
    )


def no_month_day(text: str, first: Piece, at: Piece) -> Unreadable:
    """Return what is wrong with a monthly phrase in which *first* stands for `day` or `the last day`."""
    said = text[first.start : at.start].strip()
    number = said.removesuffix("st").removesuffix("nd").removesuffix("rd").removesuffix("th")
    offer = f"day {number}" if number.isascii() and number.isdigit() and len(number) <= 2 else None
    near = nearest(first.text, ("day", "last"))
    if offer is None and near is not None:
        offer = near + text[first.end : at.start].rstrip()
    return Unreadable(
        "bad-month-day",
        f"{quoted(said)} is not a day of a month",
        "expected day 1 to day 31, or the last day" + ("" if offer is None else f'; did you mean "{offer}"?'),
        start=first.start,
        length=len(said),
        instead=None if offer is None else f"{text[: first.start]}{offer} {text[at.start :]}",
    )


def more_than_manual(text: str, words: list[Piece]) -> Unreadable:
    """Return what is wrong with a manual phrase that goes on after `only`, or with another word."""
    odd = words[2] if words[1].key == "only" else words[1]
    return Unreadable(
        "unexpected-words",
        f"{quoted(text[odd.start :].rstrip())} has no place in a manual schedule",
        "write manual only",
        start=odd.start,
        length=words[-1].end - odd.start,
        instead="manual only",
    )


def _wrong_word(text: str, word: Piece, expected: str, example: str) -> Unreadable:
    if nearest(word.text, (expected,)) is not None:
        instead = f"{text[: word.start]}{expected}{text[word.end :]}"
    elif expected == "at" and word.key == "on":
        instead = f"weekly {text[word.start :]}"
    else:
        instead = f"{text[: word.start]}{expected} {text[word.start :]}"
    return Unreadable(
        "unexpected-words",
        f'{quoted(word.text)} stands where "{expected}" was expected',
        f"write it as in {example}",
        start=word.start,
        length=len(word.text),
        instead=instead,
    )


def _readable(offers: Iterator[str] | list[str], read: _Reader) -> Iterator[str]:
    """Yield of *offers* those that *read* reads, or what it would read instead of them."""
    for offer in offers:
        try:
            read(offer)
        except Unreadable as problem:
            if problem.instead is not None:
                yield problem.instead
        else:
            yield offer
