"""Where everything is put together: which clock, store, plugins and executor a loop runs with."""

from __future__ import annotations

from aperture_plugin.app.aperture import Aperture
from aperture_plugin.app.handles import RunHandle
from aperture_plugin.app.opening import ConfigRefused

__all__ = ["Aperture", "ConfigRefused", "RunHandle"]
