"""A folder, a file, a store and a loop under a fake clock.

Everything is real except the time and the threads: the file is read from disk, the store is SQLite, the plugins are
loaded and called as usual. Handlers run in the test's own thread, and the loop ticks and time passes only when the
test says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from aperture_plugin.app.aperture import Aperture
from aperture_plugin.config.layers.settings import DEFAULT_STATE
from aperture_plugin.executors.inline import InlineExecutor
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.messages import ConfigRefusedMessage
from aperture_plugin.loop.wakeups import Pace
from aperture_plugin.plugins.hookspecs import hookimpl
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import Executor, Ledger, LiveRun, LogLine, Pause, RunQuery, Spender, Store
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import Run
from aperture_plugin.testing.clock import FakeClock
from aperture_plugin.testing.simulated_executor import PretendingExecutor
from aperture_plugin.words.durations import read_duration

__all__ = ["World"]

_PACE = Pace(poll=None, beat=False, flush=0.0, threaded=False)


class World:
    """A host's schedule in a folder of its own, under a fake clock.

    >>> def test_the_library_is_scanned_every_night(aperture_world):
    ...     world = aperture_world
    ...     world.write("schedules:\\n  library-scan: daily at 2 AM\\n")
    ...     world.start(at="2026-01-10 01:00").advance("3 days")
    ...     assert [run.status for run in world.history("library-scan")] == ["completed"] * 3

    Args:
        folder: The folder of schedules.yaml, hooks/ and the store.
        plugins: The host's plugins. Without any, every job that a file names is a handler that does
            nothing; `handlers` gives them something to do.
        environ: The environment for the file and `requires env`. Its TZ is the zone `local`.
        state: URL of the store; None for a SQLite file in the folder.

    Attributes:
        clock: The fake clock; `clock.advance` moves it, and `clock.step` sets the wall clock alone.
        handlers: The handler of each job, by name; may be changed at any time.
        durations: The duration of each job on the fake clock, by name (`"2 hours"`); without one, no time.
        stubborn: Names of jobs that do not stop when they are asked to.
        pace: Intervals of what the loop does by itself.
        reported: Every call of `aperture_run_changed`, oldest first.
    """

    def __init__(
        self,
        folder: Path,
        *,
        plugins: Sequence[object] = (),
        environ: Mapping[str, str] | None = None,
        state: str | None = None,
    ) -> None:
        self.folder = folder
        self.file = folder / "schedules.yaml"
        self.clock = FakeClock("2026-01-10 00:00")
        self.handlers: dict[str, Callable[[LiveRun], Any]] = {}
        self.durations: dict[str, str | timedelta] = {}
        self.stubborn: set[str] = set()
        self.reported: list[Run] = []
        self.pace = _PACE
        self.environ: dict[str, str] = {"TZ": "UTC", **(environ or {})}
        self._plugins = tuple(plugins)
        self._state = state
        self._aperture: Aperture | None = None
        self._loop: Loop | None = None
        self._executor: PretendingExecutor | None = None
        self._names: tuple[str, ...] = ()
        self._address = DEFAULT_STATE

    # ── the file ──

    def write(self, text: str) -> Self:
        """Write schedules.yaml; a loop that runs sees it at the next `save` or `start`."""
        self.file.write_text(text, encoding="utf-8")
        return self

    def save(self, text: str) -> bool:
        """Write schedules.yaml and let the running loop take it in; return whether it was accepted."""
        self.write(text)
        self._look_up_names()
        aperture, loop = self.aperture, self.loop
        accepted, problems = aperture.judge(self.file.read_bytes())
        if not accepted:
            loop.inbox.put(ConfigRefusedMessage(problems=problems))
        self.drain()
        return accepted

    # ── the loop ──

    def start(self, at: str | datetime | None = None) -> Self:
        """Start the loop, as after a boot of the host, at the instant *at* (UTC) if it is given."""
        if at is not None:
            self.clock.set(at)
        self._look_up_names()
        self._aperture = Aperture(
            self.file,
            plugins=self._plugins or (_Handlers(self),),
            state=self._state,
            environ=self.environ,
            clock=self.clock,
            entry_points=False,
            watch=False,
        )
        self._loop = self._aperture.open(pace=self.pace, executor=self._make_executor, sleep=self._sleep)
        self._loop.begin()
        return self.drain()

    def drain(self) -> Self:
        """Tick the loop until there is nothing to do at this instant."""
        self._tick_through()
        return self

    def advance(self, span: str | timedelta) -> Self:
        """Move the time forward by *span*, tick by tick: every slot, retry and timeout in it comes at its own time."""
        until = self.clock.now() + (read_duration(span) if isinstance(span, str) else span)
        while True:
            seconds = self._tick_through()
            left = until - self.clock.now()
            if left <= timedelta(0):
                return self
            # Seconds are summed as floats: an end may seem closer than the smallest step of the clock.
            self.clock.advance(min(left, max(timedelta(seconds=seconds), timedelta.resolution)))

    def _tick_through(self) -> float:
        """Tick until there is nothing to do now; return how many seconds there will be nothing."""
        while True:
            if self._executor is not None:
                self._executor.tell_ends()
            seconds = self.loop.tick()
            if seconds > 0:
                ends_at = None if self._executor is None else self._executor.next_end
                return seconds if ends_at is None else min(seconds, ends_at - self.clock.monotonic())

    def stop(self) -> Self:
        """Stop the loop cleanly, as SIGTERM does."""
        self.loop.drain()
        self.drain()
        self.loop.end(reason="aperture was stopped before it had finished")
        return self._let_go()

    def kill(self) -> Self:
        """End the process as `kill -9` does: nothing more is written."""
        return self._let_go()

    def close(self) -> None:
        """Close the store, whatever the loop was doing."""
        if self._aperture is not None:
            self._let_go()

    # ── requests ──

    def run(self, job: str, *, params: Mapping[str, object] | None = None, note: str | None = None) -> Run:
        """Run *job* by hand; return the run when it has ended, or waits for something."""
        handle = self.aperture.run(job, params=params, note=note, by="a test")
        self.drain()
        with self.beside() as store:
            return store.history(RunQuery(run_id=handle.id))[0]

    def backfill(
        self,
        job: str,
        *,
        since: datetime,
        until: datetime | None = None,
        only_missed: bool = False,
        note: str | None = None,
    ) -> list[Run]:
        """Run past slots of *job* again; return the runs as they were queued, when none can begin any more."""
        from aperture_plugin.app.backfill import past_slots
        from aperture_plugin.loop.messages import BackfillAsked

        words, now = self.loop.in_force.config.effective_job(job), self.clock.now()
        with self.beside() as store:
            found = past_slots(store, words, since=since, until=until or now, now=now, only_missed=only_missed)
        asked = BackfillAsked(job=job, slots=found.slots, by="a test", at=now, note=note)
        self.loop.inbox.put(asked)
        self.drain()
        return asked.answer.result(0)

    def pause(self, job: str, *, until: datetime | None = None, note: str | None = None) -> Self:
        """Pause *job*."""
        from aperture_plugin.loop.messages import PauseAsked

        pause = Pause(job=job, since=self.clock.now(), until=until, note=note, by="a test")
        self.loop.inbox.put(PauseAsked(pause=pause))
        return self.drain()

    def resume(self, job: str) -> Self:
        """Lift the pause of *job*."""
        from aperture_plugin.loop.messages import ResumeAsked

        self.loop.inbox.put(ResumeAsked(job=job))
        return self.drain()

    def history(self, job: str | None = None) -> list[Run]:
        """Return every attempt (of *job*), oldest first."""
        query = RunQuery(jobs=None if job is None else [job], limit=None)
        with self.beside() as store:
            return list(reversed(store.history(query)))

    def log(self, run_id: str) -> list[LogLine]:
        """Return a run's log lines, oldest first."""
        with self.beside() as store:
            return [line for _, line in store.log_lines(run_id)]

    def generations(self) -> list[tuple[int, datetime, str, str]]:
        """Return the accepted files that are kept, newest first: number, when accepted, file, text."""
        with self.reading() as ledger:
            return ledger.generations()

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """Enter a read of the store; the loop may be stopped."""
        with self.beside() as store, store.snapshot() as ledger:
            yield ledger

    # ── inside ──

    @property
    def aperture(self) -> Aperture:
        """The embedded aperture of the running loop."""
        assert self._aperture is not None, "start() comes first"
        return self._aperture

    @property
    def loop(self) -> Loop:
        """The running loop."""
        assert self._loop is not None, "start() comes first"
        return self._loop

    @property
    def is_started(self) -> bool:
        """True while a loop runs."""
        return self._loop is not None

    def job_names(self) -> Iterable[str]:
        """Return the names of the jobs in the file, and of those that have a handler."""
        return dict.fromkeys([*self._names, *self.handlers])

    @contextmanager
    def beside(self) -> Iterator[Store]:
        """Enter the store beside the loop, as another process would; the loop may be stopped."""
        from aperture_plugin.store.connect import open_store

        store = open_store(self._state or self._address, directory=self.folder)
        store.open()
        try:
            yield store
        finally:
            store.close()

    def _look_up_names(self) -> None:
        """Read the file once without plugins, to learn which jobs and which store it names."""
        from aperture_plugin.app.source import Source, address_of

        if not self.file.exists():
            return
        source = Source(path=self.file, environ=self.environ)
        reading = source.load(now=self.clock.now())
        self._address = address_of(source, reading, url=None) or self._address
        if reading.config is not None:
            self._names = tuple(reading.config.jobs)

    def _make_executor(self, plugins: Plugins, spend: Spender) -> Executor:
        inline = InlineExecutor(plugins.run_job, clock=self.clock, spend=spend)
        self._executor = PretendingExecutor(inline, self.clock, self.durations, self.stubborn)
        return self._executor

    def _sleep(self, _cancelled: threading.Event, span: timedelta) -> None:
        self.clock.advance(span)

    def _let_go(self) -> Self:
        self.aperture.close()
        self._aperture = self._loop = self._executor = None
        return self


class _Handlers:
    """The plugin behind a world without plugins of its own."""

    def __init__(self, world: World) -> None:
        self._world = world

    @hookimpl
    def aperture_jobs(self) -> Iterable[Job]:
        """Yield a job for every name in the file."""
        for name in self._world.job_names():
            yield Job(name, self._handler_of(name))

    @hookimpl
    def aperture_run_changed(self, run: Run) -> None:
        """Remember the run."""
        self._world.reported.append(run)

    def _handler_of(self, name: str) -> Callable[[LiveRun], Any]:
        def handle(run: LiveRun) -> Any:
            handler = self._world.handlers.get(name)
            return None if handler is None else handler(run)

        return handle
