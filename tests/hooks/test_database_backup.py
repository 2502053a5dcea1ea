"""database-backup: whole copies, the newest few."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from types import ModuleType

import pytest

from aperture_plugin.ports import RunCancelled

from .conftest import MediaLibrary


def names(library: MediaLibrary) -> list[str]:
    return sorted(file.name for file in (library.root / "backups").iterdir())


def test_a_backup_holds_what_the_database_holds(built: MediaLibrary) -> None:
    result = built.run("database-backup")

    copy = built.root / result["backup"]
    assert result["bytes"] == copy.stat().st_size
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM title").fetchone() == (220,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert built.last.done == built.last.total


def test_only_the_newest_backups_are_kept(library: MediaLibrary) -> None:
    library.run("user-sync")
    backups = library.root / "backups"
    backups.mkdir()
    for day in range(1, 10):
        (backups / f"library-2025010{day}T010000Z.db").touch()
    (backups / "library-before-the-move.db").touch()

    result = library.run("database-backup", keep=3)

    newest = result["backup"].removeprefix("backups/")
    assert (result["kept"], result["removed"]) == (3, 7)
    assert names(library) == [
        *("library-20250108T010000Z.db", "library-20250109T010000Z.db", newest, "library-before-the-move.db")
    ]


def test_a_cancelled_backup_leaves_no_copy_and_removes_none(built: MediaLibrary) -> None:
    before = names(built)

    with pytest.raises(RunCancelled):
        built.run("database-backup", keep=1, cancel_after=40)

    assert names(built) == before


def test_what_a_killed_run_left_is_cleared_away(library: MediaLibrary) -> None:
    library.run("user-sync")
    (library.root / "backups").mkdir()
    for left_over in ("partial", "partial-journal"):
        (library.root / "backups" / f".library-20250101T010000Z.db.{left_over}").write_bytes(b"half of it")

    result = library.run("database-backup")

    assert names(library) == [result["backup"].removeprefix("backups/")]


def test_a_copy_that_is_damaged_replaces_nothing(
    library: MediaLibrary, parts: Mapping[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    library.run("database-backup")
    before = names(library)
    path = library.root / "library.db"
    pages = bytearray(path.read_bytes())
    pages[4096:8192] = bytes(4096)
    path.write_bytes(pages)

    with pytest.raises(Exception, match=r"damaged|malformed"):
        library.run("database-backup", keep=1)

    assert names(library) == before
