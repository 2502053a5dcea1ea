"""Where everything is put together: which clock, store, plugins and executor a loop runs with.

Names are loaded when they are first used: who only looks at a file needs neither the loop nor the store.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aperture_plugin.app.aperture import Aperture
    from aperture_plugin.app.handles import RunHandle
    from aperture_plugin.app.opening import ConfigRefused
    from aperture_plugin.app.rescheduling import CannotEdit

__all__ = ["Aperture", "CannotEdit", "ConfigRefused", "RunHandle"]

_HOMES = {
    "Aperture": "aperture",
    "CannotEdit": "rescheduling",
    "ConfigRefused": "opening",
    "RunHandle": "handles",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
