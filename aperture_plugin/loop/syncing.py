"""Which turns wait for the disk, and when what the others wrote is taken there.

The death of the process, at any moment, takes back nothing that was committed. A power cut takes back what the
disk has not been told of; and to wait for a disk at every turn would let it set the pace of a crowd of short
runs. So a turn that only starts and ends runs leaves the waiting to the next that may not, or to a moment
later: one wait for many turns. Claims, and whatever a person was told, never wait for company.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aperture_plugin.config.model import Interrupted, JobConfig
from aperture_plugin.loop.inbox import Begun, Message, ReadyAnswered
from aperture_plugin.ports import Ended, Logged, Progressed, Spawned
from aperture_plugin.rules.runs import Run

__all__ = ["Syncs"]


class Syncs:
    """What was committed and may not have reached the disk.

    Args:
        within: Seconds within which it does; 0 waits at every turn.

    Attributes:
        at: The monotonic time by which the disk must be waited for; None when there is nothing to wait for.
    """

    def __init__(self, within: float) -> None:
        self._within = within
        self.at: float | None = None

    def may_wait(self, messages: Iterable[Message], starts: Iterable[Run], jobs: Mapping[str, JobConfig]) -> bool:
        """Say whether a turn that claims nothing may leave the waiting to a later one.

        A run that must not run again once it was cut off starts only when its start is on the disk.
        """
        return (
            self._within > 0
            and all(
                isinstance(message, Ended | Begun | Progressed | Logged | Spawned | ReadyAnswered)
                for message in messages
            )
            and not any(run.job in jobs and jobs[run.job].interrupted is Interrupted.LEAVE for run in starts)
        )

    def is_due(self, at: float) -> bool:
        """Say whether the time has come."""
        return self.at is not None and self.at <= at

    def wrote(self, at: float, *, waited: bool) -> None:
        """Note a turn that was committed at the monotonic time *at*, and whether it waited for the disk."""
        if waited:
            self.at = None
        elif self.at is None:
            self.at = at + self._within
