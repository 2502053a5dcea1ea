"""`preset: auto`: a library that grows and shrinks a little keeps its schedule, over reloads and restarts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin import Job, hookimpl
from aperture_plugin.config.layers.presets import tier_of
from aperture_plugin.config.model import Preset
from aperture_plugin.testing import World
from aperture_plugin.words.library_sizes import Sizes

FILE = """\
preset: auto
presets:
  small:
    items: under 500
    schedules:
      scan: daily at 1 AM
  medium:
    items: 500 to 2000
    schedules:
      scan: daily at 2 AM
  large:
    items: 2000 and over
    schedules:
      scan: daily at 3 AM
"""
TIERS = {
    "small": Sizes(at_least=None, below=500),
    "medium": Sizes(at_least=500, below=2000),
    "large": Sizes(at_least=2000, below=None),
}


class Library:
    """A host whose library grows and shrinks."""

    items: int | None = 0

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        yield Job("scan", lambda run: None)

    @hookimpl
    def aperture_library_size(self) -> int | None:
        return self.items


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def world(world: World, library: Library) -> Iterator[World]:
    ours = World(world.folder, plugins=[library])
    yield ours.write(FILE)
    ours.close()


def started(world: World, library: Library, items: int) -> str | None:
    """Start with a library of so many items; return the preset in force, and stop."""
    library.items = items
    preset = world.start().aperture.config.preset
    world.stop()
    return preset


@pytest.mark.parametrize(("items", "preset"), [(0, "small"), (499, "small"), (500, "medium"), (2000, "large")])
def test_the_first_pick_goes_by_the_size_exactly(world: World, library: Library, items: int, preset: str) -> None:
    assert started(world, library, items) == preset


def test_a_library_around_a_boundary_keeps_its_schedule_over_restarts(world: World, library: Library) -> None:
    assert [started(world, library, items) for items in (1950, 2200, 1999, 2000, 2100, 1950)] == ["medium"] * 6
    assert [started(world, library, items) for items in (2201, 1950, 2200, 1800)] == ["large"] * 4
    assert started(world, library, 1799) == "medium"


def test_and_over_reloads(world: World, library: Library) -> None:
    library.items = 1950
    world.start(at="2026-01-10 00:00")
    presets = []
    for number, items in enumerate((2200, 1950, 2199, 2201, 1950, 1799)):
        library.items = items
        assert world.save(f"{FILE}# {number}\n")
        presets.append(world.aperture.config.preset)

    assert presets == ["medium"] * 3 + ["large"] * 2 + ["medium"]


def test_other_sizes_in_the_file_begin_anew(world: World, library: Library) -> None:
    assert started(world, library, 1950) == "medium"

    world.write(FILE.replace("500 to 2000", "500 to 1900").replace("2000 and over", "1900 and over"))

    assert started(world, library, 1950) == "large"


def test_a_preset_that_a_person_chose_in_between_is_not_what_auto_picked(world: World, library: Library) -> None:
    started(world, library, 1950)
    world.write(FILE.replace("preset: auto", "preset: small"))
    started(world, library, 1950)
    world.write(FILE)

    assert started(world, library, 2100) == "large"


def test_while_nobody_says_the_size_what_was_picked_stays(world: World, library: Library) -> None:
    library.items = None
    nothing = world.start().aperture.config.preset
    world.stop()
    started(world, library, 1950)
    library.items = None

    assert (nothing, world.start().aperture.config.preset) == (None, "medium")
    assert world.save(FILE + "# again\n")
    assert world.aperture.config.preset == "medium"


def test_a_program_that_edits_the_file_goes_by_what_is_in_force(world: World, library: Library) -> None:
    library.items = 1950
    world.start()
    library.items = 2100

    config = world.aperture.reschedule("scan", "daily at 5 AM")
    world.drain()

    assert (config.preset, world.aperture.config.preset) == ("medium", "medium")


@given(st.integers(0, 4000), st.sampled_from([None, *TIERS]))
def test_a_pick_is_kept_within_a_tenth_and_otherwise_goes_by_the_size(items: int, before: str | None) -> None:
    kept = None
    if before is not None:
        kept = Preset(name=before, sized=True, at_least=TIERS[before].at_least, below=TIERS[before].below)

    tier = tier_of(TIERS, items, kept)

    assert tier is not None
    if tier != tier_of(TIERS, items, None):
        sizes = TIERS[tier]
        assert tier == before
        assert 0.9 * (sizes.at_least or 0) <= items <= 1.1 * (sizes.below or items)
    assert (
        tier_of(TIERS, items, Preset(name=tier, sized=True, at_least=TIERS[tier].at_least, below=TIERS[tier].below))
        == tier
    )
