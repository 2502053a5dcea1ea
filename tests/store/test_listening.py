"""What another process commits is heard at once; where it cannot be, that is known, and the store is asked."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from aperture_plugin.ports import Pause, Store
from aperture_plugin.store import commit_listener, wal_source
from aperture_plugin.store.connect import open_store
from tests.store.test_store import NOON, loop_of

SOON = 5.0
"""Seconds in which what is heard at once is heard on the busiest machine."""


class Bell:
    """Rung in another thread."""

    def __init__(self, store: Store) -> None:
        self._rung = threading.Event()
        self.is_reliable = store.listen(self._rung.set)
        self.rings()  # As it begins to listen: what was committed before was not heard.

    def rings(self, seconds: float = SOON) -> bool:
        rang = self._rung.wait(seconds)
        self._rung.clear()
        return rang


def pause(store: Store, job: str = "scan") -> None:
    with store.transaction() as ledger:
        ledger.set_pause(Pause(job=job, since=NOON))


def take_note(store: Store) -> list[str]:
    with store.transaction() as ledger:
        return sorted(ledger.pauses()) if ledger.foreign else []


def test_what_another_process_commits_is_heard(store: Store, other: Store) -> None:
    take_note(store)
    bell = Bell(store)

    pause(other)
    rang = bell.rings()

    assert (rang, bell.is_reliable(), store.changed(), take_note(store)) == (True, True, True, ["scan"])


def test_each_of_many_commits_is_heard_or_comes_before_one_that_is(store: Store, other: Store) -> None:
    bell = Bell(store)
    noted: list[str] = []
    for number in range(20):
        pause(other, f"job-{number:02}")
        time.sleep(0.01)
        if bell.rings(0):
            noted = take_note(store) or noted

    until = time.monotonic() + SOON
    while len(noted) < 20 and time.monotonic() < until:
        if bell.rings(0.1):
            noted = take_note(store) or noted

    assert len(noted) == 20


def test_a_beat_of_another_is_heard(store: Store, other: Store) -> None:
    theirs = loop_of("theirs")
    with other.transaction() as ledger:
        ledger.keep_loop(theirs)
    bell = Bell(store)
    take_note(store)
    bell.rings(0.5)

    with other.transaction() as ledger:
        ledger.beat(replace(theirs, beat=2))

    assert (bell.rings(), bell.is_reliable(), store.changed()) == (True, True, False)


def test_what_is_committed_here_rings_for_nobody(store: Store) -> None:
    take_note(store)
    bell = Bell(store)
    store.changed()

    pause(store)

    assert not bell.rings(0.5)
    assert bell.is_reliable()


def test_a_listener_that_misses_our_own_commits_is_not_relied_on(
    store: Store, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_listener, "GRACE", 0.05)
    if kind == "sqlite":
        (tmp_path / "elsewhere").touch()
        attend = wal_source.WalSource.attend
        monkeypatch.setattr(store, "_wal", wal_source.WalSource(lambda: True))
        attend(store._wal, [tmp_path / "elsewhere"])  # type: ignore[attr-defined]
    else:
        monkeypatch.setattr("aperture_plugin.store.pg_notify.CHANNEL", "elsewhere")
    bell = Bell(store)
    before = bell.is_reliable()

    pause(store)
    time.sleep(0.1)

    assert (before, bell.is_reliable()) == (True, False)


def test_closing_leaves_no_thread_and_no_descriptor_behind(opening: Callable[[], Store]) -> None:
    def left() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    opened = opening()
    opened.open()
    opened.close()
    before = left()

    for _ in range(5):
        opened = opening()
        opened.open()
        Bell(opened)
        opened.close()

    assert left() == before


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    opened = open_store("sqlite:///aperture.db", directory=tmp_path)
    opened.open()
    yield opened
    opened.close()


def test_a_file_that_is_put_in_the_place_of_the_store_is_heard_and_listened_to(sqlite: Store, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    backup = open_store("sqlite:///aperture.db", directory=tmp_path / "backup")
    backup.open()
    pause(backup, "restored")
    backup.close()
    take_note(sqlite)
    bell = Bell(sqlite)

    shutil.move(tmp_path / "backup" / "aperture.db", tmp_path / "aperture.db")
    rang = bell.rings()
    noted = take_note(sqlite)
    bell.rings(0.5)
    other = open_store("sqlite:///aperture.db", directory=tmp_path)
    other.open()
    pause(other, "later")
    other.close()

    assert (rang, noted) == (True, ["restored"])
    assert bell.rings()
    assert take_note(sqlite) == ["later", "restored"]


def test_where_the_system_tells_of_no_files_the_store_is_asked(sqlite: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise OSError("inotify instance limit reached")

    monkeypatch.setattr(wal_source, "_libc", none)
    rung = threading.Event()

    is_reliable = sqlite.listen(rung.set)

    assert not rung.wait(0.1)
    assert not is_reliable()


def test_a_server_that_hangs_up_is_listened_to_again(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_listener, "AGAIN", 0.1)
    store, other = (open_store(postgres_url, directory=tmp_path) for _ in range(2))
    store.open()
    other.open()
    bell = Bell(store)
    address = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)

    with psycopg.connect(address, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
    rang = bell.rings()  # What was committed meanwhile was not heard.
    take_note(store)
    bell.rings(0.5)
    pause(other)

    assert rang
    assert bell.rings()
    assert take_note(store) == ["scan"]
    store.close()
    other.close()
