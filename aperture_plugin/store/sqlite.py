"""The embedded default: one SQLite file, readable by its owner alone.

WAL lets other processes read while one writes. A commit waits for the disk: a claim must outlive a power cut, or its
slot would run twice. SQLite does that with `synchronous=FULL` for every commit; here it is done after the
commit, by one call. Commits are few, because a tick writes everything in one.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from aperture_plugin.ports import StoreRefused, StoreUnavailable
from aperture_plugin.store.base_file import STORE_KEY, BaseFile
from aperture_plugin.store.commit_listener import CommitSource
from aperture_plugin.store.read_only_file import ReadOnlyFile, may_be_written
from aperture_plugin.store.sql_store import SqlStore
from aperture_plugin.store.statements import COUNT
from aperture_plugin.store.storable import make_storable
from aperture_plugin.store.tables import meta
from aperture_plugin.store.wal_source import WalSource

__all__ = ["SqliteStore"]

_log = logging.getLogger("aperture")

BUSY_SECONDS: Final = 5.0

_PAGES_FOLDED: Final = 4000
"""Pages after which SQLite checkpoints the write-ahead log, within a commit. That commit takes 20 to 50 ms longer, once
for about 9,000 new runs; checkpointing while the loop is idle instead would need a door of its own for no figure."""


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
        self._base = BaseFile(path)
        self._held: int | None = None
        self._log: tuple[int, int] | None = None
        self._wal = WalSource(self._is_news)

    def open(self) -> None:
        """Connect, make what is not there, move an older schema up."""
        super().open()
        with self._lock:
            if not self._base.begin():
                # So far all of it lies in the write-ahead log; once it is folded in, the file can be recognized.
                self._ask("PRAGMA wal_checkpoint(PASSIVE)")
                self._base.begin()

    def changed(self) -> bool:
        """Return whether another process has committed more than a beat since a transaction here last read that.

        It costs microseconds.
        """
        with self._lock:
            if self._writer is None or self._seen_version is None or self._news:
                return True
            # A file that was replaced never changes again.
            if _identity(self._path) != self._file:
                return True
            version = self._data_version()
            if version != self._seen_version:
                if self._writes() != self._seen_writes:
                    return True
                self._seen_version = version  # A commit after this read changes it again.
            return False

    def _to_disk(self) -> None:
        """Wait until the write-ahead log, with the commits that are not in the file yet, is on the disk."""
        try:
            # Opening and closing it releases no lock: SQLite's are on the file and on its -shm.
            log = os.open(self._path.with_name(self._path.name + "-wal"), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return  # It was checkpointed, which waits for the disk; or this file system has none (see `_set_pragmas`).
        try:
            # The log is overwritten from its beginning again and again, so its metadata need not be synced.
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
    ) -> None:
        if counts:
            COUNT.run(connection)
            self._ours = self._seen_writes + 1

    def _after_commit(self) -> None:
        self._seen_writes = self._ours

    def _connect(self, *, looking: bool = False) -> None:
        if not looking:
            self._make_file()
        self._engine = self._made_engine(looking=looking)
        self._seen_version = None

    def _mail_engine(self) -> Engine:
        return self._made_engine(looking=False)

    def _made_engine(self, *, looking: bool) -> Engine:
        arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None}
        if looking and not may_be_written(self._path):
            engine = create_engine(
                "sqlite://", poolclass=QueuePool, creator=ReadOnlyFile(self._path, arguments).connect
            )
            event.listen(engine, "connect", _read_any_text)
            return engine
        engine = create_engine(URL.create("sqlite", database=str(self._path)), connect_args=arguments)
        event.listen(engine, "connect", _read_any_text)
        if not looking:
            event.listen(engine, "connect", _set_pragmas)
        make_storable(engine)
        return engine

    def _set_up(self, connection: Connection) -> None:
        super()._set_up(connection)
        self._file, self._log = _identity(self._path), _identity(self._beside("-wal"))
        if not connection.execute(select(meta.c.value).where(meta.c.key == STORE_KEY)).first():
            connection.execute(insert(meta), {"key": STORE_KEY, "value": secrets.randbits(62)})
        self._wal.attend([self._path, self._beside("-wal")])

    def _begin(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _is_foreign(self, connection: Connection) -> bool:  # noqa: ARG002  # asked of the driver, below SQLAlchemy
        # Exact: no other process can commit while we hold the write lock.
        version, writes = self._data_version(), self._seen_writes
        if version != self._seen_version:
            writes = self._writes()
        foreign = self._seen_version is None or writes != self._seen_writes
        self._seen_version, self._seen_writes = version, writes
        self._ours = writes
        return foreign

    def _source(self) -> CommitSource | None:
        # Without a write-ahead log the file may be on another machine's disk, of which inotify reports nothing.
        if self._log is None:
            return None
        self._heard_version = self._seen_version
        return self._wal

    def _is_news(self) -> bool:
        try:
            with self._lock:
                if self.changed():
                    return True
                heard, self._heard_version = self._heard_version, self._seen_version
                return heard != self._heard_version  # A beat.
        except (StoreUnavailable, StoreRefused):
            return True  # The loop meets the error again, and reports it.

    def _size(self, connection: Connection) -> int | None:  # noqa: ARG002  # the files tell more than the pages in use
        # The latest writes are in the file beside it until they are checkpointed.
        files = [self._path, self._beside("-wal"), self._beside("-shm")]
        return sum(path.stat().st_size for path in files if path.exists())

    def _check_database(self) -> None:
        found = _identity(self._path)
        if found is None:
            raise StoreUnavailable(f"{self.url}: it is not there any more; put it back, or start anew")
        if found != self._file or self._base.was_overwritten():
            if self._file is not None:
                _log.warning("%s: another file was put in its place, which counts from now on", self.url)
            # Another file was put in its place: what we hold open has no name any more.
            if found == self._file:
                self._empty_log()
            self._close_connections()
            self._leave_no_log_behind()
            self._file = None  # If it is no store, it is checked again the next time.
            self._release()
            try:
                self.open()
            except StoreRefused:
                self._hold()
                raise

    def _empty_log(self) -> None:
        """Empty the write-ahead log of a file that was overwritten: closing it, SQLite would fold the log into it."""
        with suppress(OSError):
            os.truncate(self._beside("-wal"), 0)

    def _hold(self) -> None:
        """Keep the file open although it is no store, so that others can find out which process works on it."""
        with suppress(OSError):
            self._held = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close every connection."""
        super().close()
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def _leave_no_log_behind(self) -> None:
        """Delete the write-ahead log of the file that was replaced: SQLite would write it into the new one."""
        log, self._log = self._log, None
        if log is not None and _identity(self._beside("-wal")) == log:
            for end in ("-wal", "-shm"):
                self._beside(end).unlink(missing_ok=True)

    def _beside(self, end: str) -> Path:
        return self._path.with_name(self._path.name + end)

    def _data_version(self) -> int:
        return int(self._ask("PRAGMA data_version"))

    def _writes(self) -> int:
        found = self._ask("SELECT max(value) FROM meta WHERE key = 'writes'")
        return found if isinstance(found, int) else -1  # Damaged; the next write makes it a number again.

    def _ask(self, words: str) -> Any:
        connection: Any = self._connection().connection.driver_connection
        try:
            return connection.execute(words).fetchone()[0]
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self.url}: {error}") from error

    def _make_file(self) -> None:
        """Create the file if there is none, readable by its owner only from the beginning.

        An existing file is not even opened here: closing it again would release every lock that SQLite has on it in
        this process, and another process would treat the write-ahead log as left over.
        """
        if self._path.exists():
            return
        try:
            target = os.path.realpath(self._path)  # A dangling link: SQLite would create its target readable by all.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreUnavailable(
                f"{self.url}: {reason} (is its folder there, and may this user write to it?)"
            ) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Return the identity of the file, which another file of the same name does not have; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _read_any_text(connection: sqlite3.Connection, _record: object) -> None:
    """Show text that is not UTF-8 as near as can be; SQLite keeps it, and Python would refuse every row around it."""
    connection.text_factory = lambda text: text.decode("utf-8", "backslashreplace")


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    [mode] = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    # Without a write-ahead log (a network file system) only SQLite itself can sync.
    connection.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_PAGES_FOLDED}")
