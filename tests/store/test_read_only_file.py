"""Looking at a SQLite store that may not be written to."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from aperture_plugin.store import read_only_file, sqlite
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.read_only_file import ReadOnlyFile


def test_a_store_that_cannot_be_written_is_looked_at_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store("sqlite:///a%20b.db", directory=tmp_path)
    store.open()
    store.close()
    before = (tmp_path / "a b.db").read_bytes()
    monkeypatch.setattr(sqlite, "may_be_written", lambda _path: False)

    assert store.open_to_look()
    with store.snapshot() as ledger:
        assert list(ledger.loops()) == []
    store.close()

    assert (tmp_path / "a b.db").read_bytes() == before


def test_what_only_the_write_ahead_log_holds_is_read_from_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "aperture.db"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.executescript("PRAGMA journal_mode=WAL; CREATE TABLE jobs (name); INSERT INTO jobs VALUES ('scan')")
    connected = ReadOnlyFile._connected

    def without_an_index(self: ReadOnlyFile, where: Path, how: str) -> Any:
        if how == "mode=ro":
            raise sqlite3.OperationalError("unable to open database file")
        return connected(self, where, how)

    monkeypatch.setattr(read_only_file.ReadOnlyFile, "_connected", without_an_index)

    found = ReadOnlyFile(path, {}).connect().execute("SELECT name FROM jobs").fetchall()

    writer.close()
    assert found == [("scan",)]
