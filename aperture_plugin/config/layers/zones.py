"""Zones by their names, as the file writes them."""

from __future__ import annotations

import pkgutil
import re
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from aperture_plugin.words.did_you_mean import Neighbors
from aperture_plugin.words.parse_error import Unreadable, quoted

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


_DISTANCE: Final = re.compile(r"(?:UTC|GMT)([+-])0?([1-9]|1[0-4])(?::?00)?", re.IGNORECASE)


def read_zone_name(text: str) -> str:
    """Return `local`, or the IANA name that *text* is.

    Raises:
        Unreadable: `unknown-timezone`.
    """
    if text == LOCAL or _known(text):
        return text
    near = _nearest(text)
    hint = "expected a name such as Europe/Riga, or local for the server's own zone"
    distance = _DISTANCE.fullmatch(text.strip())
    if distance is not None:
        # The names of these zones count west of Greenwich, and not east.
        fixed = f"Etc/GMT{'-' if distance[1] == '+' else '+'}{int(distance[2])}"
        if _known(fixed):
            hint += f"; for {quoted(text)} all year long write {fixed}, whose sign is the other way round"
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
    # Looked up by name before it is opened: where file names do not distinguish case, neither would opening it.
    if name not in _shipped() and name not in _all_names():
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=1)
def _shipped() -> frozenset[str]:
    """Return the names in the database that is installed with us; reading them is a hundred times as quick."""
    data = pkgutil.get_data("tzdata", "zones") or b""
    return frozenset(data.decode("ascii").split())


@lru_cache(maxsize=1)
def _all_names() -> frozenset[str]:
    """Return the names of the system's database too, which may be newer."""
    return _shipped() | available_timezones()


@lru_cache(maxsize=1)
def _cities() -> tuple[dict[str, str], Neighbors]:
    """Return the names of zones by the last word in them, in lower case, and those words to look among."""
    by_city = {
        name.rpartition("/")[2].lower(): name for name in sorted(_all_names(), key=lambda name: ("/" in name, name))
    }
    return by_city, Neighbors(by_city)


@lru_cache(maxsize=1024)
def _nearest(text: str) -> str | None:
    word = text.strip().lower()
    if word == LOCAL or word in _SHORT:
        return _SHORT.get(word, LOCAL)
    if word[:3] in ("utc", "gmt"):
        return None  # a fixed distance, which is not what zones are; any guess would be one
    # The city is what people remember, and what tells "Latvia/Riga" and "Riga" alone apart from other zones.
    names, cities = _cities()
    city = word.rpartition("/")[2].replace(" ", "_")
    near = city if city in names else cities.nearest(city)
    return None if near is None else names[near]
