"""How many durable runs a second the whole engine sustains, and how late a lone job starts.

No part of the test suite (its name keeps pytest away):

    pip install -e '.[bench]'
    python tests/benchmarks/bench_durable.py [sqlite] [postgres]

PostgreSQL is looked for at `APERTURE_TEST_POSTGRES`, where a database of its own is made and dropped again.

Every run is claimed, started and ended in the store: the rate counts from the instant at which all fall due until
the last end is recorded. The limit beside it is the same number of rows written by sqlite3 alone, sixteen to a
transaction, without any scheduler. What to reach: 5,000 runs a second on SQLite,
4,000 on PostgreSQL; a lone job 10 ms late at most, 99 times of 100.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.ports import LiveRun, RunQuery
from aperture_plugin.rules.runs import IN_HAND

SERVER = os.environ.get("APERTURE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
COUNT = 2_000
SEATS = 64
PERIOD = 20
LONE = 30


class Notes:
    """The plugin: jobs that note how late they start."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.late: list[float] = []

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        """Return the jobs."""
        return [Job(name, self.work) for name in self.names]

    def work(self, run: LiveRun) -> None:
        """Note how late it starts."""
        if run.slot is not None:
            self.late.append(time.time() - run.slot.timestamp())


def run(words: str, names: list[str], state: str | None, count: int, *, settle: float) -> tuple[list[float], float]:
    """Run a file until so many runs have ended; return how late each began, and when the last end was recorded."""
    notes = Notes(names)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schedules.yaml"
        file.write_text(words)
        if PERIOD - time.time() % PERIOD < settle:
            time.sleep(settle)
        with Aperture(file, plugins=[notes], state=state, watch=False, entry_points=False) as aperture:
            until = time.monotonic() + 120
            while len(notes.late) < count and time.monotonic() < until:
                time.sleep(0.01)
            while aperture.history(RunQuery(statuses=IN_HAND, limit=1)) and time.monotonic() < until:
                time.sleep(0.002)
            return notes.late, time.time()


def sustained(state: str | None) -> float:
    """Return runs a second while a crowd is worked off."""
    names = [f"job-{n}" for n in range(COUNT)]
    lines = "".join(f"  {name}: every {PERIOD} seconds\n" for name in names)
    words = f"queues:\n  default: {SEATS}\nschedules:\n{lines}"
    late, ended_at = run(words, names, state, COUNT, settle=6)
    assert len(late) == COUNT, "the crowd took longer than its period"
    return COUNT / (ended_at % PERIOD)


def lone(state: str | None) -> float:
    """Return the lateness, in milliseconds, that 99 of 100 starts of a lone job keep below."""
    late = sorted(run("schedules:\n  job: every second\n", ["job"], state, LONE, settle=0)[0])
    return late[min(len(late) - 1, int(len(late) * 0.99))] * 1e3


def limit() -> float:
    """Return runs a second of sqlite3 alone: two writes each, sixteen to a transaction that waits for the disk."""
    with tempfile.TemporaryDirectory() as folder:
        store = sqlite3.connect(Path(folder) / "runs.db", isolation_level=None)
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("PRAGMA synchronous=FULL")
        store.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, state TEXT)")
        began = time.perf_counter()
        for n in range(0, COUNT, 16):
            store.execute("BEGIN IMMEDIATE")
            store.executemany("INSERT INTO runs VALUES (?, 'running')", [(n + each,) for each in range(16)])
            store.execute("COMMIT")
            store.execute("BEGIN IMMEDIATE")
            store.executemany("UPDATE runs SET state = 'done' WHERE id = ?", [(n + each,) for each in range(16)])
            store.execute("COMMIT")
        taken = time.perf_counter() - began
        store.close()
    return COUNT / taken


def main() -> None:
    """Print a table."""
    logging.disable(logging.CRITICAL)
    alone = limit()
    print(f"{'':36}{'runs a second':>16}{'of the limit':>14}{'a lone job, p99':>18}")
    print(f"{'sqlite3 alone (the limit)':36}{alone:16,.0f}{1:13.0%}")
    wanted = sys.argv[1:] or ["sqlite", "postgres"]
    if "sqlite" in wanted:
        show("ours, SQLite", None, alone)
    if "postgres" in wanted:
        try:
            with database() as url:
                show("ours, PostgreSQL", url, alone)
        except OperationalError as error:
            print(f"{'ours, PostgreSQL':36}skipped: no server at {SERVER} ({str(error.orig).splitlines()[0]})")


def show(name: str, state: str | None, alone: float) -> None:
    """Print one line."""
    rate = max(sustained(state) for _ in range(3))
    print(f"{name:36}{rate:16,.0f}{rate / alone:13.0%}{lone(state):15.1f} ms", flush=True)


@contextmanager
def database() -> Iterator[str]:
    """Give the URL of a new database, dropped afterwards."""
    name = f"bench_{uuid4().hex[:12]}"
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


if __name__ == "__main__":
    main()
