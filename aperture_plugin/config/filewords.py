"""The words of a whole file: its sections, its presets, its jobs, each read piece by piece.

What a piece says is remembered by its text for as long as the file goes on having it. A file of 10,000 jobs
with one of them changed is cut anew, which is quick, and one job is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from aperture_plugin.config.entries import DEFAULTS, SCHEDULES, Entry, FileWords, PresetWords, place_of
from aperture_plugin.config.nodes import Spot
from aperture_plugin.config.pieces import Piece, Words, cut, read_piece, strayed
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema import FILE, JOBS, PRESET, PRESETS
from aperture_plugin.config.shape import Keys, Named
from aperture_plugin.config.walking import FAULTY, Finding, Said, duplicate, misnamed, moved

__all__ = ["Remembered", "read_words"]

Remembered = dict[tuple[int, str], Words]
"""What was read of the jobs of a file, by the depth they stand at and their text."""

_SETTINGS: Final = ("timezone", "preset", "state", "executor", "broker")
_MARK: Final = re.compile(r"^(---|\.\.\.)(?:[ \t].*)?$|^%.*$", re.MULTILINE)
_SAYS_SOMETHING: Final = re.compile(r"^[ \t]*[^ \t#\n]", re.MULTILINE)


def read_words(text: str, problems: Problems, remembered: Remembered) -> tuple[FileWords, Remembered]:
    """Return what *text* says, and what to remember for the next time; *problems* take what is wrong with it.

    Args:
        text: The file, LF as its only line end.
        remembered: What the last reading of the file gave to remember.
    """
    reader = _FileReader(problems, remembered)
    piece = _document(text, problems)
    words = FileWords() if piece is None else reader.file(piece)
    return words, reader.seen


def _document(text: str, problems: Problems) -> Piece | None:
    """Return the lines of the one document in *text*; None if nothing is written in it."""
    begin, end = 0, len(text)
    for found in _MARK.finditer(text):
        at = Place(text.count("\n", 0, found.start()) + 1, 1, len(found.group()))
        begun = _SAYS_SOMETHING.search(text, begin, found.start()) is not None
        if found.group().startswith("%"):
            hint = "take the line out; what it says is the same for every file"
            problems.add("directive", at=at, message="the line is a directive of YAML", hint=hint)
        elif found[1] == "---" and not begun:
            if found.group().strip() != "---":
                hint = "begin the file on the line below it"
                problems.add("text-after-marker", at=at, message="something stands behind the marker ---", hint=hint)
        else:
            end = found.start()
            if found[1] == "---" or _SAYS_SOMETHING.search(text, found.end()) is not None:
                hint = "keep one of them in a file; what follows this line is not read"
                problems.add("several-documents", at=at, message="a second document begins here", hint=hint)
            break
        begin = begin if begun else found.end()
    if _SAYS_SOMETHING.search(text, begin, end) is None:
        if not problems.any_error:
            hint = "write at least one job under schedules; aperture init writes a file to start from"
            problems.add("empty-file", at=Place(1, 1), message="nothing is written in the file", hint=hint)
        return None
    return Piece(text[begin:end], text.count("\n", 0, begin))


class _FileReader:
    """Puts the words of the pieces together."""

    def __init__(self, problems: Problems, remembered: Remembered) -> None:
        self.seen: Remembered = {}
        self._remembered = remembered
        self._problems = problems

    def file(self, piece: Piece) -> FileWords:
        """Return what the lines of the whole file say."""
        top: dict[str, Said] = {}
        presets: dict[str, PresetWords] = {}
        schedules: dict[str, Entry] = {}
        for key, said in self._parts(FILE, piece, 0, {"schedules", "presets"}.__contains__):
            if isinstance(said.value, Piece):
                if key == "schedules":
                    schedules = self._jobs(said.value, SCHEDULES, 1)
                else:
                    presets = self._presets(said.value)
            elif key == "schedules":
                schedules = _entries(said, SCHEDULES)
            elif key == "presets":
                presets = {name: _preset(name, preset) for name, preset in _behind(said).items()}
            else:
                top[key] = said
        defaults = top.get("defaults")
        return FileWords(
            settings={key: said for key, said in top.items() if key in _SETTINGS},
            queues=_behind(top.get("queues")),
            limits=_behind(top.get("limits")),
            defaults=None if defaults is None else Entry("", DEFAULTS, _behind(defaults), defaults.key),
            presets=presets,
            schedules=schedules,
        )

    def _presets(self, piece: Piece) -> dict[str, PresetWords]:
        presets = {}
        for name, said in self._parts(PRESETS, piece, 1, lambda _: True):
            if not isinstance(said.value, Piece):
                presets[name] = _preset(name, said)
                continue
            keys: dict[str, Said] = {}
            jobs: dict[str, Entry] | None = None
            for key, inner in self._parts(PRESET, said.value, 2, "schedules".__eq__):
                if isinstance(inner.value, Piece):
                    jobs = self._jobs(inner.value, f"preset {name}", 3)
                else:
                    keys[key] = inner
            presets[name] = _preset(name, Said(keys, said.spot, said.key), jobs)
        return presets

    def _parts(
        self, shape: Keys | Named, piece: Piece, depth: int, in_pieces: Callable[[str], bool]
    ) -> Iterator[tuple[str, Said]]:
        """Yield each key of a mapping once with what stands behind it, at its place in the file.

        Args:
            in_pieces: Whether what stands behind a key is to be left to the caller, as a `Piece`, if it can be cut.
        """
        seen: dict[str, Spot] = {}
        for part in cut(piece):
            key = part.key
            body = part.body if key is not None and in_pieces(key.text) else None
            if key is not None and body is not None:
                findings = misnamed(shape, key)
                said = {} if findings else {key.text: Said(body, key.spot, key.spot)}
            else:
                said, findings = read_piece(shape, part.text, depth)
            self._tell((*strayed(part), *findings), part.line)
            for name, value in said.items():
                here = value.moved(part.line)
                if name in seen:
                    self._tell([duplicate(name, here.key, seen[name])], 0)
                else:
                    seen[name] = here.key
                    yield name, here

    def _jobs(self, piece: Piece, layer: str, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for part in cut(piece):
            words = self._remembered.get((depth, part.text)) or read_piece(JOBS, part.text, depth)
            self.seen[depth, part.text] = words
            if words.findings or part.astray:
                self._tell((*strayed(part), *words.findings), part.line, next(iter(words.said), None))
            for name, said in words.said.items():
                if name in entries:
                    first = moved(entries[name].spot, entries[name].base - part.line)
                    self._tell([duplicate(name, said.key, first)], part.line, name)
                else:
                    entries[name] = _entry(name, layer, said, part.line)
        return entries

    def _tell(self, findings: Iterable[Finding], line: int, job: str | None = None) -> None:
        for code, spot, message, hint in findings:
            self._problems.add(code, at=place_of(spot, line), job=job, message=message, hint=hint)


def _entry(name: str, layer: str, said: Said, line: int) -> Entry:
    words = said.value if isinstance(said.value, dict) else {"schedule": said}
    return Entry(name, layer, words, said.key, line)


def _entries(said: Said | None, layer: str) -> dict[str, Entry]:
    return {name: _entry(name, layer, job, 0) for name, job in _behind(said).items()}


def _preset(name: str, said: Said, jobs: dict[str, Entry] | None = None) -> PresetWords:
    keys = _behind(said)
    return PresetWords(
        name=name,
        place=place_of(said.key, 0),
        extends=keys.get("extends"),
        items=keys.get("items"),
        jobs=_entries(keys.get("schedules"), f"preset {name}") if jobs is None else jobs,
    )


def _behind(said: Said | None) -> dict[str, Said]:
    return {} if said is None or said.value is FAULTY else said.value
