"""What a tick costs with nothing due, and adding, replacing and keeping many jobs, beside other schedulers.

No part of the test suite (its name keeps pytest away). Needs the extra that holds the peers:

    pip install -e '.[bench]'
    python tests/benchmarks/bench_loop.py [100 1000 10000 100000]

Figures are the best of several rounds in processor time; read the ratios. What to reach: a tick in at most
3 µs whatever the number of jobs, 100,000 added in at most 2 s, one of them replaced in at most 20 µs, 1,000
bytes a job.
"""

from __future__ import annotations

import gc
import heapq
import logging
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import process_time
from timeit import repeat
from zoneinfo import ZoneInfo

import schedule
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

from aperture_plugin.loop.ticking import Timetable
from aperture_plugin.testing.clock import FakeClock
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.phrases import read_phrase

ZONE = ZoneInfo("Europe/Riga")
NOW = datetime(2026, 6, 10, 12, 0, 5, tzinfo=UTC)
SCHEDULES = [read_phrase(f"daily at {n % 8 + 4}:{n % 60:02} PM") for n in range(480)]
APSCHEDULER_UP_TO = 10_000  # beyond, adding alone takes it half a minute


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


KINDS: dict[str, type[Ours | Schedule | Peer | Heap]] = {
    "ours": Ours,
    "plain heap (the limit)": Heap,
    "schedule": Schedule,
    "APScheduler 3": Peer,
}


def best(work: Callable[[], object], number: int) -> float:
    """Return what one call of *work* takes at best, in microseconds."""
    return min(repeat(work, timer=process_time, number=number, repeat=5)) / number * 1e6


def measured(kind: type[Ours | Schedule | Peer | Heap], count: int) -> tuple[float, float, float, float]:
    """Return microseconds a tick, seconds to add all, microseconds to replace one, bytes a job."""
    gc.collect()
    began = process_time()
    made = kind(count)
    added = process_time() - began
    slow = kind in {Schedule, Peer}
    tick = best(made.tick, 20 if slow else 20_000)
    replaced = best(lambda: made.put(count // 2), 20 if slow else 2_000)
    gc.collect()
    tracemalloc.start()
    kept = kind(min(count, 10_000))
    size = tracemalloc.get_traced_memory()[0] / min(count, 10_000)
    tracemalloc.stop()
    assert kept is not made
    return tick, added, replaced, size


def main() -> None:
    """Print a table for each number of jobs."""
    logging.disable(logging.CRITICAL)
    for count in [int(each) for each in sys.argv[1:]] or [100, 1_000, 10_000, 100_000]:
        print(f"{count:,} jobs, nothing due")
        print(f"{'':26}{'a tick':>14}{'ours = 1':>12}{'add all':>12}{'replace one':>14}{'a job':>14}")
        base = 0.0
        for name, kind in KINDS.items():
            if kind is Peer and count > APSCHEDULER_UP_TO:
                continue
            tick, added, replaced, size = measured(kind, count)
            base = base or tick
            ratio = f"{tick / base:,.1f}x"
            print(
                f"{name:26}{tick:11,.2f} µs{ratio:>12}{added:10.3f} s{replaced:11,.1f} µs{size:8,.0f} bytes", flush=True
            )


if __name__ == "__main__":
    main()
