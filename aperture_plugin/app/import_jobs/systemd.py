"""systemd's timers, each with the service that it starts."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import merge
from itertools import islice, product
from pathlib import PurePath
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.import_jobs.found_jobs import Dues, ForeignJob, Found, Left, Value
from aperture_plugin.app.import_jobs.phrase_candidates import phrases_of_times
from aperture_plugin.app.import_jobs.systemd_calendar import Calendar, read_calendar
from aperture_plugin.app.import_jobs.systemd_words import Specifiers, shell_text, words_of
from aperture_plugin.config.schema.value_parsers import read_checked_phrase
from aperture_plugin.words.durations import LONGEST_DURATION, duration_text
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import LONGEST_INTERVAL, AtStart, Interval, Once

__all__ = ["read_systemd", "read_time_span"]

_UNITS: Final = {
    "us": 1e-6, "usec": 1e-6, "µs": 1e-6, "ms": 1e-3, "msec": 1e-3,
    "s": 1, "sec": 1, "second": 1, "seconds": 1, "": 1,
    "m": 60, "min": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600,
    "d": 86_400, "day": 86_400, "days": 86_400, "w": 604_800, "week": 604_800, "weeks": 604_800,
    "M": 2_629_800, "month": 2_629_800, "months": 2_629_800, "y": 31_557_600, "year": 31_557_600, "years": 31_557_600,
}  # fmt: skip
_SPAN: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-zµ]*)")
_SETTING: Final = re.compile(r"([A-Za-z]+)\s*=\s*(.*)")
_SINCE_A_START: Final = ("OnUnitActiveSec", "OnUnitInactiveSec")
_SINCE_BOOT: Final = ("OnActiveSec", "OnBootSec", "OnStartupSec")
_MOST_WAYS: Final = 32
"""Ways to say several schedules together that are tried."""
_NOT_TAKEN: Final = {
    "User": "aperture runs it as the user who starts aperture",
    "Group": "aperture runs it as the user who starts aperture",
    "EnvironmentFile": "its variables are not read: name them under environment",
    "ExecStartPre": "it is not run",
    "ExecStartPost": "it is not run",
    "ExecCondition": "it is not asked",
    "Restart": "it is not started again; retry says how often a failed run is tried",
    "OnFailure": "no other unit is started; a plugin hears of every end by aperture_run_changed",
    "WakeSystem": "aperture does not wake a machine that sleeps",
    "Requires": "no other unit is started",
    "Wants": "no other unit is started",
}
_CONDITIONS: Final = ("Condition", "Assert", "ExecCondition")
_TAKEN: Final = frozenset(
    {"Description", "Documentation", "SourcePath", "After", "Before", "DefaultDependencies", "OnCalendar", "Persistent"}
    | {"RandomizedDelaySec", "AccuracySec", "Unit", "Type", "ExecStart", "WorkingDirectory", "Environment"}
    | {"TimeoutStartSec", "TimeoutSec", "RuntimeMaxSec", "SyslogIdentifier", *_SINCE_A_START, *_SINCE_BOOT}
)
"""Settings that are taken over, or reported elsewhere, or that do not change when and what is run."""

_AS_EVER: Final = frozenset(
    {("Restart", "no"), ("WakeSystem", "no"), ("WakeSystem", "false"), ("StandardOutput", "journal")}
    | {("StandardError", "journal"), ("StandardError", "inherit"), ("RemainAfterExit", "no")}
)

_DEFAULTS: Final = MappingProxyType(
    {"overlap": ("skip", "as systemd: while a service runs, its timer starts no other")}
)

Section = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit file: what each section says, every line of a setting in order."""

    file: str
    sections: Mapping[str, Section]

    def all(self, section: str, key: str) -> Sequence[str]:
        return self.sections.get(section, {}).get(key, ())

    def one(self, section: str, key: str) -> str | None:
        value = self.all(section, key)
        return value[-1] if value else None


