"""The pytest fixtures; pytest loads this module by its entry point, so it imports nothing heavy at the top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aperture_plugin.testing.world import World

__all__ = ["aperture_plugins", "aperture_world"]

pytest.register_assert_rewrite("aperture_plugin.testing.contract")
"""Failed assertions of the executor contract show the values that were compared."""


@pytest.fixture
def aperture_plugins() -> Sequence[object]:
    """The plugins that `aperture_world` loads; a host's tests define a fixture of this name to give their own."""
    return ()


@pytest.fixture
def aperture_world(tmp_path: Path, aperture_plugins: Sequence[object]) -> Iterator[World]:
    """A world of its own for one test: a folder, a fake clock, a real store."""
    from aperture_plugin.testing.world import World

    world = World(tmp_path, plugins=aperture_plugins)
    yield world
    world.close()
