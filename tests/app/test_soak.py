"""A loop under load for half an hour: what it holds stays as it is, and its store grows by its runs alone.

APERTURE_SOAK_SECONDS and APERTURE_SOAK_JOBS make it shorter and lighter.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal, terminal

__all__ = ["terminal"]

SECONDS = int(os.environ.get("APERTURE_SOAK_SECONDS", "1800"))
JOBS = int(os.environ.get("APERTURE_SOAK_JOBS", "200"))
MOST_BYTES_OF_A_RUN = 2_000
MORE_MEMORY = 24 * 1024**2
"""What memory may grow by between the second and the last quarter: allocators and caches settle late."""

HOOKS = f"""
from aperture_plugin import Job, hookimpl

@hookimpl
def aperture_jobs():
    for number in range({JOBS}):
        yield Job(f"job-{{number:03}}", lambda run: run.log.info("done"))
"""


@dataclass(frozen=True)
class Sample:
    """What the process holds at one moment."""

    memory: int
    threads: int
    descriptors: int

    @classmethod
    def of(cls, pid: int) -> Sample:
        status = Path(f"/proc/{pid}/status").read_text()
        said = dict(line.split(":", 1) for line in status.splitlines())
        descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        return cls(int(said["VmRSS"].split()[0]) * 1024, int(said["Threads"]), descriptors)


def file(save: int) -> str:
    jobs = "".join(f"  job-{number:03}: every second\n" for number in range(JOBS))
    return f"# save {save}\ntimezone: UTC\nstate: sqlite:///jobs.db\nqueues:\n  default: 20\nschedules:\n{jobs}"


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only /proc tells what a process holds")
def test_what_a_loop_holds_is_flat_and_its_store_grows_by_its_runs(terminal: Terminal) -> None:
    terminal.write(HOOKS, "hooks/host.py")
    terminal.write(file(0))
    with (terminal.folder / "log").open("w") as log:
        words = [sys.executable, "-m", "aperture_plugin", "start"]
        loop = subprocess.Popen(words, cwd=terminal.folder, env=terminal.environ, stdout=log, stderr=log, text=True)
        terminal.begun.append(loop)
        terminal.until(terminal.runs, seconds=60)
        samples: list[Sample] = []
        until = time.monotonic() + SECONDS
        save = 0
        while time.monotonic() < until:
            save += 1
            new = terminal.folder / "new.yaml"
            new.write_text(file(save))
            new.replace(terminal.folder / "schedules.yaml")
            if save % 5 == 0:
                samples.append(Sample.of(loop.pid))
            time.sleep(1)
        loop.send_signal(signal.SIGTERM)
        loop.wait(60)
    with closing(sqlite3.connect(terminal.folder / "jobs.db")) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        [runs] = store.execute("SELECT count(*) FROM runs").fetchone()
        whole = "SELECT count(*) FROM generations WHERE length(text) > 200"  # Of older ones only a digest is kept.
        [generations] = store.execute(whole).fetchone()
    size = (terminal.folder / "jobs.db").stat().st_size
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    print(f"{runs} runs, {save} saves, {size} bytes, {size / runs:.0f} for each run")
    for one in samples:
        print(f"{one.memory // 1024**2} MB, {one.threads} threads, {one.descriptors} descriptors")

    assert loop.returncode == 0
    assert runs > SECONDS * JOBS / 4
    assert generations <= 20
    assert size < runs * MOST_BYTES_OF_A_RUN + 2 * generations * len(file(0)) + 1024**2
    assert max(one.threads for one in late) <= max(one.threads for one in early) + 2
    assert max(one.descriptors for one in late) <= max(one.descriptors for one in early) + 2
    typical = [statistics.median(one.memory for one in some) for some in (early, late)]
    assert typical[1] <= typical[0] + MORE_MEMORY
