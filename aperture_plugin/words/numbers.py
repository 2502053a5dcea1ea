"""Plain numbers, and yes or no."""

from __future__ import annotations

import re
from typing import Final

from aperture_plugin.words.did_you_mean import meaning, nearest
from aperture_plugin.words.digits import COUNTS, require_ascii_digits
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted
from aperture_plugin.words.tokens import lowered

__all__ = ["LARGEST_FACTOR", "counted", "read_factor", "read_whole_number", "read_yes_no", "yes_no_text"]

LARGEST_FACTOR: Final = 1000

_YES: Final = ("yes", "true", "on", "1", "y")
_NO: Final = ("no", "false", "off", "0", "n")
_WHOLE: Final = re.compile(r"[0-9]+")
_SIGNED: Final = re.compile(r"[+-]\s*[0-9]+")
_FRACTION: Final = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[,_. ' ][0-9]{3})+")
_FACTOR: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_MOST_DIGITS: Final = 18


@offers_what_reads
def read_whole_number(text: str, at_least: int = 0, at_most: int | None = None) -> int:
    """Return the whole number that *text* says.

    Args:
        at_least, at_most: What it may be, both ends included; None for no upper end.
    Raises:
        Unreadable: It is no whole number in digits, or not within its bounds.

    >>> read_whole_number("3", at_least=1)
    3
    """
    require_ascii_digits(text)
    written, start = text.strip(), len(text) - len(text.lstrip())
    expected = f"expected a whole number {_bounds(at_least, at_most)}"
    if not written:
        raise Unreadable("nothing-written", "no number is written", expected)
    if not _WHOLE.fullmatch(written):
        raise _not_whole(written, start, expected, at_least)
    number = int(written) if len(written.lstrip("0")) <= _MOST_DIGITS else None
    if number is None or number < at_least or (at_most is not None and number > at_most):
        raise Unreadable(
            "number-out-of-range",
            f"{quoted(written)} is too {'small' if number is not None and number < at_least else 'large'}",
            expected,
            start=start,
            length=len(written),
        )
    return number


@offers_what_reads
def read_factor(text: str) -> float:
    """Return the factor that *text* says: a number from 1 to 1000, such as `2` or `1.5`.

    Raises:
        Unreadable: It is no such number.
    """
    require_ascii_digits(text)
    written, start = text.strip(), len(text) - len(text.lstrip())
    expected = f"expected a number from 1 to {LARGEST_FACTOR}, such as 2 or 1.5"
    if not written:
        raise Unreadable("nothing-written", "no number is written", expected)
    if not _FACTOR.fullmatch(written):
        comma = written.replace(",", ".")
        raise Unreadable(
            "bad-number",
            f"{quoted(written)} is not a number",
            expected,
            start=start,
            length=len(written),
            instead=comma if _FACTOR.fullmatch(comma) else None,
        )
    factor = float(written)
    if not 1 <= factor <= LARGEST_FACTOR:
        raise Unreadable(
            "number-out-of-range",
            f"{quoted(written)} is too {'small' if factor < 1 else 'large'}",
            expected,
            start=start,
            length=len(written),
        )
    return factor


def counted(number: int, noun: str) -> str:
    """Return *number* with its noun, for people.

    >>> counted(1, "job"), counted(1200, "job")
    ('1 job', '1,200 jobs')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@offers_what_reads
def read_yes_no(text: str) -> bool:
    """Return whether *text* says yes; the words are those that YAML files have for it.

    Raises:
        Unreadable: `bad-yes-no`.
    """
    key = lowered(text.strip())
    if key in _YES:
        return True
    if key in _NO:
        return False
    if not key:
        raise Unreadable("nothing-written", "neither yes nor no is written", "expected yes or no")
    near = nearest(key, ("yes", "no", "true", "false"))
    raise Unreadable(
        "bad-yes-no",
        f"{quoted(text.strip())} is neither yes nor no",
        "expected yes or no" + meaning(key, near),
        start=len(text) - len(text.lstrip()),
        length=len(text.strip()),
        instead=near,
    )


def yes_no_text(answer: bool) -> str:
    """Return `yes` or `no`."""
    return "yes" if answer else "no"


def _bounds(at_least: int, at_most: int | None) -> str:
    return f"of {at_least} or more" if at_most is None else f"from {at_least} to {at_most}"


def _not_whole(written: str, start: int, expected: str, at_least: int) -> Unreadable:
    code, message, instead = "bad-number", f"{quoted(written)} is not a whole number", None
    if _SIGNED.fullmatch(written):
        if written[0] == "-" and at_least >= 0:
            code, message = "number-out-of-range", f"{quoted(written)} is too small"
        elif written[0] == "+":
            instead = written[1:].strip()
    elif _GROUPED.fullmatch(written):
        instead = re.sub(r"[^0-9]", "", written)
        expected = f"{expected}, without signs between the digits; write {instead}"
    elif _FRACTION.fullmatch(written):
        code = "number-fraction"
    elif lowered(written) in COUNTS:
        instead = str(COUNTS[lowered(written)])
    return Unreadable(code, message, expected, start=start, length=len(written), instead=instead)
