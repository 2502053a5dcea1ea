"""The life of one loop in this process: it is put together, ticks in a thread of its own, and leaves nothing behind."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aperture_plugin.app.alert_delivery import AlertDelivery
from aperture_plugin.app.config_history import last_good
from aperture_plugin.app.doctor.findings import Finding
from aperture_plugin.app.errors import NotRunning
from aperture_plugin.app.executor_problems import executor_problem
from aperture_plugin.app.executor_router import Executors
from aperture_plugin.app.limit_spending import Budgets, Sleep
from aperture_plugin.app.log_filter import SecretsFilter, SecretsInForce
from aperture_plugin.app.plugin_watch import PluginWatch
from aperture_plugin.app.run_handle import Waiters, latest_attempt
from aperture_plugin.app.saved_file import Judged, judged, nothing
from aperture_plugin.app.source import ConfigRefused, Source, mailbox_of, store_of
from aperture_plugin.app.store_access import opened_to_look
from aperture_plugin.app.wiring import MakeExecutor, executors_of, forget, loop_of
from aperture_plugin.clock.store_clock import StoreClock, follow
from aperture_plugin.clock.system import SystemClock
from aperture_plugin.config.model import Config, Reading
from aperture_plugin.config.problems import Problem
from aperture_plugin.files.bounded_read import Content, look_at
from aperture_plugin.files.secret_files import SecretFiles
from aperture_plugin.loop.file_watch import Watch
from aperture_plugin.loop.loop import Loop
from aperture_plugin.loop.messages import (
    ConfigRefusedMessage,
)
from aperture_plugin.loop.state import Substitute
from aperture_plugin.loop.thread import LoopThread
from aperture_plugin.loop.wakeups import Pace
from aperture_plugin.plugins.plugin_loader import Plugins, load_plugins
from aperture_plugin.plugins.plugin_problems import NoSuchExecutor
from aperture_plugin.ports import Clock, Store
from aperture_plugin.words.limits import Limit

__all__ = ["Lifecycle"]

_LAST_WORDS_SECONDS: Final = 3.0
"""Pings and messages that still wait are given so long when it stops."""


class Lifecycle:
    """Starts and stops the loop of one schedules.yaml; `Aperture` adds to it what a host asks of a loop that runs."""

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
        self.clock: Clock = clock or StoreClock(SystemClock())
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

    @property
    def config(self) -> Config:
        """The file in force.

        Raises:
            NotRunning: It is not running; it is a RuntimeError too.
        """
        return self._running_loop().in_force.config

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
        Raises:
            FileNotFoundError, ConfigRefused, PluginError, StoreUnavailable, StoreRefused, NotRunning: As `start`.
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
            follow(self.clock, self._store)
            self._store.open()
            config = self._config_as_picked(config)
            budgets = Budgets(self._store, self.clock, lambda: self.config, sleep, shared=self._shared_limits)
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
                diagnosed=self._diagnosed,
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

    def _diagnosed(self, job: str) -> list[Finding]:
        from aperture_plugin.app.doctor.doctor import diagnose, examined

        source, plugins, state = self._source, self._plugins, self._state_url
        if source is None or plugins is None:
            return []
        with examined(source, now=self.clock.now(), state=state, load=lambda: plugins, lent=True, rows=1) as case:
            return diagnose(case, job)

    def _load_plugins(self) -> Plugins:
        return load_plugins(
            directory=self.file.absolute().parent if self._load_hooks else None,
            plugins=self._given,
            modules=self._modules,
            entry_points=self._load_entry_points,
        )

    def _shared_limits(self) -> Mapping[str, Limit]:
        """Return the limits in force where several loops share them."""
        return self._running_loop().state.division.limits

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
