"""Lines of the log, written in a thread of their own as fast as their reader takes them."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TextIO

from aperture_plugin.cli.standard_streams import forget_if_gone, takes_text

__all__ = ["LogWriter"]

_MOST: Final = 10_000
"""Lines that wait for their reader; what comes beyond them is counted, and not kept."""

_PIECE: Final = 4096
"""Bytes that a pipe which takes any takes whole (PIPE_BUF of Linux)."""

_LAST_SECONDS: Final = 2.0
"""Time that the end waits for a reader that does not keep up."""

_LOOK_SECONDS: Final = 0.05


class LogWriter:
    """Takes lines from any thread and never makes it wait.

    Args:
        stream: A stream whose reader may be slow, stopped, or gone.
        write: Writes a line; None writes it to *stream*.
    """

    def __init__(self, stream: TextIO, write: Callable[[str], object] | None = None) -> None:
        self._stream = stream
        self._number = _number_of(stream)
        self._encoding = stream.encoding or "utf-8", stream.errors or "backslashreplace"
        self._write = write or self._to_stream
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._changed = threading.Condition()
        self._until: float | None = None
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._work, name="aperture-log", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Have *line* written; in a fork, where the thread has stayed behind, it is written at once."""
        if os.getpid() != self._pid:
            self._written(line)
            return
        with self._changed:
            if len(self._lines) < _MOST:
                self._lines.append(line)
            else:
                self._dropped += 1
            self._changed.notify()

    def close(self) -> None:
        """Write what is left, for two seconds at most, and end the thread."""
        with self._changed:
            self._until = time.monotonic() + _LAST_SECONDS
            self._changed.notify()
        self._thread.join(2 * _LAST_SECONDS)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._lines and not self._dropped and self._until is None:
                    self._changed.wait()
                if not self._lines and not self._dropped:
                    return
                line = self._lines.popleft() if self._lines else self._gap()
            if not self._is_ready():
                return
            self._written(line)

    def _gap(self) -> str:
        dropped, self._dropped = self._dropped, 0
        return f"{dropped:,} lines of the log are missing here: its reader did not keep up"

    def _is_ready(self) -> bool:
        """Wait until the stream takes text; return False once the end waits no longer."""
        while self._number is not None and not takes_text(self._number):
            if self._until is not None and time.monotonic() > self._until:
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def _written(self, line: str) -> None:
        try:
            self._write(line)
        except OSError as error:
            try:
                forget_if_gone(self._stream, error)
            except OSError:
                self._dropped += 1  # A full disk may have room again for the next line.
        except ValueError:
            pass  # The stream was closed, by a handler that runs here.

    def _to_stream(self, line: str) -> None:
        if self._number is None:
            self._stream.write(f"{line}\n")
            return
        # Past Python's own view of the stream, which a handler that runs here may have closed.
        data = f"{line}\n".encode(*self._encoding)
        while data and self._is_ready():
            data = data[os.write(self._number, data[:_PIECE]) :]


def _number_of(stream: TextIO) -> int | None:
    """Return the number by which the system knows *stream*; None where it knows none, such as a test's."""
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None
