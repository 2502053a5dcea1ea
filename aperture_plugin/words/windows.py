"""The hours in which a run may start: `1:00 AM to 6:00 AM`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Final

from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part, worth_guessing
from aperture_plugin.words.times import read_time, time_text
from aperture_plugin.words.tokens import words_of

__all__ = ["Window", "read_window", "window_text"]

_LOOSE: Final = re.compile(
    r"(?:(?:from|between)\s+)?([0-9][^-–—]{0,9}?)\s*(?:-|–|—|\bto\b|\buntil\b|\btill?\b|\band\b)\s*([0-9].{0,9})",
    re.IGNORECASE,
)
_EXPECTED: Final = "expected two times, such as 1:00 AM to 6:00 AM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From *since* up to, and not including, *until*; past midnight where *until* is the earlier wall time."""

    since: time
    until: time

    @property
    def crosses_midnight(self) -> bool:
        """True if it ends on the day after it begins."""
        return self.until <= self.since

    def contains(self, at: time) -> bool:
        """Return whether the naive wall time *at* is within.

        >>> Window(since=time(22), until=time(6)).contains(time(5, 59))
        True
        """
        if self.crosses_midnight:
            return at >= self.since or at < self.until
        return self.since <= at < self.until


@offers_what_reads
def read_window(text: str) -> Window:
    """Return the hours that *text* says.

    Raises:
        Unreadable: It does not say two different times with `to` between them.

    >>> window_text(read_window("22:00 to 6 AM"))
    '10:00 PM to 6:00 AM'
    """
    words, end = words_of(text), len(text.rstrip())
    if not words:
        raise Unreadable("nothing-written", "no window is written", _EXPECTED)
    to = [word for word in words if word.key == "to"]
    if len(to) != 1 or to[0] is words[0] or to[0] is words[-1] or words[0].key in {"from", "between"}:
        raise _not_a_window(text)
    since = read_part(text, 0, to[0].start, read_time)
    until = read_part(text, to[0].end, end, read_time)
    if since == until:
        start = words[0].start
        raise Unreadable(
            "empty-window",
            f"{quoted(text.strip())} begins and ends at the same time",
            "expected two different times; leave the window out for a job that may start at any hour",
            start=start,
            length=end - start,
        )
    return Window(since=since, until=until)


def window_text(window: Window) -> str:
    """Return *window*, in whole minutes, as `read_window` reads it."""
    return f"{time_text(window.since)} to {time_text(window.until)}"


def _not_a_window(text: str) -> Unreadable:
    written = text.strip()
    found = _LOOSE.fullmatch(written) if worth_guessing(written) else None
    return Unreadable(
        "bad-window",
        f"{quoted(written)} is not a window of the day",
        _EXPECTED,
        start=len(text) - len(text.lstrip()),
        length=len(written),
        instead=None if found is None else f"{found[1]} to {found[2]}",
    )
