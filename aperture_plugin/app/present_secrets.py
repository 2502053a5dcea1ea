"""The secrets of a job as they are now: what lies in files may have changed since the schedules.yaml was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from aperture_plugin.config.layers.environment import filled_anew, takes_files
from aperture_plugin.config.model import JobConfig
from aperture_plugin.words.secrets import Filled, SecretOf

__all__ = ["with_present_secrets"]


def with_present_secrets(
    job: JobConfig, environ: Mapping[str, str], secret_of: SecretOf
) -> tuple[JobConfig, tuple[str, ...]]:
    """Return *job* with the content that its files have now, and all that was brought in.

    A job that takes nothing from files comes back as it is.

    Raises:
        LookupError: A file cannot be read; the text says which and why.
    """
    command = job.command
    if not job.params and (command is None or not (command.environment or command.directory)):
        return job, ()
    reader = _SecretReader(environ, secret_of)
    params = reader.anew(job.params)
    if command is not None:
        environment, directory = reader.anew(command.environment), reader.anew(command.directory)
        if reader.brought:
            command = replace(command, environment=environment, directory=directory)
    return (replace(job, params=params, command=command), tuple(reader.brought)) if reader.brought else (job, ())


class _SecretReader:
    def __init__(self, environ: Mapping[str, str], secret_of: SecretOf) -> None:
        self._environ = environ
        self._secret_of = secret_of
        self.brought: list[str] = []

    def anew(self, value: Any) -> Any:
        """Return *value*, or an equal one with each text in it that takes files filled in anew."""
        match value:
            case Filled() if takes_files(value):
                text, brought = filled_anew(value, self._environ, self._secret_of)
                self.brought += brought
                return Filled(text, value.written)
            case Mapping() if value:
                return MappingProxyType({name: self.anew(one) for name, one in value.items()})
            case tuple() if value:
                return tuple(self.anew(one) for one in value)
        return value
