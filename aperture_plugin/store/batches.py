"""Statements that every tick makes, put into words once.

SQLAlchemy looks a statement up, and goes through its rows, anew at each execution; with a handful of
rows that costs several times what the database takes. Here it is asked once for the words, and they are
executed as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, func, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from aperture_plugin.store.records import CHANGED_OF_RUN
from aperture_plugin.store.schema import claims, latest, logs, runs

__all__ = ["ADD_CLAIMS", "ADD_LINES", "ADD_RUNS", "CHANGE_RUNS", "KEEP_CLAIMED", "KEEP_LATEST", "Batch"]


class Batch:
    """A statement for many rows, the same for both databases, or one for each.

    Args:
        columns: What each row names, where the statement does not say so itself.
        statement: The statement, or what makes it, given the name of the dialect.
    """

    def __init__(self, columns: Sequence[str], statement: Any) -> None:
        self._columns = tuple(columns)
        self._statement = statement
        self._words = cache(self._put_into_words)

    def run(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Execute it with every row."""
        words, take = self._words(connection.dialect.name, connection.dialect)
        connection.exec_driver_sql(words, list(rows) if take is None else [take(row) for row in rows])

    def _put_into_words(self, name: str, dialect: Dialect) -> tuple[str, itemgetter[Any] | None]:
        statement = self._statement(name) if callable(self._statement) else self._statement
        compiled = statement.compile(dialect=dialect, column_keys=self._columns)
        return compiled.string, itemgetter(*compiled.positiontup) if compiled.positional else None


def _inserting(table: Any) -> Batch:
    columns = [column.name for column in table.columns if column.name != "seq"]
    return Batch(columns, insert(table))


def _keeping(columns: Sequence[str]) -> Batch:
    """Return an insert into `latest` that, where the job has a row, changes what the new one knows."""

    def statement(dialect: str) -> Any:
        inserting = (postgresql if dialect == "postgresql" else sqlite).insert(latest)
        new = inserting.excluded
        changed: dict[str, Any] = {name: func.coalesce(new[name], latest.c[name]) for name in columns if name != "job"}
        if "taken_at" in changed:
            # Two attempts may be written out of their order; the later start stands.
            greater = func.greatest if dialect == "postgresql" else func.max
            ours = func.coalesce(latest.c.taken_at, new.taken_at)
            changed["taken_at"] = greater(ours, func.coalesce(new.taken_at, latest.c.taken_at))
        return inserting.on_conflict_do_update(index_elements=["job"], set_=changed)

    return Batch(columns, statement)


ADD_CLAIMS = _inserting(claims)
ADD_RUNS = _inserting(runs)
ADD_LINES = _inserting(logs)
KEEP_CLAIMED = _keeping(["job", "claimed"])
KEEP_LATEST = _keeping(["job", "run_id", "run_attempt", "completed_at", "taken_at"])
CHANGE_RUNS = Batch(
    [],
    update(runs)
    .where(runs.c.id == bindparam("b_id"), runs.c.attempt == bindparam("b_attempt"))
    .values({column: bindparam(f"b_{column}") for column in CHANGED_OF_RUN}),
)
"""Its rows name the columns with `b_` before them: the bare names are the table's own."""
