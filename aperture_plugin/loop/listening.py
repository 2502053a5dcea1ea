"""When the loop hears what workers did: at once, or after what is due has been given to them.

To record an end takes as long as to give a run. While a crowd waits for seats that are handed on without the loop,
each end that is heard makes a start later; so the starts go first, and the ends are recorded in fewer, larger parts.
Nothing is told of an end before it is recorded. Whoever asks for something, or waits for an end, is heard at once.
"""

from __future__ import annotations

from collections.abc import Callable

from aperture_plugin.loop.inbox import Inbox
from aperture_plugin.loop.relay import LATER, Relay
from aperture_plugin.loop.state import State
from aperture_plugin.rules.runs import Run, RunTrigger

__all__ = ["Listening", "is_awaited"]


class Listening:
    """Says when to hear.

    Attributes:
        puts_off: Whether this tick leaves what there is in the inbox.
    """

    def __init__(self, relay: Relay, inbox: Inbox) -> None:
        self._relay = relay
        self._inbox = inbox
        self._until: float | None = None
        self.puts_off = False

    def decide(self, at: float) -> None:
        """Decide, for the tick at the monotonic time *at*."""
        self.puts_off = False
        if self._inbox.presses or not self._relay.flows:
            self._until = None
        elif self._until is None:
            self._until, self.puts_off = at + LATER, True
        elif at < self._until:
            self.puts_off = True
        else:
            self._until = None


def is_awaited(state: State) -> Callable[[Run], bool]:
    """Return what says whether a person or another job may wait for the end of a run."""

    def says(run: Run) -> bool:
        return run.trigger is RunTrigger.MANUAL or run.job in state.needed or run.job in state.followers

    return says
