"""`Aperture`: the whole thing, embedded in a host or run by `aperture start`.

Nothing of the host is touched: no signal handler, no root logger, no excepthook; two threads
(the loop, the file watcher), one worker thread for each job that runs, and all of them gone after `stop`.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from aperture_plugin.app.alert_delivery import AlertDelivery
from aperture_plugin.app.config_history import last_good
from aperture_plugin.app.errors import NoSuchJob, NotRunning
from aperture_plugin.app.executor_problems import executor_problem
from aperture_plugin.app.executor_router import Executors
from aperture_plugin.app.installation import Installation
from aperture_plugin.app.json_views import overview_json
from aperture_plugin.app.limit_spending import Budgets, Sleep
from aperture_plugin.app.log_filter import SecretsFilter, SecretsInForce
from aperture_plugin.app.plugin_watch import PluginWatch
from aperture_plugin.app.reschedule import reschedule
from aperture_plugin.app.run_handle import RunHandle, Waiters, answered, latest_attempt
from aperture_plugin.app.run_params import ParamRefused, asked_note, asked_params
from aperture_plugin.app.saved_file import Judged, judged, nothing
from aperture_plugin.app.source import ConfigRefused, Source, mailbox_of, store_of
from aperture_plugin.app.status import Overview, look
from aperture_plugin.app.store_access import opened_to_look
from aperture_plugin.app.store_commands import cancel_reason, whoever
from aperture_plugin.app.wiring import MakeExecutor, executors_of, forget, loop_of
from aperture_plugin.clock.system import SystemClock
from aperture_plugin.config.model import Config, Reading
from aperture_plugin.config.problems import Problem
from aperture_plugin.files.bounded_read import Content, look_at
from aperture_plugin.files.secret_files import SecretFiles
from aperture_plugin.loop.file_watch import Watch
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.messages import (
    CancelAsked,
    ConfigRefusedMessage,
    Message,
    PauseAsked,
    ResumeAsked,
    RunAsked,
)
from aperture_plugin.loop.state import Substitute
from aperture_plugin.loop.thread import LoopThread
from aperture_plugin.loop.wakeups import Pace
from aperture_plugin.plugins.plugin_loader import Plugins, load_plugins
from aperture_plugin.plugins.plugin_problems import NoSuchExecutor
from aperture_plugin.ports import Clock, Pause, RunQuery, Store
from aperture_plugin.rules.runs import Run

__all__ = ["Aperture"]

_LAST_WORDS_SECONDS: Final = 3.0
"""Pings and messages that still wait are given so long when it stops."""

Answer = TypeVar("Answer")


class Aperture:
    """Runs the jobs of one schedules.yaml in this process.

    >>> with Aperture("schedules.yaml", plugins=[Library()]) as aperture:  # doctest: +SKIP
    ...     aperture.run("library-scan").wait()

    Args:
        file: The schedules.yaml. Relative paths in it start from the folder it is named in.
        plugins: Objects or modules of the host that answer hooks, beside installed entry points and
            `hooks/*.py` next to the file.
        modules: Names of further plugin modules to import.
        state: URL of the store; None for `$APERTURE_STATE`, else what the file says.
        hooks, entry_points: True if the `hooks/` folder beside the file, and installed plugins, are loaded.
        schedule: True if it fires the schedule; False runs only what is asked for here, beside a loop or
            without one.
        watch: True if a save of the file takes effect while it runs.
        last_good: True if it starts from the last accepted file that the store keeps where the one on disk is
            bad, or gone. The next good save is taken in as ever.
        environ: The environment; None for this process's own.
        clock: Source of time; for tests.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] = "schedules.yaml",
        plugins: Sequence[object] = (),
        *,
        modules: Sequence[str] = (),
        state: str | None = None,
        hooks: bool = True,
        entry_points: bool = True,
        schedule: bool = True,
        watch: bool = True,
        last_good: bool = False,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.file = Path(file)
        self._given = tuple(plugins)
        self._modules = tuple(modules)
        self._state_url = state
        self._load_hooks = hooks
        self._load_entry_points = entry_points
        self._fires = schedule
        self._wants_watch = watch and schedule
        self._takes_last_good = last_good
        self._environ = os.environ if environ is None else environ
        self.clock: Clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._pid: int | None = None
        self._waiters = Waiters()
        self._source: Source | None = None
        self._found: Content = None
        self._plugins: Plugins | None = None
        self._store: Store | None = None
        self._loop: Loop | None = None
        self._thread: LoopThread | None = None
        self._watch: Watch | None = None
        self._plugin_watch: PluginWatch | None = None
        self._executors: Executors | None = None
        self._alert_delivery: AlertDelivery | None = None
        self._log_filter: SecretsFilter | None = None

    # ── start and stop ──────────────────────────────────────────────────────────────────────────

    def start(self, *, uninterrupted: Callable[[], AbstractContextManager[object]] = nullcontext) -> Self:
        """Load the plugins and the file, open the store and begin to tick, in a thread of its own.

        Args:
            uninterrupted: Entered while the loop begins and threads start, after the plugins were loaded: a caller
                whose signal handler raises puts that off meanwhile.
        Returns:
            Itself, once the schedule is in force.
        Raises:
            FileNotFoundError: The file is not there.
            ConfigRefused: It is not valid; its `problems` say what is wrong and where.
            PluginError: A plugin cannot be loaded, or misspells a hook.
            StoreUnavailable, StoreRefused: The store cannot be reached, or must not be touched.
            NotRunning: It runs already.
        """
        with self._lock:
            loop = self.open()
            try:
                with uninterrupted():
                    loop.begin()
                    self._thread = LoopThread(loop)
                    self._thread.start()
                    if self._fires and self._alert_delivery is not None:
                        self._alert_delivery.begin()
                    if self._wants_watch:
                        self._watch_file()
            except BaseException:
                self.stop(grace=0)
                raise
        return self

    def look_at_file(self, then: Callable[[], object] | None = None) -> None:
        """Look at the file at once, as SIGHUP has it done; a change comes into force as any other save does.

        Callable from a signal handler. Nothing happens where the file is not watched.

        Args:
            then: Called, in another thread, when it was looked at.
        """
        watch = self._watch
        if watch is not None:
            watch.look(then)

    @property
    def changed_plugins(self) -> tuple[str, ...]:
        """The files of plugins that are not as they were when they were loaded: a restart takes them in."""
        return () if self._plugin_watch is None else self._plugin_watch.changed

    def stop(self, grace: float = 30) -> None:
        """Claim nothing any more, let what runs finish, and leave nothing behind.

        Args:
            grace: Seconds that running jobs are given before they are asked to cancel; what does not
                stop then either is marked `interrupted`. A second call with a smaller one cuts the first short.
        """
        self._leave_to_parent()
        thread = self._thread
        if thread is not None:
            thread.ask_to_stop(timedelta(seconds=grace))  # From now on nothing starts, whatever else takes its time.
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
        if thread is not None:
            thread.join()
        self.close()

    def close(self) -> None:
        """Close workers and store, and notify nobody; `stop` ends with this."""
        self._leave_to_parent()
        with self._lock:
            if self._log_filter is not None:
                logging.getLogger("aperture").removeFilter(self._log_filter)
                self._log_filter = None
            if self._alert_delivery is not None:
                self._alert_delivery.close(_LAST_WORDS_SECONDS)
                self._alert_delivery = None
            if self._loop is not None:
                forget(self._loop)
            self._thread, self._loop = None, None
            if self._executors is not None:
                self._executors.stop(timedelta(seconds=1))
                self._executors = None
            if self._store is not None:
                self._waiters.give_up(partial(latest_attempt, self._store))
                self._store.close()
                self._store = None

    def _leave_to_parent(self) -> None:
        """Drop threads and store in a fork: they stayed in the process that forked, some with a lock held."""
        if self._pid in {None, os.getpid()}:
            return
        self._pid = self._thread = self._loop = self._executors = self._store = None
        self._watch = self._plugin_watch = self._alert_delivery = None
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """True if its loop ticks."""
        return self._thread is not None and self._thread.is_alive

    @property
    def is_stuck(self) -> bool:
        """True if it runs, and its next tick is long overdue."""
        return self._thread is not None and self._thread.is_stuck

    # ── what a host asks ────────────────────────────────────────────────────────────────────────

    @property
    def config(self) -> Config:
        """The file in force.

        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
        """
        return self._running_loop().in_force.config

    def run(
        self,
        job: str,
        *,
        params: Mapping[str, object] | None = None,
        note: str | None = None,
        by: str | None = None,
    ) -> RunHandle:
        """Run *job* now, or queue it; it does not wait for needs or windows.

        Args:
            params: Parameters of this run alone, over those of the file; they are kept with it, as JSON.
            note: Why, for the record.
            by: The person who asks, for the record; None for the user this process belongs to.
        Raises:
            NoSuchJob: There is no such job; it is a KeyError too.
            ParamRefused: The job has no such parameter, or the value has the wrong type; it is a ValueError too.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        loop = self._running_loop()
        words = loop.in_force.job_config(job)
        if not loop.knows(job):
            raise self._no_such_job(job, loop)
        if words is None and params:
            hint = "its parameters are known where its file is: ask there, or leave them out"
            raise ParamRefused(f"{job} is in the file of another loop alone", hint=hint)
        message = RunAsked(
            job=job,
            by=by or whoever(),
            at=self.clock.now(),
            params=None if words is None else asked_params(words, loop.in_force.jobs.get(job), params or {}),
            note=None if note is None else asked_note(note, self._environ),
        )
        promise = self._waiters.of(message.answer)
        loop.inbox.put(message)
        return RunHandle(job, message.answer, promise, is_running=lambda: self._loop is loop, cancel=self._cancel_run)

    def cancel(self, job: str, *, note: str | None = None, by: str | None = None) -> list[Run]:
        """Ask every run of *job* that is in hand to stop; return those runs.

        Args:
            note, by: Why, and who asks; None for the user this process belongs to. The run's reason says both.
        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
        """
        message = CancelAsked(job=job, reason=cancel_reason(by or whoever(), note))
        return self._ask(message, message.answer)

    def pause(self, job: str, *, until: datetime | None = None, note: str | None = None, by: str | None = None) -> None:
        """Hold back the slots of *job* until it is resumed, or until an aware instant; a restart does not lift it.

        Raises:
            NoSuchJob: There is no such job; it is a KeyError too.
            TypeError, ValueError: *until* is no datetime, has no time zone, or is past already.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        if not (loop := self._running_loop()).knows(job):
            raise self._no_such_job(job, loop)
        pause = Pause(job=job, since=self.clock.now(), until=until, note=note, by=by or whoever())
        if not pause.holds(pause.since):
            raise ValueError(f"until={until!r} is past already: it is {pause.since.isoformat()}")
        message = PauseAsked(pause=pause)
        self._ask(message, message.answer)

    def resume(self, job: str) -> bool:
        """Lift the pause of *job*; return whether there was one.

        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
        """
        return self._ask(message := ResumeAsked(job=job), message.answer)

    def reschedule(self, job: str, phrase: str) -> Config:
        """Change the schedule of *job* in the file to *phrase*; all else in it, comments too, stays as it is.

        The result is checked before it is written, and comes into force as any other save does. A job that stands only
        in a preset, or that only a plugin registers, is added under `schedules`.

        Returns:
            What the file says now.
        Raises:
            NoSuchJob: There is no such job; it is a KeyError too.
            Unreadable: *phrase* says no schedule; its message and hint say why.
            ConfigRefused: The file on disk is bad, or would be with that schedule; its `problems` say why.
            CannotEdit: The job is written in a way that cannot be changed, or the file was saved meanwhile.
            OSError: It cannot be written.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        in_force = self._running_loop().in_force.config
        assert self._source is not None, "it is running"
        config = reschedule(replace(self._source, kept=in_force.pick), job, phrase, now=self.clock.now())
        if self._watch is None:
            self.judge(config.text.encode())
        return config

    def history(self, query: RunQuery | str | None = None) -> list[Run]:
        """Return past and present attempts, newest first.

        Args:
            query: The runs to return; the name of a job for its latest 20, None for the latest 20 of all.
        Raises:
            TypeError: *query* is something else.
            NotRunning: It is not running; it is a RuntimeError too.
        """
        if isinstance(query, str):
            query = RunQuery(jobs=[query])
        if query is not None and not isinstance(query, RunQuery):
            raise TypeError(f"history() wants a RunQuery or the name of a job, not {query!r}")
        return self._open_store().history(query or RunQuery())

    def status(self) -> dict[str, Any]:
        """Return what runs, waits and comes next, in the shape of `aperture status --format json`.

        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
        """
        return overview_json(self.overview())

    def overview(self) -> Overview:
        """Return the same as values: instants, runs and durations instead of text.

        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
            StoreUnavailable: The store is away.
        """
        config, store = self.config, self._open_store()
        return look(
            store,
            now=self.clock.now(),
            config=config,
            file=config.file,
            zone=config.zone,
            in_force=True,
            titles=self._titles(),
        )

    def installation(self) -> Installation:
        """Return the file and its store as they are looked at and asked from beside the loop, by a page or an API.

        It need not be running: then another process's loop may be.
        """
        return Installation(
            file=self.file,
            environ=self._environ,
            state=self._state_url,
            clock=self.clock,
            load=self._load_plugins,
            running=self._in_force,
            trouble=self._loop_trouble,
            saved=self._take_in,
        )

    # ── putting it together ─────────────────────────────────────────────────────────────────────

    def open(
        self, *, pace: Pace | None = None, executor: MakeExecutor | None = None, sleep: Sleep | None = None
    ) -> Loop:
        """Load the plugins and the file, open the store, and return a loop that has not begun.

        `start` does this first; a test ticks the loop by itself.

        Args:
            pace: Intervals of what the loop does by itself.
            executor: Makes the executor that is used whatever the file says.
            sleep: Lets a run wait for a budget to return.
        """
        if self._loop is not None:
            raise NotRunning("it runs already")
        self._pid = os.getpid()
        self._plugins = self._load_plugins()
        self._source = Source(path=self.file, environ=self._environ, plugins=self._plugins)
        secrets = SecretsInForce(
            self._environ, self._state_url, lambda: None if self._loop is None else self._loop.in_force.config
        )
        self._log_filter = SecretsFilter(secrets)
        logging.getLogger("aperture").addFilter(self._log_filter)
        self._found = look_at(self.file)
        reading = self._source.judge(self._found, now=self.clock.now(), starting=True)
        config, substitute = self._config_to_start(self._source, reading)
        self._store = store_of(self._source, reading, url=self._state_url)
        try:
            self._store.open()
            config = self._config_as_picked(config)
            shared = lambda: self._running_loop().state.division.limits  # noqa: E731
            budgets = Budgets(self._store, self.clock, lambda: self.config, sleep, shared=shared)
            self._executors = executors_of(
                self._plugins,
                budgets,
                self.clock,
                mailbox=partial(mailbox_of, self._store),
                secret_of=SecretFiles(self._source.directory, self._environ),
                chosen=lambda: self.config,
                made=executor,
            )
            self._alert_delivery = AlertDelivery(
                self._store,
                self.clock,
                chosen=lambda: None if self._loop is None else self._loop.in_force.config,
                job_of=lambda name: None if self._loop is None else self._loop.in_force.job_config(name),
                ticks=lambda: self.is_running and not self.is_stuck,
                secrets=secrets,
            )
            self._loop = loop_of(
                config,
                self._plugins,
                self._store,
                self._source,
                clock=self.clock,
                environ=self._environ,
                executors=self._executors,
                secrets=secrets,
                waiters=self._waiters,
                pace=pace or Pace(),
                alert_delivery=self._alert_delivery,
                fires=self._fires,
                substitute=substitute,
            )
            _require_executor(self._executors, config)
        except BaseException:
            self.close()
            raise
        return self._loop

    def _config_to_start(self, source: Source, reading: Reading) -> tuple[Config, Substitute | None]:
        """Return the configuration to begin with, and what it stands in for where that is not the file on disk."""
        if reading.config is not None:
            return reading.config, None
        if self._takes_last_good:
            with opened_to_look(source, reading, url=self._state_url) as store:
                found = last_good(store, source, now=self.clock.now())
            if found is not None:
                generation, config = found
                return config, Substitute(generation.number, generation.accepted_at, reading.problems)
        if self._found is None:
            raise source.missing()
        raise ConfigRefused(reading.problems, reading.text)

    def _config_as_picked(self, config: Config) -> Config:
        """Return *config* with the preset that `auto` picked last time, where the library's size is still near it."""
        assert self._source is not None, "open() has made them"
        assert self._store is not None, "open() has made them"
        if not config.preset_is_auto:
            return config
        with self._store.snapshot() as ledger:
            pick = ledger.pick()
        if pick is None or pick.name == config.preset:
            return config
        source = replace(self._source, kept=pick)
        return source.read(config.text.encode(), now=self.clock.now(), starting=True).config or config

    def _watch_file(self) -> None:
        assert self._source is not None, "open() has made it"
        path = self._source.path
        assert self._plugins is not None, "open() has made them"
        assert self._loop is not None, "open() has made it"
        self._plugin_watch = beside = PluginWatch(self._plugins, self._loop.inbox)
        self._watch = Watch(
            path,
            read=partial(look_at, path),
            judge=self._judged,
            refuse=self.refuse,
            known=self._found,
            beside=beside.look,
        )
        self._watch.start()

    def judge(self, content: Content) -> tuple[bool, Sequence[Problem]]:
        """Read *content* as a new one of the file, and hand it to the loop if it is good.

        None stands for a file that is gone.

        Returns:
            Whether it is good, and its problems.
        """
        good, problems, take_in = self._judged(content)
        take_in()
        return good, problems

    def _judged(self, content: Content) -> Judged:
        loop, plugins, source = self._loop, self._plugins, self._source
        if source is None or loop is None or plugins is None:
            return True, (), nothing
        source = replace(source, kept=loop.in_force.config.pick)
        good, problems, take_in = judged(content, source, plugins, self._executors, loop.inbox, now=self.clock.now())
        if not good and self._plugin_watch is not None:
            problems = self._plugin_watch.explained(problems)
        return good, problems, take_in

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Make the loop report that a saved file is refused for *problems*."""
        if self._loop is not None:
            self._loop.inbox.put(ConfigRefusedMessage(problems=tuple(problems)))

    def _cancel_run(self, run_id: str) -> None:
        self._ask(message := CancelAsked(run_id=run_id, reason=cancel_reason(whoever())), message.answer)

    def _ask(self, message: Message, answer: Future[Answer]) -> Answer:
        loop = self._running_loop()
        loop.inbox.put(message)
        return answered(answer, lambda: self._loop is loop)

    def _load_plugins(self) -> Plugins:
        return load_plugins(
            directory=self.file.absolute().parent if self._load_hooks else None,
            plugins=self._given,
            modules=self._modules,
            entry_points=self._load_entry_points,
        )

    def _in_force(self) -> tuple[Config, Plugins] | None:
        loop, plugins = self._loop, self._plugins
        if loop is None or plugins is None or self._pid != os.getpid() or not self._fires:
            return None
        return loop.in_force.config, plugins

    def _no_such_job(self, job: str, loop: Loop) -> NoSuchJob:
        return NoSuchJob(job, self.file, [*loop.in_force.config.jobs, *loop.in_force.jobs])

    def _take_in(self, content: bytes) -> None:
        if self._watch is None:
            self.judge(content)

    def _loop_trouble(self) -> str | None:
        loop, thread = self._loop, self._thread
        if loop is None or self._pid != os.getpid():
            return None
        if thread is None or not thread.is_alive:
            return "the loop has ended"
        return "the loop does not tick" if thread.is_stuck else None

    def _titles(self) -> dict[str, str]:
        jobs = {} if self._plugins is None else self._plugins.jobs
        return {name: job.title for name, job in jobs.items() if job.title}

    def _running_loop(self) -> Loop:
        loop = self._loop
        if loop is None:
            raise NotRunning("aperture is not running; call start(), or use it in a with statement")
        if self._pid != os.getpid():
            raise NotRunning(f"aperture runs in process {self._pid}, of which this is a fork; start another one here")
        return loop

    def _open_store(self) -> Store:
        store = self._store
        if store is None:
            raise NotRunning("aperture is not running; call start(), or use it in a with statement")
        return store


def _require_executor(executors: Executors, config: Config) -> None:
    """Raise if *config* names an executor that nobody provides: that is found out before anything starts."""
    try:
        executors.named_by(config)
    except NoSuchExecutor as error:
        raise ConfigRefused([executor_problem(error, config)], config.text) from None
