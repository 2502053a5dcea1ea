"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Put *data* at *path* by a rename, so that no reader ever sees half of it; a link there goes on leading there.

    Args:
        mode: Permissions of the file; None keeps those of the file that is there (0644 where none is). Its owner
            and group stay in any case.
    Raises:
        OSError: The folder is not there, is not writable, or the disk is full, or the owner cannot be kept; then
            *path* is as it was.
    """
    target = path.resolve()
    before = target.stat() if target.exists() else None
    if mode is None:
        mode = 0o644 if before is None else before.st_mode & 0o7777
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            made = os.fstat(file.fileno())
            if before is not None and (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
