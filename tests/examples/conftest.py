"""Examples as a newcomer meets them: their README's line, typed in a terminal."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic

import pytest

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SECONDS = 60.0
"""Far more than anything here takes; only a failure takes so long."""


def line_of(readme: Path, *, line: int = 0) -> list[str]:
    """Return the words of one of the lines that a README shows, with this environment in place of `.venv`."""
    lines = re.findall(r"^```sh\n(.+)\n```$", readme.read_text(encoding="utf-8"), re.MULTILINE)
    words = shlex.split(lines[line])
    return [str(BIN / word.removeprefix(".venv/bin/")) if word.startswith(".venv/bin/") else word for word in words]


class Program:
    """A program that runs beside the test, and what it prints."""

    def __init__(self, words: list[str], *, folder: Path, environ: dict[str, str]) -> None:
        self.printed: list[str] = []
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._process = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the match in the next line that *pattern* is found in; fail with what was printed if none comes."""
        until = monotonic() + SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - monotonic()))
            except Empty:
                line = None
            if line is None:
                raise AssertionError(f"nothing like {pattern!r} was printed:\n{''.join(self.printed)}")
            if found := re.search(pattern, line):
                return found

    def stop(self, number: signal.Signals) -> int:
        """Send it a signal and return its exit code."""
        self._process.send_signal(number)
        return self._end()

    def close(self) -> None:
        """Let nothing of it stay behind, whatever became of the test."""
        if self._process.poll() is None:
            self._process.kill()
        self._end()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _end(self) -> int:
        code = self._process.wait(SECONDS)
        self._reader.join(SECONDS)
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.printed.append(line)
            self._lines.put(line)
        self._lines.put(None)


Starter = Callable[..., Program]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The examples, in a folder of their own that a program may write to."""
    shutil.copytree(
        REPOSITORY / "examples",
        tmp_path / "examples",
        ignore=shutil.ignore_patterns("__pycache__", "output", "*.db*", ".pytest_cache"),
    )
    return tmp_path


@pytest.fixture
def start(checkout: Path) -> Iterator[Starter]:
    """Starts an example by the line of its README, serving on a port that is free."""
    programs: list[Program] = []

    def start(example: str, *, line: int = 0) -> Program:
        words = line_of(checkout / "examples" / example / "README.md", line=line)
        program = Program(words, folder=checkout, environ={"PORT": "0", "UVICORN_PORT": "0"})
        programs.append(program)
        return program

    yield start
    for program in programs:
        program.close()
