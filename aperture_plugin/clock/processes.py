"""Whether another process of this machine still lives, and how to end what it left running."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from aperture_plugin.ports import RUN_VARIABLE

__all__ = ["boot_identity", "end_group", "is_alive"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_identity(pid: int) -> str:
    """Return what tells process *pid* from any other that ever had its number: this boot, and when it began.

    Returns:
        Text to compare for equality; empty if there is no such process.
    """
    stat = Path(f"/proc/{pid}/stat")
    try:
        # The second field is a name in brackets that may hold anything; the 22nd is the start, in ticks since boot.
        fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        if fields[0] in {"Z", "X"}:
            return ""
        return f"{_BOOT_ID.read_text(encoding='ascii').strip()}/{fields[19]}"
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return ""
    return _told_by_ps(pid)


def is_alive(pid: int, boot: str) -> bool:
    """Say whether the process that had *pid* and *boot* still lives."""
    return boot != "" and boot_identity(pid) == boot


def end_group(group: int | None, run_id: str) -> None:
    """End by SIGKILL the process group that a dead process left running for a run.

    None stands for a group whose number nobody wrote down in time: it is found by the run's id, which every program
    that a run starts has in its environment. Where environments cannot be looked at, it is not found.

    The system may have given its number away since, all the more after a boot. So it is ended only where one of its
    processes has the run's id in its environment, as every program that a run starts has; where environments cannot
    be looked at, the number has to do.
    """
    if group is None:
        found = {_group_of(process) for process in _processes() if _works_for(run_id, process)}
        for number in found - {0, os.getpgrp()}:  # Never our own, which 0 would stand for too.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(number, signal.SIGKILL)
        return
    with suppress(ProcessLookupError, PermissionError):
        if not Path("/proc/self/environ").exists() or any(_works_for(run_id, pid) for pid in _members(group)):
            os.killpg(group, signal.SIGKILL)


def _members(group: int) -> Iterator[Path]:
    """Yield the folder in /proc of each process of a group."""
    return (process for process in _processes() if _group_of(process) == group)


def _processes() -> Iterator[Path]:
    """Yield the folder in /proc of each process, where there is such a folder."""
    proc = Path("/proc")
    return (process for process in (proc.iterdir() if proc.exists() else ()) if process.name.isdigit())


def _group_of(process: Path) -> int:
    """Return the process group of a process; 0, which is nobody's, for one that has ended meanwhile."""
    with suppress(OSError, ProcessLookupError):
        stat = (process / "stat").read_text(encoding="ascii", errors="replace")
        return int(stat.rpartition(")")[2].split()[2])
    return 0


def _works_for(run_id: str, process: Path) -> bool:
    with suppress(OSError, ProcessLookupError):
        return f"{RUN_VARIABLE}={run_id}".encode() in (process / "environ").read_bytes().split(b"\0")
    return False


def _told_by_ps(pid: int) -> str:
    """Return when a process began, where there is no /proc to read it from (macOS, BSD)."""
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return told.stdout.strip()
