"""One look at the watched file, in a thread of its own: a dead disk or a hook that hangs holds up nothing else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.files.bounded_read import Content, shown

__all__ = ["HANG_SECONDS", "Look", "hung_problem", "internal_problem"]

HANG_SECONDS: Final = 8.0
"""After so long a look counts as one that hangs."""

_PAUSE_SECONDS: Final = 0.1
_LAST_SECONDS: Final = 2.0
"""Time that a stop waits for a check of the file that is under way."""

_OURS: Final = str(Path(__file__).parents[1])


class Look:
    """Reads the file and judges what it finds; may hang in either.

    Attributes:
        judges: The content that it has read and judges; None while it reads.
        ended: Set once it is over.
    """

    def __init__(self, work: Callable[[Look], object]) -> None:
        """Begin to look.

        Args:
            work: Called with this look in its thread.
        """
        self.judges: Content = None
        self.has_read = False
        self.ended = threading.Event()
        self._work = work
        self._thread = threading.Thread(target=self._run, name="aperture-look", daemon=True)
        self._thread.start()

    def ends_in_time(self, stopping: threading.Event) -> bool:
        """Wait for its end, and not long once *stopping* is set; return whether it came before it counts as hanging."""
        until, is_last = monotonic() + HANG_SECONDS, False
        while not self.ended.wait(_PAUSE_SECONDS):
            if stopping.is_set() and not is_last:
                until, is_last = min(until, monotonic() + _LAST_SECONDS), True
            if monotonic() > until:
                return False
        return True

    def stands_in(self) -> str | None:
        """Return the line of a plugin in which it stands, as `file:line`; None if no plugin's code is being run."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        outside: str | None = None
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(_OURS):
                return outside
            outside = f"{shown(Path(name))}:{frame.f_lineno}"
            frame = frame.f_back
        return None

    def _run(self) -> None:
        try:
            self._work(self)
        finally:
            self.ended.set()


def hung_problem(path: Path, look: Look) -> Problem:
    """Return the message about a check that hangs."""
    name, seconds = shown(path), f"{HANG_SECONDS:g} s"
    if not look.has_read:
        message = f"{name} cannot be read: that takes more than {seconds}"
        return _problem("file-unreadable", message, "is the disk it lies on away? It is looked at again", name)
    stands = look.stands_in()
    where = f"; it stands at {stands}" if stands is not None else ""
    message = f"{name} is being checked for more than {seconds}{where}"
    hint = "let aperture_jobs, aperture_lint and aperture_library_size answer at once; a later save is still taken in"
    return _problem("plugin", message, hint, name)


def internal_problem(path: Path, error: BaseException) -> Problem:
    """Return the message for a check of the file that failed by a fault of our own."""
    name = shown(path)
    message = f"{name} could not be checked: {type(error).__name__}: {error}"
    return _problem("plugin", message, "the log has the traceback; please report it", name)


def _problem(code: str, message: str, hint: str, file: str) -> Problem:
    return Problem(severity=Severity.ERROR, code=code, message=message, hint=hint, file=file, place=Place(1, 1))
