"""The length of an interval, and the offset of its grid: `2 hours`, `:10`.

An offset is printed as the hands of a clock would show it after midnight, `[hours]:MM[:SS]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from aperture_plugin.words.digits import require_ascii_digits
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted
from aperture_plugin.words.schedules import LONGEST_INTERVAL

__all__ = ["interval_text", "offset_text", "read_interval_offset", "require_interval", "require_offset"]

_OFFSET: Final = re.compile(r"([0-9]{0,4}):([0-5][0-9])(?::([0-5][0-9]))?")
_UNITS: Final = (("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)), ("second", timedelta(seconds=1)))


@offers_what_reads
def read_interval_offset(text: str) -> timedelta:
    """Return the offset that *text* says: `:10`, `1:10`, `:10:30`, `1:10:05`.

    Returns:
        Not negative, in whole seconds.
    Raises:
        Unreadable: `bad-offset`.
    """
    require_ascii_digits(text)
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        raise _not_an_offset(text)
    return timedelta(hours=int(found[1] or 0), minutes=int(found[2]), seconds=int(found[3] or 0))


def require_interval(every: timedelta, text: str) -> None:
    """Raise for an interval longer than the longest; *text* is its text.

    Raises:
        Unreadable: `interval-too-long`, all of *text*.
    """
    if every <= LONGEST_INTERVAL:
        return
    raise Unreadable(
        "interval-too-long",
        f"{quoted(text)} is longer than an interval may be",
        f"expected an interval from 1 second to {LONGEST_INTERVAL.days} days",
        length=len(text),
    )


def require_offset(
    offset: timedelta, every: timedelta, text: str, *, write: Callable[[timedelta], str] = duration_text
) -> None:
    """Raise for an offset that is not less than its interval; *text* is its text.

    The same grid has a smaller offset, which is offered instead as *write* prints it.

    Raises:
        Unreadable: `offset-too-long`, all of *text*.
    """
    if offset < every:
        return
    raise Unreadable(
        "offset-too-long",
        f"{quoted(text)} is not less than the interval of {duration_text(every)}",
        "expected less than the interval: the offset says how long after midnight the first run is",
        length=len(text),
        instead=write(offset % every) if offset % every else None,
    )


def interval_text(every: timedelta) -> str:
    """Return *every*, in whole seconds, in the largest unit that divides it evenly; a single one has no number.

    >>> interval_text(timedelta(minutes=90)), interval_text(timedelta(hours=1))
    ('90 minutes', 'hour')
    """
    name, unit = next((name, unit) for name, unit in _UNITS if not every % unit)
    count = every // unit
    return name if count == 1 else f"{count} {name}s"


def offset_text(offset: timedelta) -> str:
    """Return *offset*, in whole seconds, as `read_interval_offset` reads it.

    >>> offset_text(timedelta(minutes=10)), offset_text(timedelta(hours=1, seconds=5))
    (':10', '1:00:05')
    """
    minutes, seconds = divmod(int(offset.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours or ''}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def _not_an_offset(text: str) -> Unreadable:
    written, start = text.strip(), len(text) - len(text.lstrip())
    bare = written.isdigit() and len(written) <= 2 and int(written) <= 59
    return Unreadable(
        "bad-offset",
        f"{quoted(written)} is not an offset" if written else "no offset is written",
        "expected minutes past the hour such as :10, or hours and minutes such as 1:10",
        start=start,
        length=len(written),
        instead=f":{int(written):02}" if bare else None,
    )
