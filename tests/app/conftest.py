"""The world of one test, under its short name."""

from __future__ import annotations

import pytest

from aperture_plugin.testing import World


@pytest.fixture
def world(aperture_world: World) -> World:
    return aperture_world
