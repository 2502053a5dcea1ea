"""Cuts an informal schedule into tokens: `mondays at half past`, `9pm`, `2 in the morning`, `jeden Tag um 9 Uhr`.

Nothing of this is accepted in a file. It serves `informal_schedules`, which finds out what a phrase that cannot be read
was meant to be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Final

from aperture_plugin.words.digits import COUNTS
from aperture_plugin.words.informal_lexicon import WORKDAYS, Token, folded, lexicon

__all__ = ["english_days", "tokens_of"]

_HALF: Final = r"(?P<half>a\.?m\b\.?|p\.?m\b\.?|[ap]\b)"
_TWO_WORDS: Final = re.compile(
    r"(?:working|business|work) days?\b|every[ -]day\b|\w+-feira\b|bi-weekly\b|mo-fr\b|"
    r"a las\b|tous les\b|toutes les\b|todos los\b"
)
_AND_A_HALF: Final = re.compile(r"\b(?:(?:an?|1|one) )?hour and a half\b|\b(?:1|one) and a half hours\b")
_NAMED_TIMES: Final = {"noon": 12, "midday": 12, "mittag": 12, "midi": 12, "mediodia": 12}


def english_days(text: str) -> str | None:
    """Return the English names of the days that *text* names in other words: `mondays`, `lundi`; None if it names none.

    >>> english_days("lundi"), english_days("mercredi et jeudi")
    ('monday', None)
    """
    found = lexicon().get(folded(text.strip()))
    if found is None or found.kind != "days":
        return None
    days = found.value
    assert isinstance(days, frozenset)
    if len(days) > 1:
        return "weekdays" if days == WORKDAYS else "weekends"
    [day] = days
    return str(day.name.lower())


def tokens_of(text: str) -> list[Token] | None:
    """Return the tokens of *text*; None where a part of it is not known."""
    written = _AND_A_HALF.sub("90 minutes", folded(text).strip().rstrip("."))
    tokens: list[Token] = []
    place = 0
    while place < len(written):
        two = _TWO_WORDS.match(written, place)
        if two is not None:
            tokens += _of_two_words(two.group())
            place = _after_spaces(written, two.end())
            continue
        token = _shape(written, place) or _word(written, place)
        if token is None:
            return None
        tokens.append(token[0])
        place = _after_spaces(written, token[1])
    return tokens


def _of_two_words(text: str) -> list[Token]:
    if text.startswith("every"):
        return [Token("every"), Token("unit", "day")]
    return [lexicon().get(text, Token("at" if text == "a las" else "every"))]


def _shape(text: str, place: int) -> tuple[Token, int] | None:
    """Return the time, number or mark at *place* with its end; None where there is none."""
    for pattern, meaning in _SHAPES:
        found = pattern.match(text, place)
        if found is not None and (token := meaning(found)) is not None:
            return token, found.end()
    return None


def _word(text: str, place: int) -> tuple[Token, int] | None:
    """Return the word at *place* with its end; None where it is not known."""
    found = _WORD.match(text, place)
    if found is None:
        return None
    word = found.group()
    token = lexicon().get(word) or lexicon().get(word.rstrip("."))
    return None if token is None else (token, found.end())


def _after_spaces(text: str, place: int) -> int:
    return place + len(text[place:]) - len(text[place:].lstrip())


def _clock(hour: int, minute: int, half: str | None) -> Token | None:
    if minute > 59:
        return None
    if half is None:
        return Token("time", time(hour, minute)) if hour < 24 else None
    if not 1 <= hour <= 12:
        return None
    return Token("time", time(hour % 12 + (12 if half[0] == "p" else 0), minute))


def _spoken(hour: int, minute: int, part: str) -> Token | None:
    if hour > 12:
        return _clock(hour, minute, None)
    if part == "morning":
        return _clock(hour, minute, "am")
    if part == "night" and hour < 7:
        return None
    return _clock(hour, minute, "pm") if 1 <= hour < 12 else None


def _hour(hour: int) -> Token | None:
    if hour == 0 or 12 < hour < 24:
        return Token("time", time(hour))
    return Token("hour", hour) if hour <= 12 else None


def _of_clock(found: re.Match[str]) -> Token | None:
    if int(found["second"] or 0):
        return None
    token = _clock(int(found["hour"]), int(found["minute"]), found["half"])
    # Without AM or PM, `every 1:30` may be a length.
    return replace(token, word="clock") if token is not None and found["half"] is None else token


def _named_time(found: re.Match[str]) -> Token:
    return Token("time", time(_NAMED_TIMES.get(found.group().split()[-1], 0)))


def _minutes_past(found: re.Match[str]) -> Token | None:
    minute = int(found["past"])
    return Token("past", minute) if minute < 60 else None


def _times(found: re.Match[str]) -> Token:
    text = found["number"]
    return Token("count", int(text) if text.isdigit() else COUNTS[text])


_WORD: Final = re.compile(r"@|[^\W\d_]+(?:'[^\W\d_]+)*\.?")
_SHAPES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Token | None]], ...]] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (
            r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?\s*(?:o'?clock\s*)?"
            r"(?:in the (?P<part>morning|afternoon|evening)|at night)\b",
            lambda found: _spoken(int(found["hour"]), int(found["minute"] or 0), found["part"] or "night"),
        ),
        (
            r"(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?!\d|\s*m(?:in\w*)?\b)(?::(?P<second>\d\d))?\s*"
            rf"{_HALF}?(?:\s*(?:uhr|uur|hrs|h)\b)?",
            _of_clock,
        ),
        (rf"(?P<hour>\d{{1,2}})\s*{_HALF}", lambda found: _clock(int(found["hour"]), 0, found["half"])),
        (r"(?P<hour>\d{1,2})\s*(?:uhr|uur)\b", lambda found: _clock(int(found["hour"]), 0, None)),
        (r"(?P<hour>\d{1,2})\s*o'?clock\b", lambda found: _hour(int(found["hour"]))),
        (
            r"(?:12(?::00)?\s+)?(?:noon|midday|midnight|mittag|mitternacht|midi|minuit|mediodia|medianoche)\b",
            _named_time,
        ),
        (r":(?P<past>[0-5]\d)(?![\d:])", _minutes_past),
        (r"half past\b|(?:on|at) the half(?:[ -]hour)?\b", lambda _: Token("past", 30)),
        (r"quarter past\b", lambda _: Token("past", 15)),
        (r"quarter to\b", lambda _: Token("past", 45)),
        (r"on the hour\b|(?:at )?(?:the )?top of (?:the|every|each) hour\b", lambda _: Token("past", 0)),
        (r"(?:at )?minutes? (?P<past>\d{1,2})(?!\d)", _minutes_past),
        (r"(?P<past>\d{1,2})(?: minutes?| mins?)? past(?: the hour)?(?= every hour| each hour|\s*$)", _minutes_past),
        (r"(?P<nth>\d{1,2})(?:st|nd|rd|th)\b", lambda found: Token("ordinal", int(found["nth"]))),
        (r"(?P<number>\d{1,2}|two|three|four|five|six|eight|ten|twelve)(?: times?\b|\s?x\b)", _times),
        (r"half(?: an?)?[ -](?=hours?\b|hourly\b)", lambda _: Token("number", 0.5)),
        (r"quarter(?: of an)?[ -](?=hours?\b)", lambda _: Token("number", 0.25)),
        (r"\d{1,6}(?!\d)", lambda found: Token("number", int(found.group()))),
        (r"[,&+/]", lambda _: Token("and")),
        (r"-|\.\.", lambda _: Token("to")),
    )
)
"""Patterns longer than a single known word; the first that fits counts."""
