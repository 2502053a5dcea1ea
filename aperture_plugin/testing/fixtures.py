"""The pytest fixture; pytest loads this module by its entry point, so it imports nothing heavy at the top."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aperture_plugin.testing.world import World

__all__ = ["aperture_world"]


@pytest.fixture
def aperture_world(tmp_path: Path) -> Iterator[World]:
    """A world of its own for one test: a folder, a fake clock, a real store."""
    from aperture_plugin.testing.world import World

    world = World(tmp_path)
    yield world
    world.close()
