"""The shape of a cron expression: five fields of allowed characters.

`triggers/cron_expression.py` decides what the fields mean, and whether a date ever matches them.
"""

from __future__ import annotations

import re
from typing import Final

from aperture_plugin.words.did_you_mean import nearest
from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted
from aperture_plugin.words.schedules import Cron
from aperture_plugin.words.tokens import Piece, lowered

__all__ = ["CRON_FIELDS", "CRON_MACROS", "read_cron"]

CRON_FIELDS: Final = ("minute", "hour", "day of month", "month", "day of week")

_FIELD: Final = re.compile(r"\S+")
_ODD: Final = re.compile(r"[^0-9A-Za-z*,/#-]")
CRON_MACROS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EXPECTED: Final = "expected five fields: minute, hour, day of month, month, day of week, such as 0 3 * * 1-5"


@offers_what_reads
def read_cron(text: str) -> Cron:
    """Return the cron schedule of the five fields in *text*.

    Returns:
        Its fields in upper case and parted by single spaces, so that equal schedules are equal values.
    Raises:
        Unreadable: There are not five fields, or one has a character that no field has.

    >>> read_cron("0 3  * * mon-fri").expression
    '0 3 * * MON-FRI'
    """
    require_ascii_digits(text)
    try:
        return _five_fields(text)
    except Unreadable as problem:
        from aperture_plugin.words.other_notations import cron_elsewhere  # only what is refused needs it

        problem.hint, problem.instead = cron_elsewhere(text) or (problem.hint, problem.instead)
        raise


def _five_fields(text: str) -> Cron:
    fields = [Piece(found.group(), found.start()) for found in _FIELD.finditer(text)]
    if not fields:
        raise Unreadable("nothing-written", "no cron expression is written", _EXPECTED)
    if fields[0].text.startswith("@"):
        raise _macro(fields)
    for field in fields[: len(CRON_FIELDS)]:
        odd = _ODD.search(field.text)
        if odd is not None:
            raise _odd_character(text, field, field.start + odd.start())
    if len(fields) != len(CRON_FIELDS):
        raise _not_five(fields)
    return Cron(expression=" ".join(field.text.upper() for field in fields))


def _macro(fields: list[Piece]) -> Unreadable:
    name, last = fields[0], fields[-1]
    key = lowered(name.text)
    near = key if key in CRON_MACROS else nearest(key, tuple(CRON_MACROS))
    if near is None:
        hint = "there is no schedule at the start of the machine; " if key == "@reboot" else ""
        return Unreadable(
            "cron-macro",
            f"{quoted(name.text)} is not a cron expression",
            hint + _EXPECTED,
            start=name.start,
            length=len(name.text),
        )
    return Unreadable(
        "cron-macro",
        f"{quoted(name.text)} is a name for a cron expression",
        f"expected the five fields themselves: {CRON_MACROS[near]}",
        start=name.start,
        length=last.end - name.start,
        instead=CRON_MACROS[near],
    )


def _odd_character(text: str, field: Piece, place: int) -> Unreadable:
    mark = text[place]
    return Unreadable(
        "cron-character",
        f"{quoted(mark)} has no place in the cron field {quoted(field.text)}",
        "write * where any value will do"
        if mark == "?"
        else "a field has numbers or names, and * , - / # between them",
        start=place,
        instead=text[:place] + "*" + text[place + 1 :] if mark == "?" else None,
    )


def _not_five(fields: list[Piece]) -> Unreadable:
    count = len(fields)
    if count > len(CRON_FIELDS):
        first = fields[len(CRON_FIELDS)]
        hint = f"{_EXPECTED}; seconds and years are not taken"
        start, length = first.start, fields[-1].end - first.start
    else:
        missing = CRON_FIELDS[count]
        hint = f"{_EXPECTED}; {missing} is the first that is missing"
        start, length = fields[0].start, fields[-1].end - fields[0].start
    written = f"{count} field" if count == 1 else f"{count} fields"
    return Unreadable("cron-fields", f"the cron expression has {written}", hint, start=start, length=length)
