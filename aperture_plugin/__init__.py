"""Declarative job scheduling inside Python applications: one YAML file says when jobs run.

    from aperture_plugin import Aperture, Job, hookimpl

Names are loaded when they are first used, so that importing the package costs a host next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aperture_plugin.app import (
        Aperture,
        CannotEdit,
        ConfigRefused,
        NoSuchJob,
        NotRunning,
        RunHandle,
        register_celery_worker,
        run_json,
        store_worker,
    )
    from aperture_plugin.app.backfill import TooManySlots
    from aperture_plugin.app.run_params import ParamRefused
    from aperture_plugin.clock.system import SystemClock
    from aperture_plugin.config.model import Config, JobConfig
    from aperture_plugin.config.problems import Problem
    from aperture_plugin.executors.store_executor import StoreExecutor
    from aperture_plugin.executors.store_worker import StoreWorker
    from aperture_plugin.plugins.hookspecs import hookimpl
    from aperture_plugin.plugins.plugin_problems import PluginError
    from aperture_plugin.ports import (
        Dispatch,
        Ended,
        Executor,
        LiveRun,
        Logged,
        Mailbox,
        Progressed,
        PutOff,
        Report,
        RunCancelled,
        RunQuery,
        Spawned,
        Spender,
        StoreRefused,
        StoreUnavailable,
        Work,
    )
    from aperture_plugin.rules.jobs import Job, Outcome, OutcomeStatus
    from aperture_plugin.rules.runs import Run, RunTrigger, Status
    from aperture_plugin.words.errors import ApertureError
    from aperture_plugin.words.parse_error import Unreadable

__all__ = [
    "Aperture",
    "ApertureError",
    "CannotEdit",
    "Config",
    "ConfigRefused",
    "Dispatch",
    "Ended",
    "Executor",
    "Job",
    "JobConfig",
    "LiveRun",
    "Logged",
    "Mailbox",
    "NoSuchJob",
    "NotRunning",
    "Outcome",
    "OutcomeStatus",
    "ParamRefused",
    "PluginError",
    "Problem",
    "Progressed",
    "PutOff",
    "Report",
    "Run",
    "RunCancelled",
    "RunHandle",
    "RunQuery",
    "RunTrigger",
    "Spawned",
    "Spender",
    "Status",
    "StoreExecutor",
    "StoreRefused",
    "StoreUnavailable",
    "StoreWorker",
    "SystemClock",
    "TooManySlots",
    "Unreadable",
    "Work",
    "__version__",
    "hookimpl",
    "register_celery_worker",
    "run_json",
    "store_worker",
]

__version__ = "0.1.0"

_HOMES = {
    "Aperture": "app",
    "ApertureError": "words.errors",
    "CannotEdit": "app",
    "Config": "config.model",
    "ConfigRefused": "app",
    "Dispatch": "ports",
    "Ended": "ports",
    "Executor": "ports",
    "Job": "rules.jobs",
    "JobConfig": "config.model",
    "LiveRun": "ports",
    "Logged": "ports",
    "Mailbox": "ports",
    "NoSuchJob": "app",
    "NotRunning": "app",
    "Outcome": "rules.jobs",
    "OutcomeStatus": "rules.jobs",
    "ParamRefused": "app.run_params",
    "PluginError": "plugins.plugin_problems",
    "Problem": "config.problems",
    "Progressed": "ports",
    "PutOff": "ports",
    "Report": "ports",
    "Run": "rules.runs",
    "RunCancelled": "ports",
    "RunHandle": "app",
    "RunQuery": "ports",
    "RunTrigger": "rules.runs",
    "Spawned": "ports",
    "Spender": "ports",
    "Status": "rules.runs",
    "StoreExecutor": "executors.store_executor",
    "StoreRefused": "ports",
    "StoreUnavailable": "ports",
    "StoreWorker": "executors.store_worker",
    "SystemClock": "clock.system",
    "TooManySlots": "app.backfill",
    "Unreadable": "words.parse_error",
    "Work": "ports",
    "hookimpl": "plugins.hookspecs",
    "register_celery_worker": "app",
    "run_json": "app",
    "store_worker": "app",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
