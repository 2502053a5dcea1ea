"""The layers of a file laid over each other: what is in force, and what the presets that are not would make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from aperture_plugin.config.checks.references import References, check_registered
from aperture_plugin.config.layers.calendar_days import calendars_of, freezes_of, with_closed_days
from aperture_plugin.config.layers.channels import channels_of, loop_ping_of, page_of
from aperture_plugin.config.layers.document import Document
from aperture_plugin.config.layers.entries import DEFAULTS, JobWords, PresetWords
from aperture_plugin.config.layers.job_builder import JobReader
from aperture_plugin.config.layers.presets import declared, picked
from aperture_plugin.config.layers.settings import broker_of, celery_app_of, celery_queues_of, executor_of
from aperture_plugin.config.layers.zones import LOCAL
from aperture_plugin.config.model import Channel, Config, JobConfig, ReadContext
from aperture_plugin.config.schema.parsed_values import FAULTY, ParsedValue
from aperture_plugin.words.expectations import ReadyBy
from aperture_plugin.words.secrets import secrets_of_address

__all__ = ["configured"]

_MOST_IN_TIERS: Final = 100_000
"""Jobs of presets that are not in force, all together, beyond which the rest of them is looked at singly only."""


def configured(
    document: Document, reader: JobReader, context: ReadContext, *, text: str, state: str
) -> tuple[Config, int]:
    """Return the configuration that *document* makes, and how many jobs it has with those that could not be made.

    Where `preset: auto` has picked none, the jobs of all presets are counted. The configuration may be used only if
    *reader* has found no error, and nothing else has.

    Args:
        text: The file as it was written.
        state: The address of the store.
    """
    problems, words, chains = reader.problems, document.words, document.chains
    preset, is_auto = picked(words, context.library_size, problems, context.kept)
    if context.preset is not None and context.preset in (words.presets or {}):
        preset, is_auto = context.preset, False
    check_registered(words, context.known_jobs, problems)
    references = References(words, context.known_jobs, problems, reader.cache)

    layers = document.layers(preset)
    calendars = calendars_of(words)
    jobs = {
        name: with_closed_days(reader.read(name, order, entries), calendars)
        for order, (name, entries) in enumerate(layers.items())
    }
    references.check(layers, jobs)
    references.check_expected(words.expect)
    _check_tiers(document, [chain for name, chain in chains.items() if name != preset], reader, references)

    defaults = reader.read_anew("", len(jobs), [words.defaults or JobWords("", DEFAULTS, {}, (0, 0, 1))])
    assert defaults is not None
    zone_name = words.settings.get("timezone")
    broker = broker_of(words, reader.environment)
    channels = channels_of(words, reader.environment, problems)
    config = Config(
        file=problems.file,
        text=text,
        zone=reader.file_zone,
        zone_name=LOCAL if zone_name is None or zone_name.value is FAULTY else zone_name.value,
        preset=preset,
        preset_is_auto=is_auto,
        state=state,
        executor=executor_of(words, problems),
        broker=broker,
        celery_app=celery_app_of(words),
        celery_queues=MappingProxyType(celery_queues_of(words, problems)),
        queues=MappingProxyType({"default": 1} | _values(words.queues)),
        limits=MappingProxyType(_values(words.limits)),
        freezes=freezes_of(words, reader.file_zone),
        ready_by=tuple(item.value for item in words.expect if isinstance(item.value, ReadyBy)),
        channels=MappingProxyType(channels),
        ping=loop_ping_of(words, reader.environment),
        page=page_of(words),
        presets=MappingProxyType(declared(words)),
        jobs=MappingProxyType({name: job for name, job in jobs.items() if job is not None}),
        defaults=defaults,
        silenced=problems.silenced,
        secrets=(*reader.environment.brought, *_of_addresses([state, broker or ""], channels)),
    )
    if is_auto and preset is None:  # Whichever tier it will be, a person counts the jobs of the file.
        return config, len(jobs.keys() | {name for chain in chains.values() for tier in chain for name in tier.jobs})
    return config, len(jobs)


def _of_addresses(addresses: Iterable[str], channels: Mapping[str, Channel]) -> Iterable[str]:
    """Yield the secrets in *addresses*, and in those of channels."""
    for address in (*addresses, *(to for channel in channels.values() for to in channel.to)):
        yield from secrets_of_address(address)


def _check_tiers(
    document: Document, chains: Iterable[tuple[PresetWords, ...]], reader: JobReader, references: References
) -> None:
    """Find what is wrong with presets that are not in force, each as if it were."""
    looked_at = 0
    for chain in chains:
        layers = document.layers_over(chain)
        looked_at += len(layers)
        if looked_at > _MOST_IN_TIERS:
            # Values that a preset takes over from those below have been checked with them.
            layers = {name: entries for name, entries in layers.items() if name in chain[-1].jobs}
        jobs: dict[str, JobConfig | None] = {
            name: reader.read(name, order, entries, in_force=False)
            for order, (name, entries) in enumerate(layers.items())
        }
        references.check(layers, jobs)


def _values(parsed: Mapping[str, ParsedValue] | None) -> dict[str, Any]:
    return {name: value.value for name, value in (parsed or {}).items()}
