"""What a tick costs with nothing due, and adding, replacing and keeping many jobs, beside other schedulers.

No part of the test suite (its name keeps pytest away). Needs the extra that holds the peers:

    pip install -e '.[bench]'
    python tests/benchmarks/bench_loop.py [100 1000 10000 100000]

APScheduler 4 cannot live beside APScheduler 3: it is installed, once, into a folder of its own under the user's caches.
Figures are the best of several rounds in processor time; read the ratios. Celery beat takes a replaced job in with
its next tick, which is counted with it. What to reach: a tick in at most 3 µs whatever the number of jobs, 100,000
added in at most 2 s, one of them replaced in at most 20 µs, 1,000 bytes a job. The last line tells what a running
`Aperture` holds of a job in all: its lines of the file, its words and where they came from, what its plugin says, its
place in the timetable.
"""

from __future__ import annotations

import gc
import heapq
import logging
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from timeit import repeat
from typing import Any
from zoneinfo import ZoneInfo

import schedule
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.loop.timetable import Timetable
from aperture_plugin.testing.clock import FakeClock
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.phrases import read_phrase

ZONE = ZoneInfo("Europe/Riga")
NOW = datetime(2026, 6, 10, 12, 0, 5, tzinfo=UTC)
SCHEDULES = [read_phrase(f"daily at {n % 8 + 4}:{n % 60:02} PM") for n in range(480)]
UP_TO = 10_000  # beyond, adding alone takes some of them half a minute
APSCHEDULER_4 = "apscheduler==4.0.0a6"


def nothing(*_: object) -> None:
    """Be the job."""


class Ours:
    """The timetable that the loop looks at, each job with a trigger of its own."""

    def __init__(self, count: int) -> None:
        self.timetable = Timetable(FakeClock(NOW))
        for n in range(count):
            self.put(n)

    def put(self, n: int) -> None:
        """Add or replace a job."""
        trigger = trigger_of(SCHEDULES[n % len(SCHEDULES)], ZONE)
        self.timetable.put(f"job-{n}", trigger, order=n, after=NOW, fire=nothing)

    def tick(self) -> None:
        """Look for what is due, and when to look again."""
        self.timetable.run_pending()
        self.timetable.get_next_run()


class Schedule:
    """`schedule` as it comes."""

    def __init__(self, count: int) -> None:
        self.scheduler = schedule.Scheduler()
        for n in range(count):
            self.put(n)

    def put(self, n: int) -> None:
        """Add or replace a job."""
        if len(self.scheduler.jobs) > n:
            self.scheduler.cancel_job(self.scheduler.jobs[n])
        job = self.scheduler.every(30).days.do(nothing)
        job.tag(str(n))

    def tick(self) -> None:
        """Look for what is due, and when to look again."""
        self.scheduler.run_pending()
        self.scheduler.get_next_run()


class Peer:
    """APScheduler 3 with its memory store; a tick is what its thread does when it wakes."""

    def __init__(self, count: int) -> None:
        self.scheduler = BackgroundScheduler(timezone=UTC)
        self.scheduler.start(paused=True)
        for n in range(count):
            self.put(n)
        self.scheduler.state = 1  # running, so that it looks; its thread sleeps on

    def put(self, n: int) -> None:
        """Add or replace a job."""
        self.scheduler.add_job(nothing, "interval", days=30, id=str(n), replace_existing=True)

    def tick(self) -> None:
        """Look for what is due, and when to look again."""
        self.scheduler._process_jobs()


class Beat:
    """Celery's beat, with its own scheduler in memory."""

    def __init__(self, count: int) -> None:
        from celery import Celery
        from celery.beat import Scheduler

        app: Any = Celery("bench", broker="memory://", set_as_current=False)
        self.scheduler: Any = Scheduler(app, lazy=True)
        self.scheduler.data.update((f"job-{n}", self.entry(n)) for n in range(count))
        self.tick()

    def entry(self, n: int) -> Any:
        """Return a job."""
        words = {"task": "nothing", "schedule": timedelta(days=30)}
        return self.scheduler.Entry(**words, name=f"job-{n}", app=self.scheduler.app)

    def put(self, n: int) -> None:
        """Replace a job, and let it be taken in."""
        self.scheduler.data[f"job-{n}"] = self.entry(n)
        self.tick()

    def tick(self) -> None:
        """Look for what is due, and when to look again."""
        self.scheduler.tick()


