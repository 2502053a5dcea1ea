"""Crontabs: a person's own, and the system's with the column of users; Debian's cron and cronie."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from heapq import merge
from itertools import islice, product
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.import_jobs.found_jobs import Dues, ForeignJob, Found, Left, Value, name_of
from aperture_plugin.app.import_jobs.phrase_candidates import phrases_of_cron
from aperture_plugin.config.layers.zones import read_zone_name
from aperture_plugin.triggers.cron_expression import check_cron, cronsim_dues
from aperture_plugin.words.cron_shape import CRON_MACROS, read_cron
from aperture_plugin.words.parse_error import Unreadable

__all__ = ["read_crontab"]

_SET: Final = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z_][A-Za-z0-9_]*))\s*=\s*(.*?)\s*""")
_FIELDS: Final = re.compile(r"\s*(-?(?:\S+\s+){4}\S+)\s+(\S.*)")
_RANDOM_DELAY: Final = re.compile("[0-9]{1,5}")
_MACRO: Final = re.compile(r"\s*(@\S+)\s+(\S.*)")
_MACROS: Final = {**CRON_MACROS, "@every_minute": "* * * * *"}
_PERCENT: Final = re.compile(r"(?<!\\)%")
_LIKE_AN_ENTRY: Final = re.compile(r"#+\s*(?:[-0-9*@]|m\s+h\b|minute\b|\.-)", re.IGNORECASE)
_IN_THE_BACKGROUND: Final = re.compile(r"(?<![&>|<\\])&(?![&>\d-])|\b(?:nohup|disown|start-stop-daemon)\b")
_ITS_OWN: Final = frozenset({"SHELL", "HOME", "MAILTO", "MAILFROM", "CRON_TZ", "RANDOM_DELAY", "LOGNAME", "USER"})

_AT_BOOT: Final = "cron runs it when the machine boots, aperture each time the first loop on its store begins"
_MOST_WAYS: Final = 64
"""Ways of saying several schedules of one command that are tried."""

_DEFAULTS: Final = MappingProxyType(
    {
        "missed": ("skip", "as cron: what fell due while nothing ran is not caught up"),
        "overlap": ("allow", "as cron: a run begins while the last one still runs"),
    }
)


