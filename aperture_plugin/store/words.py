"""Single statements that an idle loop makes again and again, put into words once (as `batches` does for many rows)."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, bindparam, select, update

from aperture_plugin.store.schema import loops

__all__ = ["ALL_LOOPS", "BEAT", "Words"]


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


ALL_LOOPS = Words(select(loops))
BEAT = Words(
    update(loops).where(loops.c.id == bindparam("loop")).values(beat=bindparam("count"), beat_at=bindparam("now"))
)
