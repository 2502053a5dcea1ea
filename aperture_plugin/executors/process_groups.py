"""Process groups: a program, and everything it started that did not leave the group.

A signal goes to the whole group, because a shell that dies alone leaves its pipeline running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from aperture_plugin.executors.run_processes import end_processes

if TYPE_CHECKING:
    from aperture_plugin.executors.live_run import WorkerRun

__all__ = ["GRACE_SECONDS", "Group", "signal_name", "tell_left"]

GRACE_SECONDS: Final = 5.0
"""Seconds between SIGTERM and SIGKILL."""

_LAST_WORDS_SECONDS: Final = 0.1
"""Seconds for the rest of a group to end by itself after its leader, as the last program of a pipeline does."""

_MOST_NAMED: Final = 5


def signal_name(number: int) -> str:
    """Return a signal's name.

    >>> signal_name(9)
    'SIGKILL'
    """
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def tell_left(run: WorkerRun, group: Group, *, lives_on: bool = False) -> None:
    """Write to the log of *run* which processes its program left running in *group*, and whether they were ended."""
    if group.strayed:
        names = ", ".join(group.strayed[:_MOST_NAMED])
        names += f" and {len(group.strayed) - _MOST_NAMED} more" if len(group.strayed) > _MOST_NAMED else ""
        run.write("WARNING", f"ended what had left its process group: {names}")
    if not group.left:
        return
    names = ", ".join(group.left[:_MOST_NAMED])
    names += f" and {len(group.left) - _MOST_NAMED} more" if len(group.left) > _MOST_NAMED else ""
    if lives_on:
        run.write("INFO", f"left running in the background: {names}")
    else:
        run.write("WARNING", f"ended what it had left running in the background: {names}")


class Group:
    """The process group that *process* leads; it was started with `start_new_session`.

    Attributes:
        strayed: After `wait`, where the group was asked to end: processes that had left the group, and were ended too.
        left: After `wait`: the processes that the leader left running, as `name (pid)`; empty if the group was asked
            to end.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], run_id: str, *, attempt: int | None = None, spares: bool = False
    ) -> None:
        """Take a process that was just started.

        Args:
            run_id, attempt: What its environment has, and that of whatever it starts; None for no attempt.
            spares: True if processes that the leader leaves running live on, unless the group was asked to end.
        """
        self._run_id = run_id
        self._attempt = attempt
        self.strayed: tuple[str, ...] = ()
        self._asked_at: float | None = None
        self.id: Final = process.pid
        self.left: tuple[str, ...] = ()
        self._spares = spares
        self._was_asked = False
        self._process = process
        self._grace_seconds = GRACE_SECONDS
        self._lock = threading.Lock()
        self._may_signal = True
        self._timer: threading.Timer | None = None

    def wait(self) -> int | None:
        """Wait for the leader's end, end what it left behind, and return its exit code.

        Returns:
            The exit code, negative for a signal; None if something else in this process took it (a host that ignores
            SIGCHLD, or waits for any child).
        """
        is_ours = self._wait_for_leader()
        code = self._process.wait()
        if self._goes_on() and not self._was_asked:
            self.left = tuple(_members_of(self.id)) or ("processes that cannot be named here",)
        if self._was_asked or not self._spares:
            self._end_the_rest()
        if self._was_asked:
            spent = self._grace_seconds if self._asked_at is None else monotonic() - self._asked_at
            grace_seconds = max(0.0, self._grace_seconds - spent)
            self.strayed = tuple(end_processes(self._run_id, self._attempt, grace_seconds=grace_seconds))
        with self._lock:
            # From here on the number may be given to another process.
            self._may_signal = False
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()  # Its thread has ended when this returns.
        return code if is_ours else None

    def terminate(self) -> None:
        """Ask the whole group to end, and end it by force after the grace."""
        with self._lock:
            self._was_asked = True
            self._asked_at = self._asked_at or monotonic()
            if not self._send(signal.SIGTERM) or self._timer is not None:
                return
            # A stopped process receives SIGTERM only after SIGCONT.
            self._send(signal.SIGCONT)
            self._begin_grace()

    def kill_later(self) -> None:
        """End the whole group by force if it has not ended by itself after the grace."""
        with self._lock:
            if self._may_signal and self._timer is None:
                self._begin_grace()

    def kill(self) -> bool:
        """End the whole group by force; return whether there was anything to end."""
        with self._lock:
            self._was_asked = True
            return self._send(signal.SIGKILL)

    def _begin_grace(self) -> None:
        self._timer = threading.Timer(self._grace_seconds, self.kill)
        self._timer.name = f"aperture-ends-{self.id}"
        self._timer.daemon = True
        self._timer.start()

    def _wait_for_leader(self) -> bool:
        """Wait without freeing the leader's number, if possible; return whether its exit code is still there."""
        if hasattr(os, "waitid"):
            try:
                os.waitid(os.P_PID, self.id, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                return False
        return True

    def _goes_on(self) -> bool:
        """Return whether the leader has left processes that do not end by themselves within a moment."""
        return not self._ends_within(_LAST_WORDS_SECONDS)

    def _end_the_rest(self) -> None:
        """End the processes that the leader left running, first by SIGTERM.

        While one of them lives, the group's number cannot be reused.
        """
        with self._lock:
            if not self._send(signal.SIGTERM):
                return
            self._send(signal.SIGCONT)
        if not self._ends_within(self._grace_seconds):
            self.kill()

    def _ends_within(self, grace_seconds: float) -> bool:
        """Wait for the end of all members, at most *grace_seconds*; return whether they have ended."""
        until, pause, seconds = monotonic() + grace_seconds, threading.Event(), 0.002
        while self._is_there():
            if monotonic() >= until:
                return False
            pause.wait(seconds)
            seconds = min(2 * seconds, 0.1)
        return True

    def _is_there(self) -> bool:
        """True while a member of the group lives."""
        # As the first process of a container this process inherits orphans, and no other process reaps them.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-self.id, os.WNOHANG)[0]:
                pass
        with self._lock:
            # A zombie that its new parent has not reaped yet still accepts signals.
            return self._send(0) and _has_living_members(self.id)

    def _send(self, number: int) -> bool:
        if not self._may_signal:
            return False
        try:
            os.killpg(self.id, number)
        except (ProcessLookupError, PermissionError):  # No process is left, or only processes of another user.
            return False
        return True


def _has_living_members(group: int) -> bool:
    """Return whether a process of *group* is not a zombie; True if that cannot be found out."""
    return not Path("/proc/self/stat").exists() or any(True for _ in _members_of(group))


def _members_of(group: int) -> Iterator[str]:
    """Yield each living process of *group* as `name (pid)`; none without /proc."""
    for entry in Path("/proc").iterdir() if Path("/proc/self/stat").exists() else ():
        if entry.name.isdigit():
            try:
                name, _, fields = (entry / "stat").read_text(errors="replace").rpartition(")")
                state, _, pgrp = fields.split()[:3]
            except (OSError, ValueError):  # It ended meanwhile.
                continue
            if int(pgrp) == group and state not in "ZX":
                yield f"{name.partition('(')[2]} ({entry.name})"
