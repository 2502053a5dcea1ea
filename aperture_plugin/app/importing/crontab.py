"""Crontabs: a person's own, and the system's with the column of users; Debian's cron and cronie."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.importing.entries import Entry, Found, Left, Value, name_of
from aperture_plugin.app.importing.phrasing import phrases_of_cron
from aperture_plugin.config.zones import read_zone_name
from aperture_plugin.triggers.cron import check_cron, cronsim_dues
from aperture_plugin.words.crons import CRON_MACROS, read_cron
from aperture_plugin.words.unreadable import Unreadable

__all__ = ["read_crontab"]

_SET: Final = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z_][A-Za-z0-9_]*))\s*=\s*(.*?)\s*""")
_FIELDS: Final = re.compile(r"\s*(-?(?:\S+\s+){4}\S+)\s+(\S.*)")
_MACRO: Final = re.compile(r"\s*(@\S+)\s+(\S.*)")
_MACROS: Final = {**CRON_MACROS, "@every_minute": "* * * * *"}
_PERCENT: Final = re.compile(r"(?<!\\)%")
_LIKE_AN_ENTRY: Final = re.compile(r"#+\s*(?:[-0-9*@]|m\s+h\b|minute\b|\.-)", re.IGNORECASE)
_ITS_OWN: Final = frozenset({"SHELL", "HOME", "MAILTO", "MAILFROM", "CRON_TZ", "RANDOM_DELAY", "LOGNAME", "USER"})

_DEFAULTS: Final = MappingProxyType(
    {
        "missed": ("skip", "as cron: what fell due while nothing ran is not caught up"),
        "overlap": ("allow", "as cron: a run begins while the last one still runs"),
    }
)


@dataclass(slots=True)
class _Reader:
    """Goes down the lines of one crontab; what is set holds for the lines below."""

    file: str
    has_users: bool
    home: str
    variables: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def read(self, text: str) -> None:
        above = ""
        for number, line in enumerate(text.splitlines(), 1):
            said = line.strip()
            if not said or said.startswith("#"):
                above = _description(said)
            elif found := _SET.fullmatch(line):
                self.variables[found[1] or found[2] or found[3]] = _unquoted(found[4])
                above = ""
            else:
                self._take(f"{self.file}:{number}", said, above)
                above = ""

    def _take(self, place: str, said: str, above: str) -> None:
        found = _MACRO.fullmatch(said) or _FIELDS.fullmatch(said)
        if found is None:
            self.left.append(Left(place=place, said=said, reason="this is no line of a crontab"))
            return
        when, rest = found.groups()
        user, rest = rest.split(maxsplit=1) if self.has_users and " " in rest.strip() else (None, rest)
        if when == "@reboot":
            reason = "there is no schedule at the start of the machine; what starts aperture can run it"
            self.left.append(Left(place=place, said=said, reason=reason))
            return
        try:
            expression = read_cron(_MACROS.get(when.lower(), when.lstrip("-"))).expression
            check_cron(expression)
        except Unreadable as problem:
            self.left.append(Left(place=place, said=said, reason=f"{problem.message}; {problem.hint}"))
            return
        self.entries.append(self._entry(place, expression, user, rest, above))

    def _entry(self, place: str, expression: str, user: str | None, rest: str, above: str) -> Entry:
        line, *given = [part.replace("\\%", "%") for part in _PERCENT.split(rest)]
        notes = [*self._told_once()]
        if given:
            line = f"printf '%s\\n' {' '.join(map(shlex.quote, given))} | ( {line.rstrip()} )"
            notes.append("what stands behind % is its input: printf gives it that here")
        if user is not None:
            notes.append(f"cron runs it as {user}, aperture as whoever starts aperture")
        shell = self.variables.get("SHELL", "/bin/sh")
        keys: dict[str, Value] = {"description": above} if above else {}
        keys["command"] = line if shell.rpartition("/")[2] in {"sh", "dash"} else [shell, "-c", line]
        environment = {name: value for name, value in self.variables.items() if name not in _ITS_OWN}
        if environment:
            keys["environment"] = environment
        if user is None or "HOME" in self.variables:
            keys["directory"] = self.variables.get("HOME") or self.home
        else:
            notes.append(f"cron runs it in the home of {user}: write that as its directory")
        if (delay := self.variables.get("RANDOM_DELAY", "")).isdecimal() and int(delay):
            keys["jitter"] = f"{int(delay)} minutes"
        zone = self.variables.get("CRON_TZ")
        if zone is not None and not _is_zone(zone):
            notes.append(f"CRON_TZ={zone} is no time zone that aperture knows")
            zone = None
        return Entry(
            place=place,
            name=name_of(line if not given else rest, "job"),
            phrases=phrases_of_cron(expression),
            dues=partial(_dues, expression),
            zone=zone,
            keys=keys,
            notes=tuple(notes),
        )

    def _told_once(self) -> Iterator[str]:
        if self.variables.get("MAILTO") and "MAILTO" not in self.told:
            self.told.add("MAILTO")
            yield f"what jobs write is not sent to {self.variables['MAILTO']}: aperture logs JOB shows it"


def read_crontab(texts: Mapping[str, str], *, has_users: bool, home: str) -> Found:
    """Return what these crontabs hold, by their names.

    Args:
        has_users: Whether a user stands before each command, as in /etc/crontab and /etc/cron.d.
        home: Where a person's own crontab runs its commands, unless it sets HOME.
    """
    readers = [_Reader(file, has_users, home) for file in texts]
    for reader, text in zip(readers, texts.values(), strict=True):
        reader.read(text)
    return Found(
        scheduler="cron",
        entries=tuple(entry for reader in readers for entry in reader.entries),
        left=tuple(one for reader in readers for one in reader.left),
        defaults=_DEFAULTS,
    )


def _dues(expression: str, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    return cronsim_dues(expression, zone, since, until)


def _description(comment: str) -> str:
    """Return the words of a comment above an entry; nothing of one that is an entry itself, or a ruler."""
    words = comment.lstrip("# \t").rstrip("# \t")
    return "" if not words or _LIKE_AN_ENTRY.match(comment) or not any(map(str.isalpha, words)) else words


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _is_zone(name: str) -> bool:
    try:
        return read_zone_name(name) == name != "local"
    except Unreadable:
        return False
