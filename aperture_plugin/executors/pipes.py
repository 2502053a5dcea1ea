"""Reads the output of another process until that process has ended."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
from typing import Final, Protocol

__all__ = ["Pump", "Sink"]

_CHUNK: Final = 64 * 1024


class Sink(Protocol):
    """Takes the bytes of one pipe."""

    def feed(self, data: bytes) -> None:
        """Add bytes that were read."""
        ...

    def close(self) -> None:
        """End the input."""
        ...


class Pump:
    """Reads pipes until their other ends are closed, or until the block is left.

    A grandchild in another process group may keep a pipe open for days; so reading ends with the process, and not with
    the pipe. Later output is discarded, and does not end its writer.
    """

    def __init__(self, name: str) -> None:
        """Begin without any pipe.

        Args:
            name: The name of the reading thread.
        """
        self._wake, self._waker = os.pipe()
        self._sinks: dict[int, Sink] = {}
        self._ends: list[int] = []
        self._open: set[int] = set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Pump:
        return self

    def open(self, sink: Sink) -> int:
        """Make a pipe whose bytes go to *sink*; return its write end, for the process to inherit."""
        pipe, end = os.pipe()
        self._sinks[pipe] = sink
        self._ends.append(end)
        return end

    def start(self) -> None:
        """Begin to read; the process has its own copies of the write ends by then."""
        self._close_ends()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Read what is left, and close everything."""
        if self._thread.ident is not None:
            os.write(self._waker, b".")
            self._thread.join()
        self._close_ends()
        for pipe in self._open:
            _read_to_nowhere(pipe)
        for descriptor in (*self._sinks, self._wake, self._waker):
            os.close(descriptor)

    def _close_ends(self) -> None:
        for end in self._ends:
            os.close(end)
        self._ends.clear()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            for pipe in self._sinks:
                os.set_blocking(pipe, False)
                selector.register(pipe, selectors.EVENT_READ)
                self._open.add(pipe)
            is_last = False
            while not is_last and len(selector.get_map()) > 1:
                ready = [key.fd for key, _ in selector.select()]
                is_last = self._wake in ready
                for pipe in self._sinks if is_last else ready:
                    if pipe in selector.get_map() and pipe != self._wake and self._read_what_is_there(pipe):
                        selector.unregister(pipe)
                        self._open.discard(pipe)
        for sink in self._sinks.values():
            sink.close()

    def _read_what_is_there(self, pipe: int) -> bool:
        """Read on; return whether the pipe has ended."""
        # Bounded: a process that writes faster than this reads must not hide that the time is over.
        for _ in range(64):
            try:
                data = os.read(pipe, _CHUNK)
            except BlockingIOError:
                return False
            if not data:
                return True
            self._sinks[pipe].feed(data)
        return False


def _read_to_nowhere(pipe: int) -> None:
    """Start a detached program that reads from *pipe* until its end."""
    os.set_blocking(pipe, True)
    subprocess.run(
        # A shell redirects the input of a background command, unless the redirection is given again.
        ["/bin/sh", "-c", "exec 3<&0; cat <&3 >/dev/null 2>&1 3<&- &"],
        stdin=pipe,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath},
        start_new_session=True,
        check=False,
    )
