"""Zones that have no name in the time zone database: a rule as POSIX writes it, which TZ and zone files may hold.

The rule itself is their name, so that a store can keep it and another process reads the same zone from it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from io import BytesIO
from struct import pack
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["named_zone", "rule_of_zone_file"]

_ABBREVIATION: Final = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_OFFSET: Final = r"[+-]?[0-9]{1,3}(?::[0-9]{2}){0,2}"
_RULE: Final = re.compile(rf"{_ABBREVIATION}({_OFFSET})(?:({_ABBREVIATION})(?:{_OFFSET})?(,[MJ0-9][MJ0-9.,:/+-]*)?)?")
_WHOLE_HOURS: Final = re.compile(r"([+-]?[0-9]{1,2})(?::00){0,2}")
_WITHOUT_DATES: Final = ",M3.2.0,M11.1.0"
"""The span of summer time where a rule gives none: as in the United States, as the C library has it."""

_MAGIC: Final = b"TZif"


@cache
def named_zone(name: str) -> ZoneInfo:
    """Return the zone of *name*: of the database, or a rule of POSIX such as `EST5EDT,M3.2.0,M11.1.0`.

    A fixed offset in whole hours is the database's own zone of it. One name gives the same object each time.

    Raises:
        ZoneInfoNotFoundError, ValueError: It is neither.

    >>> named_zone("Europe/Riga").key, named_zone("<+03>-3").key, named_zone("<+0530>-5:30").key
    ('Europe/Riga', 'Etc/GMT-3', '<+0530>-5:30')
    """
    found = _RULE.fullmatch(name)
    if found is None:
        return ZoneInfo(name)
    offset, summer, dates = found.groups()
    if summer is not None and dates is None:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):  # Most rules are no names; EST5EDT is one too.
            return ZoneInfo(name)
    whole = _WHOLE_HOURS.fullmatch(offset)
    if summer is None and whole is not None and -14 <= int(whole[1]) <= 12:
        return ZoneInfo(f"Etc/GMT{int(whole[1]):+d}")
    rule = name + (_WITHOUT_DATES if summer is not None and dates is None else "")
    return ZoneInfo.from_file(BytesIO(_zone_file(rule)), key=name)


def rule_of_zone_file(data: bytes) -> str | None:
    """Return the rule that the zone file *data* ends with, for all times after the last change that it lists.

    None where it is no zone file, or one of the first version, which has none.
    """
    lines = data.rsplit(b"\n", 2)
    if not data.startswith(_MAGIC) or len(lines) != 3 or lines[2]:
        return None
    rule = lines[1].decode("ascii", "replace")
    return rule if _RULE.fullmatch(rule) else None


def _zone_file(rule: str) -> bytes:
    """Return a zone file (RFC 9636) that lists no change and ends with *rule*."""
    counts = pack(">6l", 0, 0, 0, 0, 1, 4)
    block = _MAGIC + b"2" + bytes(15) + counts + pack(">lbb", 0, 0, 0) + b"LMT\0"
    return block + block + b"\n" + rule.encode("ascii") + b"\n"
