"""`aperture start --reload`: the process starts anew, in its own place, once a plugin's file has changed for good."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

from aperture_plugin.app.aperture import Aperture
from aperture_plugin.cli.service_manager import ServiceManager
from aperture_plugin.cli.signals import SIGNALS

__all__ = ["Restart"]

_log = logging.getLogger("aperture")


class Restart:
    """Decides when to start anew, and does it.

    Attributes:
        begins: True if it was decided: what runs is let finish, and then the process is replaced.
    """

    def __init__(self, file: Path, modules: tuple[str, ...]) -> None:
        self.begins = False
        self._words = [str(file), *(word for module in modules for word in ("--plugin", module))]
        self._seen: tuple[tuple[str, ...], tuple[int, ...]] = (), ()
        self._refused: tuple[tuple[str, ...], tuple[int, ...]] = (), ()

    def is_due(self, aperture: Aperture) -> bool:
        """Return whether plugins have changed, stay as they are, and load: asked about once a second."""
        changed = aperture.changed_plugins
        seen = changed, tuple(_time_of(Path(name)) for name in changed)
        settled, self._seen = seen == self._seen, seen
        if not changed or not settled or seen == self._refused:
            return False
        self.begins = self._loads()
        if self.begins:
            _log.info("%s has changed: starting anew", ", ".join(changed))
        else:
            self._refused = seen
        return self.begins

    def begin(self, manager: ServiceManager) -> None:
        """Put a new process in the place of this one, with the same words; it never returns."""
        manager.give_back(os.environ)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # One that comes in between is counted by the new process.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the very words it was started by

    def _loads(self) -> bool:
        """Check the file with the plugins as they are now, in a process of its own."""
        words = [sys.executable, "-m", "aperture_plugin", "check", *self._words]
        try:
            checked = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            _log.error("the plugins have changed and could not be checked, so the loop goes on as it is: %s", error)
            return False
        if checked.returncode == 0:
            return True
        found = (checked.stdout + checked.stderr).strip()
        _log.error("the plugins have changed and would not start, so the loop goes on as it is:\n%s", found)
        return False


def _time_of(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
