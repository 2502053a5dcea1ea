"""Durations as displays print them; they are not read back."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

__all__ = ["in_words", "short_duration"]

_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)
_UNITS: Final = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", _MINUTE), ("s", _SECOND))


def in_words(away: timedelta) -> str:
    """Return how far away something is: `in 3 hours`, `3 hours ago`, `now` within a second.

    Args:
        away: From now to it; negative where it is past.

    >>> in_words(timedelta(hours=3)), in_words(timedelta(minutes=-20))
    ('in 3 hours', '20 minutes ago')
    """
    if abs(away) < _SECOND:
        return "now"
    import humanize  # takes longer to load than everything else in here to run

    length = humanize.naturaldelta(abs(away))
    return f"{length} ago" if away < timedelta(0) else f"in {length}"


def short_duration(took: timedelta) -> str:
    """Return how long something took, in the two largest units that say anything: `3.2 s`, `4 min 10 s`.

    >>> short_duration(timedelta(seconds=250)), short_duration(timedelta(milliseconds=3210))
    ('4 min 10 s', '3.2 s')
    """
    if took < timedelta(0):
        return f"-{short_duration(-took)}"
    if took < _SECOND:
        return f"{round(took / timedelta(milliseconds=1))} ms" if took < timedelta(milliseconds=999.5) else "1 s"
    if took < timedelta(seconds=9.95):
        return f"{took / _SECOND:.1f} s".replace(".0 ", " ")
    rounded = timedelta(seconds=round(took / _SECOND))
    first = next(place for place, (_, unit) in enumerate(_UNITS) if rounded >= unit)
    if first == len(_UNITS) - 1:
        return f"{rounded // _SECOND} s"
    (name, unit), (less, smaller) = _UNITS[first : first + 2]
    count, rest = divmod(rounded, unit)
    return f"{count} {name}" + (f" {rest // smaller} {less}" if rest // smaller else "")
