"""Helpers for the tests of hosts: a fake clock, and a world in which a week of schedules passes in milliseconds.

The pytest fixture `aperture_world` gives a fresh `World` in the test's own folder. Names are loaded when
they are first used, because every run of pytest imports this package. A host with its own executor tests it with
`ExecutorContract`.
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
