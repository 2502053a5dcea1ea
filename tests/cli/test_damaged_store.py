"""A store in which every column of every table is damaged in every way: no command and no loop fails for it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import BigInteger, Column, Integer, Table

from aperture_plugin.store.tables import metadata
from aperture_plugin.testing import World
from tests.cli.conftest import Shell, typed

NUMBERS: Final = ("'noon'", "x'ff00'", "2.5", "-5", "9000000000000000000", "-9000000000000000000", "NULL")
TEXTS: Final = (
    "'garbage'",
    "''",
    "x'ff00'",
    "CAST(x'61ff' AS TEXT)",
    "'[1]'",
    "'{'",
    "'2026-01-01T00:00+05:00'",
    "NULL",
)
JOBS: Final = [f"j{number:03}" for number in range(70)]
TABLES: Final = [table for table in metadata.sorted_tables if table.name != "meta"]


def damages(table: Table) -> Iterator[tuple[Column[Any], str]]:
    """Yield each column of *table* with each way in which a value in it may be wrong."""
    for column in table.columns:
        is_key = column.name == "seq"
        for value in NUMBERS if isinstance(column.type, BigInteger | Integer) else TEXTS:
            if not is_key and not (value == "NULL" and (not column.nullable or column.primary_key)):
                yield column, value


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that has rows in every table."""
    folder = tmp_path_factory.mktemp("whole")
    jobs = "".join(f"  {name}: every hour\n" for name in JOBS)
    world = World(folder)
    world.write(
        "limits:\n  api: 10 per hour\nnotify:\n  ops:\n    to: json://127.0.0.1:9\n"
        f"defaults:\n  queue: q\n  notify: [ops]\nqueues:\n  q: 500\nschedules:\n{jobs}  z: after j000\n"
    )
    world.handlers.update((name, lambda run: run.log.info("hello")) for name in JOBS)
    world.start(at="2026-01-09 22:30").advance("2 hours").kill()
    store = sqlite3.connect(folder / "aperture.db")
    fill(store)
    store.commit()
    store.close()
    return folder


def fill(store: sqlite3.Connection) -> None:
    """Give every table a row for every job."""
    for table in TABLES:
        names = [column.name for column in table.columns if column.name != "seq"]
        [[count]] = store.execute(f"SELECT count(*) FROM {table.name}")
        for job in JOBS[count:]:
            values = [job if name in GIVEN_JOB else GIVEN.get(name, 1) for name in names]
            words = ", ".join(f'"{name}"' for name in names)
            store.execute(f"INSERT INTO {table.name} ({words}) VALUES ({', '.join('?' * len(names))})", values)


GIVEN_JOB: Final = {"id", "job", "key", "preset", "run_id", "limit", "follower", "loop_id"}
GIVEN: Final = {
    "host": "elsewhere", "boot": "b", "serves": "schedule", "details": "{}", "note": None, "by": None, "until": None,
    "channel": "ops", "event": "failed", "facts": "{}", "sent_at": None, "file": "schedules.yaml",
    "text": "schedules:\n", "sender": "s", "queue": "q", "body": "{}", "worker": None, "stop_reason": None,
    "force": 0, "answer": None, "words": "{}", "since": 1_767_000_000_000_000, "beat_at": 1_767_000_000_000_000,
    "at": 1_767_000_000_000_000, "accepted_at": 1_767_000_000_000_000,
}  # fmt: skip


def damage(path: Path, table: Table, some: Sequence[tuple[Column[Any], str]]) -> None:
    """Damage a row of *table* for each of *some* damages."""
    store = sqlite3.connect(path)
    keys = "seq" if "seq" in table.columns else "rowid"
    if table.name == "claims":
        rows = store.execute("SELECT job, due FROM claims ORDER BY due DESC, job").fetchall()
        where = "job = ? AND due = ?"
    else:
        rows = store.execute(f"SELECT {keys} FROM {table.name} ORDER BY {keys} DESC").fetchall()
        where = f"{keys} = ?"
    for row, (column, value) in zip(rows, some, strict=False):
        store.execute(f'UPDATE OR IGNORE {table.name} SET "{column.name}" = {value} WHERE {where}', row)
    store.commit()
    store.close()


