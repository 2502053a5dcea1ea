"""Entries of the file before its layers are laid over each other: every value with its layer and place.

An entry is one job's words in one layer. Its places are relative to the piece of text it was read from
(`base` is that piece's first line in the file), so that an unchanged entry is read once however often the
file is saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from aperture_plugin.config.problems import Place
from aperture_plugin.config.schema.parsed_values import ParsedValue
from aperture_plugin.config.yaml.nodes import Spot

__all__ = ["DEFAULTS", "SCHEDULES", "FileWords", "JobWords", "LayerValue", "PresetWords", "place_of"]

DEFAULTS: Final = "defaults"
SCHEDULES: Final = "schedules"


def place_of(spot: Spot, base: int) -> Place:
    """Return the place in the file of a *spot* in the piece of text that begins at line *base* (from 0)."""
    line, column, length = spot
    return Place(base + line + 1, column + 1, length)


@dataclass(frozen=True, slots=True)
class JobWords:
    """One job's words in one layer; `defaults` is an entry too.

    Attributes:
        name: The job; empty for `defaults`.
        layer: `defaults`, `schedules`, or `preset` and its name.
        words: By key. A schedule written as a phrase stands under `schedule`, whatever its form in the file.
        spot: Place of the name.
        base: The first line, from 0, of the piece of text that all its places are relative to.
    """

    name: str
    layer: str
    words: Mapping[str, ParsedValue]
    spot: Spot
    base: int = 0

    @property
    def place(self) -> Place:
        """The place of the name in the file."""
        return place_of(self.spot, self.base)


class LayerValue(NamedTuple):
    """A value and the entry that tells it."""

    parsed: ParsedValue
    entry: JobWords

    @property
    def place(self) -> Place:
        """The place of the value in the file."""
        return place_of(self.parsed.spot, self.entry.base)

    @property
    def key_place(self) -> Place:
        """The place of its key in the file."""
        return place_of(self.parsed.key, self.entry.base)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetWords:
    """A preset as the file declares it."""

    name: str
    place: Place
    extends: ParsedValue | None = None
    items: ParsedValue | None = None
    jobs: Mapping[str, JobWords] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWords:
    """The words of a whole file.

    Attributes:
        settings: The single values at the top: timezone, preset, state, executor, broker, celery app, ping.
        queues, celery_queues, limits, calendars, channels, presets: What the file declares, by name; None if that
            could not be read at all.
        freeze: The dated pauses, each a pair of its dates and its reason.
        schedules: This installation's own words, by job.
        lint: The values under `lint`.
        expect: The expectations, item by item; empty if they could not be read.
        lost: Names of jobs that are there, but in a form that could not be read.
    """

    settings: Mapping[str, ParsedValue] = field(default_factory=dict)
    queues: Mapping[str, ParsedValue] | None = field(default_factory=dict)
    celery_queues: Mapping[str, ParsedValue] | None = field(default_factory=dict)
    limits: Mapping[str, ParsedValue] | None = field(default_factory=dict)
    calendars: Mapping[str, ParsedValue] | None = field(default_factory=dict)
    freeze: tuple[ParsedValue, ...] = ()
    channels: Mapping[str, ParsedValue] | None = field(default_factory=dict)
    page: Mapping[str, ParsedValue] = field(default_factory=dict)
    defaults: JobWords | None = None
    presets: Mapping[str, PresetWords] | None = field(default_factory=dict)
    schedules: Mapping[str, JobWords] = field(default_factory=dict)
    lint: Mapping[str, ParsedValue] = field(default_factory=dict)
    expect: tuple[ParsedValue, ...] = ()
    lost: frozenset[str] = frozenset()
