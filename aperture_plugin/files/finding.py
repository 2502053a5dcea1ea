"""Which files are meant where a person names files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

__all__ = ["FolderWithout", "files_meant"]

_NAMES: Final = ("schedules.yaml", "schedules.yml")
_SUFFIXES: Final = (".yaml", ".yml")
_PASSED_BY: Final = frozenset({"node_modules", "venv", "__pycache__", "site-packages"})


class FolderWithout(Exception):
    """A folder that was named, and in which there is no file that could be meant."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


def files_meant(paths: Iterable[Path]) -> list[Path]:
    """Return the files that *paths* mean, in their order and each once.

    A folder stands for each `schedules.yaml` in it and below it, hidden folders and environments left out. Where
    there is none of that name, it stands for all YAML files right in it.

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
