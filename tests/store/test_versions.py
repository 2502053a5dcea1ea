"""Programs of two versions on one store: the older one goes on where the newer has moved the store up."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import create_engine

import aperture_plugin
from aperture_plugin.ports import RunQuery, Store, StoreRefused
from aperture_plugin.store import migrations, sql_store
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.tables import SCHEMA_VERSION
from aperture_plugin.testing import World

NEXT: Final = SCHEMA_VERSION + 1

ADDED = (
    "ALTER TABLE runs ADD COLUMN mood TEXT",
    "ALTER TABLE claims ADD COLUMN weight INTEGER DEFAULT 3 NOT NULL",
    "CREATE TABLE moods (name VARCHAR PRIMARY KEY)",
    "CREATE INDEX runs_by_mood ON runs (mood)",
)
"""What the version after this one might add."""

SCAN = "schedules:\n  scan: every 2 hours\n"


@contextmanager
def opened(url: str, folder: Path) -> Iterator[Store]:
    store = open_store(url, directory=folder)
    store.open()
    try:
        yield store
    finally:
        store.close()


def address(url: str, folder: Path) -> str:
    return url if url.startswith("postgresql") else f"sqlite:///{folder / 'aperture.db'}"


def moved_up(url: str, *, serves: int) -> None:
    """Do to the store what the version after this one does."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in ADDED:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"UPDATE meta SET value = {NEXT} WHERE key = 'schema'")
        connection.exec_driver_sql(f"UPDATE meta SET value = {serves} WHERE key = 'oldest'")
    engine.dispose()


def test_a_store_that_the_next_version_has_moved_up_still_serves_this_one(url: str, tmp_path: Path) -> None:
    place = address(url, tmp_path)
    world = World(tmp_path, state=place)
    world.write(SCAN).start("2026-01-10 01:30").advance("1 hour").stop()
    moved_up(place, serves=SCHEMA_VERSION)

    world.start().advance("4 hours")
    world.run("scan")
    runs = world.history("scan")
    world.close()

    assert [(str(run.trigger), str(run.status)) for run in runs] == [
        ("schedule", "completed"),
        ("schedule", "completed"),
        ("schedule", "completed"),
        ("manual", "completed"),
    ]
    with opened(place, tmp_path) as store:
        assert store.facts().schema == NEXT


def test_a_store_that_does_not_serve_this_version_any_more_is_refused_in_words(url: str, tmp_path: Path) -> None:
    place = address(url, tmp_path)
    with opened(place, tmp_path):
        pass
    moved_up(place, serves=NEXT)

    with pytest.raises(StoreRefused) as refused, opened(place, tmp_path):
        pass

    assert str(refused.value).endswith(
        f": it was written by a newer aperture (schema {NEXT}, which serves programs from {NEXT} on; this one knows "
        f"{SCHEMA_VERSION}); install that version, or name another store under state"
    )


def next_version(monkeypatch: pytest.MonkeyPatch, *, serves: int) -> None:
    """Make this program the next version."""
    monkeypatch.setattr(migrations, "MIGRATIONS", {**migrations.MIGRATIONS, NEXT: ADDED})
    oldest = {**migrations.OLDEST_SERVED, NEXT: serves}
    for module in (migrations, sql_store):
        monkeypatch.setattr(module, "SCHEMA_VERSION", NEXT)
        monkeypatch.setattr(module, "OLDEST_SERVED", oldest)


