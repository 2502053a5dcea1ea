"""The layers of a file laid over each other: what is in force, and what the presets that are not would make."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from aperture_plugin.config.entries import DEFAULTS, Entry, FileWords, PresetWords
from aperture_plugin.config.jobs import JobReader
from aperture_plugin.config.model import Config, JobConfig, Preset
from aperture_plugin.config.presets import chains_of, declared, picked
from aperture_plugin.config.references import References, check_registered
from aperture_plugin.config.settings import broker_of, executor_of
from aperture_plugin.config.walking import FAULTY, Said
from aperture_plugin.config.zones import LOCAL

__all__ = ["configured", "stacks_of"]

_MOST_IN_TIERS: Final = 100_000
"""Jobs of presets that are not in force, all together, beyond which the rest of them is looked at singly only."""


def configured(
    words: FileWords,
    reader: JobReader,
    *,
    text: str,
    state: str,
    library_size: Callable[[], int | None] | None,
    known_jobs: Collection[str] | None,
    known_executors: Collection[str] | None,
    instead: str | None = None,
    kept: Preset | None = None,
) -> tuple[Config, int]:
    """Return the configuration that *words* make, and how many jobs it has with those that could not be made.

    Where `preset: auto` has picked none, the jobs of all presets are counted.

    The preset called *instead*, if there is one, is in force in place of the one that the file names. The answer is
    worth something only if *reader* has met no error, and nobody else has.
    """
    problems = reader.problems
    chains = chains_of(words.presets or {}, problems)
    preset, is_auto = picked(words, library_size, problems, kept)
    if instead is not None and instead in (words.presets or {}):
        preset, is_auto = instead, False
    check_registered(words, known_jobs, problems)
    references = References(words, known_jobs, problems, reader.before, reader.after)

    stacks = stacks_of(words, chains.get(preset or "", ()), words.schedules)
    jobs = {name: reader.read(name, order, entries) for order, (name, entries) in enumerate(stacks.items())}
    references.check(stacks, jobs)
    references.check_expected(words.expect)
    _check_tiers(words, [chain for name, chain in chains.items() if name != preset], reader, references)

    defaults = reader.read_anew("", len(jobs), [words.defaults or Entry("", DEFAULTS, {}, (0, 0, 1))])
    assert defaults is not None
    zone_name = words.settings.get("timezone")
    config = Config(
        file=problems.file,
        text=text,
        zone=reader.file_zone,
        zone_name=LOCAL if zone_name is None or zone_name.value is FAULTY else zone_name.value,
        preset=preset,
        preset_is_auto=is_auto,
        state=state,
        executor=executor_of(words, known_executors, problems),
        broker=broker_of(words, reader.environment),
        queues=MappingProxyType({"default": 1} | _values(words.queues)),
        limits=MappingProxyType(_values(words.limits)),
        presets=MappingProxyType(declared(words)),
        jobs=MappingProxyType({name: job for name, job in jobs.items() if job is not None}),
        defaults=defaults,
        silenced=problems.silenced,
    )
    if is_auto and preset is None:  # Whichever tier it will be, a person counts the jobs of the file.
        return config, len(jobs.keys() | {name for chain in chains.values() for tier in chain for name in tier.jobs})
    return config, len(jobs)


def stacks_of(words: FileWords, chain: Iterable[PresetWords], also: Iterable[str]) -> dict[str, list[Entry]]:
    """Return the entries of each job of a preset's *chain*, and of the jobs *also* named, lowest layer first."""
    lowest = [] if words.defaults is None else [words.defaults]
    stacks: dict[str, list[Entry]] = {}
    for preset in chain:
        for name, entry in preset.jobs.items():
            if name in stacks:
                stacks[name].append(entry)
            else:
                stacks[name] = [*lowest, entry]
    in_presets = [name for name in stacks if name in words.schedules]
    for name in in_presets:
        stacks[name].append(words.schedules[name])
    for name in also:
        if name not in stacks:
            stacks[name] = [*lowest, words.schedules[name]]
    return stacks


def _check_tiers(
    words: FileWords, chains: Iterable[tuple[PresetWords, ...]], reader: JobReader, references: References
) -> None:
    """Find what is wrong with presets that are not in force, each as if it were."""
    looked_at = 0
    for chain in chains:
        stacks = stacks_of(words, chain, ())
        looked_at += len(stacks)
        if looked_at > _MOST_IN_TIERS:
            # What a preset takes over from those below has been looked at with them.
            stacks = {name: entries for name, entries in stacks.items() if name in chain[-1].jobs}
        jobs: dict[str, JobConfig | None] = {
            name: reader.read(name, order, entries, in_force=False)
            for order, (name, entries) in enumerate(stacks.items())
        }
        references.check(stacks, jobs)


def _values(said: Mapping[str, Said] | None) -> dict[str, Any]:
    return {name: value.value for name, value in (said or {}).items()}
