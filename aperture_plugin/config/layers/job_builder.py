"""Builds one job from its words in all layers."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from aperture_plugin.config.layers.entries import DEFAULTS, JobWords, LayerValue
from aperture_plugin.config.layers.environment import Environment
from aperture_plugin.config.layers.incremental import ReadingCache, know, known_schedule
from aperture_plugin.config.layers.schedule_builder import parts_of, schedule_of
from aperture_plugin.config.layers.zones import zone_of
from aperture_plugin.config.model import (
    Background,
    Command,
    Interrupted,
    JobConfig,
    Missed,
    OnFailure,
    Overlap,
    Param,
    Retry,
)
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema.parsed_values import FAULTY, ParsedValue
from aperture_plugin.config.schema.schema import SCHEDULE_KEYS
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.schedules import Manual, Once, Schedule

__all__ = ["MERGED", "JobReader", "laid", "merged"]

_SLOTS: Final = tuple(
    (slot.__get__, slot.__set__)
    for slot in (getattr(JobConfig, field.name) for field in fields(JobConfig) if field.name not in ("order", "place"))
)
"""Copies the fields that a change of place leaves alone from one job to another."""

MERGED: Final = ("retry", "params", "environment")
"""The keys whose own keys are laid over each other, one level deep; all others replace what is below."""

_NO_RETRY: Final = Retry()


def laid(entries: Sequence[JobWords]) -> dict[str, LayerValue]:
    """Return the topmost word on every key beside the schedule; of `MERGED` keys only the topmost mapping."""
    return {
        key: LayerValue(parsed, entry)
        for entry in entries
        for key, parsed in entry.words.items()
        if key not in SCHEDULE_KEYS and parsed.value is not FAULTY
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReader:
    """Makes jobs of their layers.

    Attributes:
        file_zone: The zone of jobs that name none.
        local_zone: The server's own.
        now: For telling what is past; None to leave that out.
        cache: The cache of the last reading of the file, which this one replaces.
        shared: The `params` and `environment` of the defaults, filled in.
    """

    problems: Problems
    environment: Environment
    file_zone: ZoneInfo
    local_zone: ZoneInfo
    now: datetime | None
    cache: ReadingCache
    shared: dict[str, _Filled] = field(default_factory=dict)

    def read(self, name: str, order: int, entries: Sequence[JobWords], *, in_force: bool = True) -> JobConfig | None:
        """Return the job that *entries* make, as `read_anew` does, but made again only if its words have changed."""
        key = tuple([id(entry.words) for entry in entries])
        job = self.cache.before.jobs.get(key)
        if job is not None:
            self.cache.after.jobs[key] = job = _placed(job, order, entries[-1])
            return job
        problems, filled = len(self.problems), self.environment.filled_in
        job = self.read_anew(name, order, entries, in_force=in_force)
        if (
            job is not None
            and len(self.problems) == problems
            and self.environment.filled_in == filled
            and not isinstance(job.schedule, Once)
        ):
            self.cache.after.jobs[key] = job
        return job

    def read_anew(
        self, name: str, order: int, entries: Sequence[JobWords], *, in_force: bool = True
    ) -> JobConfig | None:
        """Return the job that *entries*, from the lowest layer to the highest, make; None if it has no schedule.

        Args:
            name: Empty for the job that the defaults alone make, which is manual.
            in_force: True if the job is part of the configuration, or only of a preset that is not chosen.
        """
        words = laid(entries)
        zone = self.file_zone if "timezone" not in words else zone_of(words["timezone"].parsed.value, self.local_zone)
        schedule = self._schedule(name, entries, zone) if name else Manual()
        values: dict[str, Any] = {}
        for key, found in words.items():
            if key in _FIELDS:
                name_of_field, value_of = _FIELDS[key]
                values[name_of_field] = value_of(found)
        if "retry" in words:
            values["retry"] = self._retry(entries)
        if "params" in words:
            values["params"] = MappingProxyType(self._filled("params", entries, name, in_force).values)
        if "ping" in words and words["ping"].parsed.value is not FAULTY:
            address = self._text_filled(words["ping"], name, in_force)
            values["ping"] = address if address is None else address.replace("{job}", name)
        command = self._command(words, entries, name, in_force)
        if schedule is None:
            return None
        return JobConfig(
            name=name, order=order, place=entries[-1].place, schedule=schedule, zone=zone, command=command, **values
        )

    def _schedule(self, name: str, entries: Sequence[JobWords], zone: ZoneInfo) -> Schedule | None:
        schedule = known_schedule(entries)
        if schedule is not None:
            return schedule
        found = len(self.problems)
        parts = parts_of(entries, self.problems)
        if not parts:
            self.problems.add(
                "no-schedule",
                at=entries[-1].place,
                job=name,
                message=f"{quoted(name)} has no schedule",
                hint="say when it runs, such as  schedule: daily at 2:00 AM\nWrite:  type: manual",
            )
        schedule = schedule_of(parts, name, self.problems)
        if isinstance(schedule, Once):
            self._past(schedule, zone, parts.get("at") or parts["schedule"], name)
        elif schedule is not None and len(self.problems) == found and not self.problems.mutes_any:
            know(entries, schedule)
        return schedule

    def _past(self, schedule: Once, zone: ZoneInfo, chosen: LayerValue, name: str) -> None:
        if self.now is None or schedule.at.replace(tzinfo=zone) >= self.now:
            return
        self.problems.warn(
            "once-in-the-past",
            at=chosen.place,
            job=name,
            message=f"{quoted(chosen.parsed.text)} is past",
            hint="the job will not run by itself any more; write a later time, or take it out",
        )

    def _retry(self, entries: Sequence[JobWords]) -> Retry:
        value = merged("retry", entries)
        fields = {
            key.replace(" ", "_"): _value(chosen) for key, chosen in value.items() if chosen.parsed.value is not FAULTY
        }
        if "not_on_exit" in fields:
            fields["not_on_exit"] = _names(value["not on exit"])
        return Retry(**fields) if fields else _NO_RETRY

    def _command(
        self, words: Mapping[str, LayerValue], entries: Sequence[JobWords], name: str, in_force: bool
    ) -> Command | None:
        chosen = words.get("command")
        if chosen is None:
            for key in ("directory", "environment", "background"):
                if key in words and words[key].entry.name:
                    self.problems.add(
                        "no-command",
                        at=words[key].key_place,
                        job=name,
                        message=f"{quoted(key)} is set for a job that has no command",
                        hint=f"{key} is for the program that a command runs; add a command, or take this line out",
                    )
            return None
        items = tuple(parsed.value for parsed in chosen.parsed.value)
        if items and not items[0].strip():
            self.problems.add(
                "nothing-written",
                at=LayerValue(chosen.parsed.value[0], chosen.entry).place,
                job=name,
                message="no program is named",
                hint="write a line for the shell, or the program and its arguments as a list",
            )
        filled = self._filled("environment", entries, name, in_force)
        return Command(
            words=items[0] if chosen.parsed.text else items,
            directory=self._text_filled(words.get("directory"), name, in_force),
            environment=MappingProxyType(filled.values),
            leaves_background="background" in words and words["background"].parsed.value == Background.LEAVE,
        )

    def _text_filled(self, chosen: LayerValue | None, name: str, in_force: bool) -> str | None:
        if chosen is None:
            return None
        return (
            self.environment.filled(chosen.parsed, chosen.entry.base, job=name, in_force=in_force) or chosen.parsed.text
        )

    def _filled(self, key: str, entries: Sequence[JobWords], name: str, in_force: bool) -> _Filled:
        """Return what all layers say of *key*, which is one of `MERGED`, with variables filled in."""
        filled = _NOTHING_FILLED
        for entry in entries:
            parsed = entry.words.get(key)
            if parsed is not None and parsed.value is not FAULTY:
                filled = filled.under(self._layer(key, parsed, entry, name, in_force))
        return filled

    def _layer(self, key: str, parsed: ParsedValue, entry: JobWords, name: str, in_force: bool) -> _Filled:
        # Values of defaults are filled in once: there may be thousands of jobs, and thousands of such parameters.
        shared = self.shared.get(key) if entry.layer == DEFAULTS else None
        if shared is None:
            before = self.environment.filled_in
            values = {inner: self._value(word, entry, name, in_force) for inner, word in parsed.value.items()}
            if entry.layer == DEFAULTS:
                values = _Shared(values)
            shared = _Filled(values, self.environment.filled_in - before)
            if entry.layer == DEFAULTS:
                self.shared[key] = shared
        else:
            self.environment.filled_in += shared.filled_in
        return shared

    def _value(self, parsed: ParsedValue, entry: JobWords, name: str, in_force: bool) -> Param:
        if isinstance(parsed.value, tuple):
            return tuple(self._value(item, entry, name, in_force) for item in parsed.value)
        if isinstance(parsed.value, dict):
            return MappingProxyType(
                {key: self._value(item, entry, name, in_force) for key, item in parsed.value.items()}
            )
        filled = self.environment.filled(parsed, entry.base, job=name, in_force=in_force)
        return parsed.text if filled is None else filled


class _Shared(dict[str, Any]):
    """Values of `defaults` that thousands of jobs look up where they are.

    What they were last found equal to is remembered: the jobs of two files are compared one by one.
    """

    __slots__ = ("_like",)
    __hash__ = None  # as of any dict

    def __eq__(self, other: object) -> bool:
        if other is self or other is getattr(self, "_like", None):
            return True
        same = dict.__eq__(self, other)
        if same is True:
            self._like = other
        return same


class _Layered(ChainMap[str, Any]):
    """A job's own values over those that it shares: two layers, the lower of which may have two itself."""

    __hash__ = None  # type: ignore[assignment]  # as of any mapping

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MappingProxyType):
            return NotImplemented  # It asks again, with what it hides.
        if isinstance(other, _Layered) and self.maps[1] == other.maps[1]:
            # Only what one of them has of its own can make a difference.
            own = self.maps[0].keys() | other.maps[0].keys()
            return all(key in self and key in other and self[key] == other[key] for key in own)
        return super().__eq__(other)


