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
    """A message did not arrive; says why, as far as Apprise does."""


def send(addresses: Sequence[str], title: str, body: str) -> None:
    """Send a message to every address.

    Raises:
        NotSent: One of them did not take it, or Apprise is not installed.
    """
    try:
        import apprise
    except ImportError:
        raise NotSent(f"Apprise is not installed: {_HOW}") from None
    said = _Said()
    logger = logging.getLogger("apprise")
    logger.addHandler(said)
    try:
        reason = _tried(apprise.Apprise(), addresses, title, body, said)
    except Exception as error:  # noqa: BLE001  # one of its many plugins may raise anything
        reason = f"{type(error).__name__}: {error}"
    finally:
        logger.removeHandler(said)
    if reason is not None:
        raise NotSent(reason)


def _tried(sender: Any, addresses: Sequence[str], title: str, body: str, said: _Said) -> str | None:
    """Return why a message did not arrive; None where it did."""
    for address in addresses:
        if not sender.add(address):
            return said.last or "Apprise cannot read the address of the channel"
    if not sender.notify(body=body, title=title, body_format="text"):
        return said.last or "the receiver did not take it"
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
