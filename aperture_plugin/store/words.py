"""Single statements that are made again and again, put into words once (as `batches` does for many rows)."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, bindparam, func, literal_column, select, update

from aperture_plugin.store.schema import IN_HAND_WORDS, completed, loops, meta, pauses, runs

__all__ = [
    "ALL_LOOPS",
    "ALL_PAUSES",
    "BEAT",
    "COMPLETED",
    "COUNT",
    "COUNT_AND_TELL",
    "COUNT_AND_TELL_RELAXED",
    "IN_HAND",
    "TELL",
    "TELL_RELAXED",
    "WRITES",
    "Words",
]


class Words:
    """A statement whose parameters are given by name."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._words = cache(self._put_into_words)

    def run(self, connection: Connection, **given: Any) -> CursorResult[Any]:
        """Execute it."""
        words, names = self._words(connection.dialect.name, connection.dialect)
        return connection.exec_driver_sql(words, given if names is None else tuple(given[name] for name in names))

    def _put_into_words(self, name: str, dialect: Dialect) -> tuple[str, list[str] | None]:  # noqa: ARG002  # the key
        compiled = self._statement.compile(dialect=dialect)
        return compiled.string, list(compiled.positiontup) if compiled.positional else None


IN_HAND = Words(select(runs).where(runs.c.status.in_(literal_column(f"'{word}'") for word in IN_HAND_WORDS)))
"""The states stand in the statement itself: only then does SQLite use the partial index."""

COMPLETED = Words(select(completed.c.follower, completed.c.job))
ALL_PAUSES = Words(select(pauses))
ALL_LOOPS = Words(select(loops))
BEAT = Words(
    update(loops).where(loops.c.id == bindparam("loop")).values(beat=bindparam("count"), beat_at=bindparam("now"))
)
WRITES = Words(select(meta.c.value).where(meta.c.key == literal_column("'writes'")))
"""How often the store was written to; beats are not counted, for nobody reads anything else anew for them."""

_COUNTED = update(meta).where(meta.c.key == literal_column("'writes'")).values(value=meta.c.value + literal_column("1"))
_TOLD = func.pg_notify(bindparam("channel"), bindparam("name"))

_RELAXED = func.set_config(*map(literal_column, ("'synchronous_commit'", "'off'", "true")))

COUNT = Words(_COUNTED)
"""Count one more, where the system itself tells those who listen."""

COUNT_AND_TELL = Words(_COUNTED.returning(meta.c.value, _TOLD))
"""Count one more, and let those who listen know."""

COUNT_AND_TELL_RELAXED = Words(_COUNTED.returning(meta.c.value, _TOLD, _RELAXED))
"""The same, and let the commit not wait for the disk."""

TELL = Words(select(_TOLD))
"""Let those who listen know, of a beat."""

TELL_RELAXED = Words(select(_TOLD, _RELAXED))
"""The same, and let the commit not wait for the disk."""
