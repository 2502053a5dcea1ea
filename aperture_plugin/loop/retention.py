"""Retention: how much of the past is kept; the loop deletes the rest, a little at a time.

A run is kept for 90 days, and the latest 20 of a job however old they are. Of a job that runs often only the latest
1,000 are kept once they are older than 8 days: the audit's last 7 days are always whole.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.ports import Runs

__all__ = ["MEASURES", "Measure", "Retention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Deletes the past that is not kept.

    Attributes:
        older: Attempts that were queued so long ago.
        keep: The latest so many of a job stay, however old.
    """

    older: timedelta
    keep: int


MEASURES: Final = (
    Measure(older=timedelta(days=8), keep=1000),
    Measure(older=timedelta(days=90), keep=20),
)

_FIRST: Final = 600.0
"""Seconds from the loop's start, when it has other things to do, to the first round through all jobs."""

_ROUND: Final = 86_400.0
_STEP: Final = 0.25
"""Seconds between two steps of a round, so that the runs of other processes come first."""

_JOBS: Final = 20
_ATTEMPTS: Final = 100
"""Attempts deleted at most in one step, which takes a few milliseconds."""


class Retention:
    """A round through all jobs each day, in small steps.

    Args:
        at: Monotonic time at which the loop was made.
        forgets: True if it deletes anything; a process that fires no schedule leaves that to those that do.

    Attributes:
        next_at: Monotonic time of the next step; None for never.
    """

    def __init__(self, at: float, *, forgets: bool) -> None:
        self.next_at: float | None = at + _FIRST if forgets else None
        self._after = ""
        self._left: deque[tuple[str, Measure]] = deque()

    def stop(self) -> None:
        """Forget nothing any more."""
        self.next_at = None

    def put_off(self, at: float) -> None:
        """Try again in a while: the store is away."""
        self.next_at = at + _FIRST

    def step(self, ledger: Runs, *, now: datetime, at: float) -> None:
        """Forget a little, of the jobs whose turn it is."""
        if not self._left:
            jobs = ledger.known_jobs(self._after, _JOBS)
            self._left.extend((job, measure) for job in jobs for measure in MEASURES)
            self._after = jobs[-1] if len(jobs) == _JOBS else ""
        while self._left:
            job, measure = self._left[0]
            more = ledger.forget(job, before=now - measure.older, now=now, keep=measure.keep, most=_ATTEMPTS)
            if more:
                break
            self._left.popleft()
        goes_on = bool(self._left or self._after)
        self.next_at = at + (_STEP if goes_on else _ROUND)
