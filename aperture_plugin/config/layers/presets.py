"""Presets: which extends which, and which one is in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from aperture_plugin.config.checks.cycles import circles
from aperture_plugin.config.layers.entries import FileWords, PresetWords, place_of
from aperture_plugin.config.model import Preset
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema.hints import offered
from aperture_plugin.config.schema.parsed_values import FAULTY, ParsedValue
from aperture_plugin.config.yaml.nodes import DEEPEST
from aperture_plugin.words.library_sizes import Sizes
from aperture_plugin.words.parse_error import quoted

__all__ = ["AUTO", "chains_of", "declared", "picked", "tier_of"]

AUTO: Final = "auto"
_FALLBACK: Final = "default"


def declared(words: FileWords) -> dict[str, Preset]:
    """Return the presets that the file declares, as the configuration lists them."""
    presets = {}
    for name, preset in (words.presets or {}).items():
        sizes = _sizes(preset)
        presets[name] = Preset(
            name=name,
            extends=None if preset.extends is None or preset.extends.value is FAULTY else preset.extends.value,
            sized=sizes is not None,
            at_least=None if sizes is None else sizes.at_least,
            below=None if sizes is None else sizes.below,
        )
    return presets


def chains_of(presets: Mapping[str, PresetWords], problems: Problems) -> dict[str, tuple[PresetWords, ...]]:
    """Return for each preset those it is made of, from the one that extends nothing to itself.

    An `extends` that leads nowhere, round in a circle or too far is reported, and the chain ends before it.
    """
    _check_names_and_sizes(presets, problems)
    links: dict[str, list[str]] = {}
    for name, preset in presets.items():
        if preset.extends is None or preset.extends.value is FAULTY:
            continue
        below = preset.extends.value
        if below in presets:
            links[name] = [below]
            continue
        problems.add(
            "unknown-preset",
            at=place_of(preset.extends.spot, 0),
            message=f"{quoted(name)} extends {quoted(below)}, which is not declared",
            hint=f"expected a name under presets{offered('extends', below, tuple(presets))}",
        )
    for circle in circles(links):
        first = presets[circle[0]]
        assert first.extends is not None
        problems.add(
            "extends-circle",
            at=place_of(first.extends.spot, 0),
            message=f"presets extend each other in a circle: {' → '.join(circle)}"
            if len(circle) > 2
            else f"{quoted(circle[0])} extends itself",
            hint="take one of these extends out; the lowest preset extends nothing",
        )
        for name in circle:
            links.pop(name, None)
    chains: dict[str, tuple[PresetWords, ...]] = {}
    for name, preset in presets.items():
        chain = [preset]
        while (below := links.get(chain[-1].name)) is not None and len(chain) < DEEPEST:
            chain.append(presets[below[0]])
        if below is not None:
            assert preset.extends is not None
            problems.add(
                "extends-too-far",
                at=place_of(preset.extends.spot, 0),
                message=f"{quoted(name)} stands on more than {DEEPEST} presets",
                hint=f"expected at most {DEEPEST} presets that extend one another",
            )
        chains[name] = tuple(reversed(chain))
    return chains


def _check_names_and_sizes(presets: Mapping[str, PresetWords], problems: Problems) -> None:
    if AUTO in presets:
        problems.add(
            "reserved-name",
            at=presets[AUTO].place,
            message='a preset cannot be called "auto"',
            hint="preset: auto picks one by the size of the library; give this one another name",
        )
    tiers = [(sizes, preset) for preset in presets.values() if (sizes := _sizes(preset)) is not None]
    tiers.sort(key=lambda tier: tier[0].at_least or 0)
    for (lower, first), (upper, second) in pairwise(tiers):
        if lower.below is not None and (upper.at_least or 0) >= lower.below:
            continue
        later, earlier = (second, first) if first.place < second.place else (first, second)
        assert later.items is not None
        problems.warn(
            "overlapping-sizes",
            at=place_of(later.items.spot, 0),
            message=f"{quoted(later.name)} and {quoted(earlier.name)} are both meant for some sizes of the library",
            hint=f"for these, auto picks {earlier.name}, which stands first; where one range ends the next may begin",
        )


def tier_of(tiers: Mapping[str, Sizes], items: int | None, kept: Preset | None) -> str | None:
    """Return the first of *tiers* that is meant for so many *items*, or the one that was picked before.

    That one is kept while the size is beyond its own by a tenth at most, so that a library that grows and shrinks a
    little does not change its schedule with every reload; and while nobody says the size (None). Where the file gives
    it other sizes now, all begins anew.
    """
    if kept is not None:
        sizes = Sizes(at_least=kept.at_least, below=kept.below)
        if tiers.get(kept.name) == sizes and (items is None or sizes.nearly_contains(items)):
            return kept.name
    if items is None:
        return None
    return next((name for name, sizes in tiers.items() if sizes.contains(items)), None)


def picked(
    words: FileWords,
    library_size: Callable[[], int | None] | None,
    problems: Problems,
    kept: Preset | None = None,
) -> tuple[str | None, bool]:
    """Return the preset in force, if any, and whether `auto` picked it.

    Where `auto` gets no answer, or one that no preset is meant for, the preset called `default` is in force if
    there is one: what all tiers have in common, and no tier at all.
    """
    parsed = words.settings.get("preset")
    if parsed is None or parsed.value is FAULTY or words.presets is None:
        return None, False
    at = place_of(parsed.spot, 0)
    if parsed.value != AUTO:
        if parsed.value in words.presets:
            return parsed.value, False
        problems.add(
            "unknown-preset",
            at=at,
            message=f"{quoted(parsed.value)} is not a preset of this file",
            hint=_expected(words.presets, parsed),
        )
        return None, False
    return _automatic(words.presets, library_size, at, problems, kept), True


def _automatic(
    presets: Mapping[str, PresetWords],
    library_size: Callable[[], int | None] | None,
    at: Place,
    problems: Problems,
    kept: Preset | None,
) -> str | None:
    fallback = _FALLBACK if _FALLBACK in presets else None
    tiers = {name: sizes for name, preset in presets.items() if (sizes := _sizes(preset)) is not None}
    if not tiers:
        problems.add(
            "auto-without-sizes",
            at=at,
            message="no preset says for which library sizes it is meant",
            hint="add items to the presets that auto may pick\nWrite:  items: 500 to 2000",
        )
        return fallback
    items = None if library_size is None else library_size()
    tier = tier_of(tiers, items, kept)
    if items is None:
        stays = fallback if tier is None else tier
        problems.warn(
            "auto-without-answer",
            at=at,
            message="no plugin says how many items the library has, so auto cannot pick a preset",
            hint=f"name a preset instead, or answer aperture_library_size; until then {_without(stays)}",
        )
        return stays
    if tier is not None:
        return tier
    problems.warn(
        "auto-without-preset",
        at=at,
        message=f"no preset is meant for a library of {items} items",
        hint=f"widen the items of a preset; until then {_without(fallback)}",
    )
    return fallback


def _without(fallback: str | None) -> str:
    return "none is in force" if fallback is None else f"{fallback} is in force"


def _expected(presets: Mapping[str, PresetWords], parsed: ParsedValue) -> str:
    if not presets:
        return "there are no presets in this file; declare it under presets, or take this line out"
    names = tuple(presets)
    return f"expected {', '.join((*names[:8], 'auto'))}{offered('preset', parsed.value, (*names, AUTO))}"


def _sizes(preset: PresetWords) -> Sizes | None:
    if preset.items is None or preset.items.value is FAULTY:
        return None
    sizes: Sizes = preset.items.value
    return sizes
