"""The queue of messages to the loop, and its wake-up.

Everything that happens outside the loop's own thread (a handler ended, a file was read, a host asks for
a run) arrives here as a message, so that only one thread ever touches what the loop keeps.
"""

from __future__ import annotations

import threading
from collections import deque

from aperture_plugin.loop.messages import Message

__all__ = ["Inbox"]


class Inbox:
    """Messages in the order in which they came, and an event that wakes the loop."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._bell = threading.Event()

    def put(self, message: Message) -> None:
        """Add a message and wake the loop; callable from any thread, never blocks."""
        self._messages.append(message)
        self._bell.set()

    def leave(self, *messages: Message) -> None:
        """Add messages without waking the loop: all of them, or none yet."""
        self._messages.extend(messages)

    def ring(self) -> None:
        """Wake the loop without a message."""
        self._bell.set()

    @property
    def rang(self) -> bool:
        """True if the loop was woken since it last looked."""
        return self._bell.is_set()

    def woke(self) -> None:
        """Note that the loop looks, so that the next message wakes it again."""
        self._bell.clear()

    def take(self) -> list[Message]:
        """Take out and return all messages, oldest first."""
        taken: list[Message] = []
        while self._messages:
            taken.append(self._messages.popleft())
        return taken

    def wait(self, seconds: float) -> bool:
        """Sleep until the loop is woken, at most so long; return whether it was."""
        return self._bell.wait(seconds)

    def __bool__(self) -> bool:
        return bool(self._messages)
