"""Isolates the message that makes a tick fail, so that all others take effect.

Everything that reaches the store is made storable where it comes in, so this is for what nobody has thought of: a
tick that failed for a message would fail for it again each time, and nothing would be written any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from aperture_plugin.loop.messages import Message, Request
from aperture_plugin.ports import Ended, StoreRefused, StoreUnavailable
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["isolate"]

_log = logging.getLogger("aperture")


def isolate(messages: list[Message], tick: Callable[[list[Message]], None]) -> None:
    """Take *messages* one by one; an end that cannot be written becomes a plain failure, any other is left out.

    A message is to blame where a tick fails with it twice, and succeeds without it before and in between. Any other
    failure has a reason of its own, and is raised.

    Args:
        messages: Oldest first; what has been dealt with is removed from the list, whatever is raised then.
        tick: Makes one tick with the messages that it is given.
    Raises:
        StoreUnavailable, StoreRefused: The store went away meanwhile.
        Exception: The tick fails without any message.
    """
    tick([])
    while messages:
        message = messages[0]
        error = _failure(tick, message)
        if error is not None:
            tick([])
            error = _failure(tick, message)
        if error is not None:
            name, why = type(message).__name__, f"{type(error).__name__}: {error}"
            _log.error("a %s could not be dealt with, and is left out: %s", name, why, exc_info=error)
            instead = _plainer(message, error)
            if instead is not None:
                messages[0] = instead
                continue
        messages.pop(0)


def _failure(tick: Callable[[list[Message]], None], message: Message) -> Exception | None:
    """Return what a tick with *message* raises; None where it succeeds."""
    try:
        tick([message])
    except (StoreUnavailable, StoreRefused):
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the others must be written
        return error
    return None


def _plainer(message: Message, error: Exception) -> Message | None:
    """Return what can be written instead of *message*; None where nothing can, and its sender has the error."""
    if isinstance(message, Ended):
        plain = Outcome(
            status=OutcomeStatus.FAILED, reason=f"its end could not be recorded: {type(error).__name__}", permanent=True
        )
        return None if message.outcome == plain else Ended(message.key, plain, message.at)
    if isinstance(message, Request) and not message.answer.done():
        message.answer.set_exception(error)
    return None
