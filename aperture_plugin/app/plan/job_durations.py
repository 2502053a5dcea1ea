"""Durations of each job: measured where it has run, assumed where it has not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from aperture_plugin.config.checks.expect.planned_starts import ASSUMED, assumed_of
from aperture_plugin.config.model import Config
from aperture_plugin.ports import RunQuery, Store
from aperture_plugin.rules.run_stats import lasted
from aperture_plugin.rules.runs import Status

__all__ = ["ASSUMED", "LAST", "Durations", "JobDuration", "measured"]

LAST: Final = 50
"""Number of a job's latest completed runs that count."""

_ONE_BY_ONE: Final = 300
"""Up to so many jobs are looked up singly; of more, all that ran lately is read in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDuration:
    """The durations of a job's runs.

    Attributes:
        typical: The median.
        slow: The duration that 19 of 20 runs do not exceed.
        measured: Of how many completed runs; 0 where it is only assumed.
    """

    typical: timedelta
    slow: timedelta
    measured: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """The assumed durations of every job of a file.

    Attributes:
        measured: By job.
        given: The duration that a person assumes of a job, in place of what was measured.
        otherwise: The duration of all other jobs.
    """

    config: Config
    measured: Mapping[str, JobDuration] = field(default_factory=lambda: MappingProxyType({}))
    given: Mapping[str, timedelta] = field(default_factory=lambda: MappingProxyType({}))
    otherwise: timedelta = ASSUMED

    def of(self, job: str) -> JobDuration:
        """Return how long *job* lasts."""
        if job in self.given:
            return JobDuration(typical=self.given[job], slow=self.given[job])
        return self.measured.get(job) or self._assumed(job)

    def typical(self, job: str) -> timedelta:
        """Return how long *job* lasts in an ordinary night."""
        return self.of(job).typical

    def slow(self, job: str) -> timedelta:
        """Return how long *job* lasts in a slow one."""
        return self.of(job).slow

    def vary(self, jobs: Iterable[str]) -> bool:
        """Return whether a slow night differs from an ordinary one."""
        return any(self.typical(job) != self.slow(job) for job in jobs)

    def _assumed(self, name: str) -> JobDuration:
        span = assumed_of(self.config.jobs.get(name), self.otherwise)
        return JobDuration(typical=span, slow=span)


def measured(store: Store, jobs: Sequence[str], *, last: int = LAST) -> dict[str, JobDuration]:
    """Return how long the *last* completed runs of each of *jobs* took; jobs that never completed are absent."""
    took: defaultdict[str, list[timedelta]] = defaultdict(list)
    completed = [Status.COMPLETED]
    if len(jobs) <= _ONE_BY_ONE:
        queries = [RunQuery(jobs=[job], statuses=completed, limit=last) for job in jobs]
    else:
        queries = [RunQuery(statuses=completed, limit=last * _ONE_BY_ONE)]
    for query in queries:
        for run in store.history(query):
            if run.duration is not None and len(took[run.job]) < last:
                took[run.job].append(run.duration)
    usual = {job: lasted(took[job]) for job in jobs}
    return {
        job: JobDuration(typical=found.typical, slow=found.slow, measured=found.runs)
        for job, found in usual.items()
        if found is not None
    }
