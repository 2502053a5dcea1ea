"""The embedded default: one SQLite file, readable by its owner alone.

WAL lets readers pass while one process writes. A commit waits for the disk: a claim must outlive a power cut,
or its slot would run twice. SQLite does that with `synchronous=FULL`, for every commit alike; here it is done
after the commit, and only where the transaction was not relaxed. Commits are few, because a tick writes all it
has in one.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL

from aperture_plugin.ports import StoreRefused, StoreUnavailable
from aperture_plugin.store.base import SqlStore
from aperture_plugin.store.ears import Source
from aperture_plugin.store.inotify import FilesHeard
from aperture_plugin.store.words import COUNT

__all__ = ["SqliteStore"]

BUSY_SECONDS: Final = 5.0

_COMMITS_FOLDED: Final = 64
_PAGES_FOLDED: Final = 4000
"""After so many commits the write-ahead log is folded in when there is time; at so many pages, whoever waits."""


class SqliteStore(SqlStore):
    """A store in the file *path*."""

    _LOOK = "BEGIN"

    def __init__(self, path: Path, *, shown: str) -> None:
        super().__init__(shown)
        self._path = path
        self._seen_version: int | None = None
        self._heard_version: int | None = None
        self._seen_writes = self._ours = -1
        self._file: tuple[int, int] | None = None
        self._log: tuple[int, int] | None = None
        self._heard = FilesHeard(self._is_news)
        self._commits = 0

    def changed(self) -> bool:
        """Say whether another process has committed more than a beat since a transaction here last asked.

        It costs microseconds.
        """
        with self._lock:
            if self._writer is None or self._seen_version is None or self._news:
                return True
            # One that another was put in the place of stays as it was for ever.
            if _identity(self._path) != self._file:
                return True
            version = self._data_version()
            if version != self._seen_version:
                if self._writes() != self._seen_writes:
                    return True
                self._seen_version = version  # What is committed after it was asked for changes it once more.
            return False

    def sync(self) -> None:
        """Wait until what was committed is on the disk; now and then, fold the write-ahead log into the file.

        SQLite would fold it in at the end of some transaction, whoever waits for that one. Whoever comes here has
        nothing else to do just now.
        """
        super().sync()
        with self._lock:
            if self._writer is not None and self._commits >= _COMMITS_FOLDED:
                self._ask("PRAGMA wal_checkpoint(PASSIVE)")
                self._commits = 0

    def _to_disk(self) -> None:
        """Wait until the write-ahead log is on the disk: what was committed and is not in the file yet."""
        try:
            # Opening and closing it lets go of no lock: SQLite's are on the file and on its -shm.
            log = os.open(self._path.with_name(self._path.name + "-wal"), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return  # It was folded into the file, which waits for the disk; or this disk has none (see `_set_pragmas`).
        try:
            # The log is written over from its beginning again and again: its times alone are not worth waiting for.
            (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(log)
        except OSError as error:
            raise StoreUnavailable(f"{self.url}: {error.strerror or error}") from error
        finally:
            os.close(log)

    def _before_commit(
        self,
        connection: Connection,
        *,
        wrote: bool,  # noqa: ARG002  # the system itself tells those who listen
        counts: bool,
        relaxed: bool,  # noqa: ARG002  # the disk is waited for after the commit
    ) -> None:
        if counts:
            COUNT.run(connection)
            self._ours = self._seen_writes + 1

    def _after_commit(self) -> None:
        self._seen_writes = self._ours
        self._commits += 1

    def _connect(self, *, looking: bool = False) -> None:
        if not looking:
            self._make_file()
        engine = create_engine(
            URL.create("sqlite", database=str(self._path)),
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
        )
        if not looking:
            event.listen(engine, "connect", _set_pragmas)
        self._engine = engine
        self._seen_version = None

    def _set_up(self, connection: Connection) -> None:
        super()._set_up(connection)
        self._file, self._log = _identity(self._path), _identity(self._beside("-wal"))
        self._heard.attend([self._path, self._beside("-wal")])

    def _begin(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _is_foreign(self, connection: Connection) -> bool:  # noqa: ARG002  # asked of the driver, below SQLAlchemy
        # Exact: nobody else can commit while we hold the write lock.
        version, writes = self._data_version(), self._seen_writes
        if version != self._seen_version:
            writes = self._writes()
        foreign = self._seen_version is None or writes != self._seen_writes
        self._seen_version, self._seen_writes = version, writes
        self._ours = writes
        return foreign

    def _source(self) -> Source | None:
        # Without a write-ahead log the file may lie on another machine's disk, of which this system tells nothing.
        if self._log is None:
            return None
        self._heard_version = self._seen_version
        return self._heard

    def _is_news(self) -> bool:
        try:
            with self._lock:
                if self.changed():
                    return True
                heard, self._heard_version = self._heard_version, self._seen_version
                return heard != self._heard_version  # A beat.
        except (StoreUnavailable, StoreRefused):
            return True  # The loop meets it again, and says so in full.

    def _size(self, connection: Connection) -> int | None:  # noqa: ARG002  # the files tell more than the pages in use
        # What was written last lies beside it until it is folded in.
        files = [self._path, self._beside("-wal"), self._beside("-shm")]
        return sum(path.stat().st_size for path in files if path.exists())

    def _look_before(self) -> None:
        found = _identity(self._path)
        if found is None:
            raise StoreUnavailable(f"{self.url}: it is not there any more; put it back, or start anew")
        if found != self._file:
            # Another file was put in its place: what we hold open has no name any more.
            self._let_go()
            self._leave_no_log_behind()
            self._file = None  # Should it be no store, it is looked at again the next time.
            self.open()

    def _leave_no_log_behind(self) -> None:
        """Take away the write-ahead log of the file that was replaced: SQLite would write it into the new one."""
        log, self._log = self._log, None
        if log is not None and _identity(self._beside("-wal")) == log:
            for end in ("-wal", "-shm"):
                self._beside(end).unlink(missing_ok=True)

    def _beside(self, end: str) -> Path:
        return self._path.with_name(self._path.name + end)

    def _data_version(self) -> int:
        return int(self._ask("PRAGMA data_version"))

    def _writes(self) -> int:
        return int(self._ask("SELECT value FROM meta WHERE key = 'writes'"))

    def _ask(self, words: str) -> Any:
        connection: Any = self._connection().connection.driver_connection
        try:
            return connection.execute(words).fetchone()[0]
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self.url}: {error}") from error

    def _make_file(self) -> None:
        """Make the file if there is none, so that nobody but its owner could ever read it.

        One that is there is not so much as opened here: closing it again would let go of every lock that
        SQLite holds on it for this process, and another process would take the write-ahead log for left over.
        """
        if self._path.exists():
            return
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreUnavailable(
                f"{self.url}: {reason} (is its folder there, and may this user write to it?)"
            ) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another of the same name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    [mode] = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    # Without a write-ahead log (a network's file system) there is nothing to wait for but what SQLite knows of.
    connection.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_PAGES_FOLDED}")
