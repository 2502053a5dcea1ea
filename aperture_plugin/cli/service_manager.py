"""Notifications to systemd, over the socket that it names in NOTIFY_SOCKET (sd_notify(3))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final

__all__ = ["ServiceManager"]

_VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class ServiceManager:
    """The service manager that started this process; nobody, where nobody listens.

    Attributes:
        watchdog_seconds: Interval at which it wants to hear that the loop ticks; None where it does not ask.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        """Take the socket's name out of *environ*, so that no command speaks in this process's name."""
        self._taken = {name: environ.pop(name) for name in _VARIABLES if name in environ}
        self._address = _address(self._taken.get("NOTIFY_SOCKET", ""))
        self._status = ""
        self._notified_at = float("-inf")
        self.watchdog_seconds = self._watchdog()

    def give_back(self, environ: MutableMapping[str, str]) -> None:
        """Put the variables back, for a program that takes this one's place."""
        environ.update(self._taken)

    def ready(self, status: str) -> None:
        """The schedule is in force."""
        self._status = status
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """The file is looked at; `ready` follows."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, *, seconds: float) -> None:
        """Report the stop; running jobs are given so long."""
        self._send("STOPPING=1", f"STATUS=stopping; what runs is given {seconds:g} s", _extend(seconds))

    def status(self, text: str) -> None:
        """Report what is going on, if that has changed."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def alive(self) -> None:
        """Report that the loop ticks, as often as the manager wants."""
        if self.watchdog_seconds is not None and time.monotonic() - self._notified_at >= self.watchdog_seconds / 3:
            self._notified_at = time.monotonic()
            self._send("WATCHDOG=1")

    def _watchdog(self) -> float | None:
        wanted, of = self._taken.get("WATCHDOG_USEC", ""), self._taken.get("WATCHDOG_PID", str(os.getpid()))
        return int(wanted) / 1e6 if wanted.isdecimal() and int(wanted) and of == str(os.getpid()) else None

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        text = "\n".join(line.replace("\n", " ") for line in lines)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.settimeout(1)  # A manager that does not read must not hold up the loop's own command.
                sending.sendto(text.encode(), self._address)
        except OSError:
            return  # It has gone away, and asks for nothing any more.


def _address(named: str) -> str | None:
    """Return where to send to; a name that begins with @ is in the abstract space."""
    if named.startswith("@"):
        return "\0" + named[1:]
    return named if named.startswith("/") else None


def _extend(seconds: float) -> str:
    """Ask for the grace and what a clean end takes beside it."""
    return f"EXTEND_TIMEOUT_USEC={int((min(seconds, 86400) + 20) * 1e6)}"
