"""`executor: celery`, put together: the executor of the loop, and the worker that `aperture worker` or a host has."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aperture_plugin.app.worker_setup import WorkerSetup, read_config
from aperture_plugin.config.model import Config
from aperture_plugin.executors.store_executor import StoreExecutor
from aperture_plugin.plugins.plugin_problems import PluginError, PluginProblem
from aperture_plugin.ports import Clock, Mailbox, Spender

if TYPE_CHECKING:
    from aperture_plugin.executors.celery_app import Celery

__all__ = ["WorkerApp", "celery_executor", "celery_worker", "register_celery_worker"]

_INSTALL = "pip install 'aperture-plugin[celery]'"


class WorkerApp(NamedTuple):
    """The Celery app that `aperture worker` starts, and what that command needs to know.

    Attributes:
        app: A Celery app with our task on it.
        queues: The Celery queues that the file's attempts travel through.
        secrets: The secrets of the file, which no line of the worker's log may show.
    """

    app: Celery
    queues: list[str]
    secrets: tuple[str, ...]


def celery_executor(
    config: Config, chosen: Callable[[], Config], mailbox: Callable[[], Mailbox], *, clock: Clock, spend: Spender
) -> StoreExecutor:
    """Return the executor that sends messages where *config* says.

    Args:
        config: Names the broker, or the host's own app.
        chosen: Returns the file in force, which maps its queues to Celery's.
    Raises:
        PluginError: Celery is not installed, or the app cannot be had.
    """
    app = _app_of(config)
    from aperture_plugin.executors.celery_app import sender

    publish = sender(app, lambda: chosen().celery_queues)
    return StoreExecutor(mailbox(), publish, name="celery", clock=clock, spend=spend)


def celery_worker(
    file: Path,
    *,
    modules: Sequence[str] = (),
    state: str | None = None,
    grace_seconds: float = 30.0,
    environ: Mapping[str, str] | None = None,
) -> WorkerApp:
    """Return the Celery app of *file* with our task on it, and what its worker needs to know.

    Args:
        file: The schedules.yaml; its plugins are loaded here, so that the forked processes share them.
        grace_seconds: After SIGTERM handlers have so long to end before they are asked to cancel.
    Raises:
        ConfigRefused: The file is not valid.
        PluginError: A plugin cannot be loaded, Celery is not installed, or the app cannot be had.
    """
    config = read_config(file, os.environ if environ is None else environ)
    app = _app_of(config)
    register_celery_worker(app, file, modules=modules, state=state, grace_seconds=grace_seconds, environ=environ)
    from aperture_plugin.executors.celery_app import queue_names

    return WorkerApp(app, queue_names(app, config.celery_queues, config.queues), config.secrets)


def register_celery_worker(
    app: Celery,
    file: str | os.PathLike[str],
    *,
    plugins: Sequence[object] = (),
    modules: Sequence[str] = (),
    state: str | None = None,
    grace_seconds: float = 30.0,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Register the task by which workers of a host's own Celery *app* work on the attempts of *file*.

    Call it where the app is made; the loop's file names that app under `celery app`.

        app = Celery("myhost", broker="redis://localhost")
        register_celery_worker(app, "schedules.yaml", plugins=[Library()])

    Args:
        plugins, modules: As for `Aperture`: who registers the jobs.
        state: URL of the store; None for what the environment or the file says.
        grace_seconds: After SIGTERM handlers have so long to end before they are asked to cancel.
    Raises:
        ConfigRefused: The file is not valid.
        PluginError: A plugin cannot be loaded.
    """
    from aperture_plugin.executors.celery_worker import CeleryWorker

    setup = WorkerSetup(file, plugins=plugins, modules=modules, state=state, environ=environ)
    CeleryWorker(app, setup.worker, setup.mailbox, grace_seconds=grace_seconds)


def _app_of(config: Config) -> Celery:
    try:
        from aperture_plugin.executors.celery_app import AppNotFound, app_at, app_for
    except ImportError as error:
        raise _refused("executor: celery needs Celery, which is not installed", hint=_INSTALL) from error
    if config.celery_app is not None:
        try:
            return app_at(config.celery_app)
        except AppNotFound as error:
            hint = "write it as package.module:app, and start where it can be imported"
            raise _refused(str(error), hint=hint) from error
    if config.broker is None:
        raise _refused("executor: celery needs a broker", hint="write  broker: redis://localhost:6379/0")
    return app_for(config.broker)


def _refused(message: str, *, hint: str) -> PluginError:
    return PluginError([PluginProblem(plugin="celery", message=message, hint=hint)])
