"""The stop of the loop that runs in the foreground: clean where that is possible, and an end in any case."""

from __future__ import annotations

import math
import os
import threading
import time
from typing import Final

from aperture_plugin.app.aperture import Aperture
from aperture_plugin.cli.output import say
from aperture_plugin.cli.service_manager import ServiceManager
from aperture_plugin.cli.signals import Stop

__all__ = ["CleanStop"]

_MOMENT: Final = 0.05

_LAST_SECONDS: Final = 15.0
"""After a second signal it is given so long: what was asked to cancel gets 6 of them, what must be written the rest."""


class CleanStop:
    """The stop, in a thread of its own: the main one goes on drawing, and hears the second signal."""

    def __init__(self, aperture: Aperture, grace: float, manager: ServiceManager) -> None:
        self._aperture = aperture
        self._grace = grace
        self._manager = manager
        self._error: BaseException | None = None
        self._cut_at: float | None = None
        self._thread = threading.Thread(target=self._stop, name="aperture-stop", daemon=True)
        self._thread.start()

    def wait(self, stop: Stop, *, seconds: float = math.inf) -> bool:
        """Wait for the end, at most so long; return whether it has come.

        Where it does not come within 15 s of a second signal, something hangs: the process ends as it is, and the next
        start finds what was cut off.
        """
        until = time.monotonic() + seconds
        while self._thread.is_alive() and time.monotonic() < until:
            if stop.insisted.is_set() and self._cut_at is None:
                self._cut_at = time.monotonic()
                threading.Thread(target=self._aperture.stop, args=(0,), name="aperture-cut", daemon=True).start()
            if self._cut_at is not None and time.monotonic() - self._cut_at > _LAST_SECONDS:
                say("something hangs and does not let it stop; the next start tidies up", err=True)
                os._exit(1)
            self._manager.alive()
            self._thread.join(_MOMENT)
        if self._error is not None:
            raise self._error
        return not self._thread.is_alive()

    def _stop(self) -> None:
        try:
            self._aperture.stop(self._grace)
        except BaseException as error:  # noqa: BLE001  # raised where the command waits for it
            self._error = error
