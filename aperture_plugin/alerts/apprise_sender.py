"""Messages sent by Apprise, of which this is the home."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, Final

from aperture_plugin.words.errors import ApertureError

__all__ = ["NotSent", "send"]

_HOW: Final = "install aperture-plugin[notify]"


class NotSent(ApertureError):
    """A message did not arrive everywhere; says why, as far as Apprise does.

    Attributes:
        took: The addresses that took it all the same.
    """

    def __init__(self, reason: str, took: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.took = tuple(took)


def send(addresses: Sequence[str], title: str, body: str) -> None:
    """Send a message to every address.

    Raises:
        NotSent: One of them did not take it, or Apprise is not installed.
    """
    try:
        import apprise
    except ImportError:
        raise NotSent(f"Apprise is not installed: {_HOW}") from None
    value = _Said()
    logger = logging.getLogger("apprise")
    logger.addHandler(value)
    took: list[str] = []
    reasons: list[str] = []
    try:
        for address in addresses:
            reason = _tried(apprise.Apprise(), address, title, body, value)
            if reason is None:
                took.append(address)
            else:
                reasons.append(reason)
    finally:
        logger.removeHandler(value)
    if reasons:
        raise NotSent("; ".join(dict.fromkeys(reasons)), took)


def _tried(sender: Any, address: str, title: str, body: str, value: _Said) -> str | None:
    """Return why a message did not arrive at *address*; None where it did."""
    value.last = ""
    try:
        if not sender.add(address):
            return value.last or "Apprise cannot read the address of the channel"
        if not sender.notify(body=body, title=title, body_format="text"):
            return value.last or "the receiver did not take it"
    except Exception as error:  # noqa: BLE001  # one of its many plugins may raise anything
        return f"{type(error).__name__}: {error}"
    return None


class _Said(logging.Handler):
    """Keeps the last warning that Apprise logged in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.last = record.getMessage()
