"""A folder of hooks to write plugins into, and plugins loaded from it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.config.model import Config, ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.plugins.plugin_problems import PluginError
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import RunCancelled
from aperture_plugin.rules.runs import Run, RunTrigger, Status

T = TypeVar("T")


@dataclass
class Folder:
    """The folder of a schedules.yaml, with `hooks/` beside it."""

    path: Path

    def write(self, name: str, text: str) -> Path:
        file = self.path / "hooks" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file

    def load(self, *plugins: object, **more: Any) -> Plugins:
        return load_plugins(directory=self.path, plugins=plugins, entry_points=False, **more)

    def refused(self, *plugins: object, **more: Any) -> str:
        """Load what must be refused; return what is told."""
        with pytest.raises(PluginError) as refused:
            assert self.load(*plugins, **more).jobs
        return str(refused.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


@pytest.fixture
def config() -> Config:
    text = "schedules:\n  scan: every 2 hours\n"
    config = read(
        text, ReadContext(file="schedules.yaml", environ={}, known_jobs=None, local_zone=ZoneInfo("UTC"))
    ).config
    assert config is not None
    return config


@pytest.fixture
def a_run() -> Run:
    at = datetime(2026, 1, 10, 8, tzinfo=UTC)
    return Run(
        id="one",
        job="scan",
        trigger=RunTrigger.MANUAL,
        status=Status.RUNNING,
        priority_at=at,
        priority_nominal=at.replace(tzinfo=None),
        queued_at=at,
    )


@dataclass
class PlainRun:
    """The least that a live run can be, for what never looks at it."""

    id: str = "one"
    job: str = "scan"
    attempt: int = 1
    trigger: RunTrigger = RunTrigger.MANUAL
    slot: datetime | None = None
    nominal: datetime | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    asked: threading.Event = field(default_factory=threading.Event)

    @property
    def log(self) -> Any:
        raise AssertionError("nobody logs here")

    @property
    def cancelled(self) -> bool:
        return self.asked.is_set()

    def track(self, items: Iterable[T], *, total: int | None = None) -> Iterator[T]:
        if self.asked.is_set():
            raise RunCancelled("enough")
        yield from items

    def progress(self, done: int, total: int | None = None) -> None:
        pass

    def spend(self, limit: str, calls: int = 1) -> None:
        raise KeyError(limit)

    def on_cancel(self, call: Callable[[], object]) -> None:
        pass
