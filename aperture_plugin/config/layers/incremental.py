"""Everything that is remembered so that a file is read faster: between two readings, and within one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from aperture_plugin.config.layers.entries import JobWords
from aperture_plugin.config.model import JobConfig
from aperture_plugin.config.schema.parsed_values import Fault, ParsedValue
from aperture_plugin.config.schema.schema import JOB, JOBS, SCHEDULE_KEYS
from aperture_plugin.config.schema.schema_types import OneOrMany, Reads, Schedules
from aperture_plugin.config.schema.validate import misnamed, parsed_by
from aperture_plugin.config.yaml.nodes import Doubt, Node, Scalar, Sequence
from aperture_plugin.config.yaml.yaml_subset import compose
from aperture_plugin.words.schedules import Schedule

__all__ = [
    "ChunkRead",
    "KeptReading",
    "ReadingCache",
    "forget_readings",
    "job_in_lines",
    "keep_reading",
    "kept_reading",
]
_NAME: Final = re.compile(r"( *)([A-Za-z0-9][A-Za-z0-9._-]*):\n")
_SIMPLE: Final = re.compile(
    r"( *)([a-z]+(?: [a-z]+)*): "
    r"(?:(\[[A-Za-z0-9_][A-Za-z0-9._-]*(?:, [A-Za-z0-9_][A-Za-z0-9._-]*)*\])"
    r"|([A-Za-z0-9](?:[A-Za-z0-9._/-]|:(?=[A-Za-z0-9])| (?=[A-Za-z0-9]))*))"
)
_LONGEST: Final = 4096
"""Characters of a job that may be read here; what is remembered of one line is never much more than that."""
_REMEMBERED: Final = 8192
_NOTHING: Final = "", ParsedValue(None, (0, 0, 1), (0, 0, 1))
"""A line that is blank, or only a comment."""
_MOST_FILES: Final = 8
_MOST_KNOWN: Final = 8192


class ChunkRead(NamedTuple):
    """The jobs in a piece of text: usually one.

    Attributes:
        entries: The jobs in it, as they stand in *layer* when the piece begins at *line* of the file.
        values: Number of values  in it, about.
        lost: The name of a job that is there and could not be read, not even its name for certain.
    """

    entries: tuple[JobWords, ...]
    findings: tuple[Fault, ...]
    lost: str | None
    layer: str
    line: int
    values: int


@dataclass(slots=True)
class KeptReading:
    """Values of one reading that hold for the next one.

    Attributes:
        pieces: The jobs read before, by the depth they stand at, and by their text.
        defaults: The values of `defaults`, with the text it was read from.
        jobs: The jobs that were made without a problem and without the environment, by the identity of the words
            of their layers. Those words are kept alive by `pieces` and `defaults`.
        zones: The file's zone and the local one that *jobs* were made for.
        acyclic: Links between jobs that were found to hold no circle, by their kind.
    """

    pieces: dict[int, dict[str, ChunkRead]] = field(default_factory=dict)
    defaults: tuple[str, dict[str, ParsedValue]] | None = None
    jobs: dict[tuple[int, ...], JobConfig] = field(default_factory=dict)
    zones: tuple[ZoneInfo, ZoneInfo] | None = None
    acyclic: dict[str, list[dict[str, tuple[str, ...]]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadingCache:
    """The cache of the last reading of a file, and the one that this reading makes for the next."""

    before: KeptReading = field(default_factory=KeptReading)
    after: KeptReading = field(default_factory=KeptReading)


_kept: Final[dict[str, KeptReading]] = {}


def kept_reading(file: str) -> KeptReading:
    """Return what the last reading of *file* has left behind; something empty before the first."""
    return _kept.get(file) or KeptReading()


def keep_reading(file: str, kept: KeptReading) -> None:
    """Keep what this reading of *file* leaves for the next one; the last few files are kept."""
    _kept.pop(file, None)
    _kept[file] = kept
    while len(_kept) > _MOST_FILES:
        _kept.pop(next(iter(_kept)), None)


def forget_readings() -> None:
    """Forget what all readings have left behind, so that every file is read as if for the first time."""
    _kept.clear()


_known: dict[tuple[tuple[str, str], ...], Schedule] = {}
"""Schedules by the words that were read without a fault, for a large file repeats the same words again and again."""


def known_schedule(entries: Iterable[JobWords]) -> Schedule | None:
    """Return the schedule that *entries* say, if only one of them says any and the same words have been read before."""
    words = _words_of(entries)
    return None if words is None else _known.get(words)


def know(entries: Iterable[JobWords], schedule: Schedule) -> None:
    """Remember that the words of *entries*, which have no fault, read as *schedule*."""
    words = _words_of(entries)
    if words is not None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[words] = schedule


def _words_of(entries: Iterable[JobWords]) -> tuple[tuple[str, str], ...] | None:
    """Return the keys of a schedule and their texts; None if several layers say one, or not each key is one text."""
    found: tuple[tuple[str, str], ...] = ()
    for entry in entries:
        words = tuple([(key, parsed.text) for key, parsed in entry.words.items() if key in SCHEDULE_KEYS])
        if words and found:
            return None
        found = found or words
    return found if found and all(text for _, text in found) else None


@lru_cache(maxsize=4096)
def shared(schedule: Schedule) -> Schedule:
    """Return one and the same object for equal schedules: a large file has few different ones."""
    return schedule


def job_in_lines(text: str) -> tuple[str, ParsedValue] | None:
    """Return the job that the piece *text* is, and what it says; None if that is for `read_piece` to find out.

    >>> name, parsed = job_in_lines("  scan:\\n    type: daily\\n    time: 2 AM\\n")
    >>> name, list(parsed.value), parsed.value["time"].spot
    ('scan', ['type', 'time'], (2, 10, 4))
    """
    begun = _NAME.match(text)
    if begun is None or len(text) > _LONGEST:
        return None
    indent, name = begun.groups()
    words: dict[str, ParsedValue] = {}
    first, taken = (0, 0, 0), 0
    for number, line in enumerate(text[begun.end() :].split("\n"), 1):
        found = _key_on(line, number)
        if found is None:
            return None
        key, parsed = found
        if not key:
            continue
        if not taken:
            first = parsed.key
        elif parsed.key[1] != first[1]:
            return None
        taken += 1
        words[key] = parsed
    at = (0, len(indent), len(name))
    # A key that stands twice is reported when the job is read as a whole.
    if len(words) != taken or first[1] <= len(indent) or misnamed(JOBS, Scalar(name, at)):
        return None
    return name, ParsedValue(words, first, at)


@lru_cache(maxsize=_REMEMBERED)
def _key_on(line: str, number: int) -> tuple[str, ParsedValue] | None:
    """Return the key on *line*, the piece's line *number*, and what it says; None in doubt or if anything is wrong."""
    pair = _simple(line, number)
    if pair is None:
        try:
            node = compose("\n" * number + line)
        except Doubt:
            return None
        if node is None:
            return _NOTHING
        [pair] = node.pairs
    key, value = pair
    shape = JOB.keys.keys.get(key.text)
    if not isinstance(shape, Reads | OneOrMany | Schedules):
        return None
    text, findings = parsed_by(shape, value, key)
    return None if findings or text is None else (key.text, text)


def _simple(line: str, number: int) -> tuple[Scalar, Node] | None:
    """Return key and value of a line of letters, digits and little else; None for others, which take longer to read."""
    found = _SIMPLE.fullmatch(line)
    if found is None:
        return None
    indent, key, listed, text = found.groups()
    column = found.start(3 if text is None else 4)
    begin = Scalar(key, (number, len(indent), len(key)))
    if text is not None:
        return begin, Scalar(text, (number, column, len(text)))
    items: list[Node] = []
    place = column + 1
    for item in listed[1:-1].split(", "):
        items.append(Scalar(item, (number, place, len(item))))
        place += len(item) + 2
    return begin, Sequence(items, (number, column, len(listed)))
