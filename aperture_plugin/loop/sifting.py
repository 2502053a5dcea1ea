"""The one message that makes a turn fail, found and left out, so that all others take effect.

What hosts and executors say is made recordable where it comes in, so this is for what nobody has thought of: a
turn that failed for a message would fail for it again at every tick, and nothing would be written any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from aperture_plugin.loop.inbox import CancelAsked, Message, PauseAsked, ResumeAsked, RunAsked
from aperture_plugin.ports import Ended, StoreRefused, StoreUnavailable
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus

__all__ = ["sift"]

_log = logging.getLogger("aperture")


def sift(messages: list[Message], take: Callable[[list[Message]], None]) -> None:
    """Take *messages* one by one; an end that cannot be written becomes a plain failure, anything else is left out.

    Args:
        messages: Oldest first; what has been dealt with is taken out of the list, whatever is raised then.
        take: Takes one turn with the messages it is given.
    Raises:
        StoreUnavailable, StoreRefused: The store went away meanwhile.
        Exception: The turn fails without any message.
    """
    take([])
    while messages:
        message = messages[0]
        try:
            take([message])
        except (StoreUnavailable, StoreRefused):
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the others must be written
            _log.exception("a %s could not be dealt with, and is left out", type(message).__name__)
            instead = _plainer(message, error)
            if instead is not None:
                messages[0] = instead
                continue
        messages.pop(0)


def _plainer(message: Message, error: Exception) -> Message | None:
    """Return what can be written instead of *message*; None where there is nothing, and who asked has been told."""
    if isinstance(message, Ended):
        plain = Outcome(
            status=OutcomeStatus.FAILED, reason=f"its end could not be recorded: {type(error).__name__}", permanent=True
        )
        return None if message.outcome == plain else Ended(message.key, plain, message.at)
    if isinstance(message, RunAsked | CancelAsked | PauseAsked | ResumeAsked) and not message.answer.done():
        message.answer.set_exception(error)
    return None
