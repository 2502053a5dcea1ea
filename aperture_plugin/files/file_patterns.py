"""The files that a list of files and folders stands for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from aperture_plugin.words.errors import ApertureError

__all__ = ["FolderWithout", "files_meant"]

_NAMES: Final = ("schedules.yaml", "schedules.yml")
_SUFFIXES: Final = (".yaml", ".yml")
_PASSED_BY: Final = frozenset({"node_modules", "venv", "__pycache__", "site-packages"})


class FolderWithout(ApertureError):
    """A named folder has no YAML file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


def files_meant(paths: Iterable[Path]) -> list[Path]:
    """Return the files that *paths* stand for, in their order, each once.

    A folder stands for each `schedules.yaml` in it and below it, without hidden folders and virtual environments. If
    there is none, it stands for all YAML files directly in it.

    Raises:
        FolderWithout: There is no YAML file in a folder either.
    """
    meant: dict[str, Path] = {}
    for path in paths:
        for file in _in_folder(path) if path.is_dir() else [path]:
            meant.setdefault(os.path.normpath(file.absolute()), file)
    return list(meant.values())


def _in_folder(folder: Path) -> list[Path]:
    found = list(_below(folder))
    if not found:
        found = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    if not found:
        raise FolderWithout(folder)
    return found


def _below(folder: Path) -> Iterator[Path]:
    for here, inner, files in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in _PASSED_BY)
        for name in _NAMES:
            if name in files:
                yield Path(here) / name
