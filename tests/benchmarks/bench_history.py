"""What a long history costs: `status`, `history` and a tick's transaction, on an empty store and on a million runs.

No part of the test suite (its name keeps pytest away):

    python tests/benchmarks/bench_history.py [RUNS] [sqlite] [postgres]

Commands are whole processes. On SQLite all figures are processor time, which other programs on the machine blur less
than they do the clock's; on PostgreSQL, whose server's time is nobody's here, the shortest of several by the clock. It
is looked for at `APERTURE_TEST_POSTGRES`, where databases of its own are made and dropped again. `audit` has a day's
slots to account for, which an empty store has not: it is compared with one of four days. What to reach: with a million
runs, `status` and `history` within 0.1 s of what they take on an empty store, and a transaction no slower.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy.engine import make_url

from aperture_plugin.ports import Claim, RunQuery, ScheduleRevision, Store
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.tables import runs

JOBS = 90
PHRASE = "Every 15 minutes"
FILE = "timezone: UTC\nschedules:\n" + "".join(
    f"  job-{n}:\n    schedule: every 15 minutes\n    command: 'true'\n" for n in range(JOBS)
)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

COMMANDS = (
    "status",
    "history",
    "history --job job-7",
    "history --job job-7 --status failed",
    "history --status cancelled",
    "history --since 2030-01-01",
    "logs run-7",
    "logs run-7-",
    "audit --from 2026-01-03 --until 2026-01-04",
    "doctor job-7",
)
YOUNG = 4 * 96 * JOBS
"""Runs of four days."""
SERVER = os.environ.get("APERTURE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")


def run_of(number: int, *, at: datetime = BEGIN) -> Run:
    """A run that completed."""
    wall, begins = at.replace(tzinfo=None), timedelta(seconds=10 * (number % JOBS))
    return Run(
        id=f"run-{number}",
        job=f"job-{number % JOBS}",
        trigger=RunTrigger.SCHEDULE,
        status=Status.COMPLETED,
        due=at,
        nominal=wall,
        priority_at=at,
        priority_nominal=wall,
        queued_at=at + begins,
        started_at=at + begins,
        finished_at=at + begins + timedelta(seconds=3),
    )


def claim_of(run: Run) -> Claim:
    """The claim of its slot."""
    assert run.due is not None
    assert run.nominal is not None
    return Claim(job=run.job, due=run.due, nominal=run.nominal, first_due=run.due, count=1, run_id=run.id)


def filled(folder: Path, url: str, number: int) -> Store:
    """A store with so many runs: ninety each quarter of an hour, with a line of log and a claim each."""
    folder.mkdir()
    (folder / "schedules.yaml").write_text(f"state: {url}\n{FILE}")
    store = open_store(url, directory=folder)
    store.open()
    if number:
        first = [run_of(n) for n in range(JOBS)]
        with store.transaction() as ledger:
            ledger.begin_revisions(
                [ScheduleRevision(job=run.job, schedule=PHRASE, zone="UTC", since=BEGIN) for run in first]
            )
            ledger.claim([claim_of(run) for run in first])
            ledger.add(first)
        multiply(connected(url, folder), number // JOBS)
    return store


def connected(url: str, folder: Path) -> Any:
    """Return a connection to a store, without anything between."""
    address = make_url(url)
    if address.drivername == "sqlite":
        return sqlite3.connect(folder / str(address.database))
    return psycopg.connect(address.set(drivername="postgresql").render_as_string(hide_password=False))


def multiply(database: Any, times: int) -> None:
    """Let the history repeat itself: far quicker than to write each run by itself."""
    apart = 15 * 60 * 1_000_000
    names = [column.name for column in runs.columns if column.name != "seq"]
    said = {"id": "id || '-' || n", "status": "CASE WHEN n % 997 = 0 THEN 'failed' ELSE status END"}
    said |= {name: f"{name} + n * {apart}" for name in ("due", "priority_at", "queued_at", "started_at", "finished_at")}
    span = (
        f"WITH RECURSIVE span(n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM span WHERE n < {times - 1})"
    )
    quoted = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(said.get(name, f'"{name}"') for name in names)
    database.execute(f"INSERT INTO runs ({quoted}) {span} SELECT {values} FROM span, runs ORDER BY n, seq")
    database.execute(
        f"INSERT INTO claims {span} SELECT job, due + n * {apart}, nominal, first_due + n * {apart}, count, "
        "run_id || '-' || n FROM span, claims"
    )
    database.execute(f"UPDATE latest SET claimed = claimed + {(times - 1) * apart}")
    database.execute(
        "INSERT INTO logs (run_id, attempt, at, level, text) "
        "SELECT id, 1, started_at, 'INFO', 'indexed 12 films' FROM runs"
    )
    database.commit()
    database.execute("ANALYZE")  # PostgreSQL does so by itself within a minute; SQLite is never asked to.
    database.commit()
    database.close()


@contextmanager
def database() -> Iterator[str]:
    """Give the URL of a new database, dropped afterwards."""
    name = f"bench_{uuid4().hex[:12]}"
    server = make_url(SERVER).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def milliseconds(work: Callable[[], object], times: int, *, by_clock: bool) -> float:
    """Return what *work* takes of the processor, here and in processes it waits for; or of everybody's time."""
    taken = []
    for _ in range(times):
        begun, at = os.times()[:4], perf_counter()
        work()
        taken.append(perf_counter() - at if by_clock else sum(os.times()[:4]) - sum(begun))
    return (min(taken) if by_clock else median(taken)) * 1000


