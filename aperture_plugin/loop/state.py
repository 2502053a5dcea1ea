"""The loop's state between two ticks. Only the loop's own thread touches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from aperture_plugin.config.model import Config, JobConfig, Missed
from aperture_plugin.config.problems import Problem
from aperture_plugin.loop.absent_jobs import AbsentJobs
from aperture_plugin.loop.deadlines import Deadlines
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.messages import BackfillAsked, RunAsked
from aperture_plugin.loop.pending_slots import PendingSlots
from aperture_plugin.loop.predecessors import Predecessors
from aperture_plugin.loop.readiness import Readiness
from aperture_plugin.loop.run_queue import RunQueue
from aperture_plugin.loop.timetable import EACH_HAS_A_ROW, LISTED_ONE_BY_ONE, Timetable
from aperture_plugin.ports import Clock, Ledger, Pause, Runs, ScheduleRevision
from aperture_plugin.rules.due_slots import HeldBack
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import AttemptKey, Run
from aperture_plugin.rules.shared_files import ALONE, Division, PublishedWords
from aperture_plugin.words.schedules import After

__all__ = ["InForce", "OwnWords", "Rejected", "State", "Substitute"]


@dataclass(frozen=True, slots=True)
class Substitute:
    """The reason why the configuration in force at the start is not that of the file on disk.

    Attributes:
        generation: The number of the accepted file that is in force in its place.
        accepted_at: The time at which that one was accepted.
        problems: The problems of the one on disk.
    """

    generation: int
    accepted_at: datetime
    problems: Sequence[Problem]

    def in_words(self, file: str) -> str:
        """Return what is in force in place of *file*, as one sentence of the log."""
        accepted = self.accepted_at.isoformat(timespec="seconds")
        which = f"generation {self.generation} of {file}, accepted at {accepted}"
        return f"{which}, is in force until the file is good again"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A saved file that was refused: what is wrong with it, and when that was found."""

    problems: Sequence[Problem]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The file in force and what is derived from it; a frozen value, which any thread may read.

    Attributes:
        jobs: The jobs that the plugins register.
        followers: By job, those whose `after` names it.
        needed: Jobs that another needs.
        loaded_at: The time at which it came into force; None before the loop has begun.
        number, accepted_at: Its generation, and when any loop first accepted that; None before the loop has begun,
            and where the schedule is not fired.
        rejected: The file on disk, where it was refused since.
        substitute: The configuration in force since the start if it is not, and was not, the file on disk; else None.
        changed_plugins: Files of plugins that are not as they were when they were loaded.
    """

    config: Config
    jobs: Mapping[str, Job]
    followers: Mapping[str, Sequence[JobConfig]]
    needed: frozenset[str]
    loaded_at: datetime | None = None
    number: int | None = None
    accepted_at: datetime | None = None
    rejected: Rejected | None = None
    substitute: Substitute | None = None
    changed_plugins: Sequence[str] = ()

    @classmethod
    def of(cls, config: Config, jobs: Mapping[str, Job], *, loaded_at: datetime | None = None) -> InForce:
        """Return *config* as the file in force."""
        followers: dict[str, list[JobConfig]] = {}
        for job in config.jobs.values():
            if job.enabled and isinstance(job.schedule, After):
                for name in job.schedule.jobs:
                    followers.setdefault(name, []).append(job)
        needed = frozenset(need for job in config.jobs.values() for need in job.needs)
        return cls(config=config, jobs=jobs, followers=followers, needed=needed, loaded_at=loaded_at)

    @property
    def nobodys(self) -> list[str]:
        """The jobs that would run a handler, and that no plugin offers: their runs will fail."""
        return [
            job.name
            for job in self.config.jobs.values()
            if job.enabled and job.command is None and job.name not in self.jobs
        ]

    @property
    def digest(self) -> str:
        """SHA-256 of the file's text, as `status` shows it."""
        return sha256(self.config.text.encode("utf-8", "replace")).hexdigest()

    def job_config(self, name: str) -> JobConfig | None:
        """Return a job's words; for one that plugins register and the file does not name, those it has by default."""
        job = self.config.jobs.get(name)
        if job is None and name in self.jobs:
            return self.config.unlisted(name)
        return job


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The words of a file that this loop has published for the others on the store.

    Attributes:
        digest: Of the words; the loop's record names it.
        text: SHA-256 of the file's text.
    """

    config: Config
    words: PublishedWords
    digest: str
    text: str


@dataclass(slots=True)
class State:
    """The loop's state. A tick's changes are applied to it once the tick is committed.

    The queue, the predecessors, `pauses`, `last` and `revisions` are a mirror of the store. A tick changes them as it
    goes; one that fails leaves them `stale`, so that the next reads them anew.

    Attributes:
        id: This process on the store: the owner of what it runs.
        new_id: Makes a run's id from the instant it is made.
        lease: This process's record on the store, and what it has seen of the others.
        readiness: The plugins' latest answers about each job.
        only: Ids of the runs to look after, where the schedule is not fired here; None for all.
        able_since: Since when a loop has been able to run jobs without a break.
        stale: The mirror may differ from the store: read it anew at the next transaction.
        pending: Slots that fell due and are not claimed yet.
        revisions: By job, the schedule revision in force.
        knows_revisions: True if `revisions` equals the store's, so that only the changes of a save need be written.
        last: Each job's latest run that ran and ended; None where it never did.
        live: The attempts that this process has handed to an executor and that have not ended.
        verdicts: The reason for which an attempt was asked to stop, where that makes it `failed`.
        abandoned: Attempts given up, or ended by another process, whose handler still lives in this process.
        hasty: Number of times in a row that an attempt was put off for less than a second.
        run_ids: The ids that were made for requests which are not committed yet.
        last_completions: The last completions of jobs that run at start, as this loop began.
        silent_loops: The loops, and their beats, that were on the store as this one began, while it is not known
            whether any of them lives.
        ahead: By job, slots to come that are claimed already: they ran while the clock was ahead.
        released: What is due again because the clock was ahead, as a sentence, until it is published.
        is_alone: True while no other process ticks on the store.
        division: The jobs that are this loop's, and those that it leaves to others.
        divided_by: The facts that the division was made of; it is made anew where they have changed.
        own_words: The words of the file that this loop has published for others; None where it was always alone.
        their_words: By loop: the digest of its words when they were read, and the words.
        heard: By loop: its last beat, the monotonic time at which that was first seen, and whether it is silent.
        absent: Jobs that no loop on the store knows.
        able_from: By job that this loop took over: the instant from which its slots are not missed ones.
        draining: True once nothing is claimed or started any more.
        asks_ready: True if any plugin answers `aperture_ready`.
        looked_in: Where plugins were looked for, as a clause.
    """

    id: str
    clock: Clock
    environ: Mapping[str, str]
    new_id: Callable[[datetime], str]
    in_force: InForce
    timetable: Timetable
    lease: Lease
    readiness: Readiness
    able_since: datetime
    only: set[str] | None = None
    stale: bool = True
    pending: PendingSlots = field(default_factory=PendingSlots)
    queue: RunQueue = field(default_factory=RunQueue)
    predecessors: Predecessors = field(default_factory=Predecessors)
    deadlines: Deadlines = field(default_factory=Deadlines)
    revisions: dict[str, ScheduleRevision] = field(default_factory=dict)
    knows_revisions: bool = False
    pauses: dict[str, Pause] = field(default_factory=dict)
    last: dict[str, Run | None] = field(default_factory=dict)
    live: dict[AttemptKey, Run] = field(default_factory=dict)
    verdicts: dict[AttemptKey, str] = field(default_factory=dict)
    abandoned: dict[AttemptKey, Run] = field(default_factory=dict)
    hasty: dict[AttemptKey, int] = field(default_factory=dict)
    run_ids: dict[RunAsked | BackfillAsked, list[str]] = field(default_factory=dict)
    last_completions: Mapping[str, datetime] = field(default_factory=dict)
    silent_loops: Mapping[str, int] = field(default_factory=dict)
    ahead: dict[str, frozenset[datetime]] = field(default_factory=dict)
    released: str = ""
    is_alone: bool = False
    division: Division = ALONE
    divided_by: tuple[object, ...] = ()
    own_words: OwnWords | None = None
    their_words: dict[str, tuple[str, PublishedWords]] = field(default_factory=dict)
    heard: dict[str, tuple[int, float, bool]] = field(default_factory=dict)
    absent: AbsentJobs = field(default_factory=AbsentJobs)
    able_from: dict[str, datetime] = field(default_factory=dict)
    draining: bool = False
    asks_ready: bool = False
    looked_in: str = ""

    def __post_init__(self) -> None:
        self.timetable.listed_one_by_one = self.listed_one_by_one

    @property
    def config(self) -> Config:
        """The file in force."""
        return self.in_force.config

    def held_back(self, name: str) -> tuple[HeldBack, ...]:
        """Return what skips slots of a job: its pause, and the freezes of the file."""
        frozen = tuple(HeldBack(since=one.since, until=one.until, reason=one.text) for one in self.config.freezes)
        pause = self.pauses.get(name)
        if pause is None:
            return frozen
        note = f": {pause.note}" if pause.note else ""
        by = f" by {pause.by}" if pause.by else ""
        return (HeldBack(since=pause.since, until=pause.until, reason=f"it was paused{by}{note}"), *frozen)

    def listed_one_by_one(self, name: str) -> int:
        """Return how many of a job's slots that are due at once are listed one by one: all that get a row each."""
        job = self.config.jobs.get(name)
        recorded = name in self.pauses or self.config.freezes or (job is not None and job.missed is Missed.SKIP)
        return EACH_HAS_A_ROW if recorded else LISTED_ONE_BY_ONE

    def last_run(self, name: str, ledger: Runs) -> Run | None:
        """Return a job's latest run that ran and ended, asking the store the first time."""
        if name not in self.last:
            self.last[name] = ledger.last_runs([name]).get(name)
        return self.last[name]

    def running_here(self) -> list[Run]:
        """Return the attempts that this process runs, without those that were given up."""
        return [run for key, run in self.live.items() if key not in self.abandoned]

    def read_anew(self, ledger: Ledger) -> None:
        """Make the mirror equal to the store, as it must be after another process wrote, or a tick failed."""
        in_hand = ledger.in_hand()
        if self.only is not None:
            in_hand = [run for run in in_hand if run.id in self.only or run.owner is not None]
        pauses = ledger.pauses()
        if self.stale:
            self.queue = RunQueue(in_hand)
            self.predecessors.take_config(self.config, elsewhere=self.division.after)
        else:
            self.queue.become(in_hand)
            for job in self.pauses.keys() | pauses.keys():
                if self.pauses.get(job) != pauses.get(job):
                    self.queue.job_changed(job)
        self.pauses = pauses
        self.predecessors.read_anew(ledger.completed())
        self.last.clear()
        self.is_alone = all(loop.id == self.id for loop in ledger.loops())
        self.stale = self.knows_revisions = False
