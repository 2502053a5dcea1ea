"""A statement that is too large for the database is never taken for a store that is away."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from aperture_plugin.ports import LogLine, RunQuery
from aperture_plugin.store import bulk_statements
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.database_errors import is_too_large
from aperture_plugin.store.sql_store import SqlStore


def test_a_value_beyond_the_limit_of_sqlite_is_the_statements_fault(tmp_path: Path) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    assert isinstance(store, SqlStore)
    store.open()
    store._connection().connection.driver_connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)  # type: ignore[union-attr]

    with pytest.raises(DBAPIError) as refused, store._translated_errors(), store._begun() as connection:
        connection.exec_driver_sql("SELECT ?", ("x" * 5000,))
    store.close()

    assert is_too_large(refused.value)


@pytest.mark.parametrize(
    ("text", "is_large"),
    [
        ("too many SQL variables", True),
        ("invalid memory alloc request size 1073741824", True),
        ("database is locked", False),
        ("server closed the connection unexpectedly", False),
    ],
)
def test_what_a_driver_says_tells_the_two_apart(text: str, is_large: bool) -> None:
    assert is_too_large(DBAPIError("SELECT 1", None, sqlite3.OperationalError(text))) is is_large


def test_too_many_parameters_for_postgresql_are_the_statements_fault(postgres_url: str, tmp_path: Path) -> None:
    store = open_store(postgres_url, directory=tmp_path)
    assert isinstance(store, SqlStore)
    store.open()
    names = ", ".join(["%s"] * 70_000)

    with pytest.raises(DBAPIError) as refused, store._translated_errors(), store._begun() as connection:
        connection.exec_driver_sql(f"SELECT 1 WHERE 1 IN ({names})", tuple(range(70_000)))
    still_there = store.history(RunQuery())
    store.close()

    assert is_too_large(refused.value)
    assert still_there == []


def test_rows_that_are_too_large_together_are_written_in_parts(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_statements, "_MOST_CHARACTERS", 5_000)
    store = open_store(postgres_url, directory=tmp_path)
    store.open()
    lines = [
        LogLine(run_id="a", attempt=1, at=datetime(2026, 1, 10, tzinfo=UTC), level="INFO", text=f"{n} {'é' * 1000 * n}")
        for n in range(12)
    ]

    with store.transaction() as ledger:
        ledger.log(lines)
    written = [line.text for _, line in store.log_lines("a")]
    store.close()

    assert written == [line.text for line in lines]