READING: Final = (
    "status", "history --limit 0", "history --job j000", "next", "audit --from 2026-01-09", "logs j000", "doctor",
    "doctor j000", "plan --until 2026-01-11", "show j000", "preset",
)  # fmt: skip


def copy_of(whole: Path, folder: Path) -> Path:
    for file in whole.iterdir():
        if file.is_file():
            shutil.copy(file, folder / file.name)
    return folder / "aperture.db"


def failures(world: World) -> list[str]:
    """Return which reading commands, and whether the loop, fail on the store."""
    found = []
    for words in READING:
        answer = typed(*words.split(), "--format", "json")
        is_json = answer.out.startswith(("[", "{"))
        if answer.code not in {0, 1} or not (is_json or words.startswith("logs")) or "itself failed" in answer.err:
            found.append(f"{words}: {answer.code} {answer.out[:100]} {answer.err[:300]}")
    world.start(at="2026-01-10 00:45").advance("30 minutes").stop()
    ran = {run.job for run in world.history() if run.due is not None and run.due.day == 10 and run.due.hour == 1}
    if missing := set(JOBS) - ran:
        found.append(f"did not run: {sorted(missing)}")
    return found


@pytest.mark.long
@pytest.mark.parametrize("table", TABLES, ids=str)
def test_no_damage_to_a_table_fails_a_command_or_the_loop(table: Table, whole: Path, world: World) -> None:
    damage(copy_of(whole, world.folder), table, list(damages(table)))

    assert failures(world) == []


def test_damage_in_every_table_fails_neither_a_command_nor_the_loop_and_is_mended(
    whole: Path, world: World, shell: Shell
) -> None:
    store = copy_of(whole, world.folder)
    for table in TABLES:
        damage(store, table, list(damages(table)))

    found = failures(world)
    before, mended, after = shell("doctor"), shell("doctor", "--mend", "--format", "json"), shell("doctor")

    assert found == []
    assert "a row of the store cannot be read (claims, job j0" in before.out
    assert "→ aperture doctor --mend" in before.out
    assert before.code == 1
    assert {row["table"] for row in mended.json} == {table.name for table in TABLES} - {
        "picks"
    }  # The loop has replaced it.
    assert "doctor --mend" not in after.out
    assert shell("doctor", "--mend").lines == ["Every row can be read."]


def test_a_row_that_cannot_be_read_is_shown_where_it_belongs(whole: Path, world: World, shell: Shell) -> None:
    store = copy_of(whole, world.folder)
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE pauses SET since = 'noon' WHERE job = 'j001'")
        connection.execute("UPDATE runs SET result = '{' WHERE job = 'j002'")
        connection.execute("UPDATE logs SET at = 'noon'")

    assert "pause of j001): since is noon, which is no whole number" in shell("status", "--format", "json").out
    history = shell("history", "--job", "j002", "--format", "json").json
    assert history[0]["reason"].startswith("this row of the store cannot be read (run ")
    assert "this row of the store cannot be read (line " in shell("logs", "j000").out


@pytest.mark.parametrize("words", ["DELETE FROM meta WHERE key = 'writes'", "UPDATE meta SET value = x'00ff'"])
def test_damage_to_the_stores_own_facts_is_refused_in_words_or_mended(
    whole: Path, world: World, shell: Shell, words: str
) -> None:
    store = copy_of(whole, world.folder)
    with sqlite3.connect(store) as connection:
        connection.execute(words)

    answer = shell("status")

    assert "itself failed" not in answer.err
    if "UPDATE" in words:
        assert "its version cannot be read" in answer.err
    else:
        assert failures(world) == []
