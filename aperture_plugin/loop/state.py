"""What the loop knows between two ticks. Only the loop's own thread touches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aperture_plugin.config.model import Config, JobConfig, Missed
from aperture_plugin.config.problems import Problem
from aperture_plugin.loop.chains import Chains
from aperture_plugin.loop.deadlines import Deadlines
from aperture_plugin.loop.lines import Lines
from aperture_plugin.loop.ready import Ready
from aperture_plugin.loop.ticking import EACH_HAS_A_ROW, TOLD_ONE_BY_ONE, Timetable
from aperture_plugin.ports import Clock, Era, Ledger, Pause
from aperture_plugin.rules.firing import HeldBack
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import Run
from aperture_plugin.words.schedules import After

__all__ = ["State", "Substitute"]

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Substitute:
    """Why the configuration in force at the start is not that of the file on disk.

    Attributes:
        generation: The number of the accepted file that is in force in its place.
        accepted_at: When that one was accepted.
        problems: What is wrong with the one on disk.
    """

    generation: int
    accepted_at: datetime
    problems: Sequence[Problem]


@dataclass(slots=True)
class State:
    """What the loop knows.

    Attributes:
        id: This process on the store: the owner of what it runs.
        new_id: Makes a run's id from the instant it is made.
        only: Ids of the runs to look after, where the schedule is not fired here; None for all.
        able_since: Since when a loop has been able to run jobs without a break.
        stale: The mirror may differ from the store: read it anew at the next transaction.
        knows_eras: Whether `eras` is what the store has, so that only what a save changes need be written.
        last: Each job's latest run that ran and ended; None where it never did.
        live: What this process has handed to an executor and not heard the end of.
        verdicts: Why an attempt was asked to stop, where that makes it `failed`.
        ghosts: Attempts given up whose handler still lives in this process: by job, since when.
        is_alone: Whether no other process ticks on the store.
        asks_ready: Whether any plugin answers `aperture_ready`.
        followers: By job, those whose `after` names it.
        needed: Jobs that another needs.
        ready: By job, what becomes of its next slot if nothing comes between.
        rejected, rejected_at: What is wrong with the file on disk, and since when that is known.
        substitute: What is in force since the start in place of the file on disk; None where that file is, or was.
    """

    id: str
    clock: Clock
    environ: Mapping[str, str]
    new_id: Callable[[datetime], str]
    config: Config
    jobs: Mapping[str, Job]
    timetable: Timetable
    able_since: datetime
    only: set[str] | None = None
    stale: bool = True
    lines: Lines = field(default_factory=Lines)
    chains: Chains = field(default_factory=Chains)
    deadlines: Deadlines = field(default_factory=Deadlines)
    eras: dict[str, Era] = field(default_factory=dict)
    knows_eras: bool = False
    pauses: dict[str, Pause] = field(default_factory=dict)
    last: dict[str, Run | None] = field(default_factory=dict)
    live: dict[Key, Run] = field(default_factory=dict)
    verdicts: dict[Key, str] = field(default_factory=dict)
    ghosts: dict[Key, Run] = field(default_factory=dict)
    is_alone: bool = False
    asks_ready: bool = False
    rejected: Sequence[Problem] = ()
    rejected_at: datetime | None = None
    substitute: Substitute | None = None
    followers: dict[str, list[JobConfig]] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    ready: dict[str, Ready] = field(default_factory=dict)

    def take_config(self, config: Config, jobs: Mapping[str, Job]) -> None:
        """Let *config* be the file in force, and forget what was refused."""
        self.config = config
        self.jobs = jobs
        self.rejected, self.rejected_at, self.substitute = (), None, None
        self.followers = {}
        self.needed = frozenset(need for job in config.jobs.values() for need in job.needs)
        self.chains.take_config(config)
        for job in config.jobs.values():
            if job.enabled and isinstance(job.schedule, After):
                for name in job.schedule.jobs:
                    self.followers.setdefault(name, []).append(job)

    def job_config(self, name: str) -> JobConfig | None:
        """Return a job's words; for one that plugins register and the file does not name, those it has by default."""
        job = self.config.jobs.get(name)
        if job is None and name in self.jobs:
            return self.config.unlisted(name)
        return job

    def held_back(self, name: str) -> HeldBack | None:
        """Return the pause of a job as `fire` wants it."""
        pause = self.pauses.get(name)
        if pause is None:
            return None
        note = f": {pause.note}" if pause.note else ""
        by = f" by {pause.by}" if pause.by else ""
        return HeldBack(since=pause.since, until=pause.until, reason=f"it was paused{by}{note}")

    def told_one_by_one(self, name: str) -> int:
        """Return how many of a job's slots that are due at once are told one by one: all that get a row each."""
        job = self.config.jobs.get(name)
        recorded = name in self.pauses or (job is not None and job.missed is Missed.SKIP)
        return EACH_HAS_A_ROW if recorded else TOLD_ONE_BY_ONE

    def last_run(self, name: str, ledger: Ledger) -> Run | None:
        """Return a job's latest run that ran and ended, asking the store the first time."""
        if name not in self.last:
            self.last[name] = ledger.last_runs([name]).get(name)
        return self.last[name]

    def ghost_jobs(self) -> dict[str, datetime]:
        """Return the jobs whose given-up handler still lives here, and since when."""
        return {run.job: run.started_at or run.queued_at for run in self.ghosts.values()}

    def read_anew(self, ledger: Ledger) -> None:
        """Make the mirror equal to the store, as it must be after another process wrote, or a commit failed."""
        in_hand = ledger.in_hand()
        if self.only is not None:
            in_hand = [run for run in in_hand if run.id in self.only or run.owner is not None]
        self.lines = Lines(in_hand)
        self.pauses = ledger.pauses()
        self.chains.read_anew(ledger.completed())
        self.last.clear()
        self.is_alone = all(loop.id == self.id for loop in ledger.loops())
        self.stale = self.knows_eras = False