class _Filled(NamedTuple):
    """Values with variables filled in, and how many values had one."""

    values: dict[str, Any] | ChainMap[str, Any]
    filled_in: int

    def under(self, upper: _Filled) -> _Filled:
        """Return these values with those of *upper* over them."""
        if not self.values or not upper.values:
            values = self.values or upper.values
        elif len(self.values) <= _FEW:
            values = {**self.values, **upper.values}
        else:
            values = _Layered(upper.values, self.values)
        return _Filled(values, self.filled_in + upper.filled_in)


_NOTHING_FILLED: Final = _Filled({}, 0)
_FEW: Final = 64
"""Values that are copied into each job; more of them are looked up where they are."""


def _value(chosen: LayerValue) -> Any:
    return chosen.parsed.value


def _names(chosen: LayerValue) -> tuple[Any, ...]:
    return tuple([parsed.value for parsed in chosen.parsed.value])


_FIELDS: Final[dict[str, tuple[str, Callable[[LayerValue], Any]]]] = {
    **{
        key: (key.replace(" ", "_"), _value)
        for key in (
            *("title", "description", "category", "enabled", "queue", "missed within", "timeout", "stalled after"),
            *("window", "jitter", "calls", "pause after", "pause for", "heavy"),
        )
    },
    "missed": ("missed", lambda chosen: Missed(chosen.parsed.value)),
    "overlap": ("overlap", lambda chosen: Overlap(chosen.parsed.value)),
    "on failure": ("on_failure", lambda chosen: OnFailure(chosen.parsed.value)),
    "interrupted": ("interrupted", lambda chosen: Interrupted(chosen.parsed.value)),
    "needs": ("needs", _names),
    "limit": ("limits", _names),
    "notify": ("notify", _names),
    "requires env": ("requires_env", _names),
    "except": ("calendars", _names),
}
"""By key, the field of a job that it fills, and with what."""


def _placed(job: JobConfig, order: int, entry: JobWords) -> JobConfig:
    """Return *job* at the place of *entry*: the same object where nothing has moved."""
    line, column, length = entry.spot
    place = job.place
    if job.order == order and place.line == entry.base + line + 1 and place.column == column + 1:
        return job
    # `dataclasses.replace` would take three times as long, and there may be 10,000 below a line that was added.
    there = object.__new__(JobConfig)
    for take, put in _SLOTS:
        put(there, take(job))
    object.__setattr__(there, "order", order)
    object.__setattr__(there, "place", Place(entry.base + line + 1, column + 1, length))
    return there


def merged(key: str, entries: Sequence[JobWords]) -> dict[str, LayerValue]:
    """Return the topmost word on every key within *key*, which is one of `MERGED`."""
    words: dict[str, LayerValue] = {}
    for entry in entries:
        parsed = entry.words.get(key)
        if parsed is not None and parsed.value is not FAULTY:
            for name, value in parsed.value.items():
                words[name] = LayerValue(value, entry)
    return words
