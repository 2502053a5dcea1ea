"""`aperture start` as a service: signals, systemd, process 1 of a container, and plugins that change."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from aperture_plugin import Aperture
from aperture_plugin.cli.service_manager import ServiceManager
from aperture_plugin.cli.signals import Stop
from aperture_plugin.loop.loop import Loop
from aperture_plugin.testing import World
from tests.cli.conftest import Terminal

FILE = "schedules:\n  tick:\n    schedule: manual\n    command: echo tock\n"
HOOK = """\
from aperture_plugin import Job, hookimpl


@hookimpl
def aperture_jobs():
    yield Job("scan", lambda run: None)
"""


class Manager:
    """A service manager that listens on a real socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        self._socket.settimeout(30)
        self._heard: list[str] = []

    def hears(self, line: str) -> list[str]:
        """Wait for a message with a line that begins so, and return its lines."""
        until = (
            time.monotonic() + 60
        )  # Each signal of life is a message too: only this ends a wait for what never comes.
        while time.monotonic() < until:
            lines = self._socket.recv(4096).decode().split("\n")
            self._heard += lines
            if any(one.startswith(line) for one in lines):
                return lines
        raise AssertionError(f"no {line} among {self._heard}")

    def has_heard(self, line: str) -> None:
        """Wait until there was such a line in any message so far."""
        if line not in self._heard:
            self.hears(line)

    def close(self) -> None:
        self._socket.close()


@pytest.mark.parametrize("space", ["abstract", "file"])
def test_systemd_is_told_what_goes_on(terminal: Terminal, space: str) -> None:
    manager = Manager(f"@aperture-test-{os.getpid()}" if space == "abstract" else "notify.socket")
    address = manager.address if space == "abstract" else str(terminal.folder / "notify.socket")
    terminal.write(FILE.replace("echo tock", "test -z $NOTIFY_SOCKET"))
    loop = terminal.begin("start", NOTIFY_SOCKET=address, WATCHDOG_USEC="300000")

    ready = manager.hears("READY=1")
    manager.hears("WATCHDOG=1")
    manager.hears("WATCHDOG=1")
    terminal.write(
        FILE.replace("echo tock", "test -z $NOTIFY_SOCKET") + "  b:\n    schedule: manual\n    command: ls\n"
    )
    loop.send_signal(signal.SIGHUP)
    reloading = manager.hears("RELOADING=1")
    manager.hears("READY=1")
    manager.has_heard("STATUS=2 jobs of schedules.yaml")  # Before READY where the watch saw the file before the signal.
    ran = terminal.look("run", "tick", "--wait")
    loop.terminate()
    stopping = manager.hears("STOPPING=1")
    loop.communicate(timeout=30)
    manager.close()

    assert ready == ["READY=1", "STATUS=1 job of schedules.yaml"]
    assert 0 <= time.monotonic() - int(reloading[1].removeprefix("MONOTONIC_USEC=")) / 1e6 < 60
    assert stopping[1:] == ["STATUS=stopping; what runs is given 30 s", "EXTEND_TIMEOUT_USEC=50000000"]
    assert (ran.code, loop.returncode) == (0, 0)


def test_a_manager_that_is_not_there_or_asks_another_process_is_told_nothing() -> None:
    environ = {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1", "HOME": "/"}

    manager = ServiceManager(environ)
    manager.ready("well")
    manager.alive()

    assert manager.watchdog_seconds is None
    assert environ == {"HOME": "/"}
    manager.give_back(environ)
    assert environ["NOTIFY_SOCKET"] == "/nowhere/at/all"


def test_a_hangup_has_the_file_looked_at_and_stops_nothing(terminal: Terminal) -> None:
    terminal.write(FILE)
    loop = terminal.begin("start")
    terminal.until(terminal.runs)

    terminal.write(FILE.replace("tick", "tack"))
    loop.send_signal(signal.SIGHUP)
    terminal.until(lambda: "tack" in terminal.look("status").out)
    loop.terminate()
    _, log = loop.communicate(timeout=30)

    assert loop.returncode == 0
    assert "stopped" in log.splitlines()[-1]  # Or "stopped before it had begun": the store shows it a moment earlier.


@pytest.mark.parametrize("words", [[], ["--web", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]], ids=["alone", "web"])
def test_a_signal_while_it_still_starts_ends_it(terminal: Terminal, words: list[str]) -> None:
    terminal.write(FILE)
    terminal.write("import time\n\nopen('begun', 'w').close()\ntime.sleep(600)\n", "hooks/slow.py")
    loop = terminal.begin("start", *words)
    terminal.until((terminal.folder / "begun").exists)

    loop.terminate()
    _, log = loop.communicate(timeout=20)

    assert (loop.returncode, log.splitlines()[-1]) == (0, "stopped before it had begun")


def test_a_signal_that_comes_once_the_loop_has_begun_stops_it_cleanly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(FILE)
    begin = Loop.begin

    def begin_and_be_stopped(loop: Loop) -> None:
        begin(loop)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Loop, "begin", begin_and_be_stopped)
    aperture = Aperture(world.file, watch=False)
    with Stop() as stop, stop.starting():
        aperture.start(uninterrupted=stop.uninterrupted)
        was_asked, runs = stop.asked.is_set(), aperture.is_running
        aperture.stop(1)

    assert (was_asked, runs, aperture.is_running) == (True, True, False)


