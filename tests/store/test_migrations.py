"""A store of an older version opens and moves up, with all it holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from aperture_plugin.ports import RunQuery, Store, StoreUnavailable
from aperture_plugin.store import migrations
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.tables import SCHEMA_VERSION
from aperture_plugin.testing import World

FIRST = Path(__file__).with_name("schema_1.sql")
"""What a loop of version 1 left behind: two jobs, three runs, a pause."""

UNDONE = [
    "ALTER TABLE latest DROP COLUMN forgotten",
    "DROP INDEX runs_by_time",
    "DROP INDEX runs_of_backfills",
    "DROP TABLE completed",
    "ALTER TABLE runs DROP COLUMN deaths",
    "ALTER TABLE runs DROP COLUMN params",
    "ALTER TABLE runs DROP COLUMN note",
    'ALTER TABLE runs ALTER COLUMN id TYPE VARCHAR COLLATE "default"',
    "UPDATE meta SET value = 1 WHERE key = 'schema'",
]
"""What makes of a PostgreSQL store one of version 1; of SQLite there is a real one."""


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Store]:
    store = open_store(url, directory=folder)
    store.open()
    try:
        yield store
    finally:
        store.close()


def shape(url: str) -> dict[str, Any]:
    """Return the columns and indexes of every table, in an order of their own."""
    engine = create_engine(url)
    found = inspect(engine)
    tables = {
        table: (
            sorted((column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(table)),
            sorted((str(index["name"]), tuple(index["column_names"])) for index in found.get_indexes(table)),
        )
        for table in found.get_table_names()
    }
    engine.dispose()
    return tables


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The address of a store that version 1 wrote."""
    with closing(sqlite3.connect(tmp_path / "aperture.db")) as database:
        database.executescript(FIRST.read_text(encoding="utf-8"))
    return "sqlite:///aperture.db"


def test_a_store_of_the_first_version_moves_up_and_keeps_all_it_holds(old: str, tmp_path: Path) -> None:
    with opened(old, tmp_path) as store:
        facts, runs, line = store.facts(), store.history(RunQuery()), store.last_words("5h3thdg0004jnaw", 1)
        with store.snapshot() as ledger:
            pause, marks, forgotten = ledger.pauses()["sync"], ledger.watermarks(), ledger.forgotten()

    assert (facts.schema, facts.attempts) == (SCHEMA_VERSION, 3)
    assert [(run.job, str(run.status)) for run in runs] == [
        ("scan", "completed"),
        ("sync", "failed"),
        ("scan", "completed"),
    ]
    assert line is not None
    assert (line.text, pause.note, len(marks), forgotten) == ("indexed 12 films", "disk swap", 2, {})


def test_whoever_only_looks_moves_an_older_store_up_too(old: str, tmp_path: Path) -> None:
    looking = open_store(old, directory=tmp_path)

    assert looking.open_to_look()
    version = looking.facts().schema
    looking.close()

    assert version == SCHEMA_VERSION


def test_what_has_completed_before_a_store_moves_up_counts_for_whoever_comes_after_it(old: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "aperture.db")) as older:
        since, ended = 1768006800000000, 1768017600000000
        for seq, job, begun in ((3, "build", since), (4, "tidy", since), (5, "late", ended + 1)):
            older.execute("INSERT INTO eras VALUES (?, ?, 'After scan, sync', 'UTC', ?)", (seq, job, begun))
        older.execute("INSERT INTO latest (job, taken_at) VALUES ('tidy', ?)", (ended,))
        older.commit()

    with opened(old, tmp_path) as store, store.snapshot() as ledger:
        assert ledger.completed() == {"build": frozenset({"scan"})}


def test_a_store_that_moved_up_has_the_shape_of_a_new_one(old: str, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    for folder in (tmp_path, tmp_path / "new"):
        with opened(old, folder):
            pass

    assert shape(f"sqlite:///{tmp_path}/aperture.db") == shape(f"sqlite:///{tmp_path}/new/aperture.db")


def test_the_loop_goes_on_where_that_of_the_older_version_stopped(old: str, tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("timezone: Europe/Riga\nschedules:\n  scan: every 2 hours\n  sync: daily at 5 AM\n")

    world.start("2026-01-10 09:30").advance("1 hour")

    runs = world.history("scan")
    world.close()
    assert [(str(run.trigger), run.missed, run.attempt) for run in runs[2:]] == [("catch-up", 2, 1), ("schedule", 0, 1)]


def test_a_postgresql_store_moves_up_too(postgres_url: str, tmp_path: Path) -> None:
    with opened(postgres_url, tmp_path):
        new = shape(postgres_url)
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        for statement in UNDONE:
            connection.execute(text(statement))
    engine.dispose()
    older = shape(postgres_url)

    with opened(postgres_url, tmp_path) as store:
        version = store.facts().schema

    assert older != new
    assert (version, shape(postgres_url)) == (SCHEMA_VERSION, new)


def test_a_loop_that_runs_on_postgresql_meanwhile_goes_on(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No statement of it is prepared for the columns as they were."""
    # The older loop is of this program here, and reads the columns that were added since.
    monkeypatch.setattr(migrations, "MIGRATIONS", {**migrations.MIGRATIONS, 5: (), 7: ()})
    engine = create_engine(postgres_url)
    with opened(postgres_url, tmp_path) as older:
        with engine.begin() as connection:
            for statement in UNDONE:
                if not any(added in statement for added in ("deaths", "COLUMN params", "COLUMN note")):
                    connection.execute(text(statement))

        def look() -> str:
            try:
                with older.transaction() as ledger:
                    return f"{len(ledger.in_hand())} in hand"
            except StoreUnavailable:
                return "away"

        before = [look() for _ in range(12)]
        with opened(postgres_url, tmp_path):
            pass
        after = [look() for _ in range(3)]
    engine.dispose()

    assert before == ["0 in hand"] * 12
    assert after == ["0 in hand"] * 3


def test_a_step_that_fails_leaves_the_store_as_it_was(
    old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {2: ("ALTER TABLE latest ADD COLUMN forgotten BIGINT", "CREATE INDEX runs_by_time ON nowhere (queued_at)")}
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    before = shape(f"sqlite:///{tmp_path}/aperture.db")

    with pytest.raises(Exception, match="nowhere"), opened(old, tmp_path):
        pass

    assert shape(f"sqlite:///{tmp_path}/aperture.db") == before


def test_every_version_has_its_step() -> None:
    assert sorted(migrations.MIGRATIONS) == list(range(2, SCHEMA_VERSION + 1))
    assert migrations.ON_POSTGRESQL.keys() <= migrations.MIGRATIONS.keys()


def test_a_loop_of_the_older_version_still_writes_to_a_store_that_moved_up(old: str, tmp_path: Path) -> None:
    """It has the file open all the while, and names every column it writes."""
    with closing(sqlite3.connect(tmp_path / "aperture.db")) as older:
        with opened(old, tmp_path):
            pass
        older.execute("INSERT INTO latest (job, claimed, taken_at) VALUES ('new', 1, 2)")
        older.execute("INSERT INTO logs (run_id, attempt, at, level, text) VALUES ('a', 1, 1, 'INFO', 'b')")
        older.commit()

    with opened(old, tmp_path) as store, store.snapshot() as ledger:
        assert "new" in ledger.watermarks()
