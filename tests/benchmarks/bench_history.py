"""What a long history costs: `status`, `history` and a tick's transaction, on an empty store and on a million runs.

No part of the test suite (its name keeps pytest away):

    python tests/benchmarks/bench_history.py [RUNS]

Commands are whole processes, and all figures processor time, which other programs on the machine blur less than they do
the clock's. What to reach: with a million runs, `status` and `history` within 0.1 s of what they take on an empty
store, and a transaction no slower.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from aperture_plugin.ports import Claim, RunQuery, Store
from aperture_plugin.rules.runs import Run, RunTrigger, Status
from aperture_plugin.store.opening import open_store

JOBS = 100
FILE = "schedules:\n" + "".join(f"  job-{n}:\n    schedule: every hour\n    command: 'true'\n" for n in range(JOBS))
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

COMMANDS = (
    "status",
    "history",
    "history --job job-7",
    "history --job job-7 --status failed",
    "history --status cancelled",
    "history --since 2030-01-01",
    "doctor job-7",
)


def run_of(number: int, *, at: datetime = BEGIN) -> Run:
    """A run that completed."""
    wall = at.replace(tzinfo=None)
    return Run(
        id=f"run-{number}",
        job=f"job-{number % JOBS}",
        trigger=RunTrigger.SCHEDULE,
        status=Status.COMPLETED,
        due=at,
        nominal=wall,
        priority_at=at,
        priority_nominal=wall,
        queued_at=at,
        started_at=at,
        finished_at=at + timedelta(seconds=3),
    )


def claim_of(run: Run) -> Claim:
    """The claim of its slot."""
    assert run.due is not None
    assert run.nominal is not None
    return Claim(job=run.job, due=run.due, nominal=run.nominal, first_due=run.due, count=1, run_id=run.id)


def filled(folder: Path, number: int) -> Store:
    """A store with so many runs, ten seconds apart, with a line of log and a claim each."""
    (folder / "schedules.yaml").write_text(FILE)
    store = open_store("sqlite:///aperture.db", directory=folder)
    store.open()
    if number:
        first = [run_of(n, at=BEGIN + timedelta(seconds=10 * n)) for n in range(JOBS)]
        with store.transaction() as ledger:
            ledger.claim([claim_of(run) for run in first])
            ledger.add(first)
        multiply(folder / "aperture.db", number // JOBS)
    return store


def multiply(file: Path, times: int) -> None:
    """Let the history repeat itself: far quicker than to write each run by itself."""
    apart = JOBS * 10_000_000
    with closing(sqlite3.connect(file)) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(runs)") if row[1] != "seq"]
        said = {"id": "id || '-' || n", "status": "CASE WHEN n % 997 = 0 THEN 'failed' ELSE status END"}
        said |= {
            name: f"{name} + n * {apart}" for name in ("due", "priority_at", "queued_at", "started_at", "finished_at")
        }
        numbers = f"WITH RECURSIVE span(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM span WHERE n < {times - 1})"
        names = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(said.get(name, f'"{name}"') for name in columns)
        database.execute(f"INSERT INTO runs ({names}) {numbers} SELECT {values} FROM span, runs ORDER BY n, seq")
        database.execute(
            f"INSERT INTO claims {numbers} SELECT job, due + n * {apart}, nominal, first_due + n * {apart}, count, "
            "run_id || '-' || n FROM span, claims"
        )
        database.execute(f"UPDATE latest SET claimed = claimed + {(times - 1) * apart}")
        database.execute(
            "INSERT INTO logs (run_id, attempt, at, level, text) "
            "SELECT id, 1, started_at, 'INFO', 'indexed 12 films' FROM runs"
        )
        database.commit()


def milliseconds(work: Callable[[], object], times: int) -> float:
    """Return what *work* takes of the processor, here and in processes it waits for: the median of so many times."""
    taken = []
    for _ in range(times):
        begun = os.times()[:4]
        work()
        taken.append(sum(os.times()[:4]) - sum(begun))
    return median(taken) * 1000


def command(folder: Path, words: str) -> Callable[[], object]:
    """Return what runs a command, as a process of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("APERTURE")}
    line = [sys.executable, "-m", "aperture_plugin.cli", *words.split()]
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


def main(number: int) -> None:
    """Print each figure on an empty store, on the full one, and what lies between."""
    with tempfile.TemporaryDirectory() as top:
        folders = [Path(top, name) for name in ("empty", "full")]
        for folder in folders:
            folder.mkdir()
        begun = perf_counter()
        stores = [filled(folder, size) for folder, size in zip(folders, (0, number), strict=True)]
        size = (folders[1] / "aperture.db").stat().st_size / 1e6
        print(f"{number:,} runs made in {perf_counter() - begun:.0f} s, {size:,.0f} MB\n")
        print(f"{'':40}{'empty':>10}{'full':>10}{'more':>10}   ms")
        for words in COMMANDS:
            show(f"aperture {words}", *(milliseconds(command(folder, words), 5) for folder in folders))
        show("100 slots, three transactions each", *(milliseconds(often(transaction(store)), 5) for store in stores))
        show("100 times history(limit=20)", *(milliseconds(often(latest(store)), 5) for store in stores))
        for store in stores:
            store.close()


def show(name: str, empty: float, full: float) -> None:
    """Print one line."""
    print(f"{name:40}{empty:10.1f}{full:10.1f}{full - empty:10.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)
