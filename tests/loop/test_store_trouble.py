"""A loop whose store is full, locked, damaged, replaced or away: it says so, goes on, and catches up once."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aperture_plugin.rules.runs import Run
from aperture_plugin.store import sqlite
from aperture_plugin.testing import World
from tests.store.cluster import cluster

SCAN = "schedules:\n  scan: every 2 hours\n"


def summary(runs: list[Run]) -> list[tuple[str, int, str]]:
    return [(str(run.trigger), run.missed, str(run.status)) for run in runs]


# ── a full disk ──


@dataclass(frozen=True)
class Disk:
    """One that can be filled up and freed again."""

    folder: Path
    fill: Callable[[World], None]
    free: Callable[[World], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A real disk of 4 MB; where this user may mount none, a file that SQLite lets grow no further."""
    folder, filler = tmp_path / "disk", tmp_path / "disk" / "filler"
    folder.mkdir()

    def fill(_: World) -> None:
        with pytest.raises(OSError, match="No space left"), filler.open("wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()

    if shutil.which("mount") and does("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder):
        yield Disk(folder, fill, lambda _: filler.unlink())
        assert does("umount", folder)
    else:
        yield Disk(folder, lambda world: let_grow(world, 1), lambda world: let_grow(world, 1_000_000))


def does(*words: object) -> bool:
    return subprocess.run([str(word) for word in words], capture_output=True, check=False).returncode == 0


def let_grow(world: World, pages: int) -> None:
    """Let SQLite make the file no longer than so many pages, and write nothing but into free ones."""
    store: Any = world.loop._store
    store._connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")


def test_a_disk_that_is_full_holds_up_what_is_due_until_there_is_room(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(disk.folder)
    world.handlers["scan"] = lambda run: run.log.info("%s", "x" * 9000)  # more than a page
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")

    disk.fill(world)
    world.advance("5 hours")
    disk.free(world)
    world.advance("10 minutes")

    runs = world.history()
    world.close()
    assert {str(run.status) for run in runs} == {"completed"}
    assert (str(runs[-1].trigger), sum(max(1, run.missed) for run in runs)) == ("catch-up", 3)
    assert "the store is away: sqlite:///aperture.db: the disk is full" in caplog.text


# ── a file that is locked, damaged, or another one ──


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")


def test_a_store_that_another_program_holds_is_caught_up_once(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.001)
    world.write(SCAN).start(at="2026-01-10 01:00")

    with locked(world.folder / "aperture.db"):
        world.advance("2 hours")
    world.advance("10 minutes")

    assert summary(world.history()) == [("catch-up", 1, "completed")]
    assert "another process has held it" in caplog.text


def test_a_store_that_is_damaged_is_told_and_one_put_in_its_place_is_taken(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")
    file, backup = world.folder / "aperture.db", world.folder / "backup.db"
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    damaged = world.folder / "damaged.db"
    damaged.write_bytes(b"not a database, as a disk may leave one" * 1000)

    damaged.replace(file)
    world.advance("4 hours")
    backup.replace(file)
    world.advance("10 minutes")

    assert summary(world.history()) == [("schedule", 0, "completed"), ("catch-up", 2, "completed")]
    assert "it is a file, but not a SQLite database; move it away, or restore it from a backup" in caplog.text


def test_pages_that_are_damaged_are_told_in_words(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("3 hours").stop()
    file = world.folder / "aperture.db"
    with file.open("r+b") as broken:
        broken.seek(4096)
        broken.write(os.urandom(file.stat().st_size - 4096))

    with pytest.raises(Exception, match=r"it is damaged \(SQLite finds it malformed\); move it away, or restore it"):
        world.start()


def test_an_empty_store_put_in_its_place_is_taken_too(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("3 hours 30 minutes")
    (world.folder / "fresh.db").touch(mode=0o600)

    (world.folder / "fresh.db").replace(world.folder / "aperture.db")
    world.advance("2 hours")

    assert summary(world.history()) == [("schedule", 0, "completed")]
    with world.reading() as ledger:
        assert len(ledger.loops()) <= 1


def test_a_store_that_is_deleted_is_told_and_not_made_anew(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour 30 minutes")

    for file in world.folder.glob("aperture.db*"):
        file.unlink()
    world.advance("3 hours")

    assert not (world.folder / "aperture.db").exists()
    assert "it is not there any more; put it back, or start anew" in caplog.text


# ── a database that goes away ──


def test_a_database_that_goes_away_for_a_while_is_caught_up_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with cluster() as server:
        world = World(tmp_path, state=server.url)
        world.durations["slow"] = "30 minutes"
        world.write(SCAN + "  slow: daily at 2 AM\n").start(at="2026-01-10 01:00").advance("1 hour 10 minutes")

        server.stop()
        world.advance("4 hours")
        server.start()
        world.advance("10 minutes")

        scans, slow = world.history("scan"), world.history("slow")
        world.close()

    assert summary(scans) == [("schedule", 0, "completed"), ("catch-up", 2, "completed")]
    assert [(str(run.status), run.attempt) for run in slow] == [("completed", 1)]
    assert "the store is away" in caplog.text
    assert "the store is back" in caplog.text


def test_a_database_that_goes_away_for_a_moment_is_not_even_missed(tmp_path: Path) -> None:
    with cluster() as server:
        world = World(tmp_path, state=server.url)
        world.write(SCAN).start(at="2026-01-10 01:00").advance("30 minutes")

        server.stop()
        server.start()
        world.advance("4 hours")

        runs = world.history("scan")
        world.close()

    assert summary(runs) == [("schedule", 0, "completed")] * 2
