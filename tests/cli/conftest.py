"""A shell for tests: commands typed in a folder of its own, at an instant the test chooses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aperture_plugin.cli import cli, file_session
from aperture_plugin.testing import World


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Shell = Callable[..., Answer]


def typed(*words: str) -> Answer:
    """Type a command, in this process and in its folder."""
    result = CliRunner().invoke(cli, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def step_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make *folder* the current one, and the environment one that says nothing."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TZ", "UTC")
    for name in ("APERTURE_CONFIG", "APERTURE_STATE", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def world(aperture_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in the current folder, whose clock is also the one that commands are typed by."""
    step_into(aperture_world.folder, monkeypatch)
    monkeypatch.setattr(file_session, "now", aperture_world.clock.now)
    return aperture_world


@pytest.fixture
def shell(world: World) -> Shell:
    """Types a command in that world."""
    return typed


@dataclass
class Terminal:
    """Real processes in one folder, as a person has them in several shells."""

    folder: Path
    begun: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("APERTURE", "PYTEST", "COV"))}
        return {**kept, "TZ": "UTC"}

    def write(self, text: str, name: str = "schedules.yaml") -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def begin(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """Begin a command, and leave it running."""
        process = subprocess.Popen(
            [sys.executable, "-m", "aperture_plugin", *words],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.begun.append(process)
        return process

    def type(self, *words: str) -> Answer:
        """Run a command to its end, in a process of its own."""
        process = self.begin(*words)
        out, err = process.communicate(timeout=60)
        return Answer(process.returncode, out, err)

    def look(self, *words: str) -> Answer:
        """Run a command to its end in this process, which is another than the loop's."""
        return typed(*words)

    def until(self, holds: Callable[[], Any], *, seconds: float = 20) -> Any:
        """Return what *holds* answers once that is true, looking again and again."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if answer := holds():
                return answer
            time.sleep(0.05)
        raise AssertionError(f"it did not come about within {seconds} s")

    def runs(self) -> bool:
        """Say whether a loop runs."""
        return bool(self.look("status", "--format", "json").json["running"])


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Real processes in a folder of their own."""
    step_into(tmp_path, monkeypatch)
    shells = Terminal(tmp_path)
    yield shells
    for process in shells.begun:
        if process.poll() is None:
            process.kill()
            process.communicate()
