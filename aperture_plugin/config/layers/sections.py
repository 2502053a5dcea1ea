"""The words of a whole file: its sections, its presets, its jobs, each read piece by piece.

What a piece says is remembered by its text for as long as the file goes on having it. A file of 10,000 jobs
with one of them changed is cut anew, which is quick, and one job is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NoReturn

from aperture_plugin.config.layers.entries import DEFAULTS, SCHEDULES, FileWords, JobWords, PresetWords, place_of
from aperture_plugin.config.layers.incremental import ChunkRead, ReadingCache, job_in_lines
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema.parsed_values import FAULTY, Fault, ParsedValue, duplicate, moved
from aperture_plugin.config.schema.schema import FILE, JOB, JOBS, PRESET, PRESETS
from aperture_plugin.config.schema.schema_types import Keys, Named
from aperture_plugin.config.schema.validate import misnamed
from aperture_plugin.config.yaml.chunks import Chunk, Scanner, cut, read_piece, strayed
from aperture_plugin.config.yaml.nodes import Spot
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.parse_error import quoted

__all__ = ["MOST_JOBS", "MOST_PRESETS", "MOST_VALUES", "read_words"]

MOST_PRESETS: Final = 1_000

MOST_JOBS: Final = 100_000
"""Ten times what is ordinary; presets and overrides count too."""

MOST_VALUES: Final = 750_000
"""Values of all jobs, each item of a list counted; they take some 300 to 500 bytes each."""
_FEW_VALUES: Final = 32

_SETTINGS: Final = ("timezone", "preset", "state", "executor", "broker", "celery app", "ping")
_MARK: Final = re.compile(r"^(---|\.\.\.)(?:[ \t].*)?$|^%.*$", re.MULTILINE)
_SPACES_OR_COMMENT: Final = re.compile(r" *(?: #.*)?")
_SAYS_SOMETHING: Final = re.compile(r"^[ \t]*[^ \t#\n]", re.MULTILINE)


def read_words(text: str, problems: Problems, cache: ReadingCache) -> FileWords:
    """Return what *text* says; *problems* take what is wrong with it.

    Args:
        text: The file, LF as its only line end.
        cache: The cache of the last reading of the file, which this one replaces.
    """
    piece = _document(text, problems)
    if piece is None:
        return FileWords()
    try:
        return _FileReader(problems, cache).file(piece)
    except _TooMuch:
        # It is refused whatever else is in it, and problems of a part of it would be misleading.
        return FileWords()


def _document(text: str, problems: Problems) -> Chunk | None:
    """Return the lines of the one document in *text*; None if nothing is written in it."""
    begin, end = 0, len(text)
    line, counted, marked = 1, 0, False
    for found in _MARK.finditer(text) if _may_be_marked(text) else ():
        line, counted = line + text.count("\n", counted, found.start()), found.start()
        at = Place(line, 1, len(found.group()))
        if problems.full:
            return None
        begun = _SAYS_SOMETHING.search(text, begin, found.start()) is not None
        if found.group().startswith("%"):
            hint = "take the line out; what it says is the same for every file"
            problems.add("directive", at=at, message="the line is a directive of YAML", hint=hint)
        elif found[1] == "---" and not begun:
            if marked:
                hint = "take this marker out: the one above begins the file"
                problems.add("several-documents", at=at, message="a second document begins here", hint=hint)
            marked = True
            _check_behind_marker(found, line, "begin the file on the line below it", problems)
        else:
            end = found.start()
            if found[1] == "...":
                _check_behind_marker(found, line, "nothing may follow the marker that ends the file", problems)
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
    return Chunk(text[begin:end], text.count("\n", 0, begin))


def _check_behind_marker(marker: re.Match[str], line: int, hint: str, problems: Problems) -> None:
    """Report what stands behind a marker, on its line: only spaces and a comment may."""
    rest = marker.group()[3:]
    if _SPACES_OR_COMMENT.fullmatch(rest):
        return
    text = rest.strip()
    found = quoted(text) if text and not text.startswith("#") else "a tab"
    at = Place(line, 4 + len(rest) - len(rest.lstrip(" ")), max(1, len(text)))
    message = f"{found} stands behind the marker {marker[1]}"
    problems.add("text-after-marker", at=at, message=message, hint=hint)


def _may_be_marked(text: str) -> bool:
    """Return whether a line begins as a marker or directive does; much quicker than looking for one."""
    return text.startswith(("---", "...", "%")) or any(mark in text for mark in ("\n---", "\n...", "\n%"))


class _TooMuch(ApertureError):
    """There is more than any file has, which has been reported."""


class _FileReader:
    """Puts the words of the pieces together."""

    def __init__(self, problems: Problems, cache: ReadingCache) -> None:
        self._problems = problems
        self._before = cache.before
        self._after = cache.after
        self._lost: set[str] = set()
        self._scanner = Scanner()
        self._room = MOST_JOBS
        self._room_for_values = MOST_VALUES

    def file(self, piece: Chunk) -> FileWords:
        """Return what the lines of the whole file say."""
        top: dict[str, ParsedValue] = {}
        presets: dict[str, PresetWords] | None = {}
        schedules: dict[str, JobWords] = {}
        defaults: JobWords | None = None
        for key, parsed, part in self._parts(FILE, piece, 0, {"schedules", "presets", "defaults"}.__contains__):
            if key == "defaults":
                defaults = self._defaults(part) if isinstance(parsed.value, Chunk) else None
            elif key == "schedules":
                schedules = self._jobs(parsed.value, SCHEDULES, 1) if isinstance(parsed.value, Chunk) else {}
            elif key == "presets":
                presets = self._presets(parsed.value) if isinstance(parsed.value, Chunk) else None
            else:
                top[key] = parsed.moved(part.line)
        return FileWords(
            settings={key: parsed for key, parsed in top.items() if key in _SETTINGS},
            queues=_behind(top.get("queues")),
            celery_queues=_behind(top.get("celery queues")),
            limits=_behind(top.get("limits")),
            calendars=_behind(top.get("calendars")),
            freeze=_items(top.get("freeze")),
            channels=_behind(top.get("notify")),
            page=_behind(top.get("page")) or {},
            defaults=defaults,
            presets=presets,
            schedules=schedules,
            lint=_behind(top.get("lint")) or {},
            expect=_items(top.get("expect")),
            lost=frozenset(self._lost),
        )

    def _defaults(self, part: Chunk) -> JobWords | None:
        before = self._before.defaults
        if before is not None and before[0] == part.text:
            words = before[1]
        else:
            value, findings = read_piece(FILE, part.text, 0, self._scanner)
            self._tell(findings, part.line)
            words = _behind(value.get("defaults")) or {}
            if findings:
                return JobWords("", DEFAULTS, words, (0, 0, len(DEFAULTS)), part.line)
        self._after.defaults = part.text, words
        return JobWords("", DEFAULTS, words, (0, 0, len(DEFAULTS)), part.line)

    def _presets(self, piece: Chunk) -> dict[str, PresetWords] | None:
        presets: dict[str, PresetWords] = {}
        for name, parsed, part in self._parts(PRESETS, piece, 1, lambda _: True):
            if len(presets) == MOST_PRESETS:
                message = f"there are more than {MOST_PRESETS} presets in the file"
                at = place_of(parsed.key, part.line)
                self._problems.add("too-many-presets", at=at, message=message, hint="is it the right file?")
                return None
            keys: dict[str, ParsedValue] = {}
            jobs: dict[str, JobWords] = {}
            if isinstance(parsed.value, Chunk):
                for key, inner, inner_part in self._parts(PRESET, parsed.value, 2, "schedules".__eq__):
                    if isinstance(inner.value, Chunk):
                        jobs = self._jobs(inner.value, f"preset {name}", 3)
                    else:
                        keys[key] = inner.moved(inner_part.line)
            presets[name] = PresetWords(
                name=name,
                place=place_of(parsed.key, part.line),
                extends=keys.get("extends"),
                items=keys.get("items"),
                jobs=jobs,
            )
        return presets

    def _parts(
        self, shape: Keys | Named, piece: Chunk, depth: int, in_pieces: Callable[[str], bool]
    ) -> Iterator[tuple[str, ParsedValue, Chunk]]:
        """Yield each key of a mapping once, with what stands behind it, and the piece that both are relative to.

        Args:
            in_pieces: True if what stands behind a key is left to the caller, as a `Chunk` of the file. Where it
                cannot be cut it is reported, and the jobs that could be read of it are yielded as they are.
        """
        seen: dict[str, Spot] = {}
        for part in cut(piece):
            if self._problems.full:
                return
            key = part.key
            body = part.body if key is not None and in_pieces(key.text) else None
            if key is not None and body is not None:
                findings = misnamed(shape, key)
                text = {} if findings else {key.text: ParsedValue(body, key.spot, key.spot)}
            else:
                text, findings = read_piece(shape, part.text, depth, self._scanner)
                if not findings and any(in_pieces(name) and isinstance(text[name].value, dict) for name in text):
                    from aperture_plugin.config.yaml.syntax_errors import too_unusual  # as in `pieces`

                    findings = [too_unusual((0, 0, 1))]
            self._tell((*strayed(part), *findings), part.line)
            for name, value in text.items():
                here = moved(value.key, part.line)
                if name in seen:
                    self._tell([duplicate(name, here, seen[name])], 0)
                else:
                    seen[name] = here
                    yield name, value, part

    def _jobs(self, piece: Chunk, layer: str, depth: int) -> dict[str, JobWords]:
        entries: dict[str, JobWords] = {}
        before, after = self._before.pieces.get(depth, {}), self._after.pieces.setdefault(depth, {})
        parts = self._cut_jobs(piece)
        stray: str | None = None
        for place, part in enumerate(parts):
            text, line = part.text, part.line
            if self._problems.full:
                break
            if stray is not None and (key := part.key) is not None and key.text in JOB.keys.keys:
                continue
            read = before.get(text)
            if read is None:
                read = _read_jobs(text, line, layer, depth, self._scanner)
            elif read.line != line or read.layer != layer:
                moved_on = tuple(JobWords(entry.name, layer, entry.words, entry.spot, line) for entry in read.entries)
                read = read._replace(entries=moved_on, layer=layer, line=line)
            after[text] = read
            self._room_for_values -= read.values
            if self._room_for_values < 0:
                self._tell_too_much(line)
            stray = self._tell_stray(read, parts[place + 1 : place + 2]) if read.findings else None
            if stray is not None:
                entries.setdefault(stray, read.entries[0])
                continue
            if read.findings or part.astray:
                self._tell((*strayed(part), *read.findings), line, read.entries[0].name if read.entries else None)
                if read.lost is not None:
                    self._lost.add(read.lost)
            for entry in read.entries:
                if entry.name in entries:
                    first = entries[entry.name]
                    again = duplicate(entry.name, entry.spot, moved(first.spot, first.base - line))
                    self._tell([again], line, entry.name)
                else:
                    entries[entry.name] = entry
        return entries

    def _cut_jobs(self, piece: Chunk) -> list[Chunk]:
        parts = list(cut(piece))
        if len(parts) > self._room:
            at = Place(parts[self._room].line + 1, 1)
            message = f"there are more than {MOST_JOBS:,} jobs in the file"
            self._problems.add("too-many-jobs", at=at, message=message, hint="is it the right file?")
            raise _TooMuch
        self._room -= len(parts)
        return parts

    def _tell_too_much(self, line: int) -> NoReturn:
        message = f"there are more than {MOST_VALUES:,} values in the jobs of the file"
        self._problems.add("too-much", at=Place(line + 1, 1), message=message, hint="is it the right file?")
        raise _TooMuch

    def _tell_stray(self, read: ChunkRead, below: list[Chunk]) -> str | None:
        """Report of a job behind which nothing stands if the key *below* it is one of a job; return its name."""
        if not below or not read.entries or [finding.code for finding in read.findings] != ["empty-value"]:
            return None
        key, job = below[0].key, read.entries[0].name
        if key is None or key.text not in JOB.keys.keys:
            return None
        message = f"{quoted(key.text)} stands in the column of the jobs"
        hint = f"if it belongs to {job}, indent it and the lines with it two spaces further"
        self._tell([Fault("bad-indentation", key.spot, message, hint)], below[0].line, job)
        return job

    def _tell(self, findings: Iterable[Fault], line: int, job: str | None = None) -> None:
        for code, spot, message, hint in findings:
            self._problems.add(code, at=place_of(spot, line), job=job, message=message, hint=hint)


def _read_jobs(text: str, line: int, layer: str, depth: int, scanner: Scanner) -> ChunkRead:
    found = job_in_lines(text)
    if found is not None:
        name, job = found
        entry = JobWords(name, layer, job.value, job.key, line)
        return ChunkRead((entry,), (), None, layer, line, _values_in(text, (entry,)))
    value, findings = read_piece(JOBS, text, depth, scanner)
    entries = tuple(
        JobWords(name, layer, job.value if isinstance(job.value, dict) else {"schedule": job}, job.key, line)
        for name, job in value.items()
    )
    lost = None if entries else text.strip().partition("\n")[0].partition(":")[0].partition(" ")[0].strip("'\"")
    return ChunkRead(entries, tuple(findings), lost, layer, line, _values_in(text, entries))


def _values_in(text: str, entries: Iterable[JobWords]) -> int:
    """Return how many values were read of *text*; of few, about how many."""
    about = text.count("\n") + text.count(",")
    if about <= _FEW_VALUES:
        return about
    count, left = 0, [written for entry in entries for written in entry.words.values()]
    while left:
        value = left.pop().value
        count += 1
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, tuple):
            left += [item for item in value if isinstance(item, ParsedValue)]
    return count


def _items(parsed: ParsedValue | None) -> tuple[ParsedValue, ...]:
    """Return the items behind a key, as far as they could be read."""
    return parsed.value if parsed is not None and isinstance(parsed.value, tuple) else ()


def _behind(parsed: ParsedValue | None) -> dict[str, ParsedValue] | None:
    """Return the keys behind a key; None if they could not be read."""
    if parsed is None:
        return {}
    return None if parsed.value is FAULTY else parsed.value
