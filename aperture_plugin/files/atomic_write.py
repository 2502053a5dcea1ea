"""Writes a file as a whole or not at all, through links too."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["write_whole"]

_NO_REPLACING: Final = frozenset({errno.EACCES, errno.EBUSY, errno.EPERM, errno.EROFS, errno.EXDEV})
"""Errors after which the file is written in place, because it cannot be replaced: a single file mounted into a
container, a folder of another owner, an owner that cannot be kept."""


def write_whole(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write *data* to *path* by a rename, so that no reader sees half of it; a link at *path* stays a link.

    A device or a pipe is written into. So is a file with several names, one that cannot be replaced, and any path
    below `/dev` or `/proc`.

    Args:
        mode: Permissions of the file; None keeps those of the file that is there (0644 where none is). Its owner,
            group and access list stay in any case.
    Raises:
        OSError: The folder does not exist, the disk is full, no process reads from the pipe, or writing is not
            allowed. An existing file is unchanged then, unless the disk failed while it was written in place.
    """
    before = path.stat() if path.exists() else None
    if before is not None and (_is_special(path, before) or before.st_nlink > 1):
        _write_in_place(path, data, mode)
        return
    target = path.resolve()
    try:
        _replace(target, data, 0o644 if mode is None and before is None else mode, before)
    except OSError as error:
        if before is None or error.errno not in _NO_REPLACING or not os.access(target, os.W_OK):
            raise
        _write_in_place(target, data, mode)


def _is_special(path: Path, found: os.stat_result) -> bool:
    return not stat.S_ISREG(found.st_mode) or path.absolute().parts[:2] in {(os.sep, "dev"), (os.sep, "proc")}


def _replace(target: Path, data: bytes, mode: int | None, before: os.stat_result | None) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            made = os.fstat(file.fileno())
            if before is not None:
                if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                _copy_attributes(target, file.fileno())
            os.fchmod(file.fileno(), before.st_mode & 0o7777 if mode is None and before is not None else mode or 0)
            os.fsync(file.fileno())
        Path(name).replace(target)
        _sync_folder(target.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _copy_attributes(source: Path, target: int) -> None:
    """Copy a file's extended attributes: access lists, labels."""
    if hasattr(os, "listxattr"):
        with suppress(OSError):  # The disk has none, or one may not be set; the mode is what counts.
            for name in os.listxattr(source):
                os.setxattr(target, name, os.getxattr(source, name))


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Some file systems cannot; the file is complete in any case.
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_in_place(path: Path, data: bytes, mode: int | None) -> None:
    """Write *data* into the existing file, and truncate it if it has a length."""
    # Opening a pipe without a reader would block.
    handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        is_regular = stat.S_ISREG(os.fstat(handle).st_mode)
        file.write(data)
        file.flush()
        if is_regular:
            file.truncate()
            if mode is not None:
                os.fchmod(handle, mode)
            os.fsync(handle)
