"""What `timezone: local` means on this machine, just now."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["local_zone"]

_log = logging.getLogger("aperture")


def local_zone(environ: Mapping[str, str]) -> ZoneInfo:
    """Return the server's zone: the TZ variable, else the system's (DESIGN.md, section 2).

    Asked anew at each call, so that a change of TZ or of the system's zone is seen at the next load. A
    zone's rules come from the system's database or, where there is none, from the package tzdata.

    Args:
        environ: Its `TZ` may be an IANA name (`Europe/Riga`), such a name behind a colon, or the path of a
            zone file below a `zoneinfo` folder. A rule such as `EST5EDT,M3.2.0,M11.1.0` has no name that
            a store could keep; it is passed over with a warning.
    """
    said = environ.get("TZ", "").strip().removeprefix(":")
    if said:
        name = said.rpartition("zoneinfo/")[2] if "zoneinfo/" in said else said
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            _log.warning("TZ is %r, which is no time zone by name; the system's own zone is used", said)
    return _system_zone()


def _system_zone() -> ZoneInfo:
    """Return the zone that the system is set to; UTC where it does not say."""
    import tzlocal

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It warns of what the lines below say in our own words.
            zone = tzlocal.reload_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        _log.warning("the system's time zone cannot be told (%s); UTC is used", error)
        return ZoneInfo("UTC")
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")
