"""One schedules.yaml with its store, for readers and requests from outside of its loop.

The page and the API stand on this. Where the loop ticks in this very process, its file and its plugins are taken as
they are in force there; else both are read here. Requests to the loop go through the store, as those of a command do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aperture_plugin.app.job_views import JobMemory
from aperture_plugin.app.source import Source, store_file, store_of
from aperture_plugin.app.status import Overview, look
from aperture_plugin.app.store_access import empty_store, require_not_astray
from aperture_plugin.app.store_commands import known_jobs, preset_in_force
from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.clock.store_clock import follow
from aperture_plugin.config.model import Config, JobConfig, Page, Reading
from aperture_plugin.files.bounded_read import Content, look_at
from aperture_plugin.plugins.plugin_problems import PluginError
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import Clock, Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.jobs import Job

__all__ = ["Installation"]

_log = logging.getLogger("aperture")

_TAKEN_IN_SECONDS: Final = 1.5
_MOMENT: Final = 0.02


class Installation:
    """One file, its plugins and its store. Callable from any thread.

    Args:
        file: The schedules.yaml, as the person named it.
        state: URL of the store in place of the environment's and the file's; None for those.
        load: Loads the plugins, where no loop of this process has.
        running: Returns the file in force and the plugins of this process's own loop; None while it does not run.
        trouble: Returns what is wrong with that loop; None while it ticks.
        saved: Called with the file's new content once it was changed here.
    """

    def __init__(
        self,
        *,
        file: Path,
        environ: Mapping[str, str],
        state: str | None,
        clock: Clock,
        load: Callable[[], Plugins],
        running: Callable[[], tuple[Config, Plugins] | None],
        trouble: Callable[[], str | None],
        saved: Callable[[bytes], object],
    ) -> None:
        self.file = file
        self.environ = environ
        self.state = state
        self.clock = clock
        self._load = load
        self._running = running
        self._trouble = trouble
        self._saved = saved
        self._lock = threading.RLock()
        self._loaded: Plugins | None = None
        self._plugin_error: PluginError | None = None
        self._asked_plugins = False
        self._store: Store | None = None
        self._read: tuple[Content, str | None, Reading] | None = None
        self._reread: tuple[str, Config | None] | None = None
        self._unopened: tuple[Content, Reading] | None = None
        self._memory = JobMemory()

    # ── the file ────────────────────────────────────────────────────────────────────────────────

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        return self.clock.now()

    def plugins(self) -> Plugins | None:
        """Return the plugins; None where they cannot be loaded, which is logged once."""
        running = self._running()
        if running is not None:
            return running[1]
        with self._lock:
            if not self._asked_plugins:
                self._asked_plugins = True
                try:
                    self._loaded = self._load()
                    self._loaded.ask_jobs()
                except PluginError as error:
                    self._loaded, self._plugin_error = None, error
                    for problem in error.problems:
                        _log.warning("%s", problem)
            return self._loaded

    def load_plugins(self) -> Plugins:
        """Return the plugins.

        Raises:
            PluginError: They cannot be loaded.
        """
        found = self.plugins()
        if found is None:
            raise self._plugin_error or PluginError(())
        return found

    def source(self) -> Source:
        """Return the file, and the plugins that judge it."""
        return Source(path=self.file, environ=self.environ, plugins=self.plugins())

    def reading(self) -> Reading:
        """Return what came of reading the file as it lies on the disk; it is read anew only once it has changed."""
        content = look_at(self.file)
        with self._lock:
            preset = None if self._store is None else self._preset_in_force()
            if self._read is None or self._read[:2] != (content, preset):
                source = self.source()
                reading = source.judge(content, now=self.now())
                if preset is not None and reading.config is not None and reading.config.preset_is_auto:
                    reading = replace(source, preset=preset).judge(content, now=self.now())
                self._read = content, preset, reading
            return self._read[2]

    def config(self) -> Config | None:
        """Return what is in force: the loop's, else the file's, else the last good file's; None where nobody knows."""
        running = self._running()
        if running is not None:
            return running[0]
        read = self.reading()
        if read.config is not None:
            return read.config
        with self.store().snapshot() as ledger:
            texts = [text for _, _, _, text in ledger.generations()[:1]]
        return self._config_of(texts[0]) if texts else None

    def job(self, name: str) -> JobConfig | None:
        """Return the words in force for a job, those of the defaults for one that only plugins register."""
        config = self.config()
        if config is None:
            return None
        if name in config.jobs:
            return config.jobs[name]
        plugins = self.plugins()
        return config.unlisted(name) if plugins is not None and name in plugins.jobs else None

    def registered(self, name: str) -> Job | None:
        """Return what a plugin registers under the job's name; None for a command, and where no plugin is here."""
        plugins = self.plugins()
        return None if plugins is None else plugins.jobs.get(name)

    def names(self) -> list[str]:
        """Return the names of all jobs that the file, the plugins or the store know of."""
        config, plugins = self.config(), self.plugins()
        listed = () if config is None else config.jobs
        registered = () if plugins is None else plugins.jobs
        return list(dict.fromkeys([*listed, *registered, *sorted(known_jobs(self.store()))]))

    def zone(self) -> ZoneInfo:
        """Return the zone for times that belong to no job."""
        config = self.config()
        return local_zone(self.environ) if config is None else config.zone

    def zone_of(self, name: str) -> ZoneInfo:
        """Return the zone in which a job's times are shown."""
        job = self.job(name)
        return self.zone() if job is None else job.zone

    def public_url(self) -> str | None:
        """Return where people reach the page, as the file says; None where it does not."""
        return self._page().url

    def public_hosts(self) -> frozenset[str]:
        """Return the names in Host headers that the file lets the page answer, that of its `url` included."""
        page = self._page()
        own = None if page.url is None else urlsplit(page.url).hostname
        return frozenset((*page.hosts, own)) if own else frozenset(page.hosts)

    def gives_patches(self) -> bool:
        """Return whether the file wants to be changed by patches alone."""
        return not self._page().writes_file

    def note_saved(self, content: bytes) -> None:
        """Hand *content*, just saved, to the loop of this process, and wait up to a second until it is in force.

        The next view of the file shows what was saved.
        """
        self._saved(content)
        until = time.monotonic() + _TAKEN_IN_SECONDS
        while (running := self._running()) is not None and running[0].text.encode() != content:
            if time.monotonic() > until:
                break
            time.sleep(_MOMENT)

    def _page(self) -> Page:
        """Return what the file says of the page; what is built in where no file can be read just now."""
        try:
            config = self.config()
        except (StoreUnavailable, StoreRefused):
            config = None
        return Page() if config is None else config.page

    # ── the store ───────────────────────────────────────────────────────────────────────────────

    def store(self, *, to_write: bool = False) -> Store:
        """Return the open store; one that is not there yet is empty, and is made only *to_write*.

        Raises:
            StoreUnavailable, StoreRefused: The store is unknown, or cannot be reached, or must not be touched, or its
                file is gone and a loop still runs on it.
        """
        with self._lock:
            if self._store is not None:
                return self._store
            source = Source(path=self.file, environ=self.environ)
            content = look_at(self.file)
            if self._unopened is None or self._unopened[0] != content:
                self._unopened = content, source.judge(content, now=self.now())
            reading = self._unopened[1]
            path = store_file(source, reading, url=self.state)
            store = store_of(source, reading, url=self.state)
            if not to_write and path is not None and not path.exists():
                require_not_astray(store, path, "was deleted or moved away")
                if not path.exists():
                    return empty_store()
            follow(self.clock, store)
            try:
                store.open()
            except StoreUnavailable:
                # One that may only be read can be shown all the same.
                if to_write or not store.open_to_look():
                    raise
            self._store, self._unopened = store, None
            return store

    def loop_trouble(self) -> str | None:
        """Return what is wrong with the loop of this process; None while it ticks, or where there is none."""
        return self._trouble()

    def store_trouble(self) -> str | None:
        """Return why the store does not answer; None while it does."""
        try:
            with self.store().snapshot() as ledger:
                ledger.pauses()
        except (StoreUnavailable, StoreRefused) as away:
            return str(away)
        return None

    def overview(self) -> Overview:
        """Return what runs, what waits and why, and what comes next.

        Raises:
            StoreUnavailable, StoreRefused: As `store`.
        """
        store, running = self.store(), self._running()
        read = None if running is not None else self.reading()
        config = running[0] if running is not None else None if read is None else read.config
        plugins = self.plugins()
        registered = {} if plugins is None else plugins.jobs
        return look(
            store,
            now=self.now(),
            config=config,
            file=self.source().name,
            zone=self.zone(),
            problems=() if read is None else read.problems,
            in_force=running is not None,
            reread=self._config_of,
            titles={name: job.title for name, job in registered.items() if job.title},
            categories={name: job.category for name, job in registered.items() if job.category},
            memory=self._memory,
        )

    def pulse(self) -> Overview:
        """Return the overview without its jobs: what streams tell of, at a cost that does not grow with the file."""
        running = self._running()
        config = self.config()
        return look(
            self.store(),
            now=self.now(),
            config=None if config is None else replace(config, jobs={}),
            file=self.source().name,
            zone=self.zone(),
            problems=() if running is not None else self.reading().problems,
            in_force=True,
        )

    def blind_overview(self) -> Overview:
        """Return what the file alone can tell, for as long as the store cannot be read."""
        running = self._running()
        if running is not None:
            config: Config | None = running[0]
        else:
            config = self.source().judge(look_at(self.file), now=self.now()).config
        zone = local_zone(self.environ) if config is None else config.zone
        seen = look(empty_store(), now=self.now(), config=config, file=self.source().name, zone=zone, in_force=True)
        return replace(seen, is_blind=True)

    def close(self) -> None:
        """Close the store; the next request opens it again."""
        with self._lock:
            store, self._store = self._store, None
            self._memory = JobMemory()
            self._read = None
        if store is not None:
            store.close()

    def _preset_in_force(self) -> str | None:
        assert self._store is not None, "it is open"
        try:
            return preset_in_force(self._store, now=self.now())
        except (StoreUnavailable, StoreRefused):
            return None

    def _config_of(self, text: str) -> Config | None:
        """Return what a text says that was good once."""
        with self._lock:
            if self._reread is None or self._reread[0] != text:
                self._reread = text, self.source().read(text.encode(), now=self.now()).config
            return self._reread[1]
