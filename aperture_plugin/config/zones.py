"""Zones by their names, as the file writes them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from aperture_plugin.words.nearest import Neighbours
from aperture_plugin.words.unreadable import Unreadable, quoted

__all__ = ["LOCAL", "read_zone_name", "zone_of"]

LOCAL: Final = "local"

_SHORT: Final = {
    "cet": "Europe/Berlin",
    "cest": "Europe/Berlin",
    "est": "America/New_York",
    "edt": "America/New_York",
    "cst": "America/Chicago",
    "cdt": "America/Chicago",
    "mst": "America/Denver",
    "mdt": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "bst": "Europe/London",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
    "z": "UTC",
    "utc": "UTC",
    "system": LOCAL,
    "server": LOCAL,
}


def read_zone_name(text: str) -> str:
    """Return `local`, or the IANA name that *text* is.

    Raises:
        Unreadable: `unknown-timezone`.
    """
    if text == LOCAL or _known(text):
        return text
    near = _nearest(text)
    hint = "expected a name such as Europe/Riga, or local for the server's own zone"
    raise Unreadable(
        "unknown-timezone",
        f"{quoted(text)} is not a time zone",
        hint if near is None else f'{hint}; did you mean "{near}"?',
        length=len(text),
        instead=near,
    )


def zone_of(name: str, local: ZoneInfo) -> ZoneInfo:
    """Return the zone of a name that `read_zone_name` has read; *local* is the server's own."""
    return local if name == LOCAL else ZoneInfo(name)


@lru_cache(maxsize=1024)
def _known(name: str) -> bool:
    # On some systems file names, and so zone names, do not distinguish case; the file must read alike on all.
    try:
        return ZoneInfo(name).key == name and name in _names()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def _cities() -> tuple[dict[str, str], Neighbours]:
    """Return the names of zones by the last word in them, in lower case, and those words to look among."""
    names = {name.rpartition("/")[2].lower(): name for name in sorted(_names(), key=lambda name: ("/" in name, name))}
    return names, Neighbours(names)


@lru_cache(maxsize=1024)
def _nearest(text: str) -> str | None:
    word = text.strip().lower()
    if word == LOCAL or word in _SHORT:
        return _SHORT.get(word, LOCAL)
    # The city is what people remember, and what tells "Latvia/Riga" and "Riga" alone apart from other zones.
    names, cities = _cities()
    city = word.rpartition("/")[2].replace(" ", "_")
    near = city if city in names else cities.nearest(city)
    return None if near is None else names[near]
