"""A folder whose jobs run by Celery, and programs on it: what the tests of `executor: celery` share."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

from aperture_plugin import Aperture
from aperture_plugin.executors.celery_app import TASK, app_for
from aperture_plugin.ports import RunQuery
from aperture_plugin.rules.runs import Run, Status
from tests.executors.celery_servers import SECONDS, program

__all__ = ["House", "aperture_log", "attempts", "until"]

HOOKS = """
import os, socket, time
from pathlib import Path
from aperture_plugin import Job, hookimpl

HERE = Path(__file__).parents[1]

def quick(run):
    with (HERE / "calls").open("a") as calls:
        calls.write(f"{run.id} {run.attempt}\\n")
    run.log.info("called in %d", os.getpid())
    return {"slot": None if run.slot is None else run.slot.isoformat(), "who": run.params["who"][::-1]}

def long(run):
    (HERE / f"begun-{run.attempt}").write_text(str(os.getpid()))
    for _ in run.track(range(100_000)):
        if run.attempt > 1 or (HERE / "go on").exists():
            return run.attempt
        time.sleep(0.02)

def deaf(run):
    (HERE / f"begun-{run.attempt}").write_text(str(os.getpid()))
    while run.attempt == 1 and not (HERE / "go on").exists():
        time.sleep(0.02)
    return run.attempt

def busy(run):
    while True:
        with (HERE / f"busy-{run.attempt}").open("a") as notes:
            notes.write(f"{socket.gethostname()} {time.monotonic()}\\n")
        if (HERE / "go on").exists():
            return run.attempt
        time.sleep(0.02)

@hookimpl
def aperture_jobs():
    yield Job("quick", quick, params={"who": "nobody"})
    yield Job("long", long)
    yield Job("deaf", deaf)
    yield Job("busy", busy)
    if not os.environ.get("APERTURE_TEST_OLD_WORKER"):
        yield Job("new", quick, params={"who": "nobody"})
"""


class House:
    """A folder with a file and its plugins, a loop in this process, and workers in others."""

    def __init__(self, folder: Path, broker: str, *, state: str = "sqlite:///aperture.db") -> None:
        self.folder = folder
        self.broker = broker
        self.queue = f"aperture-test-{uuid4().hex[:8]}"
        self.file = folder / "schedules.yaml"
        self.file.write_text(
            f"state: {state}\nexecutor: celery\nbroker: {broker}\n"
            f"queues:\n  default: 4\ncelery queues:\n  default: {self.queue}\n"
            "defaults:\n  interrupted: run again\n"
            "schedules:\n  quick:\n    type: manual\n    params:\n      who: ${SECRET_TOKEN}\n"
            "  long: manual\n  deaf: manual\n  busy: manual\n  new: manual\n"
        )
        (folder / "hooks").mkdir()
        (folder / "hooks" / "jobs.py").write_text(HOOKS)

    @contextmanager
    def worker(
        self,
        *,
        grace: float = 30,
        on: Callable[..., list[str]] | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> Iterator[subprocess.Popen[str]]:
        """Run a worker, on another host if *on* makes its command line."""
        words = ("aperture_plugin", "worker", str(self.file), "--concurrency", "2", "--grace", str(grace))
        given = {"SECRET_TOKEN": "hunter2-of-the-worker", **environ}
        with program(*words, folder=self.folder, environ=given, on=on) as process:
            yield process

    @contextmanager
    def loop(self) -> Iterator[Aperture]:
        environ = {**os.environ, "SECRET_TOKEN": "hunter2-of-the-loop"}
        aperture = Aperture(self.file, entry_points=False, environ=environ)
        aperture.start()
        try:
            yield aperture
        finally:
            aperture.stop(grace=0)

    def message(self, run_id: str, attempt: int = 1) -> None:
        """Send a message by hand."""
        app_for(self.broker).send_task(TASK, args=[run_id, attempt], queue=self.queue, ignore_result=True)

    def until_begun(self, attempt: int = 1) -> int:
        """Wait until a handler has begun an attempt; return its process."""
        mark = self.folder / f"begun-{attempt}"
        until(lambda: mark.exists() and bool(mark.read_text()), self.said)
        return int(mark.read_text())

    def calls(self) -> list[str]:
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def said(self) -> str:
        log = self.folder / "worker.log"
        return log.read_text() if log.exists() else "no worker was started"


def until(holds: Callable[[], object], said: Callable[[], str] = str) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, f"it never came about: {said()}"
        time.sleep(0.02)


def attempts(aperture: Aperture, run: Run) -> list[tuple[int, Status, str | None]]:
    found = aperture.history(RunQuery(run_id=run.id))
    return sorted((one.attempt, one.status, one.reason) for one in found)


def aperture_log(aperture: Aperture, run_id: str) -> list[str]:
    store = aperture._store
    assert store is not None
    return [line.text for _, line in store.log_lines(run_id)]
