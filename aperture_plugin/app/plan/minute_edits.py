"""The words of a file that say at what minute a job is due, and how each would read with another one.

Only the word itself is touched: its comment, the quotes and spaces around it, and the way a person writes a time
(`02:00`, `2 AM`) stay. A schedule whose word cannot be found in the text, such as one folded over two lines,
has none here and is left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from aperture_plugin.config.layers.document import document_of
from aperture_plugin.config.layers.entries import LayerValue
from aperture_plugin.config.layers.schedule_builder import Parts, parts_of
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.schema.parsed_values import ParsedValue
from aperture_plugin.config.schema.schema import UNITS
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.intervals import offset_text
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.schedules import Cron, Daily, Interval, Monthly, Once, Schedule, Weekly
from aperture_plugin.words.times import read_time, time_like
from aperture_plugin.words.tokens import items_of, words_of

__all__ = ["Change", "Word", "changed", "words_of_jobs"]

_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:\s*[Tt]\s*|\s+)(?=[0-9])")
_FIELD: Final = re.compile(r"\S+")
_MINUTE: Final = re.compile(r"[0-9]{1,2}")
_ANY_DAY: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # wall times are counted from it

Value = time | timedelta | int
"""A time of the day; an interval's offset; the minute of a cron expression."""


@dataclass(frozen=True, slots=True)
class Change:
    """Put *text* in place of *length* characters of a line; lines and columns are counted from 0.

    Attributes:
        is_line: It is a line of its own, which comes below *line*.
    """

    line: int
    column: int
    length: int
    text: str
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One word that can be changed.

    Attributes:
        value: Its value.
        written: As it stands there; empty where it has yet to be written.
        before: The text that has to be written before it then.
        line, column: Where; the column is that of the new line's key where *is_line*.
    """

    value: Value
    written: str
    before: str
    line: int
    column: int
    is_line: bool = False
    takes_zero: bool = True

    def in_place_of(self, value: Value) -> Change:
        """Return how the word is made to say *value*."""
        if self.is_line:
            text = " " * self.column + f"{self.before}{_value_text(value, self.written, as_duration=True)}"
            return Change(self.line, self.column, 0, text, is_line=True)
        written = _value_text(value, self.written, as_duration=not self.takes_zero)
        return Change(self.line, self.column, len(self.written), self.before + written)

    def moved(self, by: timedelta, every: timedelta | None = None) -> Value | None:
        """Return what it would say *by* so much later; None if that is another day, another hour of a cron, or nothing.

        Args:
            every: The interval whose offset it is.
        """
        match self.value:
            case timedelta():
                assert every is not None, "an offset belongs to an interval"
                offset = (self.value + by) % every
                return offset if offset or self.takes_zero else None
            case time():
                at = datetime.combine(_ANY_DAY, self.value) + by
                return at.time() if at.date() == _ANY_DAY.date() else None
            case int():
                minute = self.value + by // timedelta(minutes=1)
                return minute if 0 <= minute < 60 else None

    def put_into(self, schedule: Schedule, value: Value) -> Schedule | None:
        """Return *schedule* with the word saying *value*; None where it would be due less often."""
        match schedule, value:
            case Daily() | Weekly() | Monthly(), time():
                if value in schedule.times:
                    return None
                times = tuple(sorted(value if at == self.value else at for at in schedule.times))
                return replace(schedule, times=times)
            case Interval(), timedelta():
                return replace(schedule, offset=value)
            case Cron(expression=expression), int():
                return Cron(expression=f"{value} {expression.split(maxsplit=1)[1]}")
            case Once(at=at), time():
                return Once(at=datetime.combine(at.date(), value))
        raise AssertionError(f"{value!r} is no word of {schedule!r}")


def words_of_jobs(config: Config) -> dict[str, list[Word]]:
    """Return the words of each job that has slots, by its name."""
    document = document_of(config)
    lines = document.text.split("\n")
    found: dict[str, list[Word]] = {}
    for name, entries in document.layers(config.preset).items():
        job = config.jobs.get(name)
        if job is None:
            continue
        try:
            there = list(_words(parts_of(entries, Problems(config.file)), job.schedule, lines))
        except Unreadable:
            continue  # Two layers say it between them, in a way that no single word tells.
        times = Counter(word.value for word in there)
        found[name] = [word for word in there if times[word.value] == 1]
    return found


def changed(text: str, changes: Iterable[Change]) -> str:
    """Return *text*, as it was written, with all *changes* in it."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).split("\n")
    for change in sorted(changes, key=lambda one: (one.line, one.column), reverse=True):
        line = lines[change.line]
        if change.is_line:
            lines.insert(change.line + 1, change.text + ("\r" if line.endswith("\r") else ""))
        else:
            lines[change.line] = line[: change.column] + change.text + line[change.column + change.length :]
    return mark + "\n".join(lines)


