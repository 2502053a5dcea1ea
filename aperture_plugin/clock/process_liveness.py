"""Checks whether another process of this machine lives.

psutil, tried in its place, knows neither PID namespaces nor boots, and its start times move with the wall clock.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

__all__ = ["boot_identity", "here", "holders", "is_alive"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MACHINE_ID = Path("/etc/machine-id")
_NUMBERS = Path("/proc/self/ns/pid")
_OF_THE_MACHINE: Final = "pid:[4026531836]"
"""The inode of the initial PID namespace, on every Linux."""


def boot_identity(pid: int) -> str:
    """Return the identity of process *pid*, which no other process with its number ever has: place, boot, start time.

    Returns:
        Text to compare for equality, which begins with the PID namespace (see `here`) and a slash; empty if there
        is no such process.
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
    return _start_by_ps(pid)


def here() -> str:
    """Return the identity of the PID namespace that this process lives in.

    Two containers, and two machines, have numbers of their own even if they have one host name. A machine's identity
    is the same after a boot, so that what ran before the boot is known to be dead; a container's is new each time.
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
    # The machine's id is confidential (machine-id(5)), so it is hashed.
    return sha256(f"aperture {machine or f'{_boot_id()} {numbers}'}".encode()).hexdigest()[:16]


def _boot_id() -> str:
    return _BOOT_ID.read_text(encoding="ascii").strip()


def is_alive(pid: int, boot: str) -> bool:
    """Return whether the process that had *pid* and *boot* still lives."""
    return boot != "" and boot_identity(pid) == boot


def holders(path: Path) -> list[int]:
    """Return the other Python processes of this machine that have *path* open, or had it open when it was deleted.

    Processes of other users, and systems without /proc, show nothing.
    """
    names = {str(path.resolve()), f"{path.resolve()} (deleted)"}
    found = []
    for process in _processes():
        if process.name == str(os.getpid()):
            continue
        with suppress(OSError):
            opened = {str(one.readlink()) for one in (process / "fd").iterdir()}
            words = (process / "cmdline").read_bytes().split(b"\0")
            if opened & names and any(b"aperture" in word or b"python" in word for word in words[:3]):
                found.append(int(process.name))
    return sorted(found)


def _processes() -> Iterator[Path]:
    """Yield the folder in /proc of each process, where there is such a folder."""
    proc = Path("/proc")
    return (process for process in (proc.iterdir() if proc.exists() else ()) if process.name.isdigit())


def _start_by_ps(pid: int) -> str:
    """Return when a process began, where there is no /proc to read it from (macOS, BSD)."""
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    began = found.stdout.strip()
    return f"{here()}/{began}" if began else ""
