"""What `timezone: local` means on this machine, just now."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["local_zone"]

_log = logging.getLogger("aperture")

_FIXED: Final = re.compile(r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)([+-]?[0-9]{1,2})(?::00){0,2}")
"""POSIX's way to say an offset: letters, or letters, digits and signs in angle brackets; then the hours to UTC."""


def local_zone(environ: Mapping[str, str]) -> ZoneInfo:
    """Return the server's zone: the TZ variable, else the system's (DESIGN.md, section 2).

    Asked anew at each call, so that a change of TZ or of the system's zone is seen at the next load. A
    zone's rules come from the system's database or, where there is none, from the package tzdata.

    Args:
        environ: Its `TZ` may be an IANA name (`Europe/Riga`), such a name behind a colon, the path of a
            zone file below a `zoneinfo` folder, or a fixed offset in whole hours as POSIX writes it
            (`<+03>-3`, which is Etc/GMT-3). Anything else means UTC, as it does to the system's own clock
            where it is a misspelt name, and is warned of. A rule such as `EST5EDT,M3.2.0,M11.1.0` is among
            it: it has no name that a store could keep.
    """
    said = environ.get("TZ", "").strip().removeprefix(":")
    return _zone_said(said) if said else _system_zone()


def _zone_said(said: str) -> ZoneInfo:
    """Return the zone that TZ says."""
    name = said.rpartition("zoneinfo/")[2] if "zoneinfo/" in said else said
    fixed = _FIXED.fullmatch(said)
    for key in (name, f"Etc/GMT{int(fixed[1]):+d}" if fixed else None):
        try:
            if key is not None:
                return ZoneInfo(key)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    _tell_once(f"TZ is {said!r}, which is no time zone by name; UTC is used. Write a name such as TZ=Europe/Riga")
    return ZoneInfo("UTC")


def _system_zone() -> ZoneInfo:
    """Return the zone that the system is set to; UTC where it does not say."""
    import tzlocal

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It warns of what the lines below say in our own words.
            zone = tzlocal.reload_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        _tell_once(f"the system's time zone cannot be told ({' '.join(str(error).split())}); UTC is used")
        return ZoneInfo("UTC")
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


@cache
def _tell_once(words: str) -> None:
    """Warn of something that stays as it is, and is looked at again and again."""
    _log.warning("%s", words)
