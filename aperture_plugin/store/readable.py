"""Rows that cannot be read: passed over, reported once, found and mended by the doctor.

SQLite keeps any value in any column, and either database keeps whatever somebody typed into it. One such row must not
take the others with it: every query that makes values of rows does it by `readable`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, Integer, RowMapping, Table

from aperture_plugin.ports import UnreadableRow
from aperture_plugin.store.rows import GREATEST_INSTANT, LEAST_INSTANT
from aperture_plugin.store.tables import completed, latest, logs, notices, revisions, runs, spends, worker_events
from aperture_plugin.words.errors import ApertureError

__all__ = ["UNREADABLE", "UnreadableValue", "is_instant", "is_number", "key_of", "problem_of", "readable"]

_log = logging.getLogger("aperture")

T = TypeVar("T")

UNREADABLE: Final = (ValueError, TypeError, OverflowError, RecursionError, KeyError)
"""Exceptions that the conversion of a damaged row raises."""

_NO_INSTANTS: Final = frozenset(
    {
        "at_least",
        "beat",
        "below",
        "calls",
        "count",
        "group",
        "items_done",
        "items_total",
        "missed",
        "pid",
        "seq",
        "value",
    }
)
_KEYS: Final = {
    runs.name: ("id", "attempt"),
    revisions.name: ("job", "seq"),
    logs.name: ("run_id", "seq"),
    notices.name: ("key",),
    worker_events.name: ("run_id", "seq"),
    spends.name: ("limit", "at"),
    completed.name: ("follower", "job"),
    latest.name: ("job",),
}
_MOST_REPORTED: Final = 1000
_reported: Final[set[tuple[str, str]]] = set()
_known: Final[dict[str, set[tuple[type, ...]]]] = {}


class UnreadableValue(ApertureError, ValueError):
    """A value of a row is not of the kind that its column keeps."""


def readable(
    table: Table,
    rows: Iterable[Any],
    convert: Callable[[RowMapping], T],
    *,
    instead: Callable[[RowMapping, str], T] | None = None,
) -> Iterator[T]:
    """Yield what *convert* makes of each row of *table*.

    Args:
        rows: Of a query for all columns of the table, in their order.
        instead: Makes what stands for a row that cannot be read, given why; without it, such a row is passed over, and
            reported in the log.
    """
    for row in rows:
        try:
            _require_types(table, row)
            found = convert(row._mapping)
        except UNREADABLE as error:
            if instead is not None:
                yield instead(row._mapping, _why(error))
            else:
                _report(table, row._mapping, error)
        else:
            yield found


def _require_types(table: Table, row: Sequence[Any]) -> None:
    """Check that each value of *row* is of its column's kind.

    Raises:
        UnreadableValue: One is not.
    """
    types = tuple(map(type, row[: len(table.columns)]))
    known = _known.setdefault(table.name, set())  # Rows are of few kinds, so this costs next to nothing.
    if types in known:
        return
    for column, value in zip(table.columns, row, strict=False):
        if value is None and column.nullable:
            continue
        wanted, words = (int, "whole number") if is_number(column) else (str, "text")
        if type(value) is not wanted:
            raise UnreadableValue(f"{column.name} is {_shown(value)}, which is no {words}")
    known.add(types)


def problem_of(table: Table, row: Sequence[Any], convert: Callable[[RowMapping], object] | None) -> str | None:
    """Return why *row* cannot be read; None if it can."""
    try:
        _require_types(table, row)
        for column, value in zip(table.columns, row, strict=False):
            if value is not None and is_instant(column) and not LEAST_INSTANT <= value <= GREATEST_INSTANT:
                return f"{column.name} is {value}, which is no instant"
        if convert is not None:
            convert(row._mapping)  # type: ignore[attr-defined]
    except UNREADABLE as error:
        return _why(error)
    return None


def is_number(column: Any) -> bool:
    """Return whether *column* keeps whole numbers."""
    return isinstance(column.type, BigInteger | Integer)


def is_instant(column: Any) -> bool:
    """Return whether *column* keeps instants."""
    return isinstance(column.type, BigInteger) and column.name not in _NO_INSTANTS


def key_of(table: Table, row: RowMapping) -> str:
    """Return what names a row of *table*, in words."""
    names = _KEYS.get(table.name) or [column.name for column in table.primary_key]
    return ", ".join(f"{name} {_shown(row[name])}" for name in names)


def _report(table: Table, row: RowMapping, error: Exception) -> None:
    key = key_of(table, row)
    if (table.name, key) in _reported or len(_reported) >= _MOST_REPORTED:
        return
    _reported.add((table.name, key))
    unreadable = UnreadableRow(table=table.name, key=key, why=_why(error))
    _log.warning("%s; it is passed over, and  aperture doctor  says how to mend it", unreadable.text)


def _why(error: Exception) -> str:
    if isinstance(error, UnreadableValue):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) and value.isprintable() and value else ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
