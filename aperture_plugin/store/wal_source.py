"""Notices commits on SQLite through inotify: every commit writes to the write-ahead log."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

__all__ = ["WalSource"]

_MODIFY: Final = 0x2
_ATTRIB: Final = 0x4  # also reported for a file that loses a name
_DELETE_SELF: Final = 0x400
_MOVE_SELF: Final = 0x800
_AT_ONCE: Final = os.O_NONBLOCK | os.O_CLOEXEC

_BYTES: Final = 64 * 1024


class WalSource:
    """Reports writes to some files, and their replacement; a `CommitSource` for the commit listener.

    Args:
        news: Returns whether another process has committed.
    """

    def __init__(self, news: Callable[[], bool]) -> None:
        self._news = news
        self._lock = threading.Lock()
        self._number: int | None = None
        self._paths: Sequence[Path] = ()
        self._watched: set[int] = set()

    def open(self) -> int:
        """Begin to listen; return the file descriptor to wait for."""
        libc = _libc()
        number = int(libc.inotify_init1(_AT_ONCE))
        if number < 0:
            raise _error()
        with self._lock:
            self._number = number
            self._watch()
        return number

    def read_events(self) -> bool:
        """Read all pending events; return whether another process may have committed."""
        assert self._number is not None, "it listens"
        with suppress(BlockingIOError):
            while len(os.read(self._number, _BYTES)) > _BYTES // 2:
                pass
        return self._news()

    def close(self) -> None:
        """Stop listening."""
        with self._lock:
            if self._number is not None:
                os.close(self._number)
            self._number = None
            self._watched.clear()

    def attend(self, paths: Sequence[Path]) -> None:
        """Listen to these files as they are now; callable from any thread."""
        with self._lock:
            self._paths = paths
            if self._number is not None:
                with suppress(OSError):  # A missing file is not listened to; the store is polled then.
                    self._watch()

    def _watch(self) -> None:
        assert self._number is not None, "it listens"
        libc, mask = _libc(), _MODIFY | _ATTRIB | _DELETE_SELF | _MOVE_SELF
        watched = [libc.inotify_add_watch(self._number, os.fsencode(path), mask) for path in self._paths]
        failed = _error() if -1 in watched else None
        for left in self._watched.difference(watched):
            libc.inotify_rm_watch(self._number, left)  # The system removes the watch of a deleted file.
        self._watched = {number for number in watched if number >= 0}
        if failed is not None:
            raise failed


def _libc() -> Any:
    """Return the C library, which has the calls of inotify.

    Raises:
        OSError: This system does not have them.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        raise OSError("this system has no inotify")
    return libc


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
