"""Processor time an idle loop takes, with the file watcher and the store's heartbeat, beside `schedule`.

No part of the test suite (its name keeps pytest away):

    pip install -e '.[bench]'
    python tests/benchmarks/bench_idle.py [seconds to watch, 60]

With APERTURE_TEST_POSTGRES, the address of a database, on that too.

What to reach: less than one second of processor time an hour at 10,000 jobs. Whoever wakes so seldom finds nothing in
the processor's caches, and the less the more others run: a quiet machine counts. The loop takes two fifths (a beat
each 12 s), a quarter the look at the file each 3 s, the rest those who listen: for what is written to the store, and to
the file's folder, where the store mostly lies too.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

import schedule

from aperture_plugin import Aperture, Job, hookimpl

COUNT = 10_000


class Jobs:
    """The plugin: jobs that are due once a month."""

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        """Return the jobs."""
        return [Job(f"job-{n}", lambda run: None) for n in range(COUNT)]


def hourly(wait: Callable[[float], None], seconds: float) -> float:
    """Return the processor seconds an hour that this process takes during *wait*."""
    began, at = time.process_time(), time.monotonic()
    wait(seconds)
    return (time.process_time() - began) / (time.monotonic() - at) * 3600


def ours(seconds: float, *, processes: int = 1, state: str | None = None) -> float:
    """Return what each of so many processes on one store takes, on the average."""
    day = (time.gmtime().tm_mday + 14) % 28 + 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schedules.yaml"
        lines = "".join(f"  job-{n}: monthly on day {day} at 4:00 AM\n" for n in range(COUNT))
        file.write_text(f"schedules:\n{lines}")
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            return mean(pool.map(one_of_ours, *zip(*[(file, state, seconds)] * processes, strict=True)))


def one_of_ours(file: Path, state: str | None, seconds: float) -> float:
    """Return what this process takes with a loop on *file*."""
    logging.disable(logging.CRITICAL)
    with Aperture(file, plugins=[Jobs()], entry_points=False, state=state):
        time.sleep(15)  # for so long it looks at the file more often
        return hourly(time.sleep, seconds)


def bare_schedule(seconds: float) -> float:
    """Return that of `while True: run_pending(); sleep(1)`."""
    scheduler = schedule.Scheduler()
    for _ in range(COUNT):
        scheduler.every(30).days.do(lambda: None)

    def wait(seconds: float) -> None:
        for _ in range(round(seconds)):
            scheduler.run_pending()
            time.sleep(1)

    return hourly(wait, seconds)


def main() -> None:
    """Print both."""
    logging.disable(logging.CRITICAL)
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    base = ours(seconds)
    print(f"{COUNT:,} jobs, nothing due for weeks: processor seconds an hour")
    print(f"{'ours, watcher and heartbeat on':34}{base:8.2f}")
    print(f"{'each of two on one store':34}{ours(seconds, processes=2):8.2f}")
    if url := os.environ.get("APERTURE_TEST_POSTGRES"):
        print(f"{'on PostgreSQL':34}{ours(seconds, state=url):8.2f}")
        print(f"{'each of two on one PostgreSQL':34}{ours(seconds, processes=2, state=url):8.2f}")
    other = bare_schedule(min(seconds, 20))
    print(f"{'schedule, once a second':34}{other:8.2f}  ({other / base:.1f}x)")


if __name__ == "__main__":
    main()
