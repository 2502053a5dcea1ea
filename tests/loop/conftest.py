"""The world of one test, under its short name, with and without the speed-ups for bursts."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import pytest

from aperture_plugin.testing import World


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test over one of both, chosen by its name; over both with `--bursts both`."""
    if "has_bursts" in metafunc.fixturenames:
        by_name = crc32(metafunc.function.__name__.encode()) % 2 == 0
        if "bursts" in metafunc.definition.path.parts:
            chosen = [True]
        else:
            chosen = [True, False] if metafunc.config.getoption("bursts") == "both" else [by_name]
        metafunc.parametrize("has_bursts", chosen, ids=["bursts" if one else "no bursts" for one in chosen])


@pytest.fixture
def world(aperture_world: World, has_bursts: bool) -> World:
    aperture_world.pace = replace(aperture_world.pace, bursts=has_bursts)
    return aperture_world
