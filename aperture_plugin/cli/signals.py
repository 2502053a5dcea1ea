"""SIGTERM and SIGINT as a wish to stop, the second of them as impatience, and SIGHUP as a wish to look at the file."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Final, Self

__all__ = ["SIGNALS", "Stop", "StoppedWhileStarting", "end_cleanly_before_start"]

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def end_cleanly_before_start() -> None:
    """Make SIGTERM end the process with 0 while nothing has begun; `Stop` takes its place later."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _end_at_once)


def _end_at_once(_number: int, _frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, b"stopped before it had begun\n")
    os._exit(0)


class StoppedWhileStarting(BaseException):
    """A signal to stop came before there was anything to stop; no plugin that is being loaded may catch it."""


class Stop:
    """Within its block a signal to stop is counted instead of obeyed; the third one is obeyed again.

    Only the command line takes signals: an embedded `Aperture` leaves its host's alone.

    Attributes:
        number: The signal that came first; None before any came.
    """

    def __init__(self, on_hangup: Callable[[], object] | None = None) -> None:
        """Make a handler that takes no signal yet.

        Args:
            on_hangup: Called in the main thread, between any two of its steps, for each SIGHUP but that of a terminal
                which was closed; None where every SIGHUP is a wish to stop.
        """
        self.asked = threading.Event()
        self.insisted = threading.Event()
        self.number: int | None = None
        self._on_hangup = on_hangup
        self._terminals = [stream for stream in (sys.stdin, sys.stdout, sys.stderr) if _is_terminal(stream)]
        self._is_starting = self._is_kept = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            before = signal.getsignal(number)
            if before is signal.SIG_IGN:
                continue  # As `nohup` leaves it: the caller wants it ignored.
            self._before[number] = signal.SIG_DFL if before is _end_at_once else before
            signal.signal(number, self._heard)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # A restart has them wait until they are counted again.
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Within this block a signal to stop raises `StoppedWhileStarting`, and a second one ends the process."""
        self._is_starting = True
        try:
            if self.asked.is_set():
                raise StoppedWhileStarting
            yield
        finally:
            self._is_starting = self._is_kept = False

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """From this block on, which is inside of `starting`, a signal to stop is counted: jobs may have begun."""
        self._is_kept = True
        yield

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP and self._on_hangup is not None and not self._terminal_is_gone():
            self._on_hangup()
            return
        if self.asked.is_set():
            self.insisted.set()
            self._restore()
            if self._is_starting:
                os.kill(os.getpid(), number)
            return
        self.number = number
        self.asked.set()
        if self._is_starting and not self._is_kept:
            raise StoppedWhileStarting

    def _terminal_is_gone(self) -> bool:
        """Return whether a terminal that was there in the beginning has been closed."""
        return not all(map(_is_terminal, self._terminals))

    def _restore(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before = {}


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream is not None and stream.isatty())
    except (OSError, ValueError):  # It was closed.
        return False
