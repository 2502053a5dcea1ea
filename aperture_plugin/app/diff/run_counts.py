"""Counts the runs of jobs in a week, and by hour of the day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.diff.slot_changes import Slots
from aperture_plugin.config.checks.expect.planned_starts import Budget, Planned, PlannedStart, TooMany
from aperture_plugin.config.checks.lint.rhythms import runs_per_week
from aperture_plugin.config.model import Config, JobConfig, Timing
from aperture_plugin.words.schedules import After

__all__ = ["Rates", "Starts", "span_for"]

WEEK: Final = timedelta(days=7)
_SPANS: Final = (28, 7, 1)
_MOST_SLOTS: Final = 600_000
_MOST_ASKING: Final = 2_000_000
"""Most slots listed, each schedule's once, and most runs that may ask for seats, of all jobs on both sides."""
_MOST_STARTS: Final = 500_000


def span_for(*configs: Config | None) -> int:
    """Return over how many days files are held against each other: four weeks, less where they are due very often."""
    enabled = [job for config in configs if config for job in config.jobs.values() if job.enabled]
    listed = sum(runs_per_week(schedule) for schedule, _, _ in {job.timing for job in enabled})
    asking = sum(runs_per_week(job.schedule) for job in enabled)
    return next(
        (days for days in _SPANS if listed * days / 7 <= _MOST_SLOTS and asking * days / 7 <= _MOST_ASKING), _SPANS[-1]
    )


class Rates:
    """Return how many runs the jobs of a file have in a week, on average over the years.

    A job that runs after others runs as often as the one of them that runs least. A window lets what waited for it
    start once, so there the starts are counted.
    """

    def __init__(self, config: Config | None, starts: Starts) -> None:
        self._jobs: Mapping[str, JobConfig] = {} if config is None else config.jobs
        self._starts = starts
        self._known: dict[str, float] = {}

    def of(self, name: str) -> float:
        """Return the runs in a week of the job *name*; none for one that is not there."""
        ahead = [name]
        while ahead:
            job = self._jobs.get(ahead[-1])
            leaders = () if job is None else job.predecessors
            unknown = [one for one in leaders if one not in self._known]
            if unknown and ahead[-1] not in self._known:
                ahead += unknown
                continue
            self._known[ahead.pop()] = self._rate(job, leaders)
        return self._known[name]

    def total(self) -> float:
        """Return the runs in a week of all jobs together."""
        return sum(self.of(name) for name in self._jobs)

    def _rate(self, job: JobConfig | None, leaders: tuple[str, ...]) -> float:
        if job is None or not job.enabled:
            return 0
        if leaders:
            return min(self._known[one] for one in leaders)
        rate = runs_per_week(job.schedule)
        if job.window is None or not rate:
            return rate
        return min(rate, len(self._starts.of(job)) / self._starts.weeks)


class Starts:
    """Return when the jobs of a file would start, if none had to wait for a seat."""

    def __init__(self, config: Config | None, slots: Slots) -> None:
        self._config = config
        self._slots = slots
        self.weeks = (slots.until - slots.since) / WEEK
        self._known: dict[str, list[datetime]] = {}
        self._planned: dict[str, list[PlannedStart]] = {}

    def of(self, job: JobConfig) -> list[datetime]:
        """Return the starts of *job* within the span, jitter left out, ascending."""
        if job.name not in self._known:
            self._known[job.name] = self._found(job)
        return self._known[job.name]

    def by_hour(self, zone: ZoneInfo) -> list[float]:
        """Return how many runs start in a week in each hour of the day, as clocks in *zone* show it."""
        hours: Counter[int] = Counter()
        shared: defaultdict[Timing, int] = defaultdict(int)
        alike: dict[Timing, JobConfig] = {}
        for job in () if self._config is None else self._config.jobs.values():
            if not job.enabled:
                continue
            if job.window is not None or isinstance(job.schedule, After):
                hours.update(at.astimezone(zone).hour for at in self.of(job))
                continue
            key: Timing = job.timing
            shared[key] += 1
            alike[key] = job
        for key, jobs in shared.items():
            for hour, count in Counter(slot.due.astimezone(zone).hour for slot in self._slots.of(alike[key])).items():
                hours[hour] += jobs * count
        return [hours[hour] / self.weeks for hour in range(24)]

    def _found(self, job: JobConfig) -> list[datetime]:
        if self._config is None or (job.window is None and not isinstance(job.schedule, After)):
            return [slot.due for slot in self._slots.of(job)]
        planned = Planned(
            config=self._config,
            since=self._slots.since,
            until=self._slots.until,
            lasting=None,
            budget=Budget(_MOST_STARTS),
            known=self._planned,
        )
        found: list[datetime] = []
        try:
            found += (start.at for start in planned.starts(job.name))
        except TooMany:
            # It is due more often than anybody counts; what was found is enough to tell.
            return found
        return found