def read_systemd(texts: Mapping[str, str]) -> Found:
    """Return what these unit files hold, by their names: each timer with the service of the same or the named name."""
    units = {file: _unit(file, _with_drop_ins(file, texts)) for file in texts if not file.endswith(".conf")}
    services = {PurePath(file).name: unit for file, unit in units.items() if file.endswith(".service")}
    entries: list[ForeignJob] = []
    left: list[Left] = []
    for file, unit in units.items():
        if file.endswith(".timer"):
            service = unit.one("Timer", "Unit") or PurePath(file).stem + ".service"
            prefix, at, _ = service.removesuffix(".service").partition("@")
            found = services.get(service) or (services.get(f"{prefix}@.service") if at else None)
            if PurePath(file).stem.endswith("@"):
                left.append(Left(place=file, text="", reason="it is a template, which elapses only as an instance"))
                continue
            for one in _entries(unit, found, service):
                (entries if isinstance(one, ForeignJob) else left).append(one)  # type: ignore[arg-type]
    return Found(scheduler="systemd", entries=tuple(entries), left=tuple(left), defaults=_DEFAULTS)


def read_time_span(text: str) -> timedelta:
    """Return what a span of systemd says, `1h 30min` or `90`.

    Raises:
        ValueError: It says none.

    >>> read_time_span("1h 30min")
    datetime.timedelta(seconds=5400)
    """
    at, seconds = 0, 0.0
    text = text.strip()
    while at < len(text):
        found = _SPAN.match(text, at)
        if found is None or found[2] not in _UNITS:
            raise ValueError(f"{text!r} is no span of time that is known here")
        seconds += float(found[1]) * _UNITS[found[2]]
        at = found.end()
    if not text:
        raise ValueError("no span of time is written")
    return timedelta(seconds=round(min(seconds, LONGEST_DURATION.total_seconds())))


def _with_drop_ins(file: str, texts: Mapping[str, str]) -> str:
    """Return what a unit says with its drop-ins behind it: those of its own name, and of the template it is made of."""
    name = PurePath(file).name
    folders = {f"{name}.d"}
    if "@" in name:
        folders.add(f"{name.partition('@')[0]}@{PurePath(file).suffix}.d")
    found = [other for other in texts if other.endswith(".conf") and PurePath(other).parent.name in folders]
    parts = [texts[file], *(texts[one] for one in sorted(found, key=lambda one: PurePath(one).name))]
    return "\n".join(parts)


def _unit(file: str, text: str) -> _Unit:
    sections: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    section = ""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        written = line.strip()
        if written.startswith("[") and written.endswith("]"):
            section = written[1:-1]
        elif (found := _SETTING.fullmatch(written)) is not None and not written.startswith(("#", ";")):
            key, value = found.groups()
            values = sections[section].setdefault(key, [])
            # An empty value takes back the values before.
            values.append(value) if value else values.clear()
    return _Unit(file, sections)


def _entries(unit: _Unit, service: _Unit | None, service_name: str) -> Iterator[ForeignJob | Left]:
    place = unit.file
    if service is None:
        yield Left(place=place, text=service_name, reason=f"{service_name}, which it starts, is not among the files")
        return
    notes = list(_notes(unit, service))
    specifiers = Specifiers(service_name)
    try:
        keys = _keys(unit, service, specifiers, notes)
        ways = list(_ways(unit, notes))
    except ValueError as problem:
        yield Left(place=place, text=PurePath(place).name, reason=str(problem))
        return
    left = [Left(place=place, text=PurePath(place).name, reason=way) for way in ways if isinstance(way, str)]
    yield from left
    made = [way for way in ways if not isinstance(way, str)]
    if not made and not left:
        yield Left(place=place, text="", reason="it says nothing of when it elapses")
    if len(made) > 1:
        notes.append("its OnCalendar lines name several time zones: those of each became a job of its own")
    for way in made:
        yield ForeignJob(
            place=place,
            name=PurePath(place).stem,
            phrases=way.phrases,
            dues=way.dues,
            zone=way.zone,
            keys=keys,
            notes=tuple(notes),
            is_conditional=_is_conditional(unit, service) or way.at_start,
        )


