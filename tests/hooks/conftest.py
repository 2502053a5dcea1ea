"""The example plugin, loaded as `hooks/` is loaded, and libraries in folders of their own."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sized
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from aperture_plugin.plugins.hooks_folder import import_folder
from aperture_plugin.ports import RunCancelled
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import RunTrigger

T = TypeVar("T")

HOOKS = Path(__file__).parents[2] / "hooks"

IN_ORDER = (
    "user-sync",
    "library-scan",
    "watch-history",
    "enrichment",
    "embeddings",
    "recommendations",
    "library-build",
    "top-picks",
    "discovery",
    "database-backup",
)
"""The ten jobs, each after those whose work it uses."""


class FakeRun:
    """A live run in the test's own thread, which can be cancelled after a number of items.

    Attributes:
        lines: What was logged, as `LEVEL text`.
        done, total: Progress as last told.
        spent: Calls by limit; a limit that is not in *limits* is one that no file declares.
    """

    id = "run"
    attempt = 1
    trigger = RunTrigger.MANUAL
    slot: datetime | None = None
    nominal: datetime | None = None

    def __init__(
        self,
        job: Job,
        params: Mapping[str, Any],
        *,
        cancel_after: int | None = None,
        limits: Iterable[str] = ("omdb", "tmdb"),
    ) -> None:
        self.job = job.name
        self.params: Mapping[str, Any] = {**job.params, **params}
        self.lines: list[str] = []
        self.done = 0
        self.total: int | None = None
        self.spent = dict.fromkeys(limits, 0)
        self.log = logging.Logger(job.name)
        self.log.addHandler(_Lines(self.lines))
        self._cancel_after = cancel_after

    @property
    def cancelled(self) -> bool:
        return self._cancel_after is not None and self.done >= self._cancel_after

    def track(self, items: Iterable[T], *, total: int | None = None) -> Iterator[T]:
        self.progress(0, len(items) if total is None and isinstance(items, Sized) else total)
        for done, item in enumerate(items, start=1):
            yield item
            self.progress(done, self.total)

    def progress(self, done: int, total: int | None = None) -> None:
        self.done, self.total = done, total
        if self.cancelled:
            raise RunCancelled("a test asked")

    def spend(self, limit: str, calls: int = 1) -> None:
        self.spent[limit] += calls


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname} {record.getMessage()}")


@dataclass
class MediaLibrary:
    """A library in a folder of its own, and the jobs that keep it.

    Attributes:
        last: The run that `run` made last.
    """

    root: Path
    jobs: Mapping[str, Job]
    last: FakeRun = field(init=False)

    def run(
        self,
        name: str,
        *,
        cancel_after: int | None = None,
        limits: Iterable[str] = ("omdb", "tmdb"),
        **params: Any,
    ) -> dict[str, Any]:
        """Run a job here and return its result."""
        job = self.jobs[name]
        self.last = FakeRun(job, {"folder": str(self.root), **params}, cancel_after=cancel_after, limits=limits)
        result: dict[str, Any] = job.handler(self.last)
        return result

    def run_all(self, names: Iterable[str] = IN_ORDER) -> dict[str, dict[str, Any]]:
        return {name: self.run(name) for name in names}

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.root / "library.db")) as connection:
            return connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: object) -> Any:
        return self.rows(sql, *values)[0][0]

    def file_of(self, key: str) -> Path:
        path: str = self.value("SELECT path FROM title WHERE key = ?", key)
        return self.root / "media" / path

    def write_title(self, path: str, text: str) -> Path:
        file = self.root / "media" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def append(self, table: str, line: str) -> None:
        """Let the media server's export end with one more line."""
        with (self.root / "server" / table).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@pytest.fixture(scope="session")
def plugin() -> ModuleType:
    """`hooks/library.py`, loaded as `aperture` loads it."""
    [(_, module)] = import_folder(HOOKS)
    assert isinstance(module, ModuleType), module
    return module


@pytest.fixture(scope="session")
def parts(plugin: ModuleType) -> Mapping[str, ModuleType]:
    """The modules of `hooks/medialibrary/`, by name: `titles`, `jobs.embeddings`."""
    prefix = f"{plugin.__package__}.medialibrary."
    return {name.removeprefix(prefix): module for name, module in sys.modules.items() if name.startswith(prefix)}


@pytest.fixture(scope="session")
def jobs(plugin: ModuleType) -> Mapping[str, Job]:
    return {job.name: job for job in plugin.aperture_jobs()}


@pytest.fixture
def library(tmp_path: Path, jobs: Mapping[str, Job]) -> MediaLibrary:
    """A library that no job has seen yet: its folder is not there."""
    return MediaLibrary(tmp_path / "media-library", jobs)


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory, jobs: Mapping[str, Job]) -> Path:
    root = tmp_path_factory.mktemp("built") / "media-library"
    MediaLibrary(root, jobs).run_all()
    return root


@pytest.fixture
def built(tmp_path: Path, _built: Path, jobs: Mapping[str, Job]) -> MediaLibrary:
    """A library on which every job has run once, in order."""
    root = tmp_path / "media-library"
    shutil.copytree(_built, root)  # With the times of its files.
    return MediaLibrary(root, jobs)
