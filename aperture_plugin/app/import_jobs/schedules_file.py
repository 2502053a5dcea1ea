"""Writes the schedules.yaml for another scheduler's files, and lists what is not the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.import_jobs.found_jobs import ForeignJob, Found, Left, Value, unique_names
from aperture_plugin.app.import_jobs.instant_proof import Proof, proved
from aperture_plugin.config.model import ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.triggers.posix_zone import named_zone
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.time_display import iso_text
from aperture_plugin.words.times import time_text

__all__ = ["Imported", "ImportedJob", "imported", "imported_json", "reports"]

_PLAIN: Final = re.compile(r"[A-Za-z0-9/~.][^#:\n\t'\"\[\]{},&*!|>%@`]*(?::[^\s#:'\"]+)*")
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_YEAR: Final = timedelta(days=366)
_FEW: Final = 3
_COLUMN: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedJob:
    """One job of the new file, the entry it came of, and how the two compare."""

    name: str
    entry: ForeignJob
    proof: Proof
    zone: ZoneInfo

    @property
    def is_equal(self) -> bool:
        """True if every run of the year is at the same instant, and none depends on anything else."""
        return self.proof.is_equal and not self.entry.is_conditional


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The result of an import.

    Attributes:
        text: The schedules.yaml; valid.
        left: The entries that no job was made of.
    """

    text: str
    zone: ZoneInfo
    since: datetime
    until: datetime
    jobs: tuple[ImportedJob, ...]
    left: tuple[Left, ...]

    @property
    def is_whole(self) -> bool:
        """True if every entry became a job that runs at the same instants throughout the year."""
        return not self.left and all(job.is_equal for job in self.jobs)


def imported(found: Found, *, files: Sequence[str], local_zone: ZoneInfo, now: datetime) -> Imported:
    """Return the file that says what was *found*, and the proof of each job over the year that begins *now*.

    Args:
        files: The files it was found in, for the first line.
        local_zone: The zone in which the source reads wall times that name none.
    """
    since = now.replace(second=0, microsecond=0)
    until = since + _YEAR
    entries = [_writable(entry) for entry in found.entries if not _unseen_in(entry)]
    zones = [entry.zone or str(local_zone) for entry in entries]
    common = Counter(zones).most_common(1)
    zone = named_zone(common[0][0]) if common else local_zone
    names = unique_names([entry.name for entry in entries], "job")
    jobs = []
    failed = []
    for name, entry, value in zip(names, entries, zones, strict=True):
        try:
            own = named_zone(value)
            proof = proved(entry, own, since=since, until=until)
        except (Unreadable, ValueError, OSError, OverflowError) as problem:
            reason = problem.message if isinstance(problem, Unreadable) else str(problem)
            failed.append(Left(place=entry.place, text=entry.name, reason=f"no schedule here says it: {reason}"))
            continue
        jobs.append(ImportedJob(name=name, entry=entry, zone=own, proof=proof))
    left = (*found.left, *_left_for_letters(found), *failed)

    def made_of(some: Sequence[ImportedJob], left: Sequence[Left]) -> Imported:
        shared = _shared(some)
        text = "\n".join([*_head(found, files, zone, len(some), shared), *_jobs(some, zone, shared)]) + "\n"
        return Imported(text=text, zone=zone, since=since, until=until, jobs=tuple(some), left=tuple(left))

    made = made_of(jobs, left)
    if _reads_otherwise(made) is None:
        return made
    # One that cannot be written takes no other with it.
    alone = [(job, _reads_otherwise(made_of([job], ()))) for job in jobs]
    lost = [Left(place=job.entry.place, text=job.entry.name, reason=why) for job, why in alone if why is not None]
    made = made_of([job for job, why in alone if why is None], [*left, *lost])
    why = _reads_otherwise(made)
    if why is not None:
        raise AssertionError(why)
    return made


def reports(made: Imported) -> Iterator[str]:
    """Yield what is not as it was, a line each; then how many jobs are proved equal."""
    for left in made.left:
        value = f" ({left.text})" if left.text else ""
        yield f"{left.place}: not taken over: {left.reason}{value}"
    for job in made.jobs:
        yield from (f"{job.entry.place}: {job.name}: {note}" for note in job.entry.notes)
        yield from (f"{job.entry.place}: {job.name}: {line}" for line in _differences(job))
    equal = sum(job.is_equal for job in made.jobs)
    span = f"{made.since.date().isoformat()} to {made.until.date().isoformat()}"
    runs = sum(job.proof.fires or 0 for job in made.jobs if job.is_equal)
    yield f"{equal} of {len(made.jobs)} jobs run at the same instants from {span}, {runs:,} runs of them"


def imported_json(made: Imported) -> dict[str, Any]:
    """Return the shape of `aperture import --format json`."""
    return {
        "text": made.text,
        "from": made.since.isoformat(),
        "until": made.until.isoformat(),
        "equal": made.is_whole,
        "jobs": [
            {
                "job": job.name,
                "source": job.entry.place,
                "schedule": job.proof.phrase,
                "timezone": str(job.zone),
                "fires": job.proof.fires,
                "equal": job.is_equal,
                "differences": job.proof.differences,
                "only_in_source": [iso_text(at, job.zone) for at in job.proof.only_there],
                "only_in_aperture": [iso_text(at, job.zone) for at in job.proof.only_here],
                "notes": list(job.entry.notes),
            }
            for job in made.jobs
        ],
        "left": [{"source": left.place, "said": left.text, "reason": left.reason} for left in made.left],
    }


