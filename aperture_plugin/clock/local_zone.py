"""The time zone of this machine, which `timezone: local` means."""

from __future__ import annotations

import logging
import os
import warnings
import zoneinfo
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aperture_plugin.triggers.posix_zone import named_zone, rule_of_zone_file

__all__ = ["local_zone"]

_log = logging.getLogger("aperture")

_LOCALTIME: Final = "/etc/localtime"
_FOLDER: Final = "zoneinfo/"
_CANONICAL: Final = "zone1970.tab"
_LARGEST: Final = 1024 * 1024


def local_zone(environ: Mapping[str, str]) -> ZoneInfo:
    """Return the server's zone: the TZ variable, else the system's (DESIGN.md, section 2).

    Read again at each call, so that a change of TZ or of the system's zone takes effect at the next load. A
    zone's rules come from the system's database or, where there is none, from the package tzdata.

    Args:
        environ: Its `TZ` may be all that the C library takes: an IANA name (`Europe/Riga`), the path of a zone file
            (`/etc/localtime`), either of them behind a colon, or a rule of POSIX (`EST5EDT,M3.2.0,M11.1.0`,
            `<+0530>-5:30`). Anything else means UTC, as it does to the system's own clock, and is warned of.
    """
    text = environ.get("TZ", "").strip().removeprefix(":")
    if not text:
        return _system_zone()
    zone = _zone_in_file(text) if text.startswith("/") else _zone_of_name(text)
    if zone is None:
        _tell_once(
            f"TZ is {text!r}, which is no time zone's name, file or rule; UTC is used. "
            "Write a name such as TZ=Europe/Riga"
        )
    return zone or ZoneInfo("UTC")


def _system_zone() -> ZoneInfo:
    """Return the zone that the system is set to; UTC if it has none."""
    import tzlocal

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tzlocal warns of the same as the lines below.
            zone = tzlocal.reload_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        _tell_once(f"the system's time zone cannot be determined ({' '.join(str(error).split())}); UTC is used")
        return ZoneInfo("UTC")
    if isinstance(zone, ZoneInfo) and _zone_of_name(zone.key or "") is not None:
        return zone
    # It found a file, and no name for it.
    return _zone_in_file(_LOCALTIME) or ZoneInfo("UTC")


def _zone_of_name(name: str) -> ZoneInfo | None:
    try:
        return named_zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _zone_in_file(path: str) -> ZoneInfo | None:
    """Return the zone of a file such as /etc/localtime: that of the database with the same bytes, else of its rule.

    None where the file is not there, or holds no zone.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # as the C library opens it
            data = file.read(_LARGEST)
    except OSError:
        data = b""
    name = _name_of(data, os.path.realpath(path)) if data else None
    if name is None and _FOLDER in path:
        name = path.rpartition(_FOLDER)[2]  # A machine without a database of its own has that of the package.
    rule = rule_of_zone_file(data)
    for key in (name, rule):
        if key and (zone := _zone_of_name(key)) is not None:
            return zone
    return None


@cache
def _name_of(data: bytes, path: str) -> str | None:
    """Return the name of the zone whose file holds *data*: that of *path* itself, else the one most in use."""
    names = [path.rpartition(_FOLDER)[2]] if _FOLDER in path else []
    return next((name for name in [*names, *_names()] if _holds(name, data)), None)


def _names() -> Iterator[str]:
    """Yield the names of the system's database, those that stand for a country's time first."""
    for folder in zoneinfo.TZPATH:
        try:
            lines = Path(folder, _CANONICAL).read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        yield from (line.split("\t")[2] for line in lines if line.count("\t") > 1 and not line.startswith("#"))
    yield from sorted(zoneinfo.available_timezones())


def _holds(name: str, data: bytes) -> bool:
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        try:
            return path.stat().st_size == len(data) and path.read_bytes() == data
        except (OSError, ValueError):
            continue
    return False


@cache
def _tell_once(words: str) -> None:
    """Log a warning once for each text, since the zone is read again and again."""
    _log.warning("%s", words)
