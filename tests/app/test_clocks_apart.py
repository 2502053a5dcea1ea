"""Real loops on PostgreSQL whose clocks are ten minutes fast, ten slow, or set while they run: the server's counts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from aperture_plugin.app.audit import audit
from aperture_plugin.store.connect import open_store
from tests.store.databases import database

LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
)

# The date is taken without the library: it is the time that the server has, which runs on this machine.
FILE = """\
timezone: UTC
queues:
  default: 4
schedules:
  scan:
    schedule: every 2 seconds
    overlap: allow
    command: echo "$APERTURE_SLOT $(env -u LD_PRELOAD date -u +%s.%N)" >> ran
"""


@pytest.fixture
def library() -> str:
    """The path of libfaketime, which gives a process a wall clock of its own."""
    found = next((path for path in LIBRARIES if Path(path).exists()), None)
    if found is None:
        pytest.skip("no libfaketime")
    return found


@pytest.fixture
def state() -> Iterator[str]:
    with database() as url:
        yield url


class Machines:
    """Processes in one folder whose wall clocks are off."""

    def __init__(self, folder: Path, state: str, library: str) -> None:
        self.folder = folder
        self.store = open_store(state, directory=folder)
        self.store.open()
        self.environ = {
            **os.environ,
            "TZ": "UTC",
            "APERTURE_STATE": state,
            "LD_PRELOAD": library,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",  # Else a clock that is set is noticed ten seconds later.
            "NO_FAKE_STAT": "1",
        }
        (folder / "schedules.yaml").write_text(FILE)

    def set_clock(self, name: str, off: str) -> None:
        """Set the clock of a machine, whether it runs or not."""
        (self.folder / f"{name}.new").write_text(off)
        (self.folder / f"{name}.new").rename(self.folder / f"{name}.clock")

    def _on(self, name: str) -> dict[str, str]:
        return {**self.environ, "FAKETIME_TIMESTAMP_FILE": str(self.folder / f"{name}.clock")}

    @contextmanager
    def loop(self, name: str, off: str) -> Iterator[None]:
        """Run a loop on a machine whose clock is *off*."""
        self.set_clock(name, off)
        words = [sys.executable, "-m", "aperture_plugin", "start", "schedules.yaml"]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(words, cwd=self.folder, env=self._on(name), stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                assert process.wait(60) == 0
            finally:
                process.kill()

    def skews(self) -> list[int]:
        """Return what the loops publish, in whole seconds."""
        return sorted(round(loop.details["skew"]) for loop in self.store.loops())

    def ran(self) -> dict[str, list[float]]:
        """Return when each slot ran, in seconds after it was due, by a clock that is right."""
        found: dict[str, list[float]] = {}
        path = self.folder / "ran"
        for line in path.read_text().splitlines() if path.exists() else ():
            slot, at = line.split()
            found.setdefault(slot, []).append(float(at) - datetime.fromisoformat(slot).timestamp())
        return found

    def pass_slots(self, count: int) -> None:
        """Wait until so many more slots have run."""
        wanted = len(self.ran()) + count
        until(lambda: len(self.ran()) >= wanted)


def is_published(machines: Machines, skew: int) -> bool:
    return skew in machines.skews()


def until(condition: Callable[[], bool], seconds: float = 90) -> None:
    """Wait for a real condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


@pytest.mark.parametrize("slots", [2, pytest.param(30, marks=pytest.mark.long)])
def test_no_slot_runs_early_or_twice_or_is_lost_whatever_the_clocks_show(
    tmp_path: Path, state: str, library: str, slots: int
) -> None:
    machines = Machines(tmp_path, state, library)
    with machines.loop("fast", "+10m"), machines.loop("slow", "-10m"), machines.loop("third", "+0"):
        until(lambda: machines.skews() == [-600, 0, 600])
        machines.pass_slots(slots)
        for off, skew in (("+20m", 1200), ("-3h", -10800)):
            machines.set_clock("third", off)
            machines.pass_slots(slots)
            until(partial(is_published, machines, skew))

    ran, now = machines.ran(), datetime.now(UTC)
    total = audit(machines.store, since=now - timedelta(hours=1), until=now, now=now).total
    machines.store.close()
    assert {slot: len(late) for slot, late in ran.items() if len(late) > 1} == {}, "a slot ran twice"
    assert min(late for [late] in ran.values()) > -2.0
    assert (total.ran, total.skipped, total.merged, total.unaccounted) == (len(ran), 0, 0, ())
    for name, word in (("fast", "10 min ahead of"), ("slow", "10 min behind"), ("third", "20 min ahead of")):
        assert f"this machine's clock is {word} the store's" in (tmp_path / f"{name}.log").read_text()
