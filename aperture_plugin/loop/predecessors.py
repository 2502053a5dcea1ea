"""For jobs that run `after` several others: which predecessors have completed since the job last ran.

Kept on the store as it comes about, in the order of its transactions. Times of starts and ends would give another
order as soon as a clock is set back, or two hosts differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from aperture_plugin.config.model import Config
from aperture_plugin.ports import Runs
from aperture_plugin.rules.runs import WAITING, Run, RunTrigger, Status
from aperture_plugin.words.schedules import After

__all__ = ["Predecessors"]


class Predecessors:
    """A mirror of what the store has. Jobs that come after a single one need no memory, and have none.

    Attributes:
        named: By job that comes after several, which those are.
    """

    def __init__(self) -> None:
        self.named: dict[str, frozenset[str]] = {}
        self._followers: dict[str, list[str]] = {}
        self._done: dict[str, frozenset[str]] = {}
        self._changed: set[str] = set()

    def take_config(self, config: Config, *, elsewhere: Mapping[str, Collection[str]] | None = None) -> None:
        """Learn which jobs come after which.

        Args:
            elsewhere: By job that another loop runs after others, those: their completions here are kept for it.
        """
        self.named, self._followers = {}, {}
        for follower, jobs in (elsewhere or {}).items():
            for name in jobs:
                self._followers.setdefault(name, []).append(follower)
        for job in config.jobs.values():
            if job.name in (elsewhere or {}):
                continue
            if job.enabled and isinstance(job.schedule, After) and len(job.schedule.jobs) > 1:
                self.named[job.name] = frozenset(job.schedule.jobs)
                for name in job.schedule.jobs:
                    self._followers.setdefault(name, []).append(job.name)

    def read_anew(self, done: Mapping[str, frozenset[str]]) -> None:
        """Make the mirror equal to what the store has."""
        self._done = dict(done)
        self._changed.clear()

    def completed_for(self, follower: str) -> frozenset[str]:
        """Return which predecessors of *follower* have completed since it last ran."""
        return self._done.get(follower, frozenset())

    def completed(self, name: str) -> None:
        """Note that a run of the job *name* has completed."""
        for follower in self._followers.get(name, ()):
            done = self._done.get(follower, frozenset())
            if name not in done:
                self._done[follower] = done | {name}
                self._changed.add(follower)

    def became(self, before: Run | None, run: Run) -> None:
        """Note that an attempt of a job in `named` is *run* now.

        One that begins, or never will, uses up what has completed.

        Not so what a person asked for and did not get.
        """
        if run.status in WAITING or run.is_backfill:
            return
        refused = run.status is Status.SKIPPED and run.trigger is RunTrigger.MANUAL
        if not refused and (before is None or before.status is not Status.RUNNING):
            self.forget([run.job])

    def forget(self, jobs: Iterable[str]) -> None:
        """Discard the completions that count for these jobs: a job's last run begins, or its words changed."""
        for job in jobs:
            if self._done.pop(job, None):
                self._changed.add(job)

    def write(self, ledger: Runs) -> None:
        """Write what has changed."""
        if self._changed:
            ledger.keep_completed({job: self._done.get(job, frozenset()) for job in self._changed})
            self._changed.clear()
