"""Reading a file a person edits: bounded, and named the way the person named it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["LARGEST", "read_bounded", "shown"]

LARGEST: Final = 16 * 1024 * 1024
"""A larger schedules.yaml is refused (DESIGN.md, section 2)."""


def read_bounded(path: Path) -> bytes | None:
    """Return the bytes of *path*, one more than the largest allowed at most; None when it is not there.

    Raises:
        OSError: It is there and cannot be read (a folder, no permission).
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None


def shown(path: Path) -> str:
    """Return *path* as reports name it: relative to the current folder where it lies below it or beside it.

    >>> shown(Path("schedules.yaml"))
    'schedules.yaml'
    """
    if not path.is_absolute():
        return path.as_posix()
    return Path(os.path.relpath(path)).as_posix()
