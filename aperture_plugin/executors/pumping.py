"""Reading what another process writes, until that process has ended."""

from __future__ import annotations

import os
import selectors
import threading
from typing import Final, Protocol

__all__ = ["Pump", "Sink"]

_CHUNK: Final = 64 * 1024


class Sink(Protocol):
    """Takes the bytes of one pipe."""

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        ...

    def close(self) -> None:
        """Take note that nothing more comes."""
        ...


class Pump:
    """Reads pipes until nobody holds their other ends any more, or until the block is left.

    A grandchild that went its own way may hold a pipe open for days; so the end of the process, and not
    the end of the pipe, is the end of reading.
    """

    def __init__(self, name: str) -> None:
        """Begin without any pipe.

        Args:
            name: What the reading thread is called.
        """
        self._wake, self._waker = os.pipe()
        self._sinks: dict[int, Sink] = {}
        self._ends: list[int] = []
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Pump:
        return self

    def open(self, sink: Sink) -> int:
        """Make a pipe whose bytes go to *sink*; return the end to write to, for the process to inherit."""
        pipe, end = os.pipe()
        self._sinks[pipe] = sink
        self._ends.append(end)
        return end

    def start(self) -> None:
        """Begin to read; the process has its own copies of the ends by now."""
        self._close_ends()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Read what is there, and free everything."""
        if self._thread.ident is not None:
            os.write(self._waker, b".")
            self._thread.join()
        self._close_ends()
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
            is_last = False
            while not is_last and len(selector.get_map()) > 1:
                ready = [key.fd for key, _ in selector.select()]
                is_last = self._wake in ready
                for pipe in self._sinks if is_last else ready:
                    if pipe in selector.get_map() and pipe != self._wake and self._read_what_is_there(pipe):
                        selector.unregister(pipe)
        for sink in self._sinks.values():
            sink.close()

    def _read_what_is_there(self, pipe: int) -> bool:
        """Read on; say whether the pipe has ended."""
        # Not without end: who writes faster than we read must not keep us from seeing that it is over.
        for _ in range(64):
            try:
                data = os.read(pipe, _CHUNK)
            except BlockingIOError:
                return False
            if not data:
                return True
            self._sinks[pipe].feed(data)
        return False
