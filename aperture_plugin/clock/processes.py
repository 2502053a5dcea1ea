"""Whether another process of this machine still lives, and how to end what it left running."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

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


def end_group(group: int) -> None:
    """End a process group by SIGKILL; one that is gone already is passed over."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _told_by_ps(pid: int) -> str:
    """Return when a process began, where there is no /proc to read it from (macOS, BSD)."""
    told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return told.stdout.strip()
