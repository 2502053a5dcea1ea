"""Statements for many rows, which every tick executes, compiled once.

SQLAlchemy looks a statement up, and processes its rows, at each execution; with a handful of rows that costs
several times what the database takes. Here each statement is compiled once to SQL, which is executed as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ARRAY, Connection, Dialect, Table, bindparam, cast, column, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from aperture_plugin.rules.sanitize import storable
from aperture_plugin.store.rows import CHANGED_OF_RUN, CLAIM_COLUMNS, LINE_COLUMNS, RUN_COLUMNS, Row
from aperture_plugin.store.storable import storable_value
from aperture_plugin.store.tables import claims, latest, logs, runs

__all__ = ["ADD_CLAIMS", "ADD_LINES", "ADD_RUNS", "CHANGE_RUNS", "KEEP_CLAIMED", "KEEP_LATEST", "Batch"]


_MOST_VARIABLES: Final = 999
"""The most variables in one statement of SQLite, as it may be built."""

_MOST: Final = 1000
"""The most rows in one statement on PostgreSQL: with more, its planner reads the whole table instead of the index."""

_MOST_CHARACTERS: Final = 64 * 1024**2
"""The most characters in one statement on PostgreSQL: its server hangs up at a message of 1 GiB, as if it were away."""


class Batch:
    """A statement for many rows.

    On SQLite an insert has as many rows as fit into one statement, and other statements are executed row by row: the
    driver releases the interpreter's lock between statements, and then has to wait for it. On PostgreSQL each column's
    values are one array, so that all rows are one statement: much faster than one for each row, pipelined or not.

    Args:
        table: The table it writes to.
        columns: The columns of the values of a row, in order; in an update with the prefix `b_`, because the bare
            names are those of the table.
        statement: Makes the statement from the table of rows on PostgreSQL (None for SQLite).
        key: The part of a row that may occur twice in a batch, but not in one statement; None if it never does.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        statement: Callable[[Any], Any],
        *,
        key: Callable[[Row], Hashable] | None = None,
    ) -> None:
        self._table = table
        self._columns = tuple(columns)
        self._statement = statement
        self._key = key
        self._words: dict[str, tuple[str, Callable[[Row], Any] | None]] = {}
        self._at_once = _MOST_VARIABLES // len(self._columns)

    def run(self, connection: Connection, rows: Sequence[Row]) -> int:
        """Execute it with every row; return how many rows it inserted or changed."""
        name = connection.dialect.name
        if name not in self._words:
            self._words[name] = self._compile(name, connection.dialect)
        words, take = self._words[name]
        if name != "postgresql":
            return self._run_by_the_dozen(connection, words, rows if take is None else [take(row) for row in rows])
        return sum(self._run_at_once(connection, words, some) for some in self._pieces(rows))

    def _run_at_once(self, connection: Connection, words: str, rows: Sequence[Row]) -> int:
        """Execute it with all *rows* on PostgreSQL, in halves if together they are too large for one message."""
        lists = {name: _array(values) for name, values in zip(self._columns, zip(*rows, strict=True), strict=True)}
        if len(rows) > 1 and sum(map(len, lists.values())) > _MOST_CHARACTERS:
            middle = len(rows) // 2
            return sum(self._run_at_once(connection, words, some) for some in (rows[:middle], rows[middle:]))
        return int(connection.exec_driver_sql(words, lists).rowcount)

    def _run_by_the_dozen(self, connection: Connection, words: str, rows: Sequence[Row]) -> int:
        """Execute an insert with as many rows at a time as fit, and other statements row by row."""
        count, whole = 0, 0
        values = f"({', '.join('?' * len(self._columns))})"
        if len(rows) >= self._at_once and values in words:
            whole = len(rows) - len(rows) % self._at_once
            dozens: Any = [
                tuple(chain.from_iterable(rows[first : first + self._at_once]))
                for first in range(0, whole, self._at_once)
            ]
            count += connection.exec_driver_sql(
                words.replace(values, ", ".join([values] * self._at_once)), dozens
            ).rowcount
        left: Any = rows[whole:]
        return count + connection.exec_driver_sql(words, left).rowcount if left else count

    def _pieces(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """Yield the rows in as few pieces as fit into one statement each."""
        some: list[Row] = []
        seen: set[Hashable] = set()
        for row in rows:
            key = None if self._key is None else self._key(row)
            if len(some) == _MOST or (key is not None and key in seen):
                yield some
                some, seen = [], set()
            some.append(row)
            seen.add(key)
        if some:
            yield some

    def _compile(self, name: str, dialect: Dialect) -> tuple[str, Callable[[Row], Any] | None]:
        given = self._given() if name == "postgresql" else None
        compiled = self._statement(given).compile(dialect=dialect, column_keys=self._columns)
        if not compiled.positional or tuple(compiled.positiontup) == self._columns:
            return compiled.string, None
        return compiled.string, itemgetter(*map(self._columns.index, compiled.positiontup))

    def _given(self) -> Any:
        """Return the arrays of values as a table."""
        types = [self._table.c[name.removeprefix("b_")].type for name in self._columns]
        lists = [cast(bindparam(name), ARRAY(kind)) for name, kind in zip(self._columns, types, strict=True)]
        named = [column(name, kind) for name, kind in zip(self._columns, types, strict=True)]
        return func.unnest(*lists).table_valued(*named, name="given").render_derived()


def _array(values: Iterable[int | str | None]) -> str:
    """Return *values* as a PostgreSQL array literal, in a sixth of the time of psycopg."""
    items = [
        "NULL" if value is None else str(storable_value(value)) if isinstance(value, int) else _quoted(value)
        for value in values
    ]
    return f"{{{','.join(items)}}}"


def _quoted(text: str) -> str:
    text = storable(text)  # Before its backslashes are escaped.
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _insert(table: Table, columns: Sequence[str], given: Any) -> Any:
    if given is None:
        return sqlite.insert(table)
    return postgresql.insert(table).from_select(columns, select(*(given.c[name] for name in columns)))


def _inserting(table: Table, columns: Sequence[str]) -> Batch:
    return Batch(table, columns, lambda given: _insert(table, columns, given))


def _keeping(columns: Sequence[str]) -> Batch:
    """Return an insert into `latest` that updates the row of a job where there is one."""

    def statement(given: Any) -> Any:
        inserting = _insert(latest, columns, given)
        new = inserting.excluded
        changed: dict[str, Any] = {name: func.coalesce(new[name], latest.c[name]) for name in columns if name != "job"}
        if "taken_at" in changed:
            # Two attempts may be written out of order; the later start wins.
            greater = func.max if given is None else func.greatest
            ours = func.coalesce(latest.c.taken_at, new.taken_at)
            changed["taken_at"] = greater(ours, func.coalesce(new.taken_at, latest.c.taken_at))
        return inserting.on_conflict_do_update(index_elements=["job"], set_=changed)

    return Batch(latest, columns, statement, key=itemgetter(0))


def _claimed(given: Any) -> Any:
    """Return an insert into `latest` that changes a job's latest claim only for a later slot."""
    inserting = _insert(latest, _CLAIMED, given)
    new = inserting.excluded.claimed
    is_later = latest.c.claimed.is_(None) | (latest.c.claimed < new)
    return inserting.on_conflict_do_update(index_elements=["job"], set_={"claimed": new}, where=is_later)


def _changed(given: Any) -> Any:
    """Return an update of the attempts in the rows."""

    def of(name: str) -> Any:
        return bindparam(f"b_{name}") if given is None else given.c[f"b_{name}"]

    found = [runs.c[name] == of(name) for name in _ATTEMPT]
    return update(runs).where(*found).values({name: of(name) for name in CHANGED_OF_RUN})


_CLAIMED: Final = ("job", "claimed")
_ATTEMPT: Final = ("id", "attempt")

ADD_CLAIMS = _inserting(claims, CLAIM_COLUMNS)
ADD_RUNS = _inserting(runs, RUN_COLUMNS)
ADD_LINES = _inserting(logs, LINE_COLUMNS)
KEEP_CLAIMED = Batch(latest, _CLAIMED, _claimed, key=itemgetter(0))
KEEP_LATEST = _keeping(["job", "run_id", "run_attempt", "completed_at", "taken_at"])
CHANGE_RUNS = Batch(runs, [f"b_{name}" for name in (*CHANGED_OF_RUN, *_ATTEMPT)], _changed, key=itemgetter(-2, -1))
