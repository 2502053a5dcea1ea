"""The processes of a run, wherever they have gone: found by the run's id, which each has in its environment.

A program that makes a session of its own (`setsid`, a double fork) leaves its process group, and no signal to the group
reaches it. Where there is no /proc, or where a process belongs to another user or has cleared its environment, it is
not found.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from aperture_plugin.ports import RUN_VARIABLE

__all__ = ["end_group", "end_processes", "name_of", "processes_of", "send"]

_SWEEPS = 5
"""A program that forks while it is looked for is looked for again, so often."""


def end_group(group: int | None, run_id: str) -> None:
    """End by SIGKILL what a dead process left running for a run: its process group, and what has left that group.

    None means that the number of the group was not recorded in time. The system may have given the number to another
    group since. So only processes are ended that have the run's id in their environment; where environments cannot be
    read, the number alone decides.
    """
    if not Path("/proc/self/environ").exists():
        if group is not None and group > 1:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        return
    for _ in range(_SWEEPS):
        found = processes_of(run_id)
        if not found:
            return
        groups = {_group_of(pid) for pid in found} if group is None else {group} & {_group_of(pid) for pid in found}
        for number in groups - {0, 1, os.getpgrp()}:  # Never our own group, which 0 means too.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(number, signal.SIGKILL)
        send(found, signal.SIGKILL)
        _gone_within(run_id, 0.2)


def end_processes(run_id: str, attempt: int | None, *, grace_seconds: float) -> list[str]:
    """End what is left of an attempt, by SIGKILL after *grace_seconds*; return what it was, as `name (pid)`."""
    found = processes_of(run_id, attempt)
    names = [name_of(pid) for pid in found]
    if found and grace_seconds > 0:
        send(found, signal.SIGTERM)
        send(found, signal.SIGCONT)
        _gone_within(run_id, grace_seconds, attempt)
    for _ in range(_SWEEPS):
        found = processes_of(run_id, attempt)
        if not found:
            break
        send(found, signal.SIGKILL)
        _gone_within(run_id, 0.2, attempt)
    return names


def processes_of(run_id: str, attempt: int | None = None) -> list[int]:
    """Return the living processes that have a run's id (and the *attempt*) in their environment, but never our own."""
    marks = {f"{RUN_VARIABLE}={run_id}".encode()}
    if attempt is not None:
        marks.add(f"APERTURE_ATTEMPT={attempt}".encode())
    found = []
    for pid in _numbers():
        with suppress(OSError):
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            if next(iter(marks)) in environment and marks <= {*environment.split(b"\0")} and _lives(pid):
                found.append(pid)
    return sorted(found)


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def name_of(pid: int) -> str:
    """Return a process as `name (pid)`."""
    with suppress(OSError):
        return f"{Path(f'/proc/{pid}/comm').read_text(errors='replace').strip()} ({pid})"
    return f"({pid})"


def _gone_within(run_id: str, seconds: float, attempt: int | None = None) -> bool:
    until, pause = monotonic() + seconds, 0.01
    while processes_of(run_id, attempt):
        if monotonic() >= until:
            return False
        sleep(pause)
        pause = min(2 * pause, 0.2)
    return True


def _numbers() -> Iterator[int]:
    proc, ours = Path("/proc"), os.getpid()
    for entry in proc.iterdir() if proc.exists() else ():
        if entry.name.isdigit() and int(entry.name) != ours:
            yield int(entry.name)


def _lives(pid: int) -> bool:
    return _fields(pid)[:1] not in ([], ["Z"], ["X"])


def _group_of(pid: int) -> int:
    """Return the process group of a process; 0, which no group has, for one that has ended meanwhile."""
    fields = _fields(pid)
    return int(fields[2]) if len(fields) > 2 else 0


def _fields(pid: int) -> list[str]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return []
