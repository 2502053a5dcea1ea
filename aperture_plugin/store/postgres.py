"""One PostgreSQL database for several machines.

A transaction holds an advisory lock of the database, so it is as exclusive as SQLite's: no two loops decide at the
same time. A counter shows a loop that another one has written more than a beat, and a notification wakes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL

from aperture_plugin.ports import ClockReading, StoreRefused
from aperture_plugin.store.bounded_connection import ANSWER_SECONDS, BoundedConnection
from aperture_plugin.store.commit_listener import CommitSource
from aperture_plugin.store.pg_notify import CHANNEL, NotifySource
from aperture_plugin.store.postgres_mailbox import PostgresMailbox, ping_after_a_rest
from aperture_plugin.store.rows import instant
from aperture_plugin.store.sql_store import SqlStore
from aperture_plugin.store.statements import COUNT_AND_NOTIFY, NOTIFY, SERVER_TIME, WRITES_AND_TIME
from aperture_plugin.store.storable import make_storable

__all__ = ["PostgresStore"]

_LOCK: Final = 0x61706572  # "aper": the same for every process on one database


_PATIENCE: Final = {
    "connect_timeout": 5,
    # A network that drops packets is detected after seconds, and not after a quarter of an hour.
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8_000,
    # A pooler in transaction mode does not have the statements that another of its connections has prepared.
    "prepare_threshold": None,
}

LOCK_SECONDS: Final = 5
"""As with SQLite: a process that cannot lock the store for so long reports it and tries again later."""

_LOOK_SECONDS: Final = 60.0
"""The longest wait for one statement of a command or a page; before the first of them a server that gives no answer is
noticed sooner."""

_STOPPED_SECONDS: Final = 30
"""A process that was stopped within a transaction loses it after so long, and blocks the others no longer."""


class PostgresStore(SqlStore):
    """A store in the PostgreSQL database that *address* names."""

    _mailbox_class = PostgresMailbox
    _LOOK = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

    def __init__(self, address: URL) -> None:
        super().__init__(address.render_as_string(hide_password=False))
        self._address = address
        self._seen: int | None = None
        self._ours: int | None = None
        self._name = os.urandom(8).hex()
        self._last_reading: ClockReading | None = None
        self._notify_of_clock: Callable[[ClockReading], object] = lambda _reading: None

    def watch_clock(self, notify: Callable[[ClockReading], object]) -> None:
        """Call *notify* with each reading of the server's clock, at once with the last one."""
        self._notify_of_clock = notify
        if self._last_reading is not None:
            notify(self._last_reading)

    def read_clock(self) -> None:
        """Read the server's clock now."""
        self.changed()

    def changed(self) -> bool:
        """Return whether another process has written more than a beat since a transaction here last read that."""
        with self._lock, self._translated_errors(), self._glancing() as connection:
            found = self._writes(connection)
            return self._seen is None or self._news or found != self._seen

    def _connect(self, *, looking: bool = False) -> None:  # noqa: ARG002  # it changes nothing anyway
        self._engine = create_engine(self._address, connect_args=_PATIENCE, pool_pre_ping=True)
        event.listen(self._engine, "do_connect", _connect_bounded)
        make_storable(self._engine)
        self._seen = None

    def _mail_engine(self) -> Engine:
        engine = create_engine(self._address, connect_args=_PATIENCE)
        event.listen(engine, "do_connect", _connect_bounded)
        ping_after_a_rest(engine)
        make_storable(engine)
        return engine

    def _check(self, connection: Connection) -> None:
        asked_at = monotonic()
        encoding, micros = connection.exec_driver_sql(f"SELECT current_setting('server_encoding'), {SERVER_TIME}").one()
        self._note_time(micros, asked_at)
        if encoding != "UTF8":
            raise StoreRefused(
                f"{self.url}: the database keeps text as {encoding}, which lacks most of the world's letters; "
                "make one for the store with  CREATE DATABASE aperture ENCODING 'UTF8' TEMPLATE template0"
            )

    def _begin(self, connection: Connection) -> None:
        _driver(connection).answer_seconds = ANSWER_SECONDS
        # The limits hold for this transaction alone: a pooler gives the next one another connection. The first is a
        # statement of its own: the limit of the role or the database would count from the beginning of the second.
        connection.exec_driver_sql(
            "SET LOCAL statement_timeout = 0;"
            f" SELECT set_config('lock_timeout', '{LOCK_SECONDS}s', true),"
            f" set_config('idle_in_transaction_session_timeout', '{_STOPPED_SECONDS}s', true),"
            f" pg_advisory_xact_lock({_LOCK})"
        )
        _driver(connection).answer_seconds = _STOPPED_SECONDS  # The server answers, and ends what is stopped by then.

    def _take_time(self, connection: Connection) -> None:
        _driver(connection).answer_seconds = None

    def _is_foreign(self, connection: Connection) -> bool:
        found = self._writes(connection)
        foreign, self._ours = found != self._seen, found
        return foreign

    @contextmanager
    def _glancing(self) -> Iterator[Connection]:
        # Without a BEGIN and a ROLLBACK around it, one round trip instead of three: an idle loop does little else.
        with super()._glancing() as connection:
            driver = _driver(connection)
            driver.answer_seconds = ANSWER_SECONDS
            if driver.pgconn.transaction_status == TransactionStatus.IDLE:  # Else it is lost, and the read says so.
                driver.autocommit = True
            try:
                yield connection
            finally:
                if not driver.closed:
                    driver.autocommit = False

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        # What people look for in a long history may take longer. A loop reads by the two above.
        with super()._reading() as connection:
            driver = _driver(connection)
            driver.answer_seconds = _LOOK_SECONDS
            try:
                yield connection
            finally:
                driver.answer_seconds = ANSWER_SECONDS

    def _writes(self, connection: Connection) -> int | None:
        """Return the number of writes. The same statement reads the server's clock, at no cost."""
        asked_at = monotonic()
        row = WRITES_AND_TIME.run(connection).first()
        if row is None:
            return None
        found: int
        found, micros = tuple(row)
        self._note_time(micros, asked_at)
        return found

    def _note_time(self, micros: int, asked_at: float) -> None:
        self._last_reading = ClockReading(instant(micros), asked_at, monotonic())
        self._notify_of_clock(self._last_reading)

    def _source(self) -> CommitSource | None:
        return NotifySource(lambda: self._engine, self._name)

    def _size(self, connection: Connection) -> int | None:
        return connection.execute(select(func.pg_database_size(func.current_database()))).scalar()

    def _before_commit(self, connection: Connection, *, wrote: bool, counts: bool) -> None:
        if counts:
            self._ours = COUNT_AND_NOTIFY.run(connection, channel=CHANNEL, name=self._name).scalar()
        elif wrote:
            NOTIFY.run(connection, channel=CHANNEL, name=self._name)

    def _after_commit(self) -> None:
        self._seen = self._ours


def _connect_bounded(_dialect: Any, _record: Any, words: Any, options: dict[str, Any]) -> BoundedConnection:
    return BoundedConnection.connect(*words, **options)


def _driver(connection: Connection) -> BoundedConnection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, BoundedConnection), "the engine of the store makes no other"
    return driver
