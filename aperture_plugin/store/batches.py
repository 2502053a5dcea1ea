"""Statements that every tick makes, put into words once.

SQLAlchemy looks a statement up, and goes through its rows, anew at each execution; with a handful of
rows that costs several times what the database takes. Here it is asked once for the words, and they are
executed as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ARRAY, Connection, Dialect, Table, bindparam, cast, column, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from aperture_plugin.store.records import CHANGED_OF_RUN, CLAIM_COLUMNS, LINE_COLUMNS, RUN_COLUMNS, Row
from aperture_plugin.store.schema import claims, latest, logs, runs

__all__ = ["ADD_CLAIMS", "ADD_LINES", "ADD_RUNS", "CHANGE_RUNS", "KEEP_CLAIMED", "KEEP_LATEST", "Batch"]


_MOST_VARIABLES: Final = 999
"""In one statement on SQLite; it may be built to allow no more."""

_MOST: Final = 1000
"""Rows in one statement on PostgreSQL: with a great many it would rather read the whole table than look each up."""


class Batch:
    """A statement for many rows.

    SQLite is given the rows of an insert by the dozen, as many as fit into one statement, and others one after the
    other: between any two statements the driver hands the interpreter's lock to whoever waits for it, and has to wait
    for it in turn. PostgreSQL is given a list of each column's values, so that the rows are one statement there: that
    is quicker by far than one for each, pipelined or not.

    Args:
        table: What it writes to.
        columns: What the values of each row are, in their order; of a change with `b_` before them, for the bare
            names are the table's own.
        statement: Makes the statement, given where PostgreSQL finds the rows (None for SQLite).
        key: What of a row may come twice in one batch, though not in one statement; None for what never does.
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
        """Execute it with every row; return how many rows of the table it has made or changed."""
        name = connection.dialect.name
        if name not in self._words:
            self._words[name] = self._put_into_words(name, connection.dialect)
        words, take = self._words[name]
        if name != "postgresql":
            return self._run_by_the_dozen(connection, words, rows if take is None else [take(row) for row in rows])
        count = 0
        for some in self._pieces(rows):
            lists = {name: _array(values) for name, values in zip(self._columns, zip(*some, strict=True), strict=True)}
            count += connection.exec_driver_sql(words, lists).rowcount
        return count

    def _run_by_the_dozen(self, connection: Connection, words: str, rows: Sequence[Row]) -> int:
        """Execute an insert with as many rows at once as it can take, and what is left, or no insert, with each row."""
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
        """Yield the rows in as few pieces as one statement each can take."""
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

    def _put_into_words(self, name: str, dialect: Dialect) -> tuple[str, Callable[[Row], Any] | None]:
        given = self._given() if name == "postgresql" else None
        compiled = self._statement(given).compile(dialect=dialect, column_keys=self._columns)
        if not compiled.positional or tuple(compiled.positiontup) == self._columns:
            return compiled.string, None
        return compiled.string, itemgetter(*map(self._columns.index, compiled.positiontup))

    def _given(self) -> Any:
        """Return the lists of values as a table."""
        types = [self._table.c[name.removeprefix("b_")].type for name in self._columns]
        lists = [cast(bindparam(name), ARRAY(kind)) for name, kind in zip(self._columns, types, strict=True)]
        named = [column(name, kind) for name, kind in zip(self._columns, types, strict=True)]
        return func.unnest(*lists).table_valued(*named, name="given").render_derived()


def _array(values: Iterable[int | str | None]) -> str:
    """Return *values* as PostgreSQL reads an array; psycopg takes six times as long for it."""
    said = ["NULL" if value is None else str(value) if isinstance(value, int) else _quoted(value) for value in values]
    return f"{{{','.join(said)}}}"


def _quoted(text: str) -> str:
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
    """Return an insert into `latest` that, where the job has a row, changes what the new one knows."""

    def statement(given: Any) -> Any:
        inserting = _insert(latest, columns, given)
        new = inserting.excluded
        changed: dict[str, Any] = {name: func.coalesce(new[name], latest.c[name]) for name in columns if name != "job"}
        if "taken_at" in changed:
            # Two attempts may be written out of their order; the later start stands.
            greater = func.max if given is None else func.greatest
            ours = func.coalesce(latest.c.taken_at, new.taken_at)
            changed["taken_at"] = greater(ours, func.coalesce(new.taken_at, latest.c.taken_at))
        return inserting.on_conflict_do_update(index_elements=["job"], set_=changed)

    return Batch(latest, columns, statement, key=itemgetter(0))


def _claimed(given: Any) -> Any:
    """Return an insert into `latest` that changes what a job has claimed only where the new slot is a later one."""
    inserting = _insert(latest, _CLAIMED, given)
    new = inserting.excluded.claimed
    is_later = latest.c.claimed.is_(None) | (latest.c.claimed < new)
    return inserting.on_conflict_do_update(index_elements=["job"], set_={"claimed": new}, where=is_later)


def _changed(given: Any) -> Any:
    """Return an update of the attempts that the rows tell."""

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
