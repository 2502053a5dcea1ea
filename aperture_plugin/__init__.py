"""Declarative job scheduling inside Python applications: one YAML file says when jobs run.

    from aperture_plugin import Aperture, Job, hookimpl

Names are loaded when they are first used, so that importing the package costs a host next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aperture_plugin.app import Aperture, CannotEdit, ConfigRefused
    from aperture_plugin.config.problems import Problem
    from aperture_plugin.plugins.hookspecs import hookimpl
    from aperture_plugin.ports import LiveRun, RunCancelled
    from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
    from aperture_plugin.rules.runs import Run

__all__ = [
    "Aperture",
    "CannotEdit",
    "ConfigRefused",
    "Job",
    "LiveRun",
    "Outcome",
    "OutcomeStatus",
    "Problem",
    "Run",
    "RunCancelled",
    "__version__",
    "hookimpl",
]

__version__ = "0.1.0"

_HOMES = {
    "Aperture": "app",
    "CannotEdit": "app",
    "ConfigRefused": "app",
    "Job": "rules.jobs",
    "LiveRun": "ports",
    "Outcome": "rules.jobs",
    "OutcomeStatus": "rules.jobs",
    "Problem": "config.problems",
    "Run": "rules.runs",
    "RunCancelled": "ports",
    "hookimpl": "plugins.hookspecs",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
