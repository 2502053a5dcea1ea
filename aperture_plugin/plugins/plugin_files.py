"""The source files of the plugins that were loaded, and which of them have changed since."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Final

__all__ = ["changed_since", "file_prints", "files_below", "files_of"]

_LARGEST: Final = 4 * 1024 * 1024
_MOST: Final = 500
"""Files that are watched; a package of more than that changes by being installed anew."""


def files_of(value: object) -> Iterator[Path]:
    """Yield the files that make up a plugin: the module, or the object of a class, that answers hooks."""
    module = value if isinstance(value, ModuleType) else sys.modules.get(type(value).__module__)
    file = getattr(module, "__file__", None)
    if not file:
        return
    path = Path(file)
    if path.name == "__init__.py":
        yield from files_below(path.parent)
    else:
        yield path


def file_prints(files: Iterable[Path]) -> dict[str, str]:
    """Return what tells the content of each file from any later one; a file that is gone has none."""
    prints: dict[str, str] = {}
    for path in files:
        if len(prints) < _MOST and (print_of := _print_of(path)) is not None:
            prints[str(path.absolute())] = print_of
    return prints


def changed_since(prints: Mapping[str, str], files: Iterable[Path] = ()) -> list[Path]:
    """Return the files that changed, came or went since *prints* were taken, in the order of their names.

    Args:
        files: Those that there are now.
    """
    now = {str(path.absolute()) for path in files} | prints.keys()
    return [Path(name) for name in sorted(now) if not _is_same(name, prints.get(name))]


def files_below(folder: Path) -> Iterator[Path]:
    """Yield each module in *folder* and below it."""
    for here, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__pycache__")))
        yield from (Path(here, name) for name in sorted(names) if name.endswith(".py") and not name.startswith("."))


def _is_same(name: str, before: str | None) -> bool:
    if before is None:
        return not Path(name).is_file()
    try:
        found = os.stat(name)  # noqa: PTH116  # it is asked every few seconds
    except OSError:
        return False
    # Only where the time is another one is the content read.
    return f"{found.st_mtime_ns} {found.st_size}" == before.rpartition(" ")[0] or _content(Path(name)) == before[-16:]


def _print_of(path: Path) -> str | None:
    try:
        found = path.stat()
        return f"{found.st_mtime_ns} {found.st_size} {_content(path)}" if path.is_file() else None
    except OSError:
        return None


def _content(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return blake2b(file.read(_LARGEST), digest_size=8).hexdigest()
    except OSError:
        return None