# ── where the words stand ──


@dataclass(frozen=True, slots=True)
class _Text:
    """A value as it stands in the file, letter by letter."""

    text: str
    line: int
    column: int

    def word(self, value: Value, start: int, written: str, *, before: str = "", takes_zero: bool = True) -> Word:
        return Word(value, written, before, self.line, self.column + start, takes_zero=takes_zero)


def _words(parts: Parts, schedule: Schedule, lines: list[str]) -> Iterator[Word]:
    phrase = parts.get("schedule")
    match schedule:
        case Daily() | Weekly() | Monthly():
            chosen = phrase or parts["time"]
            for value in [chosen.parsed] if phrase else chosen.parsed.value:
                yield from _times(value, chosen, lines)
        case Interval():
            yield from _offset(parts, schedule, lines)
        case Cron():
            chosen = phrase or parts["cron"]
            yield from _cron_minute(chosen, lines)
        case Once():
            chosen = phrase or parts["at"]
            text = _text(chosen.parsed, chosen, lines)
            date = None if text is None else _MOMENT.search(text.text)
            if text is not None and date is not None:
                written = text.text[date.end() :].rstrip()
                yield text.word(read_time(written), date.end(), written)


def _times(parsed: ParsedValue, chosen: LayerValue, lines: list[str]) -> Iterator[Word]:
    text = _text(parsed, chosen, lines)
    if text is None:
        return
    start = _after_at(text.text) if _is_phrase(parsed, chosen) else 0
    for item in items_of(text.text[start:], what="time", example="2:00 AM"):
        yield text.word(read_time(item.text), start + item.start, item.text)


def _offset(parts: Parts, schedule: Interval, lines: list[str]) -> Iterator[Word]:
    chosen = parts.get("schedule") or parts.get("offset") or next(parts[unit] for unit in UNITS if unit in parts)
    text = _text(chosen.parsed, chosen, lines)
    if text is None:
        return
    if _is_phrase(chosen.parsed, chosen):
        if schedule.offset or _after_at(text.text):
            start = _after_at(text.text)
            written = text.text[start:]
            start += len(written) - len(written.lstrip())
            yield text.word(schedule.offset, start, written.strip())
        else:
            yield text.word(schedule.offset, len(text.text.rstrip()), "", before=" at ")
    elif "offset" in parts:
        yield text.word(schedule.offset, 0, text.text, takes_zero=False)
    else:
        key = chosen.parsed.key
        yield Word(schedule.offset, "", "offset: ", text.line, key[1], is_line=True, takes_zero=False)


def _cron_minute(chosen: LayerValue, lines: list[str]) -> Iterator[Word]:
    text = _text(chosen.parsed, chosen, lines)
    if text is None:
        return
    fields = list(_FIELD.finditer(text.text))
    minute = fields[1 if _is_phrase(chosen.parsed, chosen) else 0]
    if _MINUTE.fullmatch(minute.group()):
        yield text.word(int(minute.group()), minute.start(), minute.group())


def _text(parsed: ParsedValue, chosen: LayerValue, lines: list[str]) -> _Text | None:
    """Return a value as it is written; None if the file has it in other letters than it is read as."""
    line, column, length = parsed.spot
    line += chosen.entry.base
    raw = lines[line][column : column + length]
    if raw == parsed.text:
        return _Text(parsed.text, line, column)
    if raw[:1] in {"'", '"'} and raw[1:-1] == parsed.text:
        return _Text(parsed.text, line, column + 1)
    return None


def _is_phrase(parsed: ParsedValue, chosen: LayerValue) -> bool:
    """Return whether a value is a whole phrase, whichever part of the schedule it is asked for."""
    phrase = chosen.entry.words.get("schedule")
    return phrase is not None and phrase.spot == parsed.spot


def _after_at(phrase: str) -> int:
    """Return where the times, or the offset, of a phrase begin; 0 if it has none."""
    return next((word.end for word in words_of(phrase) if word.key == "at"), 0)


# ── how the words read ──


def _value_text(value: Value, written: str, *, as_duration: bool) -> str:
    match value:
        case timedelta():
            return duration_text(value) if as_duration else offset_text(value)
        case time():
            return time_like(value, written)
        case int():
            return str(value)
