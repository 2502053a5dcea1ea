"""Start times of a file's jobs if none had to wait for another's seat: the plan that expectations are compared with.

A slot starts when it is due, or when its window opens; what runs after others starts when they end. The expectation
says how long a run lasts, or it is assumed as `aperture plan` assumes it of a job that was never measured. Queues,
needs and limits are left to `plan`, which rehearses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from typing import Final, NamedTuple

from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import Trigger
from aperture_plugin.triggers.walltime import offset_at, wall_at
from aperture_plugin.triggers.window_hours import opens_at
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.schedules import After, AtStart, Manual

__all__ = ["ASSUMED", "Budget", "Planned", "PlannedStart", "TooMany", "assumed_of"]

ASSUMED: Final = timedelta(minutes=5)
"""Assumed duration of a run of which nothing is known."""


_OPENING: Final = 4
"""Finding a job's first slot takes about as long as looking at so many."""


class PlannedStart(NamedTuple):
    """One start of a job.

    Attributes:
        at: Time at which it is free to start.
        due, nominal: What its run queues by: the instant it fell due, and the naive wall time that was meant.
    """

    at: datetime
    due: datetime
    nominal: datetime


class TooMany(ApertureError):
    """There are more starts than can be looked at; *reached* is the last that was, None if there was none."""

    def __init__(self, reached: datetime | None) -> None:
        super().__init__(reached)
        self.reached = reached


class Budget:
    """Number of starts that may still be looked at; a job, or a day, that is asked about costs as much as a start."""

    def __init__(self, starts: int) -> None:
        self._starts = starts
        self.spent = 0

    def spend(self, at: datetime | None = None, *, times: int = 1) -> None:
        """Look at one more, or at so many.

        Raises:
            TooMany: There are not as many left.
        """
        if self.spent + times > self._starts:
            self.spent = self._starts
            raise TooMany(at)
        self.spent += times


def assumed_of(job: JobConfig | None, otherwise: timedelta = ASSUMED) -> timedelta:
    """Return what a run of *job* is taken to last that was never measured: it ends well before it would time out.

    >>> assumed_of(None)
    datetime.timedelta(seconds=300)
    """
    if job is not None and job.timeout is not None and job.timeout <= otherwise:
        return job.timeout / 2
    return otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The starts of a file's jobs from *since* (in) to *until* (out), both aware and in UTC.

    Attributes:
        lasting: Assumed duration of every run; None leaves it to `assumed_of`.
        budget: Spent by each start that is looked at.
        known: The starts of those that run after others, and of whatever they run after: found once. A caller that
            plans again for the same file and span may hand it on.
    """

    config: Config
    since: datetime
    until: datetime
    lasting: timedelta | None
    budget: Budget
    known: dict[str, list[PlannedStart]] = field(default_factory=dict)

    def job(self, name: str) -> JobConfig | None:
        """Return the job if it has starts of its own: it is there, enabled, and not manual."""
        job = self.config.jobs.get(name)
        return None if job is None or not job.enabled or isinstance(job.schedule, AtStart | Manual) else job

    def wall(self, instant: datetime) -> datetime:
        """Return what the clocks of the file's zone show at *instant*: a naive time."""
        return wall_at(instant, offset_at(instant, self.config.zone))

    def took(self, name: str) -> timedelta:
        """Return what a run of the job is taken to last."""
        return assumed_of(self.config.jobs.get(name)) if self.lasting is None else self.lasting

    def trigger(self, name: str) -> Trigger | None:
        """Return what starts the job at its slots, neither sooner nor later; None if something else does too."""
        job = self.job(name)
        if job is None or job.window is not None or job.jitter or isinstance(job.schedule, After):
            return None
        return job.trigger()

    def starts(self, name: str) -> Iterator[PlannedStart]:
        """Yield the starts of the job, ascending, jitter left out.

        Raises:
            TooMany: There are more than can be looked at.
        """
        job = self.job(name)
        if job is None:
            return iter(())
        return iter(self._chain(job)) if isinstance(job.schedule, After) else self._open(job, self._slots(job))

    def _slots(self, job: JobConfig) -> Iterator[Slot]:
        self.budget.spend(times=_OPENING)
        for slot in job.trigger().upcoming(self.since):
            self.budget.spend(slot.due)
            yield slot

    def _open(self, job: JobConfig, slots: Iterable[Slot]) -> Iterator[PlannedStart]:
        """Yield the starts of *slots*; what waits for its window waits once."""
        last: datetime | None = None
        for slot in slots:
            due = slot.due
            at = due if job.window is None else opens_at(job.window, job.zone, due)
            if at >= self.until:
                return
            if at != last:
                yield PlannedStart(at, due, slot.nominal)
            last = at

    def _chain(self, last: JobConfig) -> list[PlannedStart]:
        """Return the starts of a job that runs after others, which may run after others in turn, however many."""
        known = self.known
        ahead = [] if last.name in known else [last.name]
        while ahead:
            job = self.job(ahead[-1])
            followed = () if job is None else job.predecessors
            unknown = [name for name in followed if name not in known]
            if unknown and ahead[-1] not in known:
                ahead += unknown
                continue
            name = ahead.pop()
            if job is None:
                known[name] = []
            elif name not in known:
                known[name] = list(self._open(job, self._after(job, known) if followed else self._slots(job)))
        return known[last.name]

    def _after(self, job: JobConfig, known: Mapping[str, Sequence[PlannedStart]]) -> Iterator[Slot]:
        """Yield, as if they were slots, when all the jobs that *job* runs after have ended once more."""
        followed = job.predecessors
        missing = set(followed)
        for end, name in merge(*(self._ends(name, known[name]) for name in followed)):
            self.budget.spend()
            missing.discard(name)
            if not missing:
                yield Slot(end, wall_at(end, offset_at(end, job.zone)))
                missing = set(followed)

    def _ends(self, name: str, starts: Iterable[PlannedStart]) -> Iterator[tuple[datetime, str]]:
        took = self.took(name)
        return ((start.at + took, name) for start in starts)
