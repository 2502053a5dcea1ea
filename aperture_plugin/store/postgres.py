"""One PostgreSQL database for several machines.

A transaction holds an advisory lock of the database, so it is as exclusive as SQLite's: no two loops
decide at the same time. A counter tells a loop that another has written more than a beat, and a notification that
it is time to look.
"""

from __future__ import annotations

import os
from typing import Any, Final

from sqlalchemy import Connection, create_engine, event, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from aperture_plugin.store.base import SqlStore
from aperture_plugin.store.ears import Source
from aperture_plugin.store.notifications import CHANNEL, CommitsHeard
from aperture_plugin.store.words import COUNT_AND_TELL, COUNT_AND_TELL_RELAXED, TELL, TELL_RELAXED, WRITES

__all__ = ["PostgresStore"]

_LOCK: Final = 0x61706572  # "aper": the same for every process on one database


_PATIENCE: Final = {
    "connect_timeout": 5,
    # A network that swallows what it is given is found out after seconds, and not after a quarter of an hour.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

LOCK_SECONDS: Final = 5
"""As with SQLite: whoever cannot have the store for so long tries again later, and says so."""

_STOPPED_SECONDS: Final = 30
"""A process that was stopped within a transaction loses it after so long, and holds up the others no more."""


class PostgresStore(SqlStore):
    """A store in the PostgreSQL database that *address* names."""

    _LOOK = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"

    def __init__(self, address: URL) -> None:
        super().__init__(address.render_as_string(hide_password=True))
        self._address = address
        self._seen: int | None = None
        self._ours: int | None = None
        self._name = os.urandom(8).hex()

    def changed(self) -> bool:
        """Say whether another process has written more than a beat since a transaction here last asked."""
        with self._lock, self._in_words():
            if self._seen is None or self._news:
                return True
            connection = self._connection()
            try:
                found: int | None = WRITES.run(connection).scalar()
                connection.rollback()
            except SQLAlchemyError:
                self._roll_back(connection)
                raise
            return found != self._seen

    def _connect(self, *, looking: bool = False) -> None:  # noqa: ARG002  # it changes nothing anyway
        engine = create_engine(self._address, connect_args=_PATIENCE, pool_pre_ping=True)
        event.listen(engine, "connect", _set_limits)
        self._engine = engine
        self._seen = None

    def _begin(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")

    def _is_foreign(self, connection: Connection) -> bool:
        found: int | None = WRITES.run(connection).scalar()
        foreign, self._ours = found != self._seen, found
        return foreign

    def _source(self) -> Source | None:
        return CommitsHeard(lambda: self._engine, self._name)

    def _size(self, connection: Connection) -> int | None:
        return connection.execute(select(func.pg_database_size(func.current_database()))).scalar()

    def _before_commit(self, connection: Connection, *, wrote: bool, counts: bool, relaxed: bool) -> None:
        if counts:
            # Relaxed: the server takes it to the disk by itself, within some 0.6 s (three times wal_writer_delay).
            words = COUNT_AND_TELL_RELAXED if relaxed else COUNT_AND_TELL
            self._ours = words.run(connection, channel=CHANNEL, name=self._name).scalar()
        elif wrote:
            (TELL_RELAXED if relaxed else TELL).run(connection, channel=CHANNEL, name=self._name)

    def _after_commit(self) -> None:
        self._seen = self._ours


def _set_limits(connection: Any, _record: object) -> None:
    # Said on the connection, for poolers that stand between take no settings with its start.
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{_STOPPED_SECONDS}s'")
    connection.commit()
