"""Statements that every tick makes, put into words once.

SQLAlchemy looks a statement up, and goes through its rows, anew at each execution; with a handful of
rows that costs several times what the database takes. Here it is asked once for the words, and they are
executed as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, func, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from aperture_plugin.store.records import CHANGED_OF_RUN, CLAIM_COLUMNS, LINE_COLUMNS, RUN_COLUMNS, Row
from aperture_plugin.store.schema import claims, latest, logs, runs

__all__ = ["ADD_CLAIMS", "ADD_LINES", "ADD_RUNS", "CHANGE_RUNS", "KEEP_CLAIMED", "KEEP_LATEST", "Batch"]


class Batch:
    """A statement for many rows, the same for both databases, or one for each.

    Args:
        columns: What the values of each row are, in their order: the names of the statement's parameters.
        statement: The statement, or what makes it, given the name of the dialect.
    """

    def __init__(self, columns: Sequence[str], statement: Any) -> None:
        self._columns = tuple(columns)
        self._statement = statement
        self._words = cache(self._put_into_words)

    def run(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Execute it with every row; return how many rows of the table it has made or changed."""
        words, take = self._words(connection.dialect.name, connection.dialect)
        given: Any = rows if take is None else [take(row) for row in rows]
        return connection.exec_driver_sql(words, given).rowcount

    def _put_into_words(self, name: str, dialect: Dialect) -> tuple[str, Callable[[Row], Any] | None]:
        statement = self._statement(name) if callable(self._statement) else self._statement
        compiled = statement.compile(dialect=dialect, column_keys=self._columns)
        if not compiled.positional:
            return compiled.string, lambda row: dict(zip(self._columns, row, strict=True))
        if tuple(compiled.positiontup) == self._columns:
            return compiled.string, None
        return compiled.string, itemgetter(*map(self._columns.index, compiled.positiontup))


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


def _claimed(dialect: str) -> Any:
    """Return an insert into `latest` that changes what a job has claimed only where the new slot is a later one."""
    inserting = (postgresql if dialect == "postgresql" else sqlite).insert(latest)
    new = inserting.excluded.claimed
    is_later = latest.c.claimed.is_(None) | (latest.c.claimed < new)
    return inserting.on_conflict_do_update(index_elements=["job"], set_={"claimed": new}, where=is_later)


ADD_CLAIMS = Batch(CLAIM_COLUMNS, insert(claims))
ADD_RUNS = Batch(RUN_COLUMNS, insert(runs))
ADD_LINES = Batch(LINE_COLUMNS, insert(logs))
KEEP_CLAIMED = Batch(["job", "claimed"], _claimed)
KEEP_LATEST = _keeping(["job", "run_id", "run_attempt", "completed_at", "taken_at"])
CHANGE_RUNS = Batch(
    [f"b_{column}" for column in (*CHANGED_OF_RUN, "id", "attempt")],
    update(runs)
    .where(runs.c.id == bindparam("b_id"), runs.c.attempt == bindparam("b_attempt"))
    .values({column: bindparam(f"b_{column}") for column in CHANGED_OF_RUN}),
)
"""Its parameters have `b_` before them: the bare names are the table's own."""