class Heap:
    """A plain heap of due times: the limit."""

    def __init__(self, count: int) -> None:
        self.heap: list[tuple[datetime, int]] = []
        self.due = datetime.now(UTC) + timedelta(days=30)
        for n in range(count):
            self.put(n)

    def put(self, n: int) -> None:
        """Add a job."""
        heapq.heappush(self.heap, (self.due, n))

    def tick(self) -> None:
        """Look for what is due."""
        assert self.heap[0][0] > datetime.now(UTC)


Kind = type[Ours | Schedule | Peer | Beat | Heap]
KINDS: dict[str, Kind] = {
    "ours": Ours,
    "plain heap (the limit)": Heap,
    "schedule": Schedule,
    "APScheduler 3": Peer,
    "Celery beat": Beat,
}


def best(work: Callable[[], object], number: int) -> float:
    """Return what one call of *work* takes at best, in seconds."""
    return min(repeat(work, timer=process_time, number=number, repeat=5)) / number


def measured(kind: Kind, count: int) -> tuple[float, float, float, float]:
    """Return seconds a tick, seconds to add all, seconds to replace one, bytes a job."""
    gc.collect()
    began = process_time()
    made = kind(count)
    added = process_time() - began
    often = (20_000, 2_000) if kind in {Ours, Heap} else (20, 20) if count <= UP_TO else (1, 1)
    tick, replaced = best(made.tick, often[0]), best(lambda: made.put(count // 2), often[1])
    gc.collect()
    tracemalloc.start()
    kept = kind(min(count, 10_000))
    size = tracemalloc.get_traced_memory()[0] / min(count, 10_000)
    tracemalloc.stop()
    assert kept is not made
    return tick, added, replaced, size


def apscheduler_4(count: int) -> tuple[float, ...] | str:
    """Return the same of APScheduler 4, or why it is not to be had."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aperture-bench" / APSCHEDULER_4
    if not folder.exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), APSCHEDULER_4]
        installed = subprocess.run(install, capture_output=True, text=True, check=False)
        if installed.returncode:
            return f"skipped: {' '.join(install[1:])} failed"
    child = [sys.executable, str(Path(__file__).with_name("apscheduler4.py")), str(count)]
    ran = subprocess.run(
        child, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )
    return tuple(map(float, ran.stdout.split())) if ran.returncode == 0 else f"skipped: {ran.stderr.strip()[-100:]}"


def main() -> None:
    """Print a table for each number of jobs."""
    logging.disable(logging.CRITICAL)
    for count in [int(each) for each in sys.argv[1:]] or [100, 1_000, 10_000, 100_000]:
        print(f"{count:,} jobs, nothing due")
        print(f"{'':26}{'a tick':>14}{'ours = 1':>12}{'add all':>12}{'replace one':>14}{'a job':>14}")
        base = show("ours", measured(Ours, count), None)
        for name, kind in KINDS.items():
            if kind is Ours or (kind is Peer and count > UP_TO):
                continue
            try:
                show(name, measured(kind, count), base)
            except ImportError as error:
                show(name, f"skipped: {error}", base)
        show("APScheduler 4", apscheduler_4(count), base)
    held(1)  # so that all is imported
    size = (held(10_000) - held(1)) / 10_000
    print(f"A running Aperture, three lines of the file a job: {size:,.0f} bytes a job in all")


class Jobs:
    """A plugin."""

    def __init__(self, count: int) -> None:
        self.count = count

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        """Return the jobs."""
        return [Job(f"job-{n}", nothing) for n in range(self.count)]


def held(count: int) -> int:
    """Return the bytes that an `Aperture` with so many jobs holds while it runs."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schedules.yaml"
        jobs = (
            f"  job-{n}:\n    schedule: daily at {n % 24}:{n % 60:02}\n    timeout: 2 hours\n" for n in range(count)
        )
        file.write_text(f"schedules:\n{''.join(jobs)}")
        gc.collect()
        tracemalloc.start()
        with Aperture(file, [Jobs(count)], entry_points=False, hooks=False):
            gc.collect()
            size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    return size


def show(name: str, figures: tuple[float, ...] | str, base: float | None) -> float:
    """Print one line; return the seconds of a tick."""
    if isinstance(figures, str):
        print(f"{name:26}{figures}", flush=True)
        return 0.0
    tick, added, replaced, size = figures
    ratio = f"{tick / (base or tick):,.1f}x"
    told = f"{tick * 1e6:11,.2f} µs{ratio:>12}{added:10.3f} s{replaced * 1e6:11,.1f} µs{size:8,.0f} bytes"
    print(f"{name:26}{told}", flush=True)
    return tick


if __name__ == "__main__":
    main()
