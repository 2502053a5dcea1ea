"""Suggests what a phrase that cannot be read was probably meant to be.

It finds the nearest form from the first words, and offers a phrase to paste wherever one can be made of the person's
own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final, TypeVar

from aperture_plugin.words.days import names_day
from aperture_plugin.words.did_you_mean import meaning, nearest
from aperture_plugin.words.homoglyphs import odd_letter_clause
from aperture_plugin.words.parse_error import Unreadable, quoted, read_part, worth_guessing
from aperture_plugin.words.schedules import Schedule
from aperture_plugin.words.tokens import Piece

__all__ = [
    "FIRST_WORDS",
    "begins_at_start",
    "expect_word",
    "find_at",
    "more_than_manual",
    "no_month_day",
    "not_a_phrase",
    "not_an_interval",
    "not_at_start",
    "part",
]

_Value = TypeVar("_Value")

FIRST_WORDS: Final = ("daily", "weekly", "monthly", "every", "cron", "once", "after", "at", "manual")

_EXPECTED: Final = (
    "expected a phrase that begins with daily, weekly, monthly, every, cron, once, after, at start or manual"
)
_MEANT: Final = {
    **dict.fromkeys(("never", "none", "no", "off", "disabled", "null", "~"), "manual only"),
    "hourly": "every hour",
    "minutely": "every minute",
    "midnight": "daily at 12:00 AM",
    "noon": "daily at 12:00 PM",
    "@hourly": "every hour",
    "@daily": "daily at 12:00 AM",
    "@midnight": "daily at 12:00 AM",
    "@weekly": "weekly on sunday at 12:00 AM",
    "@monthly": "monthly on day 1 at 12:00 AM",
    "@yearly": "cron 0 0 1 1 *",
    "@annually": "cron 0 0 1 1 *",
    "@reboot": "at start",
    **dict.fromkeys(("startup", "start", "boot", "reboot"), "at start"),
}
_STARTS: Final = frozenset({"start", "startup", "boot", "reboot"})
_CRON_FIELDS: Final = 5
_CRON_FIELD: Final = re.compile(r"(?:[0-9*/,?H-]|SUN|MON|TUE|WED|THU|FRI|SAT)+")
_USER_BEFORE: Final = re.compile(
    r"(?!(?:ba|da|z)?sh\b|cat\b|cd\b|cp\b|curl\b|env\b|exec\b|find\b|flock\b|git\b|ls\b|make\b|mv\b|nice\b|node\b|perl\b|"
    r"php\b|python|rm\b|rsync\b|ruby\b|source\b|sudo\b|tar\b|test\b|touch\b)[a-z_][a-z0-9_-]*\s+[/~$]"
)
"""Words that may be the column for the user in a system's crontab, and are no program before a path."""
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
    if len(words) > 1 and words[1].key in _STARTS and first.key in {"at", "on"}:
        return _not_start(text, words)
    if (crontab := _of_a_crontab(text, first, read)) is not None:
        return crontab
    near = nearest(first.text, FIRST_WORDS)
    if first.key == "at" or (near == "at" and not begins_at_start(words)):
        near = None
    meant = _MEANT.get(first.key)
    instead: str | None = None
    if meant is not None and len(words) > 1:
        # The rest must be kept: without it, the schedule would be another one.
        near = instead = next(_read_as_they_are([meant + text[first.end :]], read), None)
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
    """Return *problem* of a phrase that begins with `every`, improved if another phrase was meant."""
    if not worth_guessing(text) or len(words) < 2:
        return problem
    hours = _HOURS.search(text)
    if hours is not None:
        problem.hint += "; a key says in which hours it may start, such as  window: 8:00 AM to 6:00 PM"
    if not words[1].text.isalpha():
        return problem
    second, rest = words[1], text[words[1].start :].strip()
    near = nearest(second.text, _INTERVAL_UNITS)
    if second.key in _DAYS:
        more = text[second.end :].strip()
        offers = [f"daily {more}"] if more else []
    elif second.key in _ORDINALS and len(words) > 2:
        unit = words[2].text if words[2].text.endswith("s") else f"{words[2].text}s"
        offers = [f"every {_ORDINALS[second.key]} {unit}{text[words[2].end :].rstrip()}"]
    elif near is not None and near != second.key:
        offers = [text[: second.start] + near + text[second.end :]]
    else:
        offers = [f"{often} on {rest}" for often in ("weekly", "monthly")]
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
    """Return the value that *read* reads from *text* between the word *after* and *end*.

    Raises:
        Unreadable: The part cannot be read, with its place in *text*; or it is empty.
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
    """Return the `at` that separates the days from the times, after the first two words of a phrase.

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
        if before.key != "day" and (word.text[0].isdigit() or _misspelled(word, "at")):
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
    written = text[first.start : at.start].strip()
    number = written.removesuffix("st").removesuffix("nd").removesuffix("rd").removesuffix("th")
    offer = f"day {number}" if number.isascii() and number.isdigit() and len(number) <= 2 else None
    near = nearest(first.text, ("day", "last"))
    if offer is None and near is not None:
        offer = near + text[first.end : at.start].rstrip()
    return Unreadable(
        "bad-month-day",
        f"{quoted(written)} is not a day of a month",
        "expected day 1 to day 31, or the last day" + ("" if offer is None else f'; did you mean "{offer}"?'),
        start=first.start,
        length=len(written),
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


def begins_at_start(words: list[Piece]) -> bool:
    """Return whether *words* begin with `at start`, perhaps misspelled."""
    return len(words) > 1 and (words[1].key == "start" or nearest(words[1].text, ("start",)) == "start")


def not_at_start(text: str, word: Piece, expected: str) -> Unreadable:
    """Return what is wrong with *word*, which stands in a phrase at start where *expected* or nothing may."""
    near = "after" if word.key == "in" else nearest(word.text, ("after", "unless"))
    instead = None if near in {None, word.key} else f"{text[: word.start]}{near}{text[word.end :]}"
    if word.text[0].isdigit():
        instead = f"{text[: word.start]}after {text[word.start :]}"
    return Unreadable(
        "unexpected-words",
        f"{quoted(word.text)} has no place there in a schedule at start",
        f"expected {expected}, as in at start after 2 minutes unless ran within 6 hours",
        start=word.start,
        length=len(word.text),
        instead=instead,
    )


def _not_start(text: str, words: list[Piece]) -> Unreadable:
    first, second = words[0], words[1]
    return Unreadable(
        "unexpected-words",
        f'{quoted(text[first.start : second.end])} stands where "at start" was expected',
        "write at start: it runs each time the first loop on the store begins",
        start=first.start,
        length=second.end - first.start,
        instead=f"at start{text[second.end :]}",
    )


def _of_a_crontab(text: str, first: Piece, read: _Reader) -> Unreadable | None:
    """Return what is wrong with bare cron fields that have seconds, a command, or the H of Jenkins."""
    fields = text.split()
    hashed = any("H" in field for field in fields[:_CRON_FIELDS])
    if len(fields) < _CRON_FIELDS or not all(map(_CRON_FIELD.fullmatch, fields[:_CRON_FIELDS])):
        return None
    rest, instead, command = fields[_CRON_FIELDS:], None, ""
    if hashed:
        nearest_fields = " ".join(re.sub(r"^H(?=/)", "*", field) for field in fields[:_CRON_FIELDS])
        hint = "H is not supported; nearest is * or a number in its place, and  jitter: 5 minutes  beside it"
        if "H" not in nearest_fields and not rest:
            hint += f", such as  cron {nearest_fields}"
    elif len(rest) == 1 and _CRON_FIELD.fullmatch(rest[0]):
        hint = "expected five fields, from the minute to the day of the week, without seconds"
        if not fields[0].strip("0"):
            instead = next(_read_as_they_are([f"cron {' '.join(fields[1:])}"], read), None)
    elif rest and not next(_read_as_they_are([f"cron {' '.join(fields[:_CRON_FIELDS])}"], read), None):
        return None
    elif rest:
        command = text.split(maxsplit=_CRON_FIELDS)[_CRON_FIELDS].rstrip()
        hint = "a line of a crontab is two keys here, on lines of their own"
        if "%" in command or _USER_BEFORE.match(command):
            # A per cent sign is a line end to cron, and the user of a system's crontab can be another one.
            hint += f":  schedule: cron {' '.join(fields[:_CRON_FIELDS])}  and  command: …"
            hint += ", without the user" if "%" not in command else "; cron reads % as the end of a line"
            command = ""
    else:
        return None
    problem = Unreadable(
        "unknown-phrase",
        f"{quoted(first.text)} begins no schedule",
        hint + (f'; did you mean "{instead}"?' if instead else ""),
        start=first.start,
        length=len(first.text),
        instead=instead,
    )
    if command:
        problem.beside = (("schedule", f"cron {' '.join(fields[:_CRON_FIELDS])}"), ("command", command))
    return problem


def _wrong_word(text: str, word: Piece, expected: str, example: str) -> Unreadable:
    if _misspelled(word, expected):
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


def _misspelled(word: Piece, expected: str) -> bool:
    """Return whether *word* stands for *expected*: `mon` and `sat` are near to `on` and `at`, and are days."""
    return not names_day(word.text) and nearest(word.text, (expected,)) is not None


def _read_as_they_are(offers: list[str], read: _Reader) -> Iterator[str]:
    """Yield of *offers* those that *read* reads."""
    for offer in offers:
        try:
            read(offer)
        except Unreadable:
            continue
        yield offer


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
