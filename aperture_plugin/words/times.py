"""Wall times, as clocks show them: `02:00`, `2:00 AM`, `2 AM`.

They are whole minutes without a date or a zone. A day begins at 00:00, which is 12:00 AM; there is no
24:00, since it would be unclear which day it belongs to. `2` alone is refused: it could be morning or evening.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from typing import Final

from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part, worth_guessing
from aperture_plugin.words.tokens import items_of, lowered

__all__ = ["read_time", "read_times", "time_like", "time_text", "times_text"]

_TIME: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?\s*([AaPp][Mm])?")
_WITH_SECONDS: Final = re.compile(r"([0-9]{1,2}:[0-9]{2}):[0-9]{2}(?:\.[0-9]+)?(\s*[AaPp][Mm])?")
_LOOSE: Final = re.compile(r"([0-9]{1,2})(?:[:.hH]?([0-9]{2}))?\s*(?:([AaPp])\.?\s*(?:[Mm]\.?)?|[hH]|o'?clock)?")
_LIKE: Final = re.compile(r"([0-9]{1,2})(?::[0-9]{2})?(\s*)([AaPp][Mm])?")
_EXPECTED: Final = "expected a time such as 2:00 AM, 2 AM or 14:00"
_IN_WORDS: Final = {"noon": "12:00 PM", "midday": "12:00 PM", "midnight": "12:00 AM"}


@offers_what_reads
def read_time(text: str) -> time:
    """Return the wall time that *text* says.

    Returns:
        Naive, in whole minutes.
    Raises:
        Unreadable: The text says no time, or one that no clock shows.

    >>> read_time("12:30 AM"), read_time("2 pm")
    (datetime.time(0, 30), datetime.time(14, 0))
    """
    require_ascii_digits(text)
    written = text.strip()
    found = _TIME.fullmatch(written)
    if found is None or (found[2] is None and found[3] is None):
        raise _not_a_time(text, written)
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    start = len(text) - len(text.lstrip())
    if minute > 59:
        raise _out_of_range(text, start, found, 2, f"{found[2]} is not a minute of an hour", "expected 00 to 59")
    if half is None:
        if hour > 23:
            raise _no_such_hour(text, start, found)
        return time(hour, minute)
    if not 1 <= hour <= 12:
        raise _no_such_half(text, start, found, minute)
    return time(hour % 12 + (12 if lowered(half) == "pm" else 0), minute)


@offers_what_reads
def read_times(text: str) -> tuple[time, ...]:
    """Return the times of a list joined by commas or `and`, sorted and without repeats.

    Raises:
        Unreadable: One of them says no time, or one is missing.
    """
    items = items_of(text, what="time", example="2:00 AM, 2:00 PM")
    return tuple(sorted({read_part(text, item.start, item.end, read_time) for item in items}))


def time_text(at: time) -> str:
    """Return *at*, in whole minutes, as displays print it.

    >>> time_text(time(0, 30)), time_text(time(14, 0))
    ('12:30 AM', '2:00 PM')
    """
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"


def time_like(at: time, written: str) -> str:
    """Return *at* the way *written* is, if that is a time: by 24 hours or by 12, with its zeros, space and capitals.

    >>> time_like(time(14, 30), "02:00"), time_like(time(14, 30), "2am"), time_like(time(14, 30), "")
    ('14:30', '2:30pm', '2:30 PM')
    """
    found = _LIKE.fullmatch(written.strip())
    if found is None:
        return time_text(at)
    digits, space, half = found.groups()
    hour = at.hour if half is None else at.hour % 12 or 12
    if half is None:
        return f"{hour:02}:{at.minute:02}" if len(digits) == 2 else f"{hour}:{at.minute:02}"
    padded = f"{hour:02}" if digits.startswith("0") else str(hour)
    now = "AM" if at.hour < 12 else "PM"
    return f"{padded}:{at.minute:02}{space}{now.lower() if half.islower() else now}"


def times_text(times: Iterable[time]) -> str:
    """Return the times joined by commas, as `read_times` reads them."""
    return ", ".join(map(time_text, times))


def _not_a_time(text: str, written: str) -> Unreadable:
    start, length = len(text) - len(text.lstrip()), len(written)
    if not written:
        return Unreadable("nothing-written", "no time is written", _EXPECTED)
    code, message, hint, instead = "bad-time", f"{quoted(written)} is not a time", _EXPECTED, None
    seconds = _WITH_SECONDS.fullmatch(written)
    if lowered(written) in _IN_WORDS:
        instead = _IN_WORDS[lowered(written)]
        code, message = "time-in-words", f"{quoted(written)} is a time in words"
        hint = f"expected it in numbers: {instead}"
    elif seconds is not None:
        instead = seconds[1] + (seconds[2] or "")
        code, message = "time-with-seconds", f"{quoted(written)} has seconds"
        hint = f"times are whole minutes: {instead}"
    elif written.isdigit() and len(written) <= 2 and 1 <= int(written) <= 12:
        code, message = "ambiguous-time", f"{quoted(written)} could be morning or evening"
        hint = f"write {int(written)}:00 AM or {int(written)}:00 PM"
    else:
        instead = _guessed(written)
        hint = _EXPECTED if instead is None else f'{_EXPECTED}; did you mean "{instead}"?'
    return Unreadable(code, message, hint, start=start, length=length, instead=instead)


def _guessed(written: str) -> str | None:
    found = _LOOSE.fullmatch(written) if worth_guessing(written) else None
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if minute > 59 or (half is not None and not 1 <= hour <= 12) or hour > 23:
        return None
    if half is None:
        # A bare `2` could be morning or evening; `2h` and `14` could not.
        unclear = found[2] is None and hour <= 12 and not lowered(written).endswith("h")
        return None if unclear else f"{hour:02}:{minute:02}"
    return f"{hour}:{minute:02} {half.upper()}M"


def _out_of_range(text: str, start: int, found: re.Match[str], group: int, message: str, hint: str) -> Unreadable:
    return Unreadable(
        "bad-time",
        f"{quoted(text.strip())} is not a time: {message}",
        hint,
        start=start + found.start(group),
        length=len(found[group]),
    )


def _no_such_hour(text: str, start: int, found: re.Match[str]) -> Unreadable:
    if int(found[1]) > 24:
        return _out_of_range(text, start, found, 1, f"{found[1]} is not an hour of a day", "expected 00:00 to 23:59")
    return Unreadable(
        "midnight-24",
        f"{quoted(text.strip())} is not a time: no day has an hour 24",
        f"the day begins at 00:00, or 12:00 AM; write 00:{found[2]}",
        start=start,
        length=len(found[0]),
        instead=f"00:{found[2]}",
    )


def _no_such_half(text: str, start: int, found: re.Match[str], minute: int) -> Unreadable:
    hour, half = int(found[1]), found[3].upper()
    if hour == 0:
        instead: str | None = f"12:{minute:02} {half}"
    elif 13 <= hour <= 23 and half == "PM":
        instead = f"{hour - 12}:{minute:02} PM"
    else:
        instead = None
    hint = _EXPECTED
    if instead is not None:
        hint = f"write {instead} or {hour:02}:{minute:02}" if hour else f"write {instead}"
    return Unreadable(
        "bad-time",
        f"{quoted(text.strip())} is not a time: hours with {half} go from 1 to 12",
        hint,
        start=start,
        length=len(found[0]),
        instead=instead,
    )