# ── when ──


@dataclass(frozen=True, slots=True)
class _Way:
    """The schedule of one job that a timer becomes: its phrases, its instants and its zone.

    Attributes:
        at_start: True if it has a part whose instants cannot be known beforehand.
    """

    phrases: tuple[str, ...]
    dues: Dues | None
    zone: str | None
    at_start: bool = False


def _ways(unit: _Unit, notes: list[str]) -> Iterator[_Way | str]:
    """Yield the schedule of each job that the timer becomes; of an OnCalendar that none says, the reason."""
    texts: dict[int, str] = {}
    by_zone: defaultdict[str | None, list[Calendar]] = defaultdict(list)
    for text in unit.all("Timer", "OnCalendar"):
        if isinstance(found := _calendar(text), str):
            yield found
            continue
        by_zone[found.zone].append(found)
        texts[id(found)] = text
    beside = _since_boot(unit, notes)
    since_a_start = next((key for key in _SINCE_A_START if unit.one("Timer", key) is not None), None)
    if since_a_start is not None and by_zone:
        value = unit.one("Timer", since_a_start)
        notes.append(f"{since_a_start}={value}: it counts from the last run, and is not taken over beside OnCalendar")
    elif since_a_start is not None:
        value = unit.one("Timer", since_a_start) or ""
        every = min(max(read_time_span(value), timedelta(seconds=1)), LONGEST_INTERVAL)
        notes.append(
            f"{since_a_start}={value} counts from the last run; here it is a grid that the clock on the wall gives"
        )
        yield _Way((_joined_phrases([phrase_of(Interval(every=every)), *beside]),), None, None)
        return
    for zone, ones in by_zone.items():
        groups = _together(ones)
        sayable = [(group, phrases) for group in groups if (phrases := _readable(_phrases(group)))]
        for group in groups:
            if not any(group is other for other, _ in sayable):
                yield f"no schedule here says OnCalendar={texts[id(group[0])]}"
        if sayable:
            ways = islice(product(*(phrases for _, phrases in sayable)), _MOST_WAYS)
            joined = tuple(_joined_phrases([*way, *beside]) for way in ways)
            dues = _dues_of([one for group, _ in sayable for one in group])
            yield _Way(joined, dues, zone, at_start=bool(beside))
    if not by_zone and beside:
        yield _Way((beside[0],), None, None)


def _calendar(text: str) -> Calendar | str:
    """Return what an OnCalendar says, or why it cannot be read."""
    try:
        return read_calendar(text)
    except ValueError as problem:
        return str(problem)


def _readable(phrases: Iterator[str]) -> list[str]:
    """Return those of *phrases* that ever fire."""
    found = []
    for phrase in phrases:
        with suppress(Unreadable):
            read_checked_phrase(phrase)
            found.append(phrase)
    return found


def _joined_phrases(phrases: Sequence[str]) -> str:
    first, *others = phrases
    return "; ".join([first, *(other[0].lower() + other[1:] for other in others)])


def _since_boot(unit: _Unit, notes: list[str]) -> list[str]:
    """Return the phrase at start for what a timer says of the time since the machine, or itself, has started."""
    text = [(key, value) for key in _SINCE_BOOT if (value := unit.one("Timer", key)) is not None]
    if not text:
        return []
    delay, key, value = min((read_time_span(value), key, value) for key, value in text)
    notes.append(
        f"{key}={value} counts from the start of the machine, here from when the first loop on the store begins"
    )
    notes += [f"{other}={more}: only the first of several is taken over" for other, more in text if other != key]
    return [phrase_of(AtStart(delay=delay))]


