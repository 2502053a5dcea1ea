"""The library's database: its tables and transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from .problems import LibraryProblem

__all__ = ["Database"]

_VERSION: Final = 1
_PATIENCE_SECONDS: Final = 30.0
"""Seconds that a job waits for the transaction of another."""

_SCHEMA: Final = """
CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE user (user TEXT PRIMARY KEY, name TEXT NOT NULL, joined TEXT NOT NULL);
CREATE TABLE title (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, year INTEGER NOT NULL,
    genres TEXT NOT NULL, plot TEXT NOT NULL,
    path TEXT NOT NULL, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, digest TEXT NOT NULL
);
-- No foreign keys: jobs may run in any order, and a title that is gone today may be back tomorrow.
-- Whoever reads joins with title and user; whoever makes rows replaces them at its next run.
CREATE TABLE watch (
    event INTEGER PRIMARY KEY, user TEXT NOT NULL, key TEXT NOT NULL,
    watched_at TEXT NOT NULL, percent INTEGER NOT NULL
);
CREATE TABLE fact (
    key TEXT PRIMARY KEY, known INTEGER NOT NULL, asked_at TEXT NOT NULL,
    made_by TEXT, language TEXT, minutes INTEGER, genres TEXT, plot TEXT
);
CREATE VIEW known_title AS
    SELECT t.key, t.kind, t.title, t.year, t.path,
           CASE t.genres WHEN '' THEN coalesce(f.genres, '') ELSE t.genres END AS genres,
           CASE t.plot WHEN '' THEN coalesce(f.plot, '') ELSE t.plot END AS plot,
           f.made_by, f.language, f.minutes
    FROM title t LEFT JOIN fact f ON f.key = t.key;
CREATE TABLE term (term TEXT PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE embedding (key TEXT PRIMARY KEY, digest TEXT NOT NULL, vector BLOB NOT NULL);
CREATE TABLE similar (
    key TEXT NOT NULL, rank INTEGER NOT NULL, other TEXT NOT NULL, score REAL NOT NULL, PRIMARY KEY (key, rank)
);
CREATE TABLE recommendation (
    user TEXT NOT NULL, rank INTEGER NOT NULL, key TEXT NOT NULL, score REAL NOT NULL, because TEXT,
    PRIMARY KEY (user, rank)
);
CREATE TABLE top_pick (
    rank INTEGER PRIMARY KEY, key TEXT NOT NULL, viewers INTEGER NOT NULL, plays INTEGER NOT NULL
);
CREATE TABLE discovery (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL, year INTEGER NOT NULL,
    genres TEXT NOT NULL, plot TEXT NOT NULL, score REAL NOT NULL, because TEXT NOT NULL, found_at TEXT NOT NULL
)
"""


class Database:
    """One connection to a library's database; each run opens its own.

    Reading methods return all rows at once, so no read stays open during a write.
    """

    def __init__(self, path: Path) -> None:
        """Open the database at *path*; one that is not there is made, with its tables.

        Raises:
            LibraryProblem: It was made by a later version of this plugin.
        """
        self.connection = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)
        try:
            self.connection.row_factory = sqlite3.Row
            self._make_tables(path)
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Enter an exclusive transaction; commit at the end of the block, roll back on an exception."""
        # IMMEDIATE: a transaction that begins by reading could not be promoted while another one writes.
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:  # A full disk has rolled it back already.
                self.connection.execute("ROLLBACK")
            raise

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return all rows that *sql* finds."""
        return self.connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: object) -> Any:
        """Return the first column of the first row, None where there is none."""
        row = self.connection.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def mark(self, name: str) -> str | None:
        """Return the value that a job stored under *name*, such as how far it came."""
        value: str | None = self.value("SELECT value FROM mark WHERE name = ?", name)
        return value

    def set_mark(self, name: str, value: object) -> None:
        """Store *value* under *name*; inside a transaction it is committed with the rest."""
        self.connection.execute("REPLACE INTO mark (name, value) VALUES (?, ?)", (name, str(value)))

    def _make_tables(self, path: Path) -> None:
        if self.value("PRAGMA user_version") != _VERSION:
            with self.writing() as connection:
                # Checked again: another process may have made them while this one waited.
                found = self.value("PRAGMA user_version")
                if found > _VERSION:
                    raise LibraryProblem(f"{path} was made by a later version of this plugin (schema {found})")
                if found < _VERSION:
                    # Not executescript, which would commit before it begins.
                    for statement in _SCHEMA.split(";\n"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {_VERSION}")
