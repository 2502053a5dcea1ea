"""A SQLite store that may only be read: on a read-only mount, in a snapshot, in a folder of somebody else."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = ["ReadOnlyFile", "may_be_written"]


def may_be_written(path: Path) -> bool:
    """Return whether this user may write the file at *path*, and files beside it as SQLite needs them."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


class ReadOnlyFile:
    """Connects to a store without writing anything beside it.

    A write-ahead log is read along with the file where SQLite can do that without its index. Where it cannot, both are
    copied to a temporary folder, which goes with this object.

    Args:
        path: The file.
        arguments: The arguments of `sqlite3.connect`.
    """

    def __init__(self, path: Path, arguments: Mapping[str, Any]) -> None:
        self._path = path
        self._arguments = arguments
        self._copy: Path | None = None

    def connect(self) -> sqlite3.Connection:
        """Return a new connection.

        Raises:
            sqlite3.Error: The file cannot be read, or is no store.
        """
        if self._copy is None:
            try:
                return self._connected(self._path, "mode=ro")
            except sqlite3.OperationalError:
                if not self._has_log():
                    return self._connected(self._path, "mode=ro&immutable=1")
                self._copy = self._copied()
        return self._connected(self._copy / self._path.name, "mode=rw")

    def _connected(self, path: Path, how: str) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, **self._arguments)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _has_log(self) -> bool:
        try:
            return self._log.stat().st_size > 0
        except OSError:
            return False

    def _copied(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="aperture-look-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        for path in (self._path, self._log):
            shutil.copyfile(path, folder / path.name)
        return folder

    @property
    def _log(self) -> Path:
        return self._path.with_name(self._path.name + "-wal")
