"""How many no-op handlers a second run on Celery workers, and how soon one begins, beside bare `apply_async`.

No part of the test suite (its name keeps pytest away):

    pip install -e '.[bench]'
    python tests/benchmarks/bench_celery.py [sqlite] [postgres]

The broker is looked for at `APERTURE_TEST_REDIS`, PostgreSQL at `APERTURE_TEST_POSTGRES`. Both sides have two worker
programs with two processes each. Bare Celery keeps no record of what it sends; ours claims every slot, and records
the start and the end of every run. The rate counts from the instant at which all fall due (bare: the first
`apply_async`) until the last handler begins. What to reach: 90 % of the bare rate, and a median of 20 ms from
`Aperture.run` to the handler.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

from celery import Celery

from aperture_plugin import Aperture
from tests.benchmarks.bench_durable import database

BROKER = os.environ.get("APERTURE_TEST_REDIS", "redis://127.0.0.1:6379/0")
COUNT = 1_000
LONE = 60
PERIOD = 30
WORKERS = 2

HANDLER = """
import os, time

def note():
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{time.time()}\\n")
"""
BARE = (
    HANDLER
    + """
from celery import Celery

app = Celery("bare", broker=os.environ["BROKER"])
app.conf.update(task_default_queue=os.environ["QUEUE"], task_ignore_result=True, worker_hijack_root_logger=False)
app.task(note, name="note")
"""
)
HOOKS = (
    HANDLER
    + """
from aperture_plugin import Job, hookimpl

@hookimpl
def aperture_jobs():
    for number in range(int(os.environ["COUNT"])):
        yield Job(f"job-{number}", note)
    yield Job("lone", note)
"""
)


class Notes:
    """The file into which every handler writes when it began."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "notes"
        self.file.touch()

    def wait_for(self, count: int, seconds: float = 120) -> list[float]:
        """Return when the handlers began, once so many have."""
        until = time.monotonic() + seconds
        while len(lines := self.file.read_text().split()) < count:
            assert time.monotonic() < until, f"{len(lines)} of {count} handlers began"
            time.sleep(0.005)
        return [float(line) for line in lines]


@contextmanager
def programs(words: list[str], folder: Path, environ: dict[str, str]) -> Iterator[None]:
    """Run the workers."""
    with ExitStack() as stack:
        for number in range(WORKERS):
            log = stack.enter_context((folder / f"worker-{number}.log").open("wb"))
            each = [word.replace("NUMBER", str(number)) for word in words]
            process = subprocess.Popen(
                [sys.executable, "-m", *each], cwd=folder, env={**os.environ, **environ}, stdout=log, stderr=log
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        yield


def bare(folder: Path) -> tuple[float, float]:
    """Return tasks a second, and milliseconds from `apply_async` to the handler, of Celery alone."""
    notes, queue = Notes(folder), f"bench-{uuid4().hex[:8]}"
    (folder / "bare.py").write_text(BARE)
    environ = {"NOTES": str(notes.file), "BROKER": BROKER, "QUEUE": queue}
    words = ["celery", "-A", "bare", "worker", "-c", "2", "-n", "bare-NUMBER@%h", "--without-gossip", "-l", "ERROR"]
    app = Celery("bare", broker=BROKER)
    with programs(words, folder, environ):
        app.send_task("note", queue=queue, ignore_result=True)
        notes.wait_for(1)
        late = []
        for number in range(LONE):
            asked = time.time()
            app.send_task("note", queue=queue, ignore_result=True)
            late.append(notes.wait_for(number + 2)[-1] - asked)
        begun = time.time()
        for _ in range(COUNT):
            app.send_task("note", queue=queue, ignore_result=True)
        rate = COUNT / (max(notes.wait_for(LONE + 1 + COUNT)) - begun)
    return rate, median(late) * 1e3


def ours(folder: Path, state: str | None) -> tuple[float, float]:
    """Return the same of jobs whose executor is Celery."""
    notes = Notes(folder)
    lines = "".join(f"  job-{n}: every {PERIOD} seconds\n" for n in range(COUNT))
    file = folder / "schedules.yaml"
    file.write_text(
        f"executor: celery\nbroker: {BROKER}\nqueues:\n  default: 64\n"
        f"celery queues:\n  default: bench-{uuid4().hex[:8]}\nschedules:\n{lines}  lone: manual\n"
    )
    (folder / "hooks").mkdir()
    (folder / "hooks" / "jobs.py").write_text(HOOKS)
    os.environ.update(NOTES=str(notes.file), COUNT=str(COUNT))
    words = ["aperture_plugin", "worker", str(file), "--concurrency", "2", *(["--state", state] if state else [])]
    with programs(words, folder, {}):
        time.sleep(max(0.0, 12 - (PERIOD - time.time() % PERIOD)))  # so that it is up before they fall due
        with Aperture(file, state=state, watch=False, entry_points=False) as aperture:
            aperture.run("lone")

            notes.wait_for(1)
            late: list[float] = []
            while len(late) < LONE and PERIOD - time.time() % PERIOD > 1:
                asked = time.time()
                aperture.run("lone")
                late.append(notes.wait_for(len(late) + 2)[-1] - asked)
                time.sleep(0.05)  # the run before has to end
            due_at = time.time() // PERIOD * PERIOD + PERIOD
            rate = COUNT / (max(notes.wait_for(len(late) + 1 + COUNT)) - due_at)
    return rate, median(late) * 1e3


def main() -> None:
    """Print a table."""
    logging.disable(logging.CRITICAL)
    print(f"{'':36}{'handlers a second':>18}{'of the bare':>14}{'asked to handler, p50':>24}")
    with tempfile.TemporaryDirectory() as folder:
        rate, p50 = bare(Path(folder))
    print(f"{'apply_async alone':36}{rate:18,.0f}{1:13.0%}{p50:21.1f} ms", flush=True)
    wanted = sys.argv[1:] or ["sqlite", "postgres"]
    with ExitStack() as stack:
        states = {"sqlite": None, "postgres": stack.enter_context(database()) if "postgres" in wanted else None}
        for name in wanted:
            with tempfile.TemporaryDirectory() as folder:
                found, p50 = ours(Path(folder), states[name])
            print(f"{f'ours, {name}':36}{found:18,.0f}{found / rate:13.0%}{p50:21.1f} ms", flush=True)


if __name__ == "__main__":
    main()
