"""Finds the rows that cannot be read, and mends them, for `aperture doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, RowMapping, Table, and_, delete, func, select, update
from sqlalchemy.sql.elements import ColumnElement

from aperture_plugin.ports import UnreadableRow
from aperture_plugin.rules.runs import RunTrigger, Status
from aperture_plugin.store.notice_queue import notice_of
from aperture_plugin.store.readable import UNREADABLE, is_instant, is_number, key_of, problem_of
from aperture_plugin.store.rows import (
    GREATEST_INSTANT,
    LEAST_INSTANT,
    claim_of,
    loop_of,
    pause_of,
    read_json,
    read_mapping,
    run_of,
    wall,
)
from aperture_plugin.store.tables import (
    IN_HAND_WORDS,
    claims,
    latest,
    loop_files,
    loops,
    meta,
    metadata,
    notices,
    orders,
    pauses,
    runs,
    worker_events,
)

__all__ = ["find", "mend"]

_CONVERT: Final[Mapping[str, Callable[[RowMapping], object]]] = {
    runs.name: run_of,
    claims.name: claim_of,
    pauses.name: pause_of,
    loops.name: loop_of,
    loop_files.name: lambda row: read_mapping(row["words"]),
    notices.name: notice_of,
    orders.name: lambda row: [read_json(row[name]) for name in ("body", "answer") if row[name] is not None],
    worker_events.name: lambda row: read_mapping(row["body"]),
}
_OF_RUN: Final[Mapping[str, Callable[[str], object]]] = {
    "status": Status,
    "trigger": RunTrigger,
    "nominal": wall,
    "priority_nominal": wall,
    "result": read_json,
    "params": read_mapping,
}
"""The values that a text of a run must stand for."""

_IN_PLACE: Final = {
    "status": Status.FAILED.value,
    "trigger": RunTrigger.MANUAL.value,
    "priority_nominal": "1970-01-01T00:00:00",
    "queue": "default",
}
"""Replacements of a text of a run that cannot be read, where there must be one."""


def find(connection: Connection, *, most: int | None) -> Iterator[UnreadableRow]:
    """Yield the rows that cannot be read.

    Args:
        most: Only so many rows of each table are looked at, the latest where they are numbered; None for all.
    """
    for table, row, why in _damaged(connection, most):
        yield _described(table, row, why)


def mend(connection: Connection) -> list[UnreadableRow]:
    """Mend every row that cannot be read, and return what they were: runs are corrected, other rows deleted."""
    mended: list[UnreadableRow] = []
    for table, row, why in list(_damaged(connection, None)):
        described = _described(table, row, why)
        place = _place_of(connection, table, row)
        values = _corrected(connection, table, row, described.text)
        if values is None:
            connection.execute(delete(table).where(place))
        else:
            connection.execute(update(table).where(place).values(values))
        mended.append(described)
    return mended


def _damaged(connection: Connection, most: int | None) -> Iterator[tuple[Table, Row[Any], str]]:
    for table in metadata.sorted_tables:
        if table is meta:
            continue
        chosen = select(table, *_key_columns(connection, table)).limit(most)
        if "seq" in table.columns:
            chosen = chosen.order_by(table.c.seq.desc())
        for row in connection.execute(chosen):
            why = problem_of(table, row, _CONVERT.get(table.name))
            if why is not None:
                yield table, row, why


def _key_columns(connection: Connection, table: Table) -> list[ColumnElement[Any]]:
    """Return what tells a row from others, whatever is in its key: of SQLite, the kind and the bytes of each value."""
    if connection.dialect.name != "sqlite" or "seq" in table.columns:
        return []
    return [part for column in table.primary_key for part in (func.typeof(column), func.hex(column))]


def _place_of(connection: Connection, table: Table, row: Row[Any]) -> ColumnElement[bool]:
    parts = _key_columns(connection, table)
    if parts:
        found = tuple(row)[len(table.columns) :]
        return and_(*(part == value for part, value in zip(parts, found, strict=True)))
    keys = [table.c.seq] if "seq" in table.columns else list(table.primary_key)
    return and_(*(key == row._mapping[key.name] for key in keys))


def _described(table: Table, row: Row[Any], why: str) -> UnreadableRow:
    values = {column.name: _as_json(value) for column, value in zip(table.columns, row, strict=False)}
    return UnreadableRow(table=table.name, key=key_of(table, row._mapping), why=why, values=values)


def _as_json(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _corrected(connection: Connection, table: Table, row: Row[Any], reason: str) -> dict[str, Any] | None:
    """Return the values that make *row* readable; None where it is to be deleted."""
    values: dict[str, Any] = {}
    if table is latest and isinstance(row.job, str):
        its = select(func.max(claims.c.due)).where(
            claims.c.job == row.job, claims.c.due.between(LEAST_INSTANT, GREATEST_INSTANT)
        )
        values = {column.name: None for column in table.columns if not _is_fit(column, row._mapping[column.name])}
        return {**values, "claimed": connection.execute(its).scalar()}
    if table is not runs or not all(_is_fit(runs.c[name], row._mapping[name]) for name in ("id", "attempt", "job")):
        return None
    for column in runs.columns:
        if not _is_fit(column, row._mapping[column.name]):
            values[column.name] = _in_place(column)
    if values.get("status", row._mapping["status"]) in IN_HAND_WORDS:
        values["status"] = Status.FAILED.value
    return {**values, "reason": reason}


def _in_place(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    return 0 if is_number(column) else _IN_PLACE.get(column.name, "")


def _is_fit(column: Column[Any], value: object) -> bool:
    if value is None:
        return bool(column.nullable)
    if is_number(column):
        is_kind = type(value) is int
        return is_kind and (not is_instant(column) or LEAST_INSTANT <= int(str(value)) <= GREATEST_INSTANT)
    if not isinstance(value, str):
        return False
    try:
        if column.table is runs and column.name in _OF_RUN:
            _OF_RUN[column.name](value)
    except UNREADABLE:
        return False
    return True
