"""Secrets that lie in files: `${file:PATH}` and `${credential:NAME}` of a schedules.yaml.

A file is read each time it is asked for, so that new content counts from the next run on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from aperture_plugin.files.bounded_read import read_bounded
from aperture_plugin.words.secrets import FoundSecret

__all__ = ["SecretFiles", "SecretVariables"]

_LARGEST: Final = 64 * 1024
_DIRECTORY: Final = "CREDENTIALS_DIRECTORY"
"""The variable with the folder in which systemd puts what a unit names under LoadCredential."""


class SecretFiles:
    """Reads the secrets that a schedules.yaml takes from files.

    Args:
        directory: The folder of the schedules.yaml, which relative paths start from.
        environ: Says where credentials lie.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self._directory = directory
        self._environ = environ

    def __call__(self, name: str) -> FoundSecret:
        """Return what stands in the file of *name*, which is `file:PATH` or `credential:NAME`."""
        kind, _, rest = name.partition(":")
        if kind == "file":
            return _read(self._directory / rest)
        if "/" in rest or rest in {"", ".", ".."}:
            return FoundSecret(problem="a credential has a name, and no path")
        folder = self._environ.get(_DIRECTORY)
        if not folder:
            return FoundSecret(problem=f"{_DIRECTORY} is not set: systemd sets it for units that have credentials")
        return _read(Path(folder, rest))


class SecretVariables(Mapping[str, str]):
    """An environment that also has `file:PATH` and `credential:NAME`, where they can be read."""

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._files = SecretFiles(directory, environ)

    def __getitem__(self, name: str) -> str:
        if ":" not in name:
            return self._environ[name]
        found = self._files(name)
        if found.text is None:
            raise KeyError(name)
        return found.text

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


def _read(path: Path) -> FoundSecret:
    try:
        data = read_bounded(path)
        if data is None:
            return FoundSecret(problem="it is not there")
        mode = path.stat().st_mode
    except OSError as error:
        return FoundSecret(problem=f"it cannot be read: {error.strerror or type(error).__name__}")
    if len(data) > _LARGEST:
        return FoundSecret(problem=f"it is larger than {_LARGEST // 1024} KiB")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return FoundSecret(problem="it is not UTF-8")
    if "\0" in text:
        return FoundSecret(problem="there is a NUL in it")
    text = text.removesuffix("\n").removesuffix("\r")
    return FoundSecret(text=text, is_open=bool(mode & stat.S_IROTH) and os.name == "posix")
