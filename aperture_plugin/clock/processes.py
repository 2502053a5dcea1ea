"""Whether another process of this machine still lives, and how to end what it left running."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from aperture_plugin.ports import RUN_VARIABLE

__all__ = ["boot_identity", "end_group", "here", "is_alive"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MACHINE_ID = Path("/etc/machine-id")
_NUMBERS = Path("/proc/self/ns/pid")
_OF_THE_MACHINE: Final = "pid:[4026531836]"
"""The space of process numbers that is the machine's own, on every Linux."""


def boot_identity(pid: int) -> str:
    """Return what tells process *pid* from any other that ever had its number: where, this boot, and when it began.

    Returns:
        Text to compare for equality, which begins with where such numbers mean anything (see `here`) and a slash;
        empty if there is no such process.
    """
    stat = Path(f"/proc/{pid}/stat")
    try:
        # The second field is a name in brackets that may hold anything; the 22nd is the start, in ticks since boot.
        fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        if fields[0] in {"Z", "X"}:
            return ""
        return f"{here()}/{_boot_id()}/{fields[19]}"
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return ""
    return _told_by_ps(pid)


def here() -> str:
    """Return what tells the space of process numbers that this process lives in from any other.

    Two containers have numbers of their own though they may be called by one name, and so have two machines. That of
    a machine is the same after a boot, so that what ran before it is known to be dead; that of a container is not
    known again.
    """
    return _here(os.getpid())


@lru_cache(maxsize=1)
def _here(_process: int) -> str:
    try:
        numbers = str(_NUMBERS.readlink())
    except OSError:
        return ""
    machine = ""
    if numbers == _OF_THE_MACHINE:
        with suppress(OSError):
            machine = _MACHINE_ID.read_text(encoding="ascii", errors="replace").strip()
    # A machine's own id is nobody's business but its own.
    return sha256(f"aperture {machine or f'{_boot_id()} {numbers}'}".encode()).hexdigest()[:16]


def _boot_id() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip()


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
    began = told.stdout.strip()
    return f"{here()}/{began}" if began else ""
