"""Disks that fill, files that are locked, damaged, newer or gone, servers that hang up: each on the real thing."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from aperture_plugin.ports import LogLine, RunQuery, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import Run, RunTrigger
from aperture_plugin.store import sqlite
from aperture_plugin.store.connect import open_store

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


def run_of(run_id: str) -> Run:
    wall = NOON.replace(tzinfo=None)
    return Run(
        id=run_id, job="scan", trigger=RunTrigger.MANUAL, priority_at=NOON, priority_nominal=wall, queued_at=NOON
    )


def test_its_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store("sqlite:///aperture.db", directory=tmp_path)
        store.open()
        with store.transaction() as ledger:
            ledger.add([run_of("a")])
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    store.close()

    assert modes == dict.fromkeys(["aperture.db", "aperture.db-wal", "aperture.db-shm"], 0o600)


def test_one_that_is_opened_twice_and_closed_holds_nothing_open(tmp_path: Path) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    for _ in range(2):
        store.open()
        with store.transaction() as ledger:
            ledger.add([run_of(str(len(store.history(RunQuery(limit=None)))))])

    store.close()

    held = [os.path.realpath(descriptor) for descriptor in Path("/proc/self/fd").iterdir()]
    assert [path for path in held if path.startswith(os.path.realpath(tmp_path))] == []


def test_a_file_that_another_program_locks_is_unavailable_and_then_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    holder = sqlite3.connect(tmp_path / "aperture.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match="another process has held it"), store.transaction():
        pass
    holder.execute("ROLLBACK")
    holder.close()
    with store.transaction() as ledger:
        ledger.add([run_of("a")])

    assert [run.id for run in store.history(RunQuery())] == ["a"]
    store.close()


def test_a_full_disk_is_unavailable_and_loses_nothing(tmp_path: Path) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    with store.transaction() as ledger:
        ledger.add([run_of("a")])
    limit = sqlite3.connect(tmp_path / "aperture.db")
    pages = limit.execute("PRAGMA page_count").fetchone()[0]
    limit.close()
    store._connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    line = LogLine(run_id="a", attempt=1, at=NOON, level="INFO", text="x" * 5000)
    with pytest.raises(StoreUnavailable, match="the disk is full"), store.transaction() as ledger:
        ledger.log([line] * 500)

    assert [run.id for run in store.history(RunQuery())] == ["a"]
    store.close()


@pytest.mark.parametrize("content", [b"this is a text file, not a database" * 100, bytes(range(256)) * 64])
def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "aperture.db").write_bytes(content)
    store = open_store("sqlite:///aperture.db", directory=tmp_path)

    with pytest.raises(StoreRefused, match="not a SQLite database"):
        store.open()

    assert (tmp_path / "aperture.db").read_bytes() == content
    store.close()


def test_a_store_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    store.close()
    newer = sqlite3.connect(tmp_path / "aperture.db")
    newer.execute("UPDATE meta SET value = 999 WHERE key IN ('schema', 'oldest')")
    newer.commit()
    newer.close()

    with pytest.raises(StoreRefused, match=r"written by a newer aperture \(schema 999, which serves"):
        store.open()
    store.close()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    store = open_store("sqlite:///nowhere/aperture.db", directory=tmp_path)

    with pytest.raises(StoreUnavailable, match="is its folder there"):
        store.open()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root:secret@host/db", "is no store"),
        ("aperture.db", "is no address of a store"),
        ("postgresql://me:secret@host/db", "is no store"),
        ("sqlite://", "is no store"),
    ],
)
def test_another_address_is_refused_in_words_and_tells_no_password(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(StoreRefused, match=said) as refused:
        open_store(url, directory=tmp_path)

    assert "secret" not in str(refused.value)


def test_a_server_that_hangs_up_between_two_transactions_is_not_even_missed(postgres_url: str, tmp_path: Path) -> None:
    store = open_store(postgres_url, directory=tmp_path)
    store.open()
    with store.transaction() as ledger:
        ledger.add([run_of("a")])
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    with admin.connect() as connection:
        connection.execute(text(others + "pg_backend_pid()"))

    with store.transaction() as ledger:
        ledger.add([run_of("b")])

    assert [run.id for run in store.history(RunQuery())] == ["b", "a"]
    store.close()
    admin.dispose()


def test_a_server_that_hangs_up_within_a_transaction_is_unavailable_and_then_works(
    postgres_url: str, tmp_path: Path
) -> None:
    store = open_store(postgres_url, directory=tmp_path)
    store.open()
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "

    with pytest.raises(StoreUnavailable), store.transaction() as ledger:
        ledger.add([run_of("lost")])
        with admin.connect() as connection:
            connection.execute(text(others + "pg_backend_pid()"))
    with store.transaction() as ledger:
        ledger.add([run_of("kept")])

    assert [run.id for run in store.history(RunQuery())] == ["kept"]
    store.close()
    admin.dispose()


def test_a_server_whose_store_another_process_holds_is_unavailable_and_then_works(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aperture_plugin.store.postgres.LOCK_SECONDS", 1)
    holder, store = (open_store(postgres_url, directory=tmp_path) for _ in range(2))
    holder.open()
    store.open()

    with (
        holder.transaction(),
        pytest.raises(StoreUnavailable, match="another process has held it"),
        store.transaction(),
    ):
        pass
    with store.transaction() as ledger:
        ledger.add([run_of("a")])

    assert [run.id for run in store.history(RunQuery())] == ["a"]
    store.close()
    holder.close()


def test_a_limit_of_the_role_or_the_database_on_statements_does_not_hold_for_the_store(
    postgres_url: str, tmp_path: Path
) -> None:
    holder, store = (open_store(postgres_url, directory=tmp_path) for _ in range(2))
    database, engine = make_url(postgres_url).database, create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {database} SET statement_timeout = '100ms'"))
    engine.dispose()
    holder.open()
    store.open()
    held = threading.Event()

    def hold() -> None:
        with holder.transaction() as ledger:
            held.set()
            ledger._connection.execute(text("SELECT pg_sleep(0.5)"))  # type: ignore[attr-defined]  # any long one

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    with store.transaction() as ledger:  # It waits for the lock, longer than the limit.
        ledger.add([run_of("a")])
    thread.join(30)

    assert [run.id for run in store.history(RunQuery())] == ["a"]
    store.close()
    holder.close()


WRITER = """
import sys
from pathlib import Path
from aperture_plugin.store.connect import open_store
from datetime import UTC, datetime
from aperture_plugin.rules.runs import Run, RunTrigger
now = datetime(2026, 1, 10, 12, tzinfo=UTC)
store = open_store("sqlite:///aperture.db", directory=Path(sys.argv[1]))
store.open()
number = 0
while True:
    number += 1
    runs = [
        Run(id=f"{number}-{part}", job="scan", trigger=RunTrigger.MANUAL, priority_at=now,
            priority_nominal=now.replace(tzinfo=None), queued_at=now)
        for part in ("a", "b")
    ]
    with store.transaction() as ledger:
        ledger.add(runs[:1])
        if number == 50:
            print("half", flush=True)
        ledger.add(runs[1:])
"""


def test_kill_9_within_a_transaction_leaves_the_whole_of_it_or_nothing(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    writer.stdout.readline()

    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()

    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    ids = [run.id for run in store.history(RunQuery(limit=None))]
    store.close()
    assert len(ids) >= 98
    assert {run_id.split("-")[0] for run_id in ids if run_id.endswith("a")} == {
        run_id.split("-")[0] for run_id in ids if run_id.endswith("b")
    }


def test_a_store_made_through_a_link_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "aperture.db").symlink_to("disk/aperture.db")

    store = open_store("sqlite:///aperture.db", directory=tmp_path)
    store.open()
    store.close()

    assert stat.S_IMODE((tmp_path / "disk" / "aperture.db").stat().st_mode) == 0o600
