"""How many durable runs a second one, two and four loops sustain together on one store.

No part of the test suite (its name keeps pytest away):

    pip install -e '.[bench]'
    python tests/benchmarks/bench_loops.py [sqlite] [postgres]

PostgreSQL is looked for at `APERTURE_TEST_POSTGRES`. Each loop is a process of its own. The rate counts from the
instant at which all jobs fall due until the last end is recorded; every slot is claimed by one loop alone, which is
counted too. On two processors four loops share what two have. What to reach: several together no slower than one.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

from aperture_plugin import Aperture, Job, hookimpl
from aperture_plugin.ports import RunQuery, Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import IN_HAND
from aperture_plugin.store.connect import open_store
from tests.benchmarks.bench_durable import PERIOD, SEATS, database

COUNT = 2_000
BURSTS = 3


class Jobs:
    """The plugin: jobs that do nothing."""

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        """Return the jobs."""
        return [Job(f"job-{n}", lambda run: None) for n in range(COUNT)]


def one_loop(file: Path, state: str, over: Event) -> None:
    """Run a loop until it is *over*."""
    logging.disable(logging.CRITICAL)
    with Aperture(file, plugins=[Jobs()], state=state, watch=False, entry_points=False):
        over.wait()


def together(loops: int, state: str, folder: Path) -> float:
    """Return runs a second of so many loops in the best of some bursts."""
    file = folder / "schedules.yaml"
    lines = "".join(f"  job-{n}: every {PERIOD} seconds\n" for n in range(COUNT))
    file.write_text(f"queues:\n  default: {SEATS}\ndefaults:\n  missed: skip\nschedules:\n{lines}")
    context = get_context("spawn")
    over = context.Event()
    processes = [context.Process(target=one_loop, args=(file, state, over)) for _ in range(loops)]
    for process in processes:
        process.start()
    store = open_store(state, directory=folder)
    try:
        _wait_for(lambda: _alive(state, folder) == loops, 60)
        time.sleep(PERIOD - time.time() % PERIOD + PERIOD / 2)  # The first burst may have begun before all were up.
        store.open()
        rates = [_burst(store) for _ in range(BURSTS)]
    finally:
        over.set()
        for process in processes:
            process.join()
        store.close()
    return max(rates)


def _alive(state: str, folder: Path) -> int:
    store = open_store(state, directory=folder)
    try:
        store.open()
        return len(store.loops())
    except (StoreUnavailable, StoreRefused):
        return 0  # The first loop is about to make it.
    finally:
        store.close()


def _burst(store: Store) -> float:
    """Wait for the next burst, and return its rate."""
    due = time.time() // PERIOD * PERIOD + PERIOD
    while time.time() < due + 0.2:
        time.sleep(0.05)
    _wait_for(lambda: not store.history(RunQuery(statuses=IN_HAND, limit=1)), PERIOD)
    rows = store.history(RunQuery(limit=COUNT))
    ended = [run.finished_at.timestamp() for run in rows if run.due and run.due.timestamp() == due and run.finished_at]
    assert len(ended) == len({run.job for run in rows}) == COUNT, "not every slot ran once in this burst"
    return COUNT / (max(ended) - due)


def _wait_for(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def main() -> None:
    """Print a table."""
    logging.disable(logging.CRITICAL)
    wanted = sys.argv[1:] or ["sqlite", "postgres"]
    print(f"{COUNT:,} no-op jobs due at one instant, {SEATS} at once: runs a second, the best of {BURSTS} bursts")
    for name in wanted:
        alone = None
        for loops in (1, 2, 4):
            with ExitStack() as stack:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                state = f"sqlite:///{folder}/jobs.db" if name == "sqlite" else stack.enter_context(database())
                rate = together(loops, state, folder)
            alone = alone or rate
            print(f"{name:10}{loops:>3} loops{rate:10,.0f}{rate / alone:8.2f}x one", flush=True)


if __name__ == "__main__":
    main()
