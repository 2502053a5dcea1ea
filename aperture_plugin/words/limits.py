"""Shared budgets of calls: `40 per 10 seconds`, `1000 per day from midnight America/New_York`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final

from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.durations import UNITS, duration_text, read_duration
from aperture_plugin.words.numbers import read_whole_number
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part, worth_guessing
from aperture_plugin.words.schedules import DAY
from aperture_plugin.words.times import read_time, time_text
from aperture_plugin.words.tokens import lowered, words_of

__all__ = ["MOST_CALLS", "Limit", "limit_text", "read_limit"]

MOST_CALLS: Final = 1_000_000_000

_EXPECTED: Final = "expected a number of calls per duration, such as 40 per 10 seconds or 1000 per day"
_RESET: Final = "expected the time at which the day's calls begin anew, such as from midnight America/New_York"
_LOOSE: Final = re.compile(
    r"([0-9][0-9.,_]*)\s*(?:calls?\b)?\s*(?:/|\b(?:per|every|each|in|a|an)\b)\s*(\S.*)", re.DOTALL | re.IGNORECASE
)
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most *calls* in any span of *per*; or, where it resets at an hour, in each day from that hour on.

    Attributes:
        calls: At least 1.
        per: Whole seconds; one day where *resets_at* is given.
        resets_at: The wall time at which a new day's budget begins; None for a moving span.
        zone_name: IANA name of the zone *resets_at* is read in, not yet looked up; None for the file's own zone.
    """

    calls: int
    per: timedelta
    resets_at: time | None = None
    zone_name: str | None = None


@offers_what_reads
def read_limit(text: str) -> Limit:
    """Return the budget that *text* says.

    Raises:
        Unreadable: It says none.

    >>> read_limit("40 per 10 seconds")
    Limit(calls=40, per=datetime.timedelta(seconds=10), resets_at=None, zone_name=None)
    """
    require_ascii_digits(text)
    words, end = words_of(text), len(text.rstrip())
    if not words:
        raise Unreadable("nothing-written", "no limit is written", _EXPECTED)
    if len(words) < 3 or words[1].key != "per" or words[2].key == "from":
        raise _not_a_limit(text)
    calls = read_part(text, words[0].start, words[0].end, lambda value: read_whole_number(value, 1, MOST_CALLS))
    anew = next((word for word in words[3:] if word.key == "from"), None)
    per = read_part(text, words[1].end, end if anew is None else anew.start, _read_per)
    if anew is None:
        return Limit(calls=calls, per=per)
    if per != DAY:
        raise Unreadable(
            "limit-not-daily",
            f"{quoted(text[anew.start : end])} begins a day's budget anew, and this limit is not per day",
            "write it per day, or leave this out",
            start=anew.start,
            length=end - anew.start,
            instead=text[: anew.start].rstrip(),
        )
    if anew is words[-1]:
        raise Unreadable("bad-limit", 'no time is written after "from"', _RESET, start=anew.start, length=len("from"))
    resets_at, zone_name = read_part(text, anew.end, end, _read_reset)
    return Limit(calls=calls, per=per, resets_at=resets_at, zone_name=zone_name)


def limit_text(limit: Limit) -> str:
    """Return *limit* as `read_limit` reads it.

    >>> limit_text(Limit(calls=1000, per=DAY, resets_at=time(0), zone_name="America/New_York"))
    '1000 per day from midnight America/New_York'
    """
    per = duration_text(limit.per)
    value = f"{limit.calls} per {per.removeprefix('1 ') if per.count(' ') == 1 else per}"
    if limit.resets_at is None:
        return value
    at = "midnight" if limit.resets_at == time(0) else time_text(limit.resets_at)
    return f"{value} from {at}" + ("" if limit.zone_name is None else f" {limit.zone_name}")


def _read_per(text: str) -> timedelta:
    """Return the duration that stands after `per`, where a single unit needs no number."""
    return UNITS.get(lowered(text)) or read_duration(text)


def _read_reset(text: str) -> tuple[time, str | None]:
    words = words_of(text)
    clock = words[1] if len(words) > 1 and words[1].key in {"am", "pm"} else words[0]
    at = read_part(text, 0, clock.end, _read_reset_time)
    zone = text[clock.end :].strip()
    if zone and not _ZONE.fullmatch(zone):
        raise Unreadable(
            "bad-limit",
            f"{quoted(zone)} is not the name of a time zone",
            _RESET,
            start=len(text) - len(zone),
            length=len(zone),
        )
    return at, zone or None


def _read_reset_time(text: str) -> time:
    return time(0) if lowered(text) == "midnight" else read_time(text)


def _not_a_limit(text: str) -> Unreadable:
    written, start = text.strip(), len(text) - len(text.lstrip())
    found = _LOOSE.fullmatch(written) if worth_guessing(written) else None
    return Unreadable(
        "bad-limit",
        f"{quoted(written)} is not a number of calls per duration",
        _EXPECTED,
        start=start,
        length=len(written),
        instead=None if found is None else f"{re.sub(r'[.,_]', '', found[1])} per {found[2]}",
    )
