"""What a program prints, line by line into the run's log."""

from __future__ import annotations

import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from aperture_plugin.executors.secrets import Mask
from aperture_plugin.executors.text import LONGEST_LINE

__all__ = ["Lines", "OutputPump"]

_TAIL_LINES: Final = 20
_CHUNK: Final = 64 * 1024
_ENOUGH_FOR_TAIL: Final = 8 * 1024


class Lines:
    """Makes lines of bytes as they come, and remembers the last ones.

    A carriage return begins the line anew, as it does on a terminal: of a progress bar its last state
    stays. A line without an end is cut.
    """

    def __init__(
        self, mask: Mask, write: Callable[[str], None], *, is_full: Callable[[], bool] = lambda: False
    ) -> None:
        """Begin with nothing.

        Args:
            mask: Takes the secrets out of a line.
            write: Takes each line.
            is_full: Whether what is written is thrown away anyway, so that only the last lines matter.
        """
        self._mask = mask
        self._write = write
        self._is_full = is_full
        self._begun = b""
        # Room for a secret that begins just before the cut, so that no half of it is shown.
        self._longest = 4 * (LONGEST_LINE + mask.longest)
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)

    @property
    def tail(self) -> str:
        """The last lines."""
        return "\n".join(self._tail)

    def feed(self, data: bytes) -> None:
        """Take what was printed."""
        if len(data) > _ENOUGH_FOR_TAIL and self._is_full():
            # From the first whole line on: of a line cut in two, half a secret could be left.
            self._begun, data = b"", data[-_ENOUGH_FOR_TAIL:].partition(b"\n")[2]
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._grow(piece)
            self._end_line()
        self._grow(rest)

    def close(self) -> None:
        """Take note that nothing more comes; a line without a line end counts."""
        if self._begun:
            self._end_line()

    def _grow(self, piece: bytes) -> None:
        begun = self._begun + piece if self._begun else piece
        if b"\r" in begun:
            ends_in_return = begun.endswith(b"\r")
            begun = begun.rstrip(b"\r").rpartition(b"\r")[2] + (b"\r" if ends_in_return else b"")
        self._begun = begun[: self._longest]

    def _end_line(self) -> None:
        text = self._mask(self._begun.removesuffix(b"\r").decode("utf-8", "replace"))
        self._begun = b""
        self._tail.append(text if len(text) <= 2000 else f"{text[:2000]} …")
        self._write(text)


class OutputPump:
    """Reads what is written to `end` until nobody holds that any more, or until the block is left.

    A program's grandchild that left the group may hold its output open for days; so the end of the
    program, and not the end of the pipe, is the end of reading.
    """

    def __init__(self, lines: Lines, *, name: str) -> None:
        """Make the pipe; nothing is read before `start`.

        Args:
            lines: Where the bytes go.
            name: What the reading thread is called.
        """
        self._lines = lines
        self._pipe, self.end = os.pipe()
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> OutputPump:
        return self

    def start(self) -> None:
        """Begin to read; the program has its own copy of `end` by now."""
        os.close(self.end)
        self.end = -1
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """Read what is there, and free everything."""
        if self._thread.ident is not None:
            os.write(self._waker, b".")
            self._thread.join()
        for descriptor in (self._pipe, self.end, self._wake, self._waker):
            if descriptor >= 0:
                os.close(descriptor)

    def _run(self) -> None:
        os.set_blocking(self._pipe, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            is_last = False
            while not is_last:
                is_last = any(key.fd == self._wake for key, _ in selector.select())
                if self._read_what_is_there():
                    break
        self._lines.close()

    def _read_what_is_there(self) -> bool:
        """Read on; say whether the pipe has ended."""
        # Not without end: who prints faster than we read must not keep us from seeing that it is over.
        for _ in range(64):
            try:
                data = os.read(self._pipe, _CHUNK)
            except BlockingIOError:
                return False
            if not data:
                return True
            self._lines.feed(data)
        return False
