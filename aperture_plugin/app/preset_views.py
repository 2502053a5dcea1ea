"""Shows what each preset of a file changes, and which one `auto` picks for a library of this size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from aperture_plugin.app.diff.value_changes import Difference, job_differences
from aperture_plugin.app.source import Source
from aperture_plugin.config.layers.presets import tier_of
from aperture_plugin.config.model import Config, Preset
from aperture_plugin.words.library_sizes import Sizes, sizes_text
from aperture_plugin.words.phrases import phrase_of

__all__ = ["PresetChoice", "PresetView", "Presets", "changes", "choice", "presets_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetView:
    """One preset.

    Attributes:
        sizes: The library sizes it is meant for, as the file writes them; None if `auto` never picks it.
        is_in_force: True if the file goes by it.
        changes: Against the preset that it extends; against nothing for one that extends none.
    """

    name: str
    extends: str | None
    sizes: str | None
    is_in_force: bool
    changes: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetChoice:
    """The preset that `auto` picks, and why.

    Attributes:
        preset: None if none is meant for such a library, or nobody knows its size.
        items: Number of items that the library holds; None if unknown.
        reason: The reason, in words.
    """

    preset: str | None
    items: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presets:
    """All presets of a file.

    Attributes:
        in_force: The one that it goes by; None for none.
        is_auto: True if `auto` has picked that one.
    """

    file: str
    in_force: str | None
    is_auto: bool
    auto: PresetChoice
    presets: tuple[PresetView, ...]


def presets_of(source: Source, config: Config, *, now: datetime) -> Presets:
    """Return the presets that *config*, read from *source*, declares; what `auto` keeps is what *source* says it kept.

    Args:
        now: Aware.
    """
    by_name = {name: _as_preset(source, config, name, now) for name in config.presets}
    return Presets(
        file=config.file,
        in_force=config.preset,
        is_auto=config.preset_is_auto,
        auto=choice(config, None if source.plugins is None else source.plugins.library_size(), source.kept),
        presets=tuple(
            PresetView(
                name=name,
                extends=preset.extends,
                sizes=_sizes(preset),
                is_in_force=name == config.preset,
                changes=tuple(changes(None if preset.extends is None else by_name[preset.extends], by_name[name])),
            )
            for name, preset in config.presets.items()
        ),
    )


def choice(config: Config, items: int | None, kept: Preset | None = None) -> PresetChoice:
    """Return what `auto` picks for a library of so many *items*, whether the file says auto or not.

    Args:
        kept: The preset it picked before.
    """
    tiers = {
        name: Sizes(at_least=preset.at_least, below=preset.below)
        for name, preset in config.presets.items()
        if preset.sized
    }
    if not tiers:
        reason = "no preset says for which library sizes it is meant (items)"
        return PresetChoice(preset=None, items=items, reason=reason)
    if items is None:
        tier = tier_of(tiers, None, kept)
        stays = "" if tier is None else "; it was picked before, and stays until one does"
        return PresetChoice(preset=tier, items=None, reason=f"no plugin says how many items the library holds{stays}")
    tier, by_size = tier_of(tiers, items, kept), tier_of(tiers, items, None)
    if tier is None:
        return PresetChoice(preset=None, items=items, reason=f"no preset is meant for a library of {items:,} items")
    reason = f"the library holds {items:,} items, and {tier} is for {sizes_text(tiers[tier])}"
    if tier != by_size:
        reason += f"; it was picked before, and stays {_until(tiers[tier], items)}"
    return PresetChoice(preset=tier, items=items, reason=reason)


def _until(sizes: Sizes, items: int) -> str:
    """Return how far beyond its own *sizes* a preset that was picked before is kept."""
    if sizes.below is not None and items >= sizes.below:
        return f"up to {11 * sizes.below // 10:,} (a tenth more)"
    return f"down to {-(-9 * (sizes.at_least or 0) // 10):,} (a tenth less)"


def changes(before: Config | None, after: Config) -> Iterator[Difference]:
    """Yield what *after* says otherwise than *before*, job by job in file order; against nothing, every schedule."""
    old = {} if before is None else before.jobs
    for name, job in after.jobs.items():
        if name not in old:
            yield Difference(job=name, key="schedule", before=None, after=phrase_of(job.schedule))
            continue
        was, is_now = phrase_of(old[name].schedule), phrase_of(job.schedule)
        if was != is_now:
            yield Difference(job=name, key="schedule", before=was, after=is_now)
        if old[name].zone != job.zone:
            yield Difference(job=name, key="timezone", before=str(old[name].zone), after=str(job.zone))
        yield from job_differences(old[name], job)
    for name, job in old.items():
        if name not in after.jobs:
            yield Difference(job=name, key="schedule", before=phrase_of(job.schedule), after=None)


def _as_preset(source: Source, config: Config, name: str, now: datetime) -> Config:
    """Return the file as it would be with the preset *name* in force."""
    if name == config.preset:
        return config
    reading = replace(source, preset=name, plugins=None).read(config.text.encode(), now=now)
    # All presets of a valid file are valid: they are looked at whether they are in force or not.
    return reading.config or config


def _sizes(preset: Preset) -> str | None:
    return sizes_text(Sizes(at_least=preset.at_least, below=preset.below)) if preset.sized else None
