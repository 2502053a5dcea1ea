"""One PostgreSQL database for several machines.

A transaction holds an advisory lock of the database, so it is as exclusive as SQLite's: no two loops
decide at the same time. A counter tells a loop that another has written.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, create_engine, func, select, text, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from aperture_plugin.store.base import SqlStore
from aperture_plugin.store.schema import meta

__all__ = ["PostgresStore"]

_LOCK: Final = 0x61706572  # "aper": the same for every process on one database
_WRITES: Final = select(meta.c.value).where(meta.c.key == "writes")


class PostgresStore(SqlStore):
    """A store in the PostgreSQL database that *address* names."""

    def __init__(self, address: URL) -> None:
        super().__init__(address.render_as_string(hide_password=True))
        self._address = address
        self._seen: int | None = None
        self._ours: int | None = None

    def changed(self) -> bool:
        """Say whether another process has written since the last transaction here."""
        with self._lock, self._in_words():
            if self._seen is None:
                return True
            connection = self._connection()
            try:
                found: int | None = connection.execute(_WRITES).scalar()
                connection.rollback()
            except SQLAlchemyError:
                self._roll_back(connection)
                raise
            return found != self._seen

    def _connect(self) -> None:
        self._engine = create_engine(self._address, connect_args={"connect_timeout": 5})
        self._seen = None

    def _begin(self, connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})

    def _is_foreign(self, connection: Connection) -> bool:
        found: int | None = connection.execute(_WRITES).scalar()
        foreign, self._ours = found != self._seen, found
        return foreign

    def _size(self, connection: Connection) -> int | None:
        return connection.execute(select(func.pg_database_size(func.current_database()))).scalar()

    def _before_commit(self, connection: Connection, *, wrote: bool) -> None:
        if wrote:
            count = update(meta).where(meta.c.key == "writes").values(value=meta.c.value + 1).returning(meta.c.value)
            self._ours = connection.execute(count).scalar()

    def _after_commit(self) -> None:
        self._seen = self._ours
