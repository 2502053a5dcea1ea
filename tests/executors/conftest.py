"""An executor's surroundings: real threads and programs, a queue that hears every event."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.config.model import Command, JobConfig, Param, Retry
from aperture_plugin.config.problems import Place
from aperture_plugin.executors.threads import ThreadExecutor
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import Ended, Event, Executor, Logged, Progressed, Spawned, Work
from aperture_plugin.rules.jobs import Handler, Job, Outcome
from aperture_plugin.rules.runs import Run, RunTrigger, Status

PATIENCE = 20.0
"""Nothing here takes a second; who waits so long has found a fault."""

_numbers = count(1)


class RealClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Bench:
    """One executor on the bench: start work on it, and receive its events."""

    executor: Executor
    directory: Path
    events: SimpleQueue[Event] = field(default_factory=SimpleQueue)
    heard: list[Event] = field(default_factory=list)

    def start(self, handler: Handler | None = None, *, run: Run | None = None, **words: Any) -> tuple[str, int]:
        """Start a handler, or a `command`; return the attempt's key. *words* are the file's `params`."""
        work = self.work(handler, run=run, **words)
        self.executor.start(work, self.events.put)
        return work.run.key

    def work(
        self,
        handler: Handler | None = None,
        *,
        run: Run | None = None,
        command: str | tuple[str, ...] | None = None,
        directory: str | None = None,
        environment: dict[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        leaves_background: bool = False,
        words: dict[str, Param] | None = None,
        retry: Retry = Retry(),  # noqa: B008  # a frozen value
        **job: Any,
    ) -> Work:
        program = None
        if command is not None:
            program = Command(
                words=command,
                directory=directory,
                environment=environment or {},
                leaves_background=leaves_background,
            )
        run = run or a_run()
        config = JobConfig(
            name=run.job,
            order=0,
            place=Place(1, 1),
            zone=ZoneInfo("UTC"),
            command=program,
            params=words or {},
            retry=retry,
        )
        registered = None if handler is None else Job(run.job, handler, **job)
        return Work(
            run=run,
            job=registered,
            config=config,
            directory=str(self.directory),
            environment=dict(os.environ),
            secrets=secrets,
        )

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Wait for an event, keeping all that come before it."""
        while True:
            try:
                event = self.events.get(timeout=PATIENCE)
            except Empty:
                raise AssertionError(f"waited in vain; heard {self.heard}") from None
            self.heard.append(event)
            if wanted(event):
                return event

    def outcome(self, key: tuple[str, int] | None = None) -> Outcome:
        """Wait for the end of an attempt (of any, if None)."""
        event = self.until(lambda event: isinstance(event, Ended) and key in (None, event.key))
        assert isinstance(event, Ended)
        return event.outcome

    def ended(self, handler: Handler | None = None, **words: Any) -> Outcome:
        """Start something and wait for its end."""
        return self.outcome(self.start(handler, **words))

    def spawned(self) -> Spawned:
        event = self.until(lambda event: isinstance(event, Spawned))
        assert isinstance(event, Spawned)
        return event

    def until_spawned(self, key: tuple[str, int]) -> None:
        """Wait until an attempt has a process."""
        if not any(isinstance(event, Spawned) and event.key == key for event in self.heard):
            self.until(lambda event: isinstance(event, Spawned) and event.key == key)

    @property
    def groups(self) -> list[int]:
        """The process groups that were told of so far."""
        return [event.group for event in self.heard if isinstance(event, Spawned)]

    def next_log(self) -> str:
        """Wait for another line of the log."""
        event = self.until(lambda event: isinstance(event, Logged))
        assert isinstance(event, Logged)
        return event.line.text

    def logged(self, text: str) -> None:
        """Wait for a line of the log."""
        self.until(lambda event: isinstance(event, Logged) and event.line.text == text)

    @property
    def log(self) -> list[str]:
        """What was logged so far."""
        return [event.line.text for event in self.heard if isinstance(event, Logged)]

    @property
    def progress(self) -> list[tuple[int, int | None]]:
        """What was counted so far."""
        return [(event.done, event.total) for event in self.heard if isinstance(event, Progressed)]

    @property
    def ends(self) -> list[Ended]:
        return [event for event in self.heard if isinstance(event, Ended)]

    def nothing_more(self) -> None:
        """Check that nobody said anything after the last event that was waited for."""
        assert self.events.empty(), self.events.get()


def a_run(job: str = "library-scan", *, trigger: RunTrigger = RunTrigger.MANUAL, **changes: Any) -> Run:
    """An attempt that is running already, as an executor is given it."""
    at = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    values: dict[str, Any] = {
        "id": f"run-{next(_numbers)}",
        "job": job,
        "trigger": trigger,
        "status": Status.RUNNING,
        "priority_at": at,
        "priority_nominal": at.replace(tzinfo=None),
        "queued_at": at,
        "started_at": at,
    }
    return Run(**{**values, **changes})


@pytest.fixture
def plugins() -> Plugins:
    return load_plugins(directory=None, entry_points=False)


@pytest.fixture
def clock() -> RealClock:
    return RealClock()


@pytest.fixture
def threads(plugins: Plugins, clock: RealClock, tmp_path: Path) -> Iterator[Bench]:
    """The thread executor on a bench."""
    executor = ThreadExecutor(plugins.run_job, clock=clock)
    yield Bench(executor, tmp_path)
    executor.stop(timedelta(seconds=PATIENCE))


def open_descriptors() -> int:
    """How many files, pipes and sockets this process holds."""
    return sum(1 for _ in Path("/dev/fd").iterdir())


def until(holds: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Wait until *holds* says so."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process still runs (one that only waits to be collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
