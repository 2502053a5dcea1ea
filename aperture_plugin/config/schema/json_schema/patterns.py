"""The words of the file as regular expressions that JSON Schema, which is to say JavaScript, understands.

They have no flags there, so that either case of a letter is spelled out. A text that its reader refuses may match:
that 30 February is no day, or that an expression never fires, no pattern says. One that is read always matches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aperture_plugin.words.durations import UNITS

__all__ = [
    "CRON",
    "DATE_RANGE",
    "DAYS",
    "DURATION",
    "EXPECTATION",
    "FACTOR",
    "IGNORED",
    "LIMIT",
    "MOMENT",
    "MONTH_DAY",
    "NAME",
    "PHRASE",
    "SIZES",
    "SOMETHING",
    "TIMES",
    "VARIABLE",
    "VARIABLES",
    "WEEKDAYS",
    "WINDOW",
    "YES_NO",
    "any_case",
    "any_of",
    "up_to",
    "whole",
]


def any_case(words: str) -> str:
    """Return a pattern of *words* in either case, with any spaces between them.

    >>> any_case("at 2")
    '[Aa][Tt]\\\\s+2'
    """
    return r"\s+".join(
        "".join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter for letter in word)
        for word in words.split()
    )


def any_of(options: Iterable[str]) -> str:
    """Return a pattern of one of the *options*, which are patterns."""
    return f"(?:{'|'.join(options)})"


def whole(pattern: str) -> str:
    """Return *pattern* as the whole of a text, with spaces around it or without."""
    return rf"^\s*(?:{pattern})\s*$"


def up_to(most: int, least: int = 0) -> str:
    """Return a pattern of the whole numbers from *least* (0 or 1) to *most*, zeros before them or not.

    >>> up_to(31, 1)
    '0*(?:[1-9]|[1-2][0-9]|3[0-1])'
    """
    digits = str(most)
    shorter = ["[1-9]" + "[0-9]" * n for n in range(len(digits) - 1)]
    same = []
    for place, digit in enumerate(digits):
        lowest = 1 if place == 0 else 0
        if int(digit) > lowest:
            same.append(f"{digits[:place]}[{lowest}-{int(digit) - 1}]{'[0-9]' * (len(digits) - place - 1)}")
    # The last digit may be the most there is, too: the two ways join.
    last = f"{digits[:-1]}[{1 if len(digits) == 1 else 0}-{digits[-1]}]"
    same = [*(one for one in same if not one.startswith(f"{digits[:-1]}[")), last]
    return f"0*{any_of([*shorter, *same] if least else ['0', *shorter, *same])}"


def _listed(item: str) -> str:
    joint = rf"(?:\s*,\s*(?:{any_case('and')}\s+)?|\s+{any_case('and')}\s+)"
    return f"{item}(?:{joint}{item})*"


SOMETHING: Final = r"\S"
"""Matches what is not empty, wherever it stands; to be used as it is."""

VARIABLES: Final = r"^(?:[^$]|\$(?!\{)|\$\$\{|\$\{[A-Za-z_][A-Za-z0-9_]*\})*$"
"""A text in which every `${` is followed by a name and `}`, or comes after another dollar sign; to be used as it is."""

VARIABLE: Final = "[A-Za-z_][A-Za-z0-9_]*"
NAME: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
YES_NO: Final = any_of([*map(any_case, ("yes", "true", "on", "y", "no", "false", "off", "n")), "[01]"])
FACTOR: Final = rf"0*{any_of(['1000', '[1-9][0-9]{0,2}'])}(?:\.[0-9]{{1,9}})?"

_TIME: Final = r"(?:(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|(?:0?[1-9]|1[0-2])(?::[0-5][0-9])?\s*[AaPp][Mm])"
TIMES: Final = _listed(_TIME)
WINDOW: Final = rf"{_TIME}\s+{any_case('to')}\s+{_TIME}"

_DAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
WEEKDAYS: Final = _listed(any_of(map(any_case, (*_DAYS, *(day[:3] for day in _DAYS), "weekdays", "weekends"))))
MONTH_DAY: Final = any_of([up_to(31, 1), rf"(?:{any_case('the')}\s+)?{any_case('last')}(?:\s+{any_case('day')})?"])

_UNIT: Final = rf"{any_of(any_case(word) for word in sorted(UNITS, key=len, reverse=True))}(?![A-Za-z])"
_AND: Final = rf"{any_case('and')}(?=\s)"


def _units_once() -> str:
    """Return what looks ahead and refuses a duration that counts one unit twice."""
    twice = []
    for length in sorted(set(UNITS.values())):
        words = any_of(any_case(word) for word in UNITS if UNITS[word] == length)
        twice.append(rf"(?![^;]*[0-9]\s*{words}(?![A-Za-z])[^;]*[0-9]\s*{words}(?![A-Za-z]))")
    return "".join(twice)


_PART: Final = rf"[0-9]+\s*{_UNIT}"
_PARTS: Final = rf"{_PART}(?:\s*(?:,\s*{_AND}|,|{_AND})?\s*{_PART})*"
DURATION: Final = rf"(?=[^;]*[1-9]){_units_once()}{_PARTS}"

_MONTH: Final = any_of(["0[1-9]", "1[0-2]"])
_MONTH_DAY: Final = rf"(?:{_MONTH}-(?:0[1-9]|1[0-9]|2[0-9])|(?!02){_MONTH}-30|(?:0[13578]|1[02])-31)"
_DATE: Final = rf"(?:19[7-9][0-9]|[2-8][0-9]{{3}}|9[0-8][0-9]{{2}}|99[0-8][0-9]|999[0-8])-{_MONTH_DAY}"
MOMENT: Final = rf"{_DATE}(?:\s*[Tt]\s*|\s+){_TIME}"
DATE_RANGE: Final = rf"{_DATE}(?:\s+{any_case('to')}\s+{_DATE})?"
DAYS: Final = any_of(
    [
        DATE_RANGE,
        rf"{any_case('every')}\s+{_MONTH_DAY}(?:\s+{any_case('to')}\s+{_MONTH_DAY})?",
        rf"{any_case('holidays')}\s+(?:{any_case('of')}|{any_case('in')})\s+[A-Za-z]{{2}}(?:-[A-Za-z0-9]{{1,10}})?",
    ]
)
CRON: Final = r"[0-9A-Za-z*,/#-]+(?:\s+[0-9A-Za-z*,/#-]+){4}"

_GRID: Final = r"(?:[0-9]{0,4}:[0-5][0-9](?::[0-5][0-9])?)"
_START: Final = rf"(?:\s+{any_case('after')}\s+{_PARTS}|\s+{any_case('unless ran within')}\s+{_PARTS}){{0,2}}"
_PHRASE: Final = any_of(
    [
        rf"{any_case('daily at')}\s+{TIMES}",
        rf"{any_case('weekly on')}\s+{WEEKDAYS}\s+{any_case('at')}\s+{TIMES}",
        rf"{any_case('monthly on')}\s+(?:{any_case('day')}\s+{MONTH_DAY}"
        rf"|(?:{any_case('the')}\s+)?{any_case('last')}(?:\s+{any_case('day')})?)\s+{any_case('at')}\s+{TIMES}",
        rf"{any_case('every')}\s+(?:{_UNIT}|{DURATION})(?:\s+{any_case('at')}\s+{_GRID})?",
        rf"{any_case('cron')}\s+{CRON}",
        rf"{any_case('once at')}\s+{MOMENT}",
        rf"{any_case('after')}\s+{_listed(NAME)}",
        rf"{any_case('at start')}{_START}",
        rf"{any_case('manual')}(?:\s+{any_case('only')})?",
    ]
)

PHRASE: Final = rf"(?:{_PHRASE}\s*;\s*)*{_PHRASE}"

LIMIT: Final = (
    rf"{up_to(1_000_000_000, 1)}\s+{any_case('per')}\s+(?:{_UNIT}|{DURATION})"
    rf"(?:\s+{any_case('from')}\s+(?:{any_case('midnight')}|{_TIME})(?:\s+[A-Za-z][A-Za-z0-9_+/-]*)?)?"
)

_COUNT: Final = up_to(1_000_000_000_000)
SIZES: Final = any_of(
    [
        rf"{any_case('under')}\s+{up_to(1_000_000_000_000, 1)}",
        rf"{_COUNT}\s+{any_case('to')}\s+{_COUNT}",
        rf"{_COUNT}\s+{any_case('and over')}",
    ]
)

IGNORED: Final = rf"[A-Za-z0-9][A-Za-z0-9._:/-]*(?:\s+of\s+{NAME})?"

_ON_DAYS: Final = rf"(?:\s+{any_case('on')}\s+{WEEKDAYS})?"

EXPECTATION: Final = (
    any_of(
        [
            rf"{NAME}\s+{any_case('before')}\s+{NAME}",
            rf"{NAME}\s+{any_case('ready by')}\s+{_TIME}",
            rf"{any_case('nothing between')}\s+{_TIME}\s+{any_case('and')}\s+{_TIME}{_ON_DAYS}",
            rf"{any_case('at most')}\s+0*[1-9][0-9]*\s+{any_case('at once')}(?:\s+{any_case('in')}\s+[^\s,]+)?",
        ]
    )
    + rf"(?:\s+{any_case('if runs take')}\s+{DURATION})?"
)
