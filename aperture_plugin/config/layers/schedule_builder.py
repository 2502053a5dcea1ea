"""A job's schedule, out of what each layer says of it.

A phrase replaces all that lower layers say. Keys change what they name: without `type` they change the
schedule below; with another `type` than the one below, the keys that it does not take are dropped first
(DESIGN.md, section 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time, timedelta
from typing import Any, Final, assert_never

from aperture_plugin.config.layers.entries import JobWords, LayerValue
from aperture_plugin.config.layers.incremental import shared
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema.parsed_values import FAULTY, ParsedValue
from aperture_plugin.config.schema.schema import SCHEDULE_KEYS, TYPES, UNITS
from aperture_plugin.config.yaml.nodes import Spot
from aperture_plugin.words.days import read_month_day, read_weekdays
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.intervals import require_interval, require_offset
from aperture_plugin.words.parse_error import Unreadable, quoted
from aperture_plugin.words.phrases import joined, phrase_of
from aperture_plugin.words.schedules import (
    After,
    AtStart,
    Cron,
    Daily,
    Interval,
    Manual,
    Monthly,
    Once,
    Schedule,
    Several,
    Single,
    Weekday,
    Weekly,
)
from aperture_plugin.words.tokens import join_with_and

__all__ = ["Parts", "parts_of", "schedule_of"]

Parts = dict[str, LayerValue]
"""The words of one schedule from all layers together: a phrase under `schedule`, or `type` and its keys."""

_EXAMPLES: Final = {
    "time": "2:00 AM",
    "day": "sunday",
    "hours": "2",
    "cron": "0 3 * * 1-5",
    "at": "2026-12-24 18:00",
    "jobs": "[library-scan]",
}


def parts_of(entries: Iterable[JobWords], problems: Problems) -> Parts:
    """Return what *entries*, from the lowest layer to the highest, say of the schedule; nothing if they are silent."""
    parts: Parts = {}
    for entry in entries:
        if entry.words.keys().isdisjoint(SCHEDULE_KEYS):
            continue
        own = {key: LayerValue(value, entry) for key, value in entry.words.items() if key in SCHEDULE_KEYS}
        phrase = own.pop("schedule", None)
        if phrase is None:
            parts = _over(parts, own, problems)
            continue
        if phrase.parsed.value is FAULTY:
            parts = {"schedule": phrase}
            continue
        for key, chosen in own.items():
            problems.add(
                "two-schedules",
                at=chosen.key_place,
                job=entry.name,
                message=f"{quoted(key)} stands beside a phrase",
                hint="a phrase says the whole schedule; take one of the two out",
            )
        parts = {"schedule": phrase}
    return parts


def schedule_of(parts: Parts, job: str, problems: Problems) -> Schedule | None:
    """Return the schedule that *parts* say; None if they say none, which *problems* then tell."""
    if any(chosen.parsed.value is FAULTY for chosen in parts.values()):
        return None
    if "schedule" in parts:
        if isinstance(parts["schedule"].parsed.value, tuple):
            return _listed(parts["schedule"], job, problems)
        schedule: Schedule = parts["schedule"].parsed.value
        return schedule
    if "type" not in parts:
        return None
    try:
        return shared(_built(parts, job, problems))
    except _Missing:
        return None


def _listed(chosen: LayerValue, job: str, problems: Problems) -> Schedule | None:
    """Return the schedules of a list as one; None if one of them cannot be made, or they do not stand together."""
    found: list[Schedule] = []
    items: tuple[ParsedValue, ...] = chosen.parsed.value
    for parsed in items:
        if not isinstance(parsed.value, dict):
            found.append(parsed.value)
            continue
        faults = len(problems)
        own = {key: LayerValue(value, chosen.entry) for key, value in parsed.value.items()}
        one = schedule_of(_over({}, own, problems), job, problems)
        if one is not None and len(problems) == faults:
            found.append(one)
    if len(found) < len(items):
        return None
    try:
        return shared(joined(found))
    except Unreadable as problem:
        place = LayerValue(items[problem.start], chosen.entry).place
        problems.add(problem.code, at=place, job=job, message=problem.message, hint=problem.hint)
        return None


class _Missing(ApertureError):
    """A part of the schedule is missing or unreadable, and has been reported."""


def _over(below: Parts, own: Parts, problems: Problems) -> Parts:
    """Return *below* changed by *own*, the keys of one entry of the next layer."""
    if any(chosen.parsed.value is FAULTY for chosen in own.values()):
        return {**below, **own}
    if "schedule" in below:
        if below["schedule"].parsed.value is FAULTY:
            return below
        if isinstance(below["schedule"].parsed.value, Several | tuple):
            return _over_several(below, own, problems)
        below = _unfolded(below["schedule"])
    kind = own.get("type") or below.get("type")
    if kind is None:
        _without_type(own, problems)
        return {**below, **own}
    if kind.parsed.value is FAULTY:
        return {**below, **own}
    takes = TYPES[kind.parsed.value]
    for key, chosen in own.items():
        if key != "type" and key not in takes:
            _not_taken(key, chosen, kind, problems)
    kept = dict(below)
    if "type" in own and "type" in below and below["type"].parsed.value != kind.parsed.value:
        # Weekly and monthly both take a `day`, but not the same days.
        kept = {key: chosen for key, chosen in below.items() if key in takes and key != "day"}
    _one_unit(own, problems)
    if not own.keys().isdisjoint(UNITS):
        kept = {key: chosen for key, chosen in kept.items() if key not in UNITS}
    return kept | {key: chosen for key, chosen in own.items() if key == "type" or key in takes}


def _over_several(below: Parts, own: Parts, problems: Problems) -> Parts:
    """Return *own* where it says a whole schedule; keys alone could change any of the several that stand below."""
    if "type" in own:
        return _over({}, own, problems)
    key, chosen = next(iter(own.items()))
    several = below["schedule"].parsed.value
    phrase = phrase_of(several) if isinstance(several, Several) else "Daily at 2:00 AM; weekly on Sunday at 4:00 AM"
    problems.add(
        "key-over-several",
        at=chosen.key_place,
        job=chosen.entry.name,
        message=f"{quoted(key)} does not say which of several schedules it changes",
        hint=f"expected the whole schedule, as one phrase\nWrite:  schedule: {phrase[0].lower()}{phrase[1:]}",
    )
    return below


def _without_type(own: Parts, problems: Problems) -> None:
    key, chosen = next(iter(own.items()))
    fitting = [name for name, keys in TYPES.items() if own.keys() <= {*keys}] or list(TYPES)
    problems.add(
        "missing-type",
        at=chosen.key_place,
        job=chosen.entry.name,
        message=f"{quoted(key)} is set, but the type of the schedule is not",
        hint=f"expected a type beside it: {join_with_and(fitting, 'or')}\nWrite:  type: {fitting[0]}",
    )


def _not_taken(key: str, chosen: LayerValue, kind: LayerValue, problems: Problems) -> None:
    name = kind.parsed.value
    takes = TYPES[name]
    others = [other for other, keys in TYPES.items() if key in keys]
    problems.add(
        "key-of-other-type",
        at=chosen.key_place,
        job=chosen.entry.name,
        message=f"{quoted(key)} is not a key of a schedule of type {name}",
        hint=(f"{name} takes {join_with_and(list(takes))}" if takes else f"{name} takes no keys")
        + f"; {quoted(key)} goes with {join_with_and(others, 'or')}",
    )


def _one_unit(own: Parts, problems: Problems) -> None:
    value = [key for key in own if key in UNITS]
    for key in value[1:]:
        problems.add(
            "two-units",
            at=own[key].key_place,
            job=own[key].entry.name,
            message=f"{quoted(key)} stands beside {quoted(value[0])}",
            hint="an interval has one unit; for 1 hour 30 minutes write  minutes: 90",
        )


def _unfolded(phrase: LayerValue) -> Parts:
    """Return a phrase as the keys that say the same, each at the place of the phrase."""

    def one(value: object, text: str = "") -> LayerValue:
        return LayerValue(ParsedValue(value, phrase.parsed.spot, phrase.parsed.key, text), phrase.entry)

    def many(values: Iterable[tuple[object, str]]) -> LayerValue:
        return one(tuple(ParsedValue(value, phrase.parsed.spot, phrase.parsed.key, text) for value, text in values))

    schedule: Single = phrase.parsed.value
    text = phrase.parsed.text
    match schedule:
        case Daily(times=times):
            return {"type": one("daily"), "time": many([(times, text)])}
        case Weekly(days=days, times=times):
            names = [(day.name.lower(), day.name.lower()) for day in days]
            return {"type": one("weekly"), "day": many(names), "time": many([(times, text)])}
        case Monthly(day=day, times=times):
            return {"type": one("monthly"), "day": many([(str(day), str(day))]), "time": many([(times, text)])}
        case Interval(every=every, offset=offset):
            parts = {"type": one("interval"), "seconds": one(int(every.total_seconds()), text)}
            return parts | ({"offset": one(offset, text)} if offset else {})
        case Cron():
            return {"type": one("cron"), "cron": one(schedule, text)}
        case Once(at=at):
            return {"type": one("once"), "at": one(at, text)}
        case After(jobs=jobs):
            return {"type": one("after"), "jobs": many((job, job) for job in jobs)}
        case AtStart(delay=delay, unless_ran_within=within):
            parts = {"type": one("start")} | ({"delay": one(delay, text)} if delay else {})
            return parts | ({} if within is None else {"unless ran within": one(within, text)})
        case Manual():
            return {"type": one("manual")}
        case _:
            assert_never(schedule)


def _built(parts: Parts, job: str, problems: Problems) -> Schedule:
    builder = _ScheduleBuilder(parts, job, problems)
    match parts["type"].parsed.value:
        case "daily":
            return Daily(times=builder.times())
        case "weekly":
            days, times = builder.both(builder.weekdays, builder.times)
            return Weekly(days=days, times=times)
        case "monthly":
            day, times = builder.both(builder.month_day, builder.times)
            return Monthly(day=day, times=times)
        case "interval":
            return builder.interval()
        case "cron":
            cron: Cron = builder.needed("cron").parsed.value
            return cron
        case "once":
            return Once(at=builder.needed("at").parsed.value)
        case "after":
            return After(jobs=tuple(parsed.value for parsed in builder.needed("jobs").parsed.value))
        case "start":
            return AtStart(
                delay=builder.optional("delay") or timedelta(0), unless_ran_within=builder.optional("unless ran within")
            )
    return Manual()


class _ScheduleBuilder:
    """Takes the parts of one schedule, and tells what is missing or does not fit together."""

    def __init__(self, parts: Parts, job: str, problems: Problems) -> None:
        self._parts = parts
        self._job = job
        self._problems = problems

    def needed(self, *keys: str) -> LayerValue:
        """Return the one of *keys* that is set."""
        for key in keys:
            if key in self._parts:
                return self._parts[key]
        kind = self._parts["type"]
        self._add(
            "missing-key",
            kind.place,
            f"a schedule of type {kind.parsed.value} needs {join_with_and([quoted(key) for key in keys], 'or')}",
            f"add the line\nWrite:  {keys[0]}: {_EXAMPLES[keys[0]]}",
        )
        raise _Missing

    def optional(self, key: str) -> Any:
        """Return the value of *key*; None where it is not set."""
        return self._parts[key].parsed.value if key in self._parts else None

    def both(self, first: Any, second: Any) -> tuple[Any, Any]:
        """Return what both say, and tell all that is wrong with either."""
        answers, missing = [], False
        for take in (first, second):
            try:
                answers.append(take())
            except _Missing:
                missing = True
        if missing:
            raise _Missing
        return answers[0], answers[1]

    def times(self) -> tuple[time, ...]:
        """Return all times, sorted, each once."""
        return tuple(sorted({at for parsed in self.needed("time").parsed.value for at in parsed.value}))

    def weekdays(self) -> tuple[Weekday, ...]:
        """Return all days of the week, sorted, each once."""
        chosen = self.needed("day")
        days: set[Weekday] = set()
        for value in chosen.parsed.value:
            days.update(self._read(read_weekdays, value, chosen.entry))
        return tuple(sorted(days))

    def month_day(self) -> Any:
        """Return the one day of the month."""
        chosen = self.needed("day")
        first, *more = chosen.parsed.value
        if more:
            self._add(
                "several-month-days",
                LayerValue(more[0], chosen.entry).place,
                "a schedule of type monthly takes one day",
                "for several, write a cron schedule, such as  cron: 0 4 1,15 * *",
            )
            raise _Missing
        return self._read(read_month_day, first, chosen.entry)

    def interval(self) -> Interval:
        """Return the interval with its offset, both within their bounds."""
        chosen = self.needed(*UNITS)
        unit = next(key for key in UNITS if key in self._parts)
        every = timedelta(**{unit: chosen.parsed.value})
        self._check(lambda: require_interval(every, f"{chosen.parsed.text} {unit}"), chosen)
        offset = self._parts.get("offset")
        if offset is None:
            return Interval(every=every)
        self._check(lambda: require_offset(offset.parsed.value, every, offset.parsed.text), offset)
        return Interval(every=every, offset=offset.parsed.value)

    def _read(self, reader: Any, parsed: ParsedValue, entry: JobWords) -> Any:
        try:
            return reader(parsed.text)
        except Unreadable as problem:
            spot: Spot = parsed.spot
            self._add(
                problem.code, LayerValue(ParsedValue(None, spot, spot), entry).place, problem.message, problem.hint
            )
            raise _Missing from None

    def _check(self, check: Any, chosen: LayerValue) -> None:
        try:
            check()
        except Unreadable as problem:
            self._add(problem.code, chosen.place, problem.message, problem.hint)
            raise _Missing from None

    def _add(self, code: str, at: Place, message: str, hint: str) -> None:
        self._problems.add(code, at=at, job=self._job, message=message, hint=hint)
