"""A worker's parts, put together from the file that its loop has: plugins, store, and how attempts are taken."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from aperture_plugin.app.source import ConfigRefused, Source, mailbox_of, store_of
from aperture_plugin.clock.system import SystemClock
from aperture_plugin.config.model import Config
from aperture_plugin.executors.store_worker import StoreWorker
from aperture_plugin.files.bounded_read import look_at
from aperture_plugin.files.secret_files import SecretVariables
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.ports import Mailbox

__all__ = ["WorkerSetup", "read_config", "store_worker"]


class WorkerSetup:
    """The parts of every process of a worker.

    Args:
        file: The schedules.yaml; the address of the store and the secrets to mask are taken from it.
        plugins, modules: As for `Aperture`: who registers the jobs.
        state: URL of the store; None for what the environment or the file says.
        environ: The environment in which parameters find secrets; None for this process's own.
    Raises:
        ConfigRefused: The file is not valid.
        PluginError: A plugin cannot be loaded.
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        *,
        plugins: Sequence[object] = (),
        modules: Sequence[str] = (),
        state: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        path = Path(file)
        self._environ = os.environ if environ is None else environ
        self._variables = SecretVariables(path.absolute().parent, self._environ)
        self._state = state
        self._plugins = load_plugins(directory=path.absolute().parent, plugins=plugins, modules=modules)
        # Read without asking plugins: a worker may lack a job that the loop knows, and serves the others.
        self._source = Source(path=path, environ=self._environ)
        self._reading = self._source.judge(look_at(path), now=SystemClock().now(), starting=True)
        if self._reading.config is None:
            raise ConfigRefused(self._reading.problems, self._reading.text)

    def mailbox(self) -> Mailbox:
        """Return a mailbox with connections of its own: one does not survive a fork."""
        return mailbox_of(store_of(self._source, self._reading, url=self._state))

    def worker(self, can_kill: bool) -> StoreWorker:
        """Return the worker of this process.

        Args:
            can_kill: True if the process may be ended by SIGKILL for the sake of one handler.
        """
        return StoreWorker(
            self.mailbox(),
            self._plugins.jobs,
            self._plugins.run_job,
            clock=SystemClock(),
            environ=self._variables,
            secrets=self._reading.secrets,
            can_kill=can_kill,
        )


def store_worker(
    file: str | os.PathLike[str], *, plugins: Sequence[object] = (), modules: Sequence[str] = (), can_kill: bool = False
) -> StoreWorker:
    """Return what takes attempts in this process, for the worker of an engine of your own.

        worker = store_worker("schedules.yaml", plugins=[Library()])

        @engine.task
        def attempt(run_id, number):
            worker.work_on((run_id, number))

    Make one in each process, after it was forked. Arguments and errors are those of `WorkerSetup`.
    """
    return WorkerSetup(file, plugins=plugins, modules=modules).worker(can_kill)


def read_config(file: Path, environ: Mapping[str, str]) -> Config:
    """Return the configuration in *file*, read without asking plugins.

    Raises:
        ConfigRefused: It is not valid.
    """
    reading = Source(path=file, environ=environ).judge(look_at(file), now=SystemClock().now(), starting=True)
    if reading.config is None:
        raise ConfigRefused(reading.problems, reading.text)
    return reading.config
