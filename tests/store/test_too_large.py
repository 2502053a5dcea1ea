"""A statement that is too large for the database is never taken for a store that is away."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

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
