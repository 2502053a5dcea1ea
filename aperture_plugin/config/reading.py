"""A file's text made into one configuration, or into everything that is wrong with it.

The way is: text (`source`), nodes (`scanning`), words with their places (`walking`), layers laid over each
other (`presets`, `scheduling`, `jobs`), names followed (`references`). Each step tells what it finds and leaves the
next one what could be made of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from aperture_plugin.config.entries import DEFAULTS, SCHEDULES, Entry, FileWords, PresetWords, place_of
from aperture_plugin.config.environment import Environment
from aperture_plugin.config.jobs import JobReader
from aperture_plugin.config.model import Config, Reading
from aperture_plugin.config.nodes import Scalar
from aperture_plugin.config.presets import chains_of, declared, picked
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.references import References, check_registered
from aperture_plugin.config.scanning import Refused, scan
from aperture_plugin.config.schema import FILE
from aperture_plugin.config.settings import broker_of, executor_of, state_of
from aperture_plugin.config.source import source_of
from aperture_plugin.config.walking import FAULTY, Said, said_by
from aperture_plugin.config.zones import LOCAL, zone_of

__all__ = ["read"]


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
    words = FileWords() if source is None else _words(source.text, problems)
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


def _words(text: str, problems: Problems) -> FileWords:
    try:
        root = scan(text)
    except Refused as refused:
        problems.add(
            "bad-yaml",
            at=place_of(refused.spot, 0),
            message=refused.problem,
            hint="check the indentation and the quotes around this place",
        )
        return FileWords()
    if root is None:
        hint = "write at least one job under schedules; aperture init writes a file to start from"
        problems.add("empty-file", at=Place(1, 1), message="nothing is written in the file", hint=hint)
        return FileWords()
    said, findings = said_by(FILE, root, Scalar("", (0, 0, 1)))
    for code, spot, message, hint in findings:
        problems.add(code, at=place_of(spot, 0), message=message, hint=hint)
    return FileWords() if said is None else _file_words(said.value)


def _file_words(said: Mapping[str, Said]) -> FileWords:
    def behind(key: str, owner: Mapping[str, Said] = said) -> dict[str, Said]:
        found = owner.get(key)
        return {} if found is None or found.value is FAULTY else found.value

    defaults = said.get("defaults")
    return FileWords(
        settings={key: said[key] for key in ("timezone", "preset", "state", "executor", "broker") if key in said},
        queues=behind("queues"),
        limits=behind("limits"),
        defaults=None
        if defaults is None or defaults.value is FAULTY
        else Entry("", DEFAULTS, defaults.value, defaults.key),
        presets={
            name: PresetWords(
                name=name,
                place=place_of(preset.key, 0),
                extends=preset.value.get("extends"),
                items=preset.value.get("items"),
                jobs=_entries(behind("schedules", preset.value), f"preset {name}"),
            )
            for name, preset in behind("presets").items()
            if preset.value is not FAULTY
        },
        schedules=_entries(behind("schedules"), SCHEDULES),
    )


def _entries(jobs: Mapping[str, Said], layer: str) -> dict[str, Entry]:
    return {
        name: Entry(name, layer, said.value if isinstance(said.value, dict) else {"schedule": said}, said.key)
        for name, said in jobs.items()
    }


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
