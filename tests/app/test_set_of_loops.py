"""Three loops on one PostgreSQL, each reached in another way, and one fault after the other.

One loop connects directly, one through pgbouncer with a clock that is ten minutes ahead, one is on a host of its own at
the other end of a network. Each slot runs once, whatever happens, and the account of all slots is whole.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from aperture_plugin.ports import RunQuery, StoreRefused, StoreUnavailable
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.store.connect import open_store
from tests.app.far_host import FarHost, far_host
from tests.app.test_clocks_apart import library
from tests.store.cluster import Cluster, cluster
from tests.store.pgbouncer import PgBouncer

__all__ = ["library"]

FILE = """\
timezone: UTC
queues:
  default: 4
defaults:
  overlap: allow
  missed: run once
  interrupted: run again
schedules:
"""
COMMAND = 'echo "$APERTURE_JOB $APERTURE_SLOT $APERTURE_ATTEMPT" >> ran'
JOBS = ("one", "two", "three")

FROZEN_SECONDS = 12.0
"""Longer than a lease: the others take over what a frozen or unreachable loop had."""


class LoopSet:
    """The three loops, and what happens to them."""

    def __init__(self, folder: Path, server: Cluster, bouncer: PgBouncer, far: FarHost, library: str) -> None:
        self.folder = folder
        self.server = server
        self.bouncer = bouncer
        self.far = far
        jobs = "".join(f"  {name}:\n    schedule: every 2 seconds\n    command: '{COMMAND}'\n" for name in JOBS)
        (folder / "schedules.yaml").write_text(FILE + jobs)
        ahead = {"LD_PRELOAD": library, "FAKETIME": "+10m", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        ahead["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        self._environ = {"near": {}, "ahead": ahead, "far": {}}
        self._urls = {"near": server.url, "ahead": bouncer.url, "far": server.url}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, name: str) -> None:
        """Start a loop."""
        words = [sys.executable, "-m", "aperture_plugin", "start", "schedules.yaml"]
        environ = {**os.environ, "TZ": "UTC", "APERTURE_STATE": self._urls[name], **self._environ[name]}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.far.words(*words) if name == "far" else words,
                cwd=self.folder,
                env=environ,
                stdout=log,
                stderr=log,
            )

    def end(self) -> dict[str, int]:
        """Stop all loops; return their exit codes."""
        for name, loop in self.running.items():
            if name == "far":  # unshare passes no signal on; its child is process 1 of that host.
                os.kill(_child_of(loop.pid), signal.SIGTERM)
            else:
                loop.terminate()
        codes = {}
        for name, loop in self.running.items():
            try:
                codes[name] = loop.wait(60)
            finally:
                loop.kill()
        return codes

    def kill_all(self) -> None:
        """End what still runs."""
        for loop in self.running.values():
            loop.kill()

    def beats(self) -> dict[str, int]:
        """Return the heartbeats of the loops on the store; none while that is away."""
        store = open_store(self.server.url, directory=self.folder)
        try:
            store.open()
            return {loop.id: loop.beat for loop in store.loops()}
        except (StoreUnavailable, StoreRefused):
            return {}
        finally:
            store.close()

    def slots_ran(self) -> Counter[tuple[str, str]]:
        """Return how often the program of each slot was started."""
        path = self.folder / "ran"
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter((job, slot) for job, slot, _ in map(str.split, lines))

    def settle(self) -> None:
        """Wait until three loops are alive, and each job has run twice more."""
        before = self.beats()
        self._until(lambda: sum(1 for name, beat in self.beats().items() if beat != before.get(name)) == 3)
        counted = Counter(job for job, _ in self.slots_ran())
        self._until(lambda: all(Counter(job for job, _ in self.slots_ran())[job] >= counted[job] + 2 for job in JOBS))

    def _until(self, holds: Callable[[], bool], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, "\n".join(
                [str(self.beats()), *((self.folder / f"{name}.log").read_text()[-3000:] for name in self.running)]
            )
            time.sleep(0.1)

    # ── faults ──

    def kill(self) -> None:
        self.running["near"].kill()
        self.running["near"].wait()
        self.begin("near")

    def freeze(self) -> None:
        self.running["near"].send_signal(signal.SIGSTOP)
        self._pass_slots(FROZEN_SECONDS)
        self.running["near"].send_signal(signal.SIGCONT)

    def cut(self) -> None:
        self.far.cut()
        self._pass_slots(FROZEN_SECONDS)
        self.far.join()

    def restart_bouncer(self) -> None:
        self.bouncer.stop()
        self.bouncer.start()

    def restart_server(self) -> None:
        self.server.stop()
        self.server.start()

    def _pass_slots(self, seconds: float) -> None:
        """Let the others run what is due in *seconds*."""
        counted = sum(self.slots_ran().values())
        self._until(lambda: sum(self.slots_ran().values()) >= counted + len(JOBS) * seconds / 2)


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@pytest.fixture
def loops(tmp_path: Path, library: str) -> Iterator[LoopSet]:
    """Three loops that run."""
    with ExitStack() as stack:
        far = stack.enter_context(far_host())
        server = stack.enter_context(cluster(address=far.here))
        (tmp_path / "bouncer").mkdir()
        bouncer = PgBouncer(server.url, tmp_path / "bouncer")
        bouncer.start()
        stack.callback(bouncer.stop)
        found = LoopSet(tmp_path, server, bouncer, far, library)
        for name in ("near", "ahead", "far"):
            found.begin(name)
        stack.callback(found.kill_all)
        assert make_url(server.url).host == far.here
        yield found


@pytest.mark.parametrize("minutes", [0, pytest.param(10, marks=pytest.mark.long)])
def test_each_slot_runs_once_whatever_happens_to_the_set(loops: LoopSet, minutes: float) -> None:
    until = time.monotonic() + 60 * minutes
    loops.settle()
    began = datetime.now(UTC)
    while True:
        for fault in (loops.kill, loops.freeze, loops.cut, loops.restart_bouncer, loops.restart_server):
            fault()
            loops.settle()
        if time.monotonic() >= until:
            break
    codes = loops.end()

    store = open_store(loops.server.url, directory=loops.folder)
    store.open()
    rows = store.history(RunQuery(limit=100_000))
    store.close()
    attempts: dict[str, list[Run]] = {}
    for run in rows:
        attempts.setdefault(run.id, []).append(run)
    started_again = {(run.job, f"{run.due:%Y-%m-%dT%H:%M:%SZ}") for run in rows if run.due and run.attempt > 1}
    audited = subprocess.run(
        [sys.executable, "-m", "aperture_plugin", "audit", "--from", began.isoformat()],
        cwd=loops.folder,
        env={**os.environ, "TZ": "UTC", "APERTURE_STATE": loops.server.url},
        capture_output=True,
        text=True,
        check=False,
    )
    twice = {slot for slot, count in loops.slots_ran().items() if count > 1}
    assert codes == dict.fromkeys(codes, 0)
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert twice <= started_again, "a slot ran twice, and nothing had cut it off"
    done = [[run for run in some if run.status is Status.COMPLETED] for some in attempts.values()]
    assert max(map(len, done)) == 1, "a frozen loop wrote over the end that another had written"
    claimed = Counter((run.job, run.due) for some in attempts.values() if (run := some[0]).due is not None)
    assert max(claimed.values()) == 1, "a slot has two runs"
