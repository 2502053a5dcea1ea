"""Jobs that no loop on the store knows: for some seconds the loop that knows them may just be restarting.

Then their runs wait, and their slots stay due. After that they are taken for gone: what waits of them is skipped, and
nothing is due of them any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from aperture_plugin.loop.lease import LEASE_SECONDS

__all__ = ["GRACE_SECONDS", "AbsentJobs"]

GRACE_SECONDS: Final = LEASE_SECONDS
"""Seconds that a job may be unknown to every loop before it is taken for gone."""


class AbsentJobs:
    """Since when, on the monotonic clock, each of these jobs has been known to nobody."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._gone: set[str] = set()

    def is_gone(self, job: str, *, at: float) -> bool:
        """Return whether *job*, which no loop knows now, has been unknown for long enough."""
        return job in self._gone or at >= self._since.setdefault(job, at) + GRACE_SECONDS

    def take_out(self, jobs: Iterable[str]) -> None:
        """Take *jobs* for gone at once: the file that listed them does not any more."""
        self._gone.update(jobs)

    def passed(self, at: float) -> list[str]:
        """Return the jobs whose time is up and that `settled` has not been told of."""
        return [job for job, since in self._since.items() if job not in self._gone and at >= since + GRACE_SECONDS]

    def settled(self, jobs: Iterable[str]) -> None:
        """Note that nothing is left to do about *jobs*."""
        for job in jobs:
            self._gone.add(job)
            self._since.pop(job, None)

    def forget(self, is_known: Callable[[str], bool]) -> None:
        """Look no more for jobs that some loop knows again."""
        self._since = {job: since for job, since in self._since.items() if not is_known(job)}
        self._gone = {job for job in self._gone if not is_known(job)}

    @property
    def next_at(self) -> float | None:
        """The monotonic time at which the time of the next job is up; None for none."""
        return min((since + GRACE_SECONDS for job, since in self._since.items() if job not in self._gone), default=None)
