"""For hosts' tests: a fake clock, and a world in which a week of schedules passes in milliseconds.

The pytest fixture `aperture_world` gives a fresh `World` in the test's own folder. Names are loaded when
they are first used: pytest looks into this package at each of its starts, whoever's tests it runs. A host that
brings an executor of its own holds it to `ExecutorContract`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aperture_plugin.testing.clock import FakeClock
    from aperture_plugin.testing.contract import ExecutorContract
    from aperture_plugin.testing.world import World

__all__ = ["ExecutorContract", "FakeClock", "World"]

_HOMES = {"ExecutorContract": "contract", "FakeClock": "clock", "World": "world"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
