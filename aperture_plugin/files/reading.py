"""Reading a file a person edits: bounded, and named the way the person named it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["LARGEST", "CannotRead", "Content", "look_at", "read_bounded", "shown"]

LARGEST: Final = 16 * 1024 * 1024
"""A larger schedules.yaml is refused (DESIGN.md, section 2)."""


@dataclass(frozen=True, slots=True)
class CannotRead:
    """What is found where a file is there and cannot be read.

    Attributes:
        reason: In the system's words, such as `Permission denied`.
    """

    reason: str


Content = bytes | CannotRead | None
"""What is found at a path; None where nothing is."""


def look_at(path: Path) -> Content:
    """Return what is found at *path*: bytes as `read_bounded` returns them, or what is in the way of them."""
    try:
        return read_bounded(path)
    except OSError as error:
        return CannotRead(error.strerror or type(error).__name__)


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