def _together(calendars: Sequence[Calendar]) -> list[list[Calendar]]:
    """Return the expressions in groups that differ only in their times: one schedule says a whole group."""
    groups: defaultdict[tuple[object, ...], list[Calendar]] = defaultdict(list)
    for one in calendars:
        groups[one.weekdays, one.years, one.months, one.days, one.from_the_end, one.zone].append(one)
    return list(groups.values())


def _dues_of(group: Sequence[Calendar]) -> Dues:
    def dues(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        last = None
        for due in merge(*(one.dues(since, until, zone) for one in group)):
            if due != last:
                yield due
            last = due

    return dues


def _phrases(group: Sequence[Calendar]) -> Iterator[str]:
    """Yield the phrases that may say all of *group*, whose dates are the same."""
    one = group[0]
    times = sorted({at for calendar in group for at in calendar.times})
    days = sorted(one.days)
    if one.every_month and one.years is None:
        if one.every_day:
            weekdays = None if one.weekdays is None else sorted(one.weekdays)
            yield from phrases_of_times(times, weekdays=weekdays)
        elif one.weekdays is None and len(days) == 1 and (not one.from_the_end or days == [1]):
            yield from phrases_of_times(times, month_days=["last" if one.from_the_end else days[0]])
    if one.years is not None and _is_one_date(one) and len(times) == 1 and not times[0].second:
        on = date(*one.years, *one.months, *one.days)
        yield phrase_of(Once(at=datetime.combine(on, times[0])))
    if len(group) == 1 and one.seconds == (0,) and one.years is None:
        fields = _cron_days(one)
        if fields is not None:
            minutes, hours = _field(one.minutes, 0, 59), _field(one.hours, 0, 23)
            day, weekday = fields
            yield f"Cron {minutes} {hours} {day} {_field(sorted(one.months), 1, 12)} {weekday}"


def _is_one_date(one: Calendar) -> bool:
    return (
        one.years is not None
        and len(one.years) == len(one.months) == len(one.days) == 1
        and one.weekdays is None
        and not one.from_the_end
    )


def _cron_days(one: Calendar) -> tuple[str, str] | None:
    """Return the day fields of a cron that names the same dates; None where cron's *or* cannot say it."""
    weekdays = "*" if one.weekdays is None else _field(sorted((day + 1) % 7 for day in one.weekdays), 0, 6)
    if one.every_day:
        return "*", weekdays
    if one.from_the_end:
        return ("L", "*") if one.days == {1} and one.weekdays is None else None
    if one.weekdays is None:
        return _field(sorted(one.days), 1, 31), "*"
    first = min(one.days)
    if len(one.weekdays) == 1 and first % 7 == 1 and one.days == set(range(first, min(first + 7, 32))):
        [weekday] = one.weekdays
        return "*", f"{weekday.name[:3]}#{first // 7 + 1}"  # such as the first Sunday: Sun *-*-1..7
    return None


def _field(numbers: Sequence[int], lowest: int, highest: int) -> str:
    """Return *numbers* as a cron field says them."""
    whole = range(lowest, highest + 1)
    if len(numbers) == len(whole):
        return "*"
    if len(numbers) > 2:
        step = numbers[1] - numbers[0]
        if list(numbers) == list(whole[:: max(1, step)]) and step > 1:
            return f"*/{step}"
        if list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
            return f"{numbers[0]}-{numbers[-1]}"
    return ",".join(map(str, numbers))


# ── what ──


def _keys(unit: _Unit, service: _Unit, specifiers: Specifiers, notes: list[str]) -> dict[str, Value]:
    keys: dict[str, Value] = {}
    description = service.one("Unit", "Description") or unit.one("Unit", "Description")
    if description:
        keys["description"] = specifiers.filled(description)
    keys["command"] = _command(service, specifiers, notes)
    directory = specifiers.filled(service.one("Service", "WorkingDirectory") or "") or None
    if directory is not None and directory.startswith("/"):
        keys["directory"] = directory
    elif directory is not None:
        notes.append(f"WorkingDirectory={directory} is no folder that aperture knows")
    environment: dict[str, str] = {}
    for line in service.all("Service", "Environment"):
        words = [specifiers.filled(word) for word in shlex.split(line)]
        environment.update(word.split("=", 1) for word in words if "=" in word)  # type: ignore[misc]
    if environment:
        keys["environment"] = environment
    keys["missed"] = "run once" if _yes(unit.one("Timer", "Persistent")) else "skip"
    delay = unit.one("Timer", "RandomizedDelaySec")
    if delay and read_time_span(delay):
        keys["jitter"] = duration_text(read_time_span(delay))
    limit = _time_limit(service, notes)
    if limit is not None:
        keys["timeout"] = duration_text(limit)
    if specifiers.unknown:
        notes.append(f"{', '.join(specifiers.unknown)}: systemd fills that in; write what it stands for")
    return keys


def _time_limit(service: _Unit, notes: list[str]) -> timedelta | None:
    """Return how long a run may take: for oneshot its start is the whole of it, else only RuntimeMaxSec ends it."""
    kind = service.one("Service", "Type") or "simple"
    of_the_start, of_the_rest = ["TimeoutStartSec", "TimeoutSec"], ["RuntimeMaxSec"]
    limits, without_effect = (of_the_start, of_the_rest) if kind == "oneshot" else (of_the_rest, of_the_start)
    for key in without_effect:
        if (value := service.one("Service", key)) is not None:
            notes.append(f"{key}={value}: it limits no run of a service of Type={kind}, so there is no timeout here")
    limit = next((value for key in limits if (value := service.one("Service", key)) is not None), None)
    if limit is None or limit in {"infinity", "0"}:
        return None
    return max(timedelta(seconds=1), read_time_span(limit))


def _command(service: _Unit, specifiers: Specifiers, notes: list[str]) -> Value:
    """Return what the service runs: words without a shell, as systemd does it, as far as that goes."""
    lines = service.all("Service", "ExecStart")
    if not lines:
        raise ValueError(f"{PurePath(service.file).name} has no ExecStart")
    if any(line.startswith(("@", "-")) for line in lines):
        notes.append("a - or @ before ExecStart means nothing here: an exit code other than 0 is a failure")
    commands = [words_of(line, specifiers) for line in lines]
    if len(commands) > 1:
        return " && ".join(map(shell_text, commands))
    [words] = commands
    if len(words) == 3 and words[0].rpartition("/")[2] == "sh" and words[1] == "-c":
        return words[2].replace("$$", "$")
    if any("$" in word for word in words):
        notes.append("a shell fills in its variables, where systemd does")
        return shell_text(words)
    return words


def _notes(unit: _Unit, service: _Unit) -> Iterator[str]:
    """Yield what is not taken over, each setting by its name."""
    for section, one in (("Unit", unit), ("Timer", unit), ("Unit", service), ("Service", service)):
        for key, values in one.sections.get(section, {}).items():
            if key in _TAKEN or not values or (key, values[-1]) in _AS_EVER:
                continue
            note = _NOT_TAKEN.get(key) or ("it is not asked" if key.startswith(_CONDITIONS) else "it is not taken over")
            yield f"{key}={values[-1]}: {note}"


def _is_conditional(unit: _Unit, service: _Unit) -> bool:
    """Return whether systemd runs it only where something else holds."""
    keys = [*unit.sections.get("Unit", {}), *service.sections.get("Unit", {}), *service.sections.get("Service", {})]
    return any(key.startswith(_CONDITIONS) for key in keys)


def _yes(text: str | None) -> bool:
    return (text or "").lower() in {"1", "yes", "y", "true", "t", "on"}
