"""Process 1 of a container: it collects the orphans that the system gives it, which a scheduler leaves plenty of."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import Final, NoReturn

__all__ = ["leave_first_process"]

_FORWARDED: Final = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
)


def leave_first_process() -> None:
    """Go on in a child where this is process 1; process 1 itself hands signals on, reaps, and ends as the child does.

    It must be called before any thread is started. Elsewhere it does nothing: some other process 1 reaps.
    """
    if os.getpid() == 1:
        look_after(os.fork())


def look_after(child: int) -> None:
    """Return in the child that a fork gave 0 to; in its parent never return.

    Args:
        child: The return value of `os.fork`.
    """
    if child == 0:
        os.setpgid(0, 0)
        _take_terminal()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.setpgid(child, child)  # The first of the two to get here does it.
    for number in _FORWARDED:
        signal.signal(number, lambda got, _frame: _hand_on(child, got))
    _reap(child)


def _hand_on(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)


def _reap(child: int) -> NoReturn:
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _take_terminal() -> None:
    """Make the child the one that receives Ctrl-C from the terminal, if there is one."""
    with contextlib.suppress(OSError, ValueError):
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
        finally:
            signal.signal(signal.SIGTTOU, before)
