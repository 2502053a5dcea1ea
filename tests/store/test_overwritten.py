"""A store whose file is overwritten, replaced or deleted while a process works on it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aperture_plugin.clock.process_liveness import holders
from aperture_plugin.ports import RunQuery, Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import Run, RunTrigger
from aperture_plugin.store import base_file
from aperture_plugin.store.connect import open_store

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


def run_of(run_id: str) -> Run:
    wall = NOON.replace(tzinfo=None)
    return Run(
        id=run_id, job="scan", trigger=RunTrigger.MANUAL, priority_at=NOON, priority_nominal=wall, queued_at=NOON
    )


def write(store: Store, run_id: str) -> None:
    with store.transaction() as ledger:
        ledger.add([run_of(run_id)])


def ids(store: Store) -> list[str]:
    return sorted(run.id for run in store.history(RunQuery(limit=None)))


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Store]]:
    """Open a store; what is wrong is believed at once."""
    monkeypatch.setattr(base_file, "_SETTLED_SECONDS", 0.0)
    opened: list[Store] = []

    def made(name: str) -> Store:
        store = open_store(f"sqlite:///{name}.db", directory=tmp_path)
        store.open()
        opened.append(store)
        return store

    yield made
    for store in opened:
        store.close()


def test_another_store_that_is_copied_over_it_counts_from_then_on(
    make: Callable[[str], Store], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, other = make("aperture"), make("other")
    write(store, "ours")
    write(other, "theirs")
    other.close()  # All of it is in its file then.

    (tmp_path / "aperture.db").write_bytes((tmp_path / "other.db").read_bytes())
    write(store, "later")

    assert ids(store) == ["later", "theirs"]
    assert "another file was put in its place" in caplog.text


def test_an_older_copy_that_is_put_back_counts_from_then_on(make: Callable[[str], Store], tmp_path: Path) -> None:
    store = make("aperture")
    write(store, "first")
    store.close()
    shutil.copy(tmp_path / "aperture.db", tmp_path / "copy.db")
    store.open()
    write(store, "second")
    store.close()
    store.open()

    (tmp_path / "aperture.db").write_bytes((tmp_path / "copy.db").read_bytes())
    write(store, "third")

    assert ids(store) == ["first", "third"]


@pytest.mark.parametrize("content", [b"no store" * 1000, b""])
def test_what_is_no_store_is_refused_until_one_is_put_back(
    make: Callable[[str], Store], tmp_path: Path, content: bytes
) -> None:
    store = make("aperture")
    write(store, "first")
    store.close()
    kept = (tmp_path / "aperture.db").read_bytes()
    store.open()

    (tmp_path / "aperture.db").write_bytes(content)
    with pytest.raises((StoreRefused, StoreUnavailable)):
        write(store, "second")
        if not content:
            raise StoreUnavailable("an empty file is an empty store")
    (tmp_path / "aperture.db").write_bytes(kept)
    write(store, "third")

    assert ids(store) == ["first", "third"]


def test_nothing_is_noticed_where_only_the_store_itself_writes(
    make: Callable[[str], Store], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, beside = make("aperture"), make("aperture")
    with closing(sqlite3.connect(tmp_path / "aperture.db")) as third:
        for number in range(80):
            write(store if number % 2 else beside, f"{number:02}")
            if number % 20 == 0:
                third.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    assert len(ids(store)) == 80
    assert caplog.text == ""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only /proc tells who has a file open")
def test_a_process_that_works_on_a_deleted_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "aperture.db"
    path.write_bytes(b"")
    code = "import sys; held = open(sys.argv[1]); print(flush=True); input()"
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = [holders(path)]
        path.unlink()
        found.append(holders(path))
        process.kill()

    assert found == [[process.pid], [process.pid]]
    assert holders(path) == []