def test_a_signal_that_comes_before_anything_is_loaded_ends_it_with_0(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom aperture_plugin import cli\nsys.argv = ['aperture', 'start']\n"
        "cli.cli.main = lambda: os.kill(os.getpid(), signal.SIGTERM)\ncli.main()"
    )

    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "stopped before it had begun\n")


def test_a_hook_that_hangs_holds_up_no_stop(terminal: Terminal) -> None:
    terminal.write(FILE)
    terminal.write(
        "import pathlib, time\nfrom aperture_plugin import hookimpl\n\n\n@hookimpl\ndef aperture_lint(config):\n"
        "    if 'tack' in config.jobs:\n        pathlib.Path('hangs').touch()\n        time.sleep(600)\n",
        "hooks/hanging.py",
    )
    loop = terminal.begin("start")
    terminal.until(terminal.runs)
    terminal.write(FILE.replace("tick", "tack"))
    terminal.until((terminal.folder / "hangs").exists)

    loop.terminate()
    loop.communicate(timeout=20)

    assert loop.returncode == 0


def test_a_plugin_that_changes_is_told_and_with_reload_taken_in(terminal: Terminal) -> None:
    terminal.write("schedules:\n  scan: manual\n")
    terminal.write(HOOK, "hooks/jobs.py")
    told, reloading = terminal.begin("start"), terminal.begin("start", "--reload", "--state", "sqlite:///other.db")
    terminal.until(terminal.runs)

    def restarted() -> dict[str, Any]:
        """Return what the loop says that starts anew."""
        status: dict[str, Any] = terminal.look("status", "--format", "json", "--state", "sqlite:///other.db").json
        return status

    began = terminal.until(lambda: restarted()["running"] and restarted())

    terminal.write(HOOK + '    yield Job("index", lambda run: None)\n', "hooks/jobs.py")
    terminal.write("schedules:\n  scan: manual\n  index: manual\n")
    refused = terminal.until(lambda: terminal.look("status", "--format", "json").json["config"]["rejected"])
    terminal.until(lambda: "hooks/jobs.py has changed since the loop began" in terminal.look("status").out)
    terminal.until(lambda: restarted()["since"] not in {None, began["since"]} and not restarted()["config"]["rejected"])
    again = restarted()
    told.terminate()
    reloading.terminate()
    (_, log), (_, log_of_reload) = told.communicate(timeout=30), reloading.communicate(timeout=30)

    assert refused["problems"][0]["hint"].startswith(
        "hooks/jobs.py has changed since the loop began, and plugins are read at its start: restart it\n"
    )
    assert "hooks/jobs.py has changed since the loop began, and plugins are read at its start; restart it" in log
    assert "hooks/jobs.py has changed: starting anew" in log_of_reload
    assert (again["pid"], reloading.returncode) == (began["pid"], 0)
    assert [job["job"] for job in again["jobs"]] == ["scan", "index"]


def test_process_1_collects_orphans_hands_signals_on_and_ends_as_its_child_does(tmp_path: Path) -> None:
    program = """
import ctypes, os, signal, subprocess, sys, time
from aperture_plugin.cli.first_process import look_after
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans come here, as they come to process 1.
parent = os.getpid()
look_after(os.fork())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
for _ in range(5):
    subprocess.run(["sh", "-c", "sleep 0.05 & exit 0"])

def children():
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state, above = open(f"/proc/{name}/stat").read().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(above) == parent:
            found[int(name)] = state
    return found

until = time.monotonic() + 10
while set(children()) != {os.getpid()} and time.monotonic() < until:
    time.sleep(0.02)
print(sorted(children()) == [os.getpid()], flush=True)
os.kill(parent, signal.SIGTERM)
time.sleep(60)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert (ran.stdout, ran.returncode) == ("True\n", 7), ran.stderr
