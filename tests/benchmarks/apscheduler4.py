"""APScheduler 4 as `bench_loop` measures the others; it cannot live beside APScheduler 3, so it has its own folder.

Run by `bench_loop`, with that folder on PYTHONPATH; prints four numbers: seconds a tick, seconds to add all, seconds to
replace one, bytes a job.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

from apscheduler import AsyncScheduler, ConflictPolicy  # type: ignore[import-untyped]
from apscheduler.datastores.memory import MemoryDataStore  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

START = datetime.now(UTC) + timedelta(days=30)


def nothing() -> None:
    """Be the job."""


async def put(scheduler: Any, number: int) -> None:
    """Add or replace a job."""
    trigger = IntervalTrigger(days=30, start_time=START)
    await scheduler.add_schedule(nothing, trigger, id=str(number), conflict_policy=ConflictPolicy.replace)


async def tick(store: Any) -> None:
    """Look for what is due, and when to look again: what its scheduler does when it wakes."""
    await store.acquire_schedules("bench", timedelta(seconds=30), 100)
    await store.get_next_schedule_run_time()


async def best(work: Callable[[], Awaitable[object]], number: int) -> float:
    """Return what one call of *work* takes at best, in seconds."""
    taken = []
    for _ in range(5):
        began = process_time()
        for _ in range(number):
            await work()
        taken.append(process_time() - began)
    return min(taken) / number


async def measure(count: int) -> None:
    """Print the numbers."""
    store = MemoryDataStore()
    async with AsyncScheduler(store) as scheduler:
        began = process_time()
        for number in range(count):
            await put(scheduler, number)
        added = process_time() - began
        ticked = await best(lambda: tick(store), 2_000)
        replaced = await best(lambda: put(scheduler, count // 2), 20)
    kept = min(count, 10_000)
    async with AsyncScheduler(MemoryDataStore()) as scheduler:
        gc.collect()
        tracemalloc.start()
        for number in range(kept):
            await put(scheduler, number)
        gc.collect()
        size = tracemalloc.get_traced_memory()[0] / kept
        tracemalloc.stop()
    print(ticked, added, replaced, size)


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1])))
