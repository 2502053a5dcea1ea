"""A file's text made into one configuration, or into everything that is wrong with it.

The way is: text (`source`), nodes (`scanning`), words with their places (`walking`), layers laid over each
other (`presets`, `scheduling`, `jobs`), names followed (`references`). Each step tells what it finds and leaves the
next one what could be made of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.entries import DEFAULTS, Entry, FileWords, PresetWords
from aperture_plugin.config.environment import Environment
from aperture_plugin.config.filewords import Remembered, read_words
from aperture_plugin.config.jobs import JobReader
from aperture_plugin.config.model import Config, Reading
from aperture_plugin.config.presets import chains_of, declared, picked
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.references import References, check_registered
from aperture_plugin.config.settings import broker_of, executor_of, state_of
from aperture_plugin.config.source import source_of
from aperture_plugin.config.walking import FAULTY
from aperture_plugin.config.zones import LOCAL, zone_of

__all__ = ["read"]

_REMEMBERED: Final[dict[str, Remembered]] = {}
"""What the last reading of each of the last few files gave to remember."""
_MOST_FILES: Final = 8


def read(
    text: str | bytes,
    *,
    file: str,
    environ: Mapping[str, str],
    known_jobs: Collection[str] | None,
    local_zone: ZoneInfo,
    library_size: Callable[[], int | None] | None = None,
    now: datetime | None = None,
    starting: bool = False,
    known_executors: Collection[str] | None = None,
) -> Reading:
    """Read a whole file.

    Args:
        text: What stands in it; bytes are UTF-8.
        file: Its name, for problems.
        environ: Where `${NAME}` is looked up.
        known_jobs: The names that plugins, or a manifest, register; None if there are none of either at all.
        local_zone: What `timezone: local` means.
        library_size: Asked at most once, and only for `preset: auto`; None if nobody can be asked.
        now: An aware instant that `once` is held against; None to leave that out.
        starting: Whether the file is about to be in force, so that a variable that is not set is an error.
        known_executors: Names that `executor` may have beside the built-in ones; None if any other may be provided.
    Returns:
        All problems in file order, and a configuration if none of them is an error.

    >>> reading = read("schedules:\\n  scan: hourly\\n", file="s.yaml", environ={}, known_jobs=None,
    ...                local_zone=ZoneInfo("UTC"))
    >>> reading.problems[-1].place
    Place(line=2, column=9, length=6)
    """
    problems = Problems(file)
    source = source_of(text, problems)
    written = text if isinstance(text, str) else text.decode("utf-8", "replace")
    words = FileWords() if source is None else _words(source.text, file, problems)
    environment = Environment(environ, problems, starting=starting)
    state = state_of(words, environment, problems)
    reader = JobReader(
        problems=problems,
        environment=environment,
        file_zone=_zone(words, local_zone),
        local_zone=local_zone,
        now=now,
    )
    config, count = _config(words, written, reader, library_size, known_jobs, state, known_executors)
    return Reading(
        file=file,
        text=written,
        config=None if problems.any_error else config,
        problems=tuple(problems),
        state=state,
        job_count=count,
    )


def _words(text: str, file: str, problems: Problems) -> FileWords:
    words, _REMEMBERED[file] = read_words(text, problems, _REMEMBERED.pop(file, {}))
    while len(_REMEMBERED) > _MOST_FILES:
        _REMEMBERED.pop(next(iter(_REMEMBERED)), None)
    return words


def _zone(words: FileWords, local_zone: ZoneInfo) -> ZoneInfo:
    said = words.settings.get("timezone")
    return local_zone if said is None or said.value is FAULTY else zone_of(said.value, local_zone)


def _config(
    words: FileWords,
    text: str,
    reader: JobReader,
    library_size: Callable[[], int | None] | None,
    known_jobs: Collection[str] | None,
    state: str | None,
    known_executors: Collection[str] | None,
) -> tuple[Config | None, int]:
    problems = reader.problems
    chains = chains_of(words.presets, problems)
    preset, is_auto = picked(words, library_size, problems)
    references = References(words, known_jobs, problems)
    check_registered(words, known_jobs, problems)

    chosen = stacks_of(words, chains.get(preset or "", ()), [*words.schedules])
    jobs = {name: reader.read(name, order, entries) for order, (name, entries) in enumerate(chosen.items())}
    references.check(chosen)
    for name, chain in chains.items():
        if name == preset:
            continue
        tier = stacks_of(words, chain, [])
        for order, (job, entries) in enumerate(tier.items()):
            reader.read(job, order, entries, in_force=False)
        references.check(tier)

    nobody = words.defaults or Entry("", DEFAULTS, {}, (0, 0, 1))
    defaults = reader.read("", len(jobs), [nobody])
    assert defaults is not None

    zone_name = words.settings.get("timezone")
    config = Config(
        file=problems.file,
        text=text,
        zone=reader.file_zone,
        zone_name=LOCAL if zone_name is None or zone_name.value is FAULTY else zone_name.value,
        preset=preset,
        preset_is_auto=is_auto,
        state=state or "",
        executor=executor_of(words, known_executors, problems),
        broker=broker_of(words, reader.environment),
        queues=MappingProxyType({"default": 1} | {name: said.value for name, said in words.queues.items()}),
        limits=MappingProxyType({name: said.value for name, said in words.limits.items()}),
        presets=MappingProxyType(declared(words)),
        jobs=MappingProxyType({name: job for name, job in jobs.items() if job is not None}),
        defaults=defaults,
    )
    return config, len(jobs)


def stacks_of(words: FileWords, chain: tuple[PresetWords, ...], also: list[str]) -> dict[str, list[Entry]]:
    """Return the entries of each job of a preset's *chain*, and of the jobs *also* named, lowest layer first."""
    lowest = [] if words.defaults is None else [words.defaults]
    stacks: dict[str, list[Entry]] = {}
    for preset in chain:
        for name, entry in preset.jobs.items():
            stacks.setdefault(name, [*lowest]).append(entry)
    for name in also:
        stacks.setdefault(name, [*lowest])
    for name, entries in stacks.items():
        own = words.schedules.get(name)
        if own is not None:
            entries.append(own)
    return stacks
