"""How late no-op jobs start that all fall due at one instant, beside other schedulers, in one run.

No part of the test suite (its name keeps pytest away). Needs the extra that holds the peers:

    pip install -e '.[bench]'
    python tests/benchmarks/bench_fanout.py [1000 10000]
    python tests/benchmarks/bench_fanout.py parts [1000 10000]    # ours, without each part of loop/bursts in turn

Ours claims every slot and records every run in a SQLite file (`durable`), as `aperture start` does; sixteen
run at once. A heap with sixteen threads that keeps nothing is the limit. Other work on the machine moves all
of them alike, so each is run several times, the least is shown, and the ratios are what to read.
What to reach: the last of 1,000 within 90 ms, the last of 10,000 within 1.2 s.
"""

from __future__ import annotations

import heapq
import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from unittest import mock

import schedule
from apscheduler.executors.pool import ThreadPoolExecutor as PeerThreads  # type: ignore[import-untyped]
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.loop import loop
from aperture_plugin.loop.bursts.batches import Batches
from aperture_plugin.loop.bursts.bursts import Bursts, NoBursts
from aperture_plugin.ports import LiveRun

WORKERS = 16
ROUNDS = 3
PERIOD = 20

late: list[float] = []
due_at = 0.0


def note() -> None:
    """Be the job: note how late it starts."""
    late.append(time.time() - due_at)


class Notes:
    """The plugin: many jobs that note how late they start."""

    def __init__(self, count: int) -> None:
        self.count = count

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        """Return the jobs."""
        return [Job(f"job-{n}", self.work) for n in range(self.count)]

    def work(self, run: LiveRun) -> None:
        """Note how late it starts."""
        if run.slot is not None:
            late.append(time.time() - run.slot.timestamp())


def wait_for(count: int, seconds: float = 120) -> None:
    """Wait until so many have started, without taking processor time from them."""
    until = time.monotonic() + seconds
    while len(late) < count and time.monotonic() < until:
        time.sleep(0.05)


def ours(count: int) -> None:
    """Ours, durable."""
    lines = "".join(f"  job-{n}: every {PERIOD} seconds\n" for n in range(count))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schedules.yaml"
        file.write_text(f"queues:\n  default: {WORKERS}\nschedules:\n{lines}")
        if PERIOD - time.time() % PERIOD < 5 + count / 2000:
            time.sleep(6 + count / 2000)  # so that the start is over before they fall due
        with Aperture(file, plugins=[Notes(count)], watch=False, entry_points=False):
            wait_for(count)


def without_batches(count: int) -> None:
    """Ours, each tick claiming the whole of what is due."""
    with mock.patch.object(Batches, "take", lambda _self, pending, **_: dict(pending.due)):
        ours(count)


def without_handoff(count: int) -> None:
    """Ours, each run started by the loop."""
    with mock.patch.object(Bursts, "allowance", return_value={}):
        ours(count)


def without_either(count: int) -> None:
    """Ours, without any part of loop/bursts."""
    with mock.patch.object(loop, "Bursts", NoBursts):
        ours(count)


def in_a_moment(count: int) -> datetime:
    """Return, and remember, an instant by which the jobs will have been added."""
    global due_at  # noqa: PLW0603  # one benchmark at a time
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2 + count / 800)
    due_at = due.timestamp()
    return due


def heap_and_threads(count: int) -> None:
    """A heap and a thread pool that keep nothing: the limit."""
    in_a_moment(0)
    heap = [(due_at, n) for n in range(count)]
    heapq.heapify(heap)
    with ThreadPoolExecutor(WORKERS) as pool:
        time.sleep(max(0.0, due_at - time.time()))
        while heap:
            heapq.heappop(heap)
            pool.submit(note)
    wait_for(count)


def bare_schedule(count: int) -> None:
    """`schedule` and a thread pool; it wakes at the due instant, rather than each second."""
    scheduler = schedule.Scheduler()
    due = in_a_moment(0)
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in range(count):
            scheduler.every().day.do(pool.submit, note).next_run = due.astimezone().replace(tzinfo=None)
        time.sleep(max(0.0, due_at - time.time()))
        scheduler.run_pending()
    wait_for(count)


def apscheduler(count: int, store: dict[str, object] | None = None) -> None:
    """APScheduler 3 with as many workers."""
    scheduler = BackgroundScheduler(
        executors={"default": PeerThreads(WORKERS)},
        jobstores=store or {},
        job_defaults={"misfire_grace_time": 300},
        timezone=UTC,
    )
    scheduler.start(paused=True)
    # Its SQLite store takes a transaction a job: adding them alone is minutes for many.
    due = in_a_moment(count if store is None else count * 12)
    for n in range(count):
        scheduler.add_job(note, "date", run_date=due, id=str(n))
    scheduler.resume()
    wait_for(count)
    scheduler.shutdown()


def apscheduler_durable(count: int) -> None:
    """APScheduler 3 with its SQLite store."""
    with tempfile.TemporaryDirectory() as folder:
        apscheduler(count, {"default": SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.db")})


def measured(work: Callable[[int], None], count: int, rounds: int) -> tuple[float, float]:
    """Return the least p50 and the least last of several rounds, in milliseconds."""
    found = []
    for _ in range(rounds):
        late.clear()
        work(count)
        found.append((median(late) * 1e3, max(late) * 1e3))
    return min(p50 for p50, _ in found), min(last for _, last in found)


def main() -> None:
    """Print a table for each number of jobs."""
    logging.disable(logging.CRITICAL)
    threading.stack_size(256 * 1024)
    parts = sys.argv[1:2] == ["parts"]
    for count in [int(each) for each in sys.argv[1 + parts :]] or [1000, 10000]:
        print(f"{count:,} no-op jobs due at one instant, {WORKERS} workers: lateness of the starts")
        print(f"{'':34}{'p50':>12}{'last':>12}{'last, ours = 1':>18}  durable")
        _, base = rows = measured(ours, count, ROUNDS)
        show("ours, SQLite", rows, base, durable=True)
        if parts:
            show("… without batches", measured(without_batches, count, ROUNDS), base, durable=True)
            show("… without handoff", measured(without_handoff, count, ROUNDS), base, durable=True)
            show("… without either", measured(without_either, count, ROUNDS), base, durable=True)
            continue
        show("heap and threads (the limit)", measured(heap_and_threads, count, ROUNDS), base)
        show("schedule and threads", measured(bare_schedule, count, ROUNDS), base)
        show("APScheduler 3, memory", measured(apscheduler, count, ROUNDS), base)
        if count <= 1000:
            show("APScheduler 3, SQLite", measured(apscheduler_durable, count, 1), base, durable=True)


def show(name: str, figures: tuple[float, float], base: float, *, durable: bool = False) -> None:
    """Print one line."""
    p50, last = figures
    print(f"{name:34}{p50:9.1f} ms{last:9.1f} ms{last / base:17.2f}x  {'yes' if durable else 'no'}", flush=True)


if __name__ == "__main__":
    main()