def _differences(job: ImportedJob) -> Iterator[str]:
    proof = job.proof
    if proof.fires is None:
        yield f"{proof.phrase} is as near as it comes: the source's own times cannot be known beforehand"
        return
    if proof.is_equal:
        return
    yield f"{proof.phrase} differs in {proof.differences:,} run{'s' * (proof.differences > 1)} of the year"
    for who, instants in (("only the source runs it", proof.only_there), ("only aperture runs it", proof.only_here)):
        for at in instants[:_FEW]:
            wall = at.astimezone(job.zone)
            yield f"  {wall.date().isoformat()} {time_text(wall.time())} ({wall:%z}): {who}"


def _head(found: Found, files: Sequence[str], zone: ZoneInfo, jobs: int, shared: Mapping[str, Value]) -> Iterator[str]:
    more = f" and {len(files) - _FEW} more" if len(files) > _FEW else ""
    yield f"# Made by aperture import from {', '.join(files[:_FEW])}{more}. From here on it is a file like any other."
    yield f"timezone: {zone}"
    if not jobs:
        return
    yield ""
    yield "queues:"
    yield (
        f"  default: {jobs}".ljust(_COLUMN) + f"# as {found.scheduler}: no job waits for another (1: they take turns)"
    )
    if found.defaults or shared:
        yield ""
        yield "defaults:"
    for key, (value, why) in found.defaults.items():
        yield f"  {key}: {value}".ljust(_COLUMN) + f"# {why}"
    for key, text in shared.items():
        yield from _key(key, text, "  ")


def _jobs(jobs: Sequence[ImportedJob], zone: ZoneInfo, shared: Mapping[str, Value]) -> Iterator[str]:
    if not jobs:
        return
    yield ""
    yield "schedules:"
    for job in jobs:
        yield f"  {job.name}:"
        phrase = job.proof.phrase
        yield f"    schedule: {phrase[:1].lower()}{phrase[1:]}"
        if job.zone != zone:
            yield f"    timezone: {job.zone}"
        for key, value in job.entry.keys.items():
            if key not in shared:
                yield from _key(key, value, "    ")


def _shared(jobs: Sequence[ImportedJob]) -> dict[str, Value]:
    """Return the values that all jobs share of where and with what their command runs: they go under defaults."""
    shared: dict[str, Value] = {}
    for key in ("directory", "environment"):
        text = [job.entry.keys.get(key) for job in jobs]
        first = text[0] if len(text) > 1 else None
        if first is not None and all(value == first for value in text):
            shared[key] = first
    return shared


def _key(key: str, value: Value, indent: str) -> Iterator[str]:
    match value:
        case str():
            yield f"{indent}{key}: {_yaml(value)}"
        case Mapping():
            yield f"{indent}{key}:"
            for name, inner in value.items():
                message = inner.replace("${", "$${") if key == "environment" else inner
                yield f"{indent}  {name}: {_yaml(message)}"
        case _:
            yield f"{indent}{key}: [{', '.join(map(_yaml, value))}]"


def _yaml(text: str) -> str:
    """Return *text* as it is written in a file: in quotes where it would read as something else without them."""
    if _PLAIN.fullmatch(text) and text == text.strip() and text.isprintable():
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = "".join(
        letter
        if letter.isprintable()
        else f"\\u{ord(letter):04x}"
        if ord(letter) < 0x10000
        else f"\\U{ord(letter):08x}"
        for letter in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'


def _unseen_in(entry: ForeignJob) -> bool:
    """Return whether a text of *entry* has a character that no file may have."""
    return any(_UNSEEN.search(text) for value in entry.keys.values() for text in _texts(value))


def _left_for_letters(found: Found) -> Iterator[Left]:
    reason = "it has a character that cannot be seen, and that a file may not have"
    for entry in found.entries:
        if _unseen_in(entry):
            yield Left(place=entry.place, text=entry.name if entry.name.isprintable() else "", reason=reason)


def _texts(value: Value) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            yield from (text for pair in value.items() for text in pair)
        case _:
            yield from value


def _writable(entry: ForeignJob) -> ForeignJob:
    """Return *entry* without variables that have no name a file can give them."""
    environment = entry.keys.get("environment")
    if not isinstance(environment, Mapping):
        return entry
    named = {name: value for name, value in environment.items() if _VARIABLE.fullmatch(name)}
    notes = tuple(f'"{name}" is no name of a variable, and is not set' for name in environment if name not in named)
    keys = {**entry.keys, "environment": named}
    if not named:
        del keys["environment"]
    return replace(entry, keys=keys, notes=(*entry.notes, *notes)) if notes else entry


def _reads_otherwise(made: Imported) -> str | None:
    """Return why the text does not read as what it was made of; None where it does."""
    if not made.jobs:
        return None
    reading = read(made.text, ReadContext(file="schedules.yaml", environ={}, known_jobs=(), local_zone=made.zone))
    errors = [f"line {problem.place.line}: {problem.message}" for problem in reading.problems if problem.is_error]
    if reading.config is None:
        return f"what was written cannot be read: {'; '.join(errors)}"
    for job in made.jobs:
        read_back = reading.config.jobs[job.name]
        if (read_back.schedule, read_back.zone) != (job.proof.schedule, job.zone):
            return f"{job.name} reads otherwise than it was written"
    return None
