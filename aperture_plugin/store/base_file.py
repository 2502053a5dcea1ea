"""The file of a SQLite store, below its write-ahead log: whether somebody has copied another one over it.

A process that has a store open goes on reading what lies in the log and in its memory, and would not notice. So the
file itself is looked at when its time or size has changed: which store it is, and how much had been written to it.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["STORE_KEY", "BaseFile"]

STORE_KEY: Final = "store"
"""The row of `meta` with a number that no other store has."""

_SETTLED_SECONDS: Final = 1.0
"""A file that looks wrong for a moment may have a write-ahead log that is just being folded in."""


class _Content(NamedTuple):
    store: int | None
    writes: int


class BaseFile:
    """Watches one file; called before each transaction, and costs microseconds while nothing changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._signs: tuple[int, int] | None = None
        self._known: _Content | None = None
        self._suspect: tuple[tuple[int, int], float] | None = None

    def begin(self) -> bool:
        """Take the file as it is now for the right one; return whether it can be recognized."""
        self._signs, self._suspect = _signs(self._path), None
        self._known = _content(self._path)
        return self._known is not None and self._known.store is not None

    def was_overwritten(self) -> bool:
        """Return whether the file holds another store, an older copy, or none, and has done so for a second."""
        signs = _signs(self._path)
        if signs is None or signs == self._signs:
            return False
        found = _content(self._path)
        if not self._is_wrong(found):
            self._signs, self._suspect = signs, None
            self._known = found or self._known
            return False
        if self._suspect is None or self._suspect[0] != signs:
            self._suspect = signs, time.monotonic()
        return time.monotonic() - self._suspect[1] >= _SETTLED_SECONDS

    def _is_wrong(self, found: _Content | None) -> bool:
        known = self._known
        if known is None:  # All that was written so far lay in the log.
            return False
        if found is None:
            return True
        other = None not in {known.store, found.store} and found.store != known.store
        return other or (known.store is not None and found.store is None) or found.writes < known.writes


def _signs(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _content(path: Path) -> _Content | None:
    """Return what stands in the file alone, its log left out; None if that is no store."""
    try:
        # SQLite itself opens and closes it: closing it by hand would let go of the locks of this process.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            rows = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        finally:
            connection.close()
        return _Content(rows.get(STORE_KEY), int(rows["writes"]))
    except (sqlite3.Error, KeyError, TypeError, ValueError):
        return None
