"""For hosts' tests: a fake clock, and a world in which a week of schedules passes in milliseconds.

The pytest fixture `aperture_world` gives a fresh `World` in the test's own folder.
"""

from __future__ import annotations

from aperture_plugin.testing.clock import FakeClock
from aperture_plugin.testing.world import World

__all__ = ["FakeClock", "World"]
