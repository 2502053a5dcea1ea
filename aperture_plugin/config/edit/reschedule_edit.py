"""Changes one job's schedule in the text, and nothing else.

The text is where comments, quotes and the order of things live, so it is changed word by word where that can be:
a phrase by a phrase, a `time` by another `time` written alike. Ways to say the new schedule are tried from the
smallest change to the largest. The caller reads each and takes the first that means what was asked for: here is
only known how it would be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from aperture_plugin.config.edit.text_edits import (
    Edit,
    edited,
    last_content,
    put_in_place,
    removed,
    respelt,
    revalued,
)
from aperture_plugin.config.layers.document import document_of
from aperture_plugin.config.layers.entries import JobWords
from aperture_plugin.config.layers.schedule_builder import parts_of
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema.parsed_values import ParsedValue
from aperture_plugin.config.schema.schema import SCHEDULE_KEYS, UNITS
from aperture_plugin.config.yaml.chunks import Chunk, cut
from aperture_plugin.config.yaml.nodes import Spot
from aperture_plugin.words.datetimes import moment_text
from aperture_plugin.words.days import read_weekdays, weekdays_text
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.schedules import After, Cron, Daily, Interval, Monthly, Once, Schedule, Weekly, schedules_in
from aperture_plugin.words.times import read_times, time_like

__all__ = ["SECTION", "added", "of_the_file", "only_schedules_differ", "piece_of", "ways_to_reschedule"]

SECTION: Final = "schedules"
_INDENT: Final = 2

Values = tuple[str, ...]


def ways_to_reschedule(config: Config, job: str, phrase: str, schedule: Schedule) -> Iterator[str]:
    """Yield texts of the file in which *job* may have *schedule*, the one that changes least first.

    Args:
        config: Valid; its text is what is changed.
        job: A job of the file, or one that it does not name and that is then added.
        phrase: The schedule as it shall be written where it is a phrase.
    """
    document = document_of(config)
    text = document.text
    sections = {piece.key.text: piece for piece in cut(Chunk(text, 0)) if piece.key is not None}
    entry = document.words.schedules.get(job)
    phrase = " ".join(phrase.split())
    if entry is None:
        ways = added(list(sections.values()), sections.get(SECTION), [f"{job}: {phrase}"])
    else:
        stack = document.layers(config.preset)[job]
        ways = _changed(text.split("\n"), sections[SECTION], stack, config.jobs[job].schedule, phrase, schedule)
    for edits in ways:
        yield edited(config.text, edits)


def only_schedules_differ(before: Config, after: Config, jobs: Mapping[str, Schedule]) -> bool:
    """Return whether *after* says of *jobs* that they have those schedules, and of everything else what *before* says.

    A job that *before* does not have is in *after* as one that only plugins register would be.
    """
    if [name for name in after.jobs if name in before.jobs] != list(before.jobs):
        return False
    if set(after.jobs) - set(before.jobs) - set(jobs):
        return False
    return all(
        _but_for_schedule(job, before.jobs.get(name) or before.unlisted(name))
        and job.schedule == (jobs[name] if name in jobs else before.jobs[name].schedule)
        for name, job in after.jobs.items()
    ) and of_the_file(after) == of_the_file(before)


def _but_for_schedule(one: JobConfig, other: JobConfig) -> bool:
    return replace(one, place=other.place, schedule=other.schedule, order=other.order) == other


def of_the_file(config: Config) -> Config:
    """Return what *config* says beside jobs, to be compared."""
    # The place of the defaults, and the order of jobs, change no value.
    return replace(config, text="", jobs={}, defaults=replace(config.defaults, order=0, place=Place(1, 1)))


# ── a job that `schedules` does not have yet ──


def added(pieces: list[Chunk], section: Chunk | None, lines: Sequence[str]) -> Iterator[list[Edit]]:
    """Yield the ways to add *lines*, which say a job, to `schedules`: at its end, at its beginning, or with it."""
    if section is None:
        end = max(map(last_content, pieces)) + 1
        yield [Edit(end, end, ("", f"{SECTION}:", *(" " * _INDENT + line for line in lines)))]
        return
    first = next((piece for piece in cut(section.body) if piece.key is not None), None) if section.body else None
    indent = _INDENT if first is None or first.key is None else first.key.spot[1]
    for at in (last_content(section) + 1, section.line + 1):
        yield [Edit(at, at, tuple(" " * indent + line for line in lines))]


# ── a job that `schedules` has ──


def _changed(
    lines: list[str], section: Chunk, stack: list[JobWords], old: Schedule, phrase: str, new: Schedule
) -> Iterator[list[Edit]]:
    entry = stack[-1]
    piece = piece_of(section, entry.name)
    if piece is None:
        return
    whole = entry.words.get("schedule")
    if whole is not None and (edits := _item_by_item(lines, whole.moved(entry.base), old, new)) is not None:
        yield edits
    if whole is not None and whole.key == entry.spot:
        yield _rephrased(lines, piece, whole.moved(entry.base), phrase)
        return
    keys = {key.text: part for part in (cut(piece.body) if piece.body else ()) if (key := part.key) is not None}
    if whole is not None and "schedule" in keys:
        yield _rephrased(lines, keys["schedule"], whole.moved(entry.base), phrase)
        return
    own = [part for key, part in keys.items() if key in SCHEDULE_KEYS]
    if not own:
        first = next(iter(keys.values()))
        assert first.key is not None, "it is one of those with a key"
        yield [Edit(first.line, first.line, (f"{' ' * first.key.spot[1]}schedule: {phrase}",))]
        return
    if type(old) is type(new):
        edits = _Keys(lines, keys, stack).changed(old, new)
        if edits is not None:
            yield edits
    yield [revalued(own[0], phrase, key="schedule"), *map(removed, own[1:])]


def piece_of(section: Chunk, job: str) -> Chunk | None:
    """Return what `schedules`, the *section*, says of *job*; None where it says nothing."""
    parts = cut(section.body) if section.body is not None else ()
    return next((part for part in parts if part.key is not None and part.key.text == job), None)


def _item_by_item(lines: list[str], parsed: ParsedValue, old: Schedule, new: Schedule) -> list[Edit] | None:
    """Return the edits of a list in which some phrases become others; None where it is none, or becomes longer."""
    before, after = schedules_in(old), schedules_in(new)
    items = parsed.value if isinstance(parsed.value, tuple) else ()
    if not len(items) == len(before) == len(after) or not all(item.text for item in items):
        return None
    spellings = []
    for item, was, becomes in zip(items, before, after, strict=True):
        if was != becomes:
            phrase = phrase_of(becomes)
            spellings.append((item.spot, phrase[0].lower() + phrase[1:]))
            if not put_in_place(lines, item.spot, item.text):
                return None
    return respelt(lines, spellings)


def _rephrased(lines: list[str], piece: Chunk, parsed: ParsedValue, phrase: str) -> list[Edit]:
    if parsed.text and put_in_place(lines, parsed.spot, parsed.text):
        return respelt(lines, [(parsed.spot, phrase)])
    return [revalued(piece, phrase)]


class _Keys:
    """A schedule written as keys, and how they would be written for another one of the same type."""

    def __init__(self, lines: list[str], keys: Mapping[str, Chunk], stack: list[JobWords]) -> None:
        self._lines = lines
        self._keys = keys
        self._entry = stack[-1]
        self._parts = parts_of(stack, Problems(""))
        self._spellings: list[tuple[Spot, str]] = []
        self._edits: list[Edit] = []
        self._new_lines: list[str] = []

    def changed(self, old: Schedule, new: Schedule) -> list[Edit] | None:
        """Return the edits; None where keys cannot say it in the same way."""
        match old, new:
            case (Daily() | Weekly() | Monthly(), Daily() | Weekly() | Monthly()):
                self._days(old, new)
                if old.times != new.times:
                    sample = self._sample("time")
                    self._many("time", tuple(time_like(at, sample) for at in new.times), read_times)
            case (Interval(), Interval()):
                if not self._interval(old, new):
                    return None
            case (Cron(), Cron(expression=expression)):
                self._one("cron", expression)
            case (Once(), Once(at=at)):
                self._one("at", moment_text(at))
            case (After(), After(jobs=jobs)):
                self._many("jobs", jobs, lambda text: text)
            case _:
                return None
        if self._new_lines:
            last = max(last_content(piece) for key, piece in self._keys.items() if key in SCHEDULE_KEYS) + 1
            self._edits.append(Edit(last, last, tuple(self._new_lines)))
        return [*self._edits, *respelt(self._lines, self._spellings)]

    def _days(self, old: Daily | Weekly | Monthly, new: Daily | Weekly | Monthly) -> None:
        match old, new:
            case (Weekly(), Weekly()) if old.days != new.days:
                names = tuple(name.strip() for name in weekdays_text(new.days).split(","))
                if not self._sample("day")[:1].isupper():
                    names = tuple(name.lower() for name in names)
                self._many("day", names, read_weekdays)
            case (Monthly(), Monthly()) if old.day != new.day:
                self._one("day", str(new.day))

    def _interval(self, old: Interval, new: Interval) -> bool:
        if old.every != new.every:
            unit = next((key for key in UNITS if key in self._parts), None)
            if unit is None or new.every % timedelta(**{unit: 1}):
                return False
            self._one(unit, str(new.every // timedelta(**{unit: 1})))
        if old.offset != new.offset:
            if new.offset:
                self._one("offset", duration_text(new.offset))
            elif "offset" in self._keys:
                self._edits.append(removed(self._keys["offset"]))
            else:
                return False
        return True

    def _sample(self, key: str) -> str:
        """Return how the first value of *key* is written; empty where this entry has none."""
        return next((parsed.text for parsed in self._items(key)), "")

    def _items(self, key: str) -> tuple[ParsedValue, ...]:
        parsed = self._entry.words.get(key)
        return () if parsed is None else tuple(one.moved(self._entry.base) for one in parsed.value)

    def _one(self, key: str, text: str) -> None:
        piece = self._keys.get(key)
        if piece is None:
            self._add(key, text)
            return
        parsed = self._entry.words[key].moved(self._entry.base)
        if put_in_place(self._lines, parsed.spot, parsed.text):
            self._spellings.append((parsed.spot, text))
        else:
            self._edits.append(revalued(piece, f'"{text}"' if text.startswith("*") else text))

    def _many(self, key: str, texts: Values, read: Callable[[str], object]) -> None:
        """Replace the values of *key* by *texts*: one by one where there are as many as before, else in one line."""
        piece, items = self._keys.get(key), self._items(key)
        in_one = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        if piece is None:
            self._add(key, in_one)
        elif len(items) == len(texts) and all(put_in_place(self._lines, one.spot, one.text) for one in items):
            wanted = {read(text): text for text in texts}
            stays = {read(one.text) for one in items} & wanted.keys()
            new = iter(text for value, text in wanted.items() if value not in stays)
            self._spellings += [(one.spot, next(new, one.text)) for one in items if read(one.text) not in stays]
        else:
            self._edits.append(revalued(piece, in_one))

    def _add(self, key: str, text: str) -> None:
        first = next(iter(self._keys.values()))
        assert first.key is not None, "it is one of those with a key"
        value = f'"{text}"' if text.startswith("*") else text
        self._new_lines.append(f"{' ' * first.key.spot[1]}{key}: {value}")
