"""Reads the file that a person edits, up to a bound; names it as reports do."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["LARGEST", "CannotRead", "Content", "look_at", "read_bounded", "shown"]

LARGEST: Final = 16 * 1024 * 1024
"""A larger schedules.yaml is refused (DESIGN.md, section 2)."""

_OF_THE_SHELL: Final = {(os.sep, "dev"), (os.sep, "proc")}


@dataclass(frozen=True, slots=True)
class CannotRead:
    """A file that exists and cannot be read.

    Attributes:
        reason: In the system's words, such as `Permission denied`.
    """

    reason: str


Content = bytes | CannotRead | None
"""The content of a path; None if nothing is there."""


def look_at(path: Path) -> Content:
    """Return the bytes of *path* as `read_bounded` does, or the reason why they cannot be read."""
    try:
        return read_bounded(path)
    except OSError as error:
        return CannotRead(error.strerror or type(error).__name__)


def read_bounded(path: Path) -> bytes | None:
    """Return the bytes of *path*, one more than the largest allowed at most; None when it is not there.

    Only regular files are read: a pipe or a device could block its reader for ever. A pipe that the shell has opened
    (`/dev/stdin`, `/dev/fd/63`) is read to its end.

    Raises:
        OSError: It exists and cannot be read (a folder, a pipe, no permission).
    """
    try:
        _require_file(path, path.stat().st_mode)
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            _require_file(path, os.fstat(file.fileno()).st_mode)
            os.set_blocking(file.fileno(), True)
            return file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _require_file(path: Path, mode: int) -> None:
    """Raise if a path with *mode* is neither a regular file nor a pipe that the shell opened."""
    if stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and path.absolute().parts[:2] in _OF_THE_SHELL):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    kinds = {
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    raise OSError(errno.EINVAL, f"it is {kinds.get(stat.S_IFMT(mode), 'something else')}, and no file")


def shown(path: Path) -> str:
    """Return *path* as reports name it: relative to the current folder where it lies below it or beside it.

    >>> shown(Path("schedules.yaml"))
    'schedules.yaml'
    """
    if not path.is_absolute():
        return path.as_posix()
    return Path(os.path.relpath(path)).as_posix()
