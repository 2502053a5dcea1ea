"""Single statements that are executed often, compiled once (`bulk_statements` does that for many rows)."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Dialect, bindparam, func, literal_column, select, update

from aperture_plugin.store.tables import IN_HAND_WORDS, completed, loops, meta, pauses, revisions, runs

__all__ = [
    "ALL_LOOPS",
    "ALL_PAUSES",
    "BEAT",
    "COMPLETED",
    "COUNT",
    "COUNT_AND_NOTIFY",
    "IN_HAND",
    "IS_IN_HAND",
    "LATEST_REVISION",
    "NOTIFY",
    "SERVER_TIME",
    "WRITES_AND_TIME",
    "NamedStatement",
]


class NamedStatement:
    """A compiled statement with named parameters."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._words = cache(self._compile)

    def run(self, connection: Connection, **given: Any) -> CursorResult[Any]:
        """Execute it."""
        words, names = self._words(connection.dialect.name, connection.dialect)
        return connection.exec_driver_sql(words, given if names is None else tuple(given[name] for name in names))

    def _compile(self, name: str, dialect: Dialect) -> tuple[str, list[str] | None]:  # noqa: ARG002  # the key
        compiled = self._statement.compile(dialect=dialect)
        return compiled.string, list(compiled.positiontup) if compiled.positional else None


IS_IN_HAND: Final = runs.c.status.in_(literal_column(f"'{word}'") for word in IN_HAND_WORDS)
IN_HAND = NamedStatement(select(runs).where(IS_IN_HAND))
"""The states are literals in the statement: only then does SQLite use the partial index."""

COMPLETED = NamedStatement(select(completed.c.follower, completed.c.job))
ALL_PAUSES = NamedStatement(select(pauses))
ALL_LOOPS = NamedStatement(select(loops))
LATEST_REVISION = NamedStatement(select(func.max(revisions.c.seq)))
BEAT = NamedStatement(
    update(loops).where(loops.c.id == bindparam("loop")).values(beat=bindparam("count"), beat_at=bindparam("now"))
)
SERVER_TIME: Final = "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
"""What a PostgreSQL server's clock shows, in microseconds."""

WRITES_AND_TIME = NamedStatement(
    select(meta.c.value, literal_column(SERVER_TIME)).where(meta.c.key == literal_column("'writes'"))
)
"""The number of writes to a PostgreSQL store, and its time. Beats are not counted: nobody reads the store for them."""

_COUNTED = update(meta).where(meta.c.key == literal_column("'writes'")).values(value=meta.c.value + literal_column("1"))
_NOTIFIED = func.pg_notify(bindparam("channel"), bindparam("name"))

COUNT = NamedStatement(_COUNTED)
"""Count a write, where the system itself notifies the listeners."""

COUNT_AND_NOTIFY = NamedStatement(_COUNTED.returning(meta.c.value, _NOTIFIED))
"""Count a write, and notify the listeners."""

NOTIFY = NamedStatement(select(_NOTIFIED))
"""Notify the listeners of a beat."""