def command(folder: Path, words: str) -> Callable[[], object]:
    """Return what runs a command, as a process of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("APERTURE", "PYTHON"))}
    line = [sys.executable, "-m", "aperture_plugin", *words.split()]
    return lambda: subprocess.run(line, cwd=folder, env=environ, capture_output=True, check=False)


def transaction(store: Store) -> Callable[[], object]:
    """Return what does to the store all that a slot does: claim it, write its run, begin it, end it."""
    numbers = iter(range(10**9, 2 * 10**9))
    later = BEGIN + timedelta(days=9999)

    def work() -> None:
        number = next(numbers)
        run = run_of(number, at=later + timedelta(seconds=number))
        with store.transaction() as ledger:
            ledger.claim([claim_of(run)])
            ledger.add([replace(run, status=Status.QUEUED, started_at=None, finished_at=None)])
        with store.transaction() as ledger:
            ledger.update([replace(run, status=Status.RUNNING, finished_at=None)])
        with store.transaction() as ledger:
            ledger.update([run])
            ledger.in_hand()

    return work


def latest(store: Store) -> Callable[[], object]:
    """Return what looks up the latest runs."""
    return lambda: store.history(RunQuery())


def often(work: Callable[[], object]) -> Callable[[], None]:
    """Return what does *work* a hundred times."""

    def works() -> None:
        for _ in range(100):
            work()

    return works


def compare(kind: str, number: int) -> None:
    """Print each figure on an empty store, on the full one, and what lies between."""
    with tempfile.TemporaryDirectory() as top, ExitStack() as stack:
        young, *folders = (Path(top, name) for name in ("young", "empty", "full"))
        urls = ["sqlite:///aperture.db"] * 3
        if kind == "postgres":
            urls = [stack.enter_context(database()) for _ in urls]
        begun = perf_counter()
        filled(young, urls[0], YOUNG).close()
        stores = [filled(*each) for each in zip(folders, urls[1:], (0, number), strict=True)]
        size = (stores[1].facts().size or 0) / 1e6
        print(f"{kind}: {number:,} runs made in {perf_counter() - begun:.0f} s, {size:,.0f} MB\n")
        print(f"{'':40}{'empty':>10}{'full':>10}{'more':>10}   ms")
        measured: dict[str, list[Callable[[], object]]] = {
            f"aperture {words.partition(' --until')[0]}": [
                command(folder, words) for folder in ((young, folders[1]) if words.startswith("audit") else folders)
            ]
            for words in COMMANDS
        }
        measured["100 slots, three transactions each"] = [often(transaction(store)) for store in stores]
        measured["100 times history(limit=20)"] = [often(latest(store)) for store in stores]
        for name, works in measured.items():
            empty, full = (milliseconds(work, 5, by_clock=kind == "postgres") for work in works)
            print(f"{name:40}{empty:10.1f}{full:10.1f}{full - empty:10.1f}", flush=True)
        for store in stores:
            store.close()


def main(words: list[str]) -> None:
    """Compare on each kind of store."""
    number = next((int(word) for word in words if word.isdigit()), 1_000_000)
    for kind in [word for word in words if not word.isdigit()] or ["sqlite", "postgres"]:
        try:
            compare(kind, number)
        except psycopg.OperationalError as error:
            print(f"{kind}: skipped, for there is no server at {SERVER} ({str(error).splitlines()[0]})")


if __name__ == "__main__":
    main(sys.argv[1:])