@dataclass(slots=True)
class _CrontabReader:
    """Goes down the lines of one crontab; what is set holds for the lines below."""

    file: str
    has_users: bool
    home: str
    variables: dict[str, str] = field(default_factory=dict)
    entries: list[ForeignJob] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    noted: set[str] = field(default_factory=set)

    def read(self, text: str) -> None:
        """Take in the lines of *text*; what is not taken over is added to `left`, and never raised."""
        above = ""
        for number, line in enumerate(text.splitlines(), 1):
            written = line.strip()
            if not written or written.startswith("#"):
                above = _description(written)
            elif found := _SET.fullmatch(line):
                self.variables[found[1] or found[2] or found[3]] = _unquoted(found[4])
                above = ""
            else:
                self._take(f"{self.file}:{number}", written, above)
                above = ""

    def _take(self, place: str, text: str, above: str) -> None:
        found = _MACRO.fullmatch(text) or _FIELDS.fullmatch(text)
        if found is None:
            self.left.append(Left(place=place, text=text, reason="this is no line of a crontab"))
            return
        when, rest = found.groups()
        user: str | None = None
        if self.has_users:
            user, *behind = rest.split(maxsplit=1)
            if not behind:
                reason = "a user without a command stands behind its times"
                self.left.append(Left(place=place, text=text, reason=reason))
                return
            [rest] = behind
        if when == "@reboot":
            entry = self._entry(place, None, user, rest, above)
            self.entries.append(replace(entry, notes=(*entry.notes, _AT_BOOT)))
            return
        try:
            expression = read_cron(_MACROS.get(when.lower(), when.lstrip("-"))).expression
            check_cron(expression)
        except Unreadable as problem:
            self.left.append(Left(place=place, text=text, reason=f"{problem.message}; {problem.hint}"))
            return
        self.entries.append(self._entry(place, expression, user, rest, above))

    def _entry(self, place: str, expression: str | None, user: str | None, rest: str, above: str) -> ForeignJob:
        line, *given = [part.replace("\\%", "%") for part in _PERCENT.split(rest)]
        notes = [*self._first_notes()]
        if given:
            line = f"printf '%s\\n' {' '.join(map(shlex.quote, given))} | ( {line.rstrip()} )"
            notes.append("what stands behind % is its input: printf gives it that here")
        if user is not None:
            notes.append(f"cron runs it as {user}, aperture as the user who starts aperture")
        shell = self.variables.get("SHELL", "/bin/sh")
        keys: dict[str, Value] = {"description": above} if above else {}
        keys["command"] = line if shell.rpartition("/")[2] in {"sh", "dash"} else [shell, "-c", line]
        if _IN_THE_BACKGROUND.search(line):
            keys["background"] = "leave"
            notes.append("as under cron, what it leaves running in the background lives on: background: leave")
        environment = {name: value for name, value in self.variables.items() if name not in _ITS_OWN}
        if environment:
            keys["environment"] = environment
        if user is None or "HOME" in self.variables:
            keys["directory"] = self.variables.get("HOME") or self.home
        else:
            notes.append(f"cron runs it in the home of {user}: write that as its directory")
        if _RANDOM_DELAY.fullmatch(delay := self.variables.get("RANDOM_DELAY", "")) and int(delay):
            keys["jitter"] = f"{int(delay)} minutes"
        zone = self.variables.get("CRON_TZ")
        if zone is not None and not _is_zone(zone.removeprefix(":")):
            notes.append(f"CRON_TZ={zone} is no time zone that aperture knows")
            zone = None
        return ForeignJob(
            place=place,
            name=name_of(line if not given else rest, "job"),
            phrases=("at start",) if expression is None else phrases_of_cron(expression),
            dues=None if expression is None else partial(_dues, expression),
            zone=zone,
            keys=keys,
            notes=tuple(notes),
        )

    def _first_notes(self) -> Iterator[str]:
        if self.variables.get("MAILTO") and "MAILTO" not in self.noted:
            self.noted.add("MAILTO")
            yield f"what jobs write is not sent to {self.variables['MAILTO']}: aperture logs JOB shows it"


def read_crontab(texts: Mapping[str, str], *, has_users: bool, home: str) -> Found:
    """Return what these crontabs hold, by their names.

    Args:
        has_users: True if a user stands before each command, as in /etc/crontab and /etc/cron.d.
        home: The folder in which a person's own crontab runs its commands, unless it sets HOME.
    """
    readers = [_CrontabReader(file, has_users, home) for file in texts]
    for reader, text in zip(readers, texts.values(), strict=True):
        reader.read(text)
    return Found(
        scheduler="cron",
        entries=tuple(entry for reader in readers for entry in _joined(reader.entries)),
        left=tuple(one for reader in readers for one in reader.left),
        defaults=_DEFAULTS,
    )


def _joined(entries: Sequence[ForeignJob]) -> Iterator[ForeignJob]:
    """Yield *entries*, of those that run the same command alike one, with the schedules of all of them."""
    alike: dict[str, list[ForeignJob]] = {}
    for place, entry in enumerate(entries):
        keys = {key: value for key, value in entry.keys.items() if key != "description"}
        who = [note for note in entry.notes if note.startswith("cron runs it")]
        same = repr((keys, entry.zone, who)) if entry.dues is not None else f"@reboot {place}"
        alike.setdefault(same, []).append(entry)
    for first, *others in alike.values():
        if not others:
            yield first
            continue
        several = [first, *others]
        phrases = ("; ".join((one, *map(_lowered, more))) for one, *more in product(*(one.phrases for one in several)))
        dues = [one.dues for one in several if one.dues is not None]
        notes = dict.fromkeys(note for one in several for note in one.notes)
        yield replace(
            first, phrases=tuple(islice(phrases, _MOST_WAYS)), dues=partial(_merged, dues), notes=tuple(notes)
        )


def _lowered(phrase: str) -> str:
    return phrase[:1].lower() + phrase[1:]


def _merged(dues: Sequence[Dues], since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the runs of all *dues*; two at one instant are two."""
    return merge(*(one(since, until, zone) for one in dues))


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
