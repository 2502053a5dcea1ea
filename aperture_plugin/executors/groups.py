"""Process groups: a program, and all that it started and that did not go its own way.

A signal goes to the whole group, because a shell that dies alone leaves its pipeline running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path
from time import monotonic
from typing import Final

__all__ = ["GRACE_SECONDS", "Group", "signal_name"]

GRACE_SECONDS: Final = 5.0
"""Between the request to end and the end by force."""


def signal_name(number: int) -> str:
    """Return a signal's name.

    >>> signal_name(9)
    'SIGKILL'
    """
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Group:
    """The process group that *process* leads; it was started with `start_new_session`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.id: Final = process.pid
        self._process = process
        self._grace_seconds = GRACE_SECONDS
        self._lock = threading.Lock()
        self._may_signal = True
        self._timer: threading.Timer | None = None

    def wait(self) -> int | None:
        """Wait for the leader's end, end what it left behind, and return its exit code.

        Returns:
            The code, a signal's as a negative number; None where something else in this process (a host
            that ignores SIGCHLD, or waits for any child) took it away.
        """
        is_ours = self._wait_for_leader()
        code = self._process.wait()
        self._end_the_rest()
        with self._lock:
            # From here on the number may be given to somebody else's process.
            self._may_signal = False
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()  # Its thread is gone when we say that the group is.
        return code if is_ours else None

    def terminate(self) -> None:
        """Ask the whole group to end, and end it by force when it has not after the grace."""
        with self._lock:
            if not self._send(signal.SIGTERM) or self._timer is not None:
                return
            # A stopped process hears nothing but this.
            self._send(signal.SIGCONT)
            self._begin_grace()

    def kill_later(self) -> None:
        """End the whole group by force when it has not ended by itself after the grace."""
        with self._lock:
            if self._may_signal and self._timer is None:
                self._begin_grace()

    def kill(self) -> bool:
        """End the whole group by force; say whether there was anything to end."""
        with self._lock:
            return self._send(signal.SIGKILL)

    def _begin_grace(self) -> None:
        self._timer = threading.Timer(self._grace_seconds, self.kill)
        self._timer.name = f"aperture-ends-{self.id}"
        self._timer.daemon = True
        self._timer.start()

    def _wait_for_leader(self) -> bool:
        """Wait, where the system can, without freeing the leader's number; say whether its end is ours to see."""
        if hasattr(os, "waitid"):
            try:
                os.waitid(os.P_PID, self.id, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                return False
        return True

    def _end_the_rest(self) -> None:
        """End what the leader left running: the job is over, and so are its children.

        They are asked first. While one of them lives the group's number cannot be given away.
        """
        with self._lock:
            if not self._send(signal.SIGTERM):
                return
            self._send(signal.SIGCONT)
        until, pause, seconds = monotonic() + self._grace_seconds, threading.Event(), 0.002
        while self._is_there():
            if monotonic() >= until:
                self.kill()
                return
            pause.wait(seconds)
            seconds = min(2 * seconds, 0.1)

    def _is_there(self) -> bool:
        """Whether a member of the group lives."""
        # As the first process of a container we inherit orphans, and nobody else will ever collect them.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-self.id, os.WNOHANG)[0]:
                pass
        with self._lock:
            # One that ended and that its new parent has not collected yet can still be signalled.
            return self._send(0) and _has_living_members(self.id)

    def _send(self, number: int) -> bool:
        if not self._may_signal:
            return False
        try:
            os.killpg(self.id, number)
        except (ProcessLookupError, PermissionError):  # Nobody is left, or only what runs as somebody else.
            return False
        return True


def _has_living_members(group: int) -> bool:
    """Say whether a process of *group* is more than an entry that nobody collected; True where we cannot know."""
    if not Path("/proc/self/stat").exists():
        return True
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, pgrp = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
            except (OSError, ValueError):  # It ended while we looked.
                continue
            if int(pgrp) == group and state not in "ZX":
                return True
    return False