def test_a_step_that_would_end_a_loop_of_this_version_is_refused_before_anything_is_changed(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = address(url, tmp_path)
    with opened(place, tmp_path) as store, store.transaction() as ledger:
        now = "(extract(epoch from now()) * 1000000)::bigint"
        if not place.startswith("postgresql"):
            now = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
        ledger._connection.exec_driver_sql(  # type: ignore[attr-defined]  # a loop that beat just now
            "INSERT INTO loops (id, host, pid, boot, serves, since, beat, beat_at, details)"
            f" VALUES ('a', 'attic', 12, '', 'schedule', 0, 7, {now}, '{{}}')"
        )
    next_version(monkeypatch, serves=NEXT)

    with pytest.raises(StoreRefused) as refused, opened(place, tmp_path):
        pass

    assert f"would move it up from schema {SCHEMA_VERSION} to {NEXT}" in str(refused.value)
    assert "(pid 12 on attic); stop that first" in str(refused.value)
    monkeypatch.undo()
    with opened(place, tmp_path) as store:
        assert store.facts().schema == SCHEMA_VERSION


def test_a_step_that_serves_this_version_says_so_in_the_store(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = address(url, tmp_path)
    with opened(place, tmp_path), monkeypatch.context() as patched:
        next_version(patched, serves=SCHEMA_VERSION)
        with opened(place, tmp_path) as newer:
            assert newer.facts().schema == NEXT

    with opened(place, tmp_path) as store:
        assert store.history(RunQuery()) == []


def test_every_step_says_which_version_it_still_serves() -> None:
    assert migrations.OLDEST_SERVED.keys() == migrations.MIGRATIONS.keys()
    assert all(oldest <= version for version, oldest in migrations.OLDEST_SERVED.items())


# ── two programs ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of this program that is one version ahead: nothing was released yet that could be one."""
    folder = tmp_path_factory.mktemp("newer")
    package = Path(aperture_plugin.__file__).parent
    shutil.copytree(package, folder / "aperture_plugin", ignore=shutil.ignore_patterns("__pycache__"))
    tables = folder / "aperture_plugin/store/tables.py"
    text, count = re.subn(r"SCHEMA_VERSION: Final = \d+", f"SCHEMA_VERSION: Final = {NEXT}", tables.read_text())
    assert count == 1
    text = text.replace('Column("params", Text),', 'Column("params", Text),\n    Column("mood", Text),')
    tables.write_text(text)
    steps = folder / "aperture_plugin/store/migrations.py"
    text = steps.read_text().replace(
        "MIGRATIONS: Final[Mapping[int, Sequence[str]]] = MappingProxyType(\n    {",
        f'MIGRATIONS: Final[Mapping[int, Sequence[str]]] = MappingProxyType(\n    {{\n        {NEXT}: ("{ADDED[0]}",),',
    )
    text = text.replace("MappingProxyType({2: 2,", f"MappingProxyType({{{NEXT}: {SCHEMA_VERSION}, 2: 2,")
    assert text.count(f"{NEXT}: ") == 2
    steps.write_text(text)
    return folder


class Program:
    """`aperture start` of one version, on a folder with a file."""

    def __init__(self, code: Path, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "aperture_plugin", "start", "--log-format", "json"],
            cwd=folder,
            env={"PYTHONPATH": str(code), "PATH": "/usr/bin:/bin", "TZ": "UTC"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, text: str) -> None:
        """Wait for a line of its log."""
        assert self._process.stderr is not None
        seen = []
        for line in self._process.stderr:
            seen.append(line)
            if text in line:
                return
        raise AssertionError("".join(seen))

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        _, log = self._process.communicate(timeout=60)
        assert self._process.returncode == 0, log


def test_two_versions_take_turns_on_one_store_and_run_beside_each_other(url: str, tmp_path: Path, newer: Path) -> None:
    place, this = address(url, tmp_path), Path(aperture_plugin.__file__).parent.parent
    (tmp_path / "schedules.yaml").write_text(
        f"state: {place}\nschedules:\n  tick:\n    schedule: every second\n    command: 'true'\n"
    )

    for code in (this, newer, this):
        program = Program(code, tmp_path)
        program.until("tick completed")
        program.stop()
    first = Program(newer, tmp_path)
    first.until("tick completed")
    second = Program(this, tmp_path)
    first.until("tick completed")
    first.stop()
    second.until("tick completed")
    second.stop()

    with opened(place, tmp_path) as store:
        assert store.facts().schema == NEXT
        dues = [run.due for run in store.history(RunQuery(limit=None)) if run.attempt == 1]
        assert len(dues) == len(set(dues)) >= 5
