"""SIGTERM, SIGINT and SIGHUP as a wish to stop, and the second of them as impatience."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Final, Self

__all__ = ["Stop"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stop:
    """Within its block a signal to stop is counted instead of obeyed; the third one is obeyed again.

    Only the command line takes signals: an embedded `Aperture` leaves its host's alone.

    Attributes:
        number: Which signal came first; None before any came.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.insisted = threading.Event()
        self.number: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if before is signal.SIG_IGN:
                continue  # As `nohup` leaves it: whoever started us wants it passed over.
            self._before[number] = before
            signal.signal(number, self._heard)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.asked.is_set():
            self.insisted.set()
            self._restore()
        else:
            self.number = number
        self.asked.set()

    def _restore(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before = {}
