"""Puts everything together: the clock, store, plugins and executor that a loop runs with.

Names are loaded when they are first used: who only looks at a file needs neither the loop nor the store.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aperture_plugin.app.aperture import Aperture
    from aperture_plugin.app.celery_setup import register_celery_worker
    from aperture_plugin.app.errors import NoSuchJob, NotRunning
    from aperture_plugin.app.json_views import run_json
    from aperture_plugin.app.reschedule import CannotEdit
    from aperture_plugin.app.run_handle import RunHandle
    from aperture_plugin.app.source import ConfigRefused
    from aperture_plugin.app.worker_setup import store_worker

__all__ = [
    "Aperture",
    "CannotEdit",
    "ConfigRefused",
    "NoSuchJob",
    "NotRunning",
    "RunHandle",
    "register_celery_worker",
    "run_json",
    "store_worker",
]

_HOMES = {
    "Aperture": "aperture",
    "CannotEdit": "reschedule",
    "ConfigRefused": "source",
    "NoSuchJob": "errors",
    "NotRunning": "errors",
    "RunHandle": "run_handle",
    "register_celery_worker": "celery_setup",
    "run_json": "json_views",
    "store_worker": "worker_setup",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
