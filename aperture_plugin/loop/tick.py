"""The changes of one tick: gathered first, then written as one transaction, then true in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aperture_plugin.loop.effects import Effect, Log
from aperture_plugin.loop.messages import BackfillAsked, RunAsked
from aperture_plugin.loop.predecessors import Predecessors
from aperture_plugin.loop.run_queue import RunQueue
from aperture_plugin.loop.state import InForce, OwnWords, State
from aperture_plugin.loop.timetable import TimetableChanges
from aperture_plugin.ports import Ledger, LogLine, LoopRecord
from aperture_plugin.rules.runs import AttemptKey, Run
from aperture_plugin.rules.shared_files import Division

__all__ = ["Tick"]


@dataclass(slots=True)
class Tick:
    """The changes of one tick.

    Attributes:
        state: As it was before the tick, its mirror of the store apart.
        ledger: The open transaction.
        now, at: The tick's instant, and the monotonic time.
        is_foreign: True if another process may have written since the last transaction.
        is_isolated: True if it deals with one message of several, after a tick that failed.
        beats: True if it renews the lease and looks for dead processes.
        finds_ahead: True if a slot that is due cannot be claimed, because a clock that is ahead has claimed later ones.
        in_force: The file in force, as this tick leaves it.
        timetable: Changes to the timetable that a new file brings; None for none.
        begun, ended, abandoned: Attempts whose handler begins, is known to have ended, or is given up.
        division, divided_by, own_words: The same of `State`, as this tick leaves them.
        is_redivided: Whether the division has changed and the timetable does not follow it yet.
        publishes: Whether this loop's record changes in more than its beat.
        able_from: The same of `State`, as far as this tick adds to it.
        died: Processes that this tick has found dead.
        gone: Jobs that this tick has taken for gone.
        lease_record: The record of this process as the tick has renewed it; None where it has not.
        effects: The effects to apply once it is committed.
    """

    state: State
    ledger: Ledger
    now: datetime
    at: float
    is_foreign: bool = False
    is_isolated: bool = False
    beats: bool = False
    finds_ahead: bool = False
    in_force: InForce = field(init=False)
    timetable: TimetableChanges | None = None
    added: dict[AttemptKey, Run] = field(default_factory=dict)
    changed: dict[AttemptKey, Run] = field(default_factory=dict)
    logs: list[LogLine] = field(default_factory=list)
    starts: dict[AttemptKey, Run] = field(default_factory=dict)
    pre_assigned: dict[AttemptKey, Run] = field(default_factory=dict)
    reported: list[Run] = field(default_factory=list)
    begun: dict[AttemptKey, Run] = field(default_factory=dict)
    ended: set[AttemptKey] = field(default_factory=set)
    abandoned: dict[AttemptKey, Run] = field(default_factory=dict)
    unwatched: set[AttemptKey] = field(default_factory=set)
    progressed: set[AttemptKey] = field(default_factory=set)
    hasty: dict[AttemptKey, int] = field(default_factory=dict)
    requests: list[RunAsked | BackfillAsked] = field(default_factory=list)
    dead_loops: set[str] = field(default_factory=set)
    died: list[LoopRecord] = field(default_factory=list)
    silent_loops: Mapping[str, int] = field(init=False)
    division: Division = field(init=False)
    divided_by: tuple[object, ...] = field(init=False)
    own_words: OwnWords | None = field(init=False)
    is_redivided: bool = False
    publishes: bool = False
    able_from: dict[str, datetime] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    lease_record: LoopRecord | None = None
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.in_force = self.state.in_force
        self.silent_loops = self.state.silent_loops
        self.division = self.state.division
        self.divided_by = self.state.divided_by
        self.own_words = self.state.own_words

    @property
    def queue(self) -> RunQueue:
        """The runs in hand, as this tick leaves them."""
        return self.state.queue

    @property
    def predecessors(self) -> Predecessors:
        """The predecessors that have completed since the last run of each job that comes after several."""
        return self.state.predecessors

    def divide(self, division: Division, by: tuple[object, ...]) -> None:
        """Divide the jobs between this loop and the others as *division* says, which follows from the facts *by*."""
        self.publishes = self.publishes or division.unknown != self.division.unknown
        self.division, self.divided_by, self.is_redivided = division, by, True
        self.state.absent.forget(lambda job: job in self.in_force.config.jobs or division.is_elsewhere(job))

    def is_gone(self, job: str) -> bool:
        """Return whether *job*, which no loop knows now, has been unknown for so long that nobody will run it."""
        return self.state.absent.is_gone(job, at=self.at)

    def add(self, run: Run) -> None:
        """Add a new attempt."""
        self.added[run.key] = run
        if run.job in self.predecessors.named:
            self.predecessors.became(None, run)
        self.queue.put(run)
        self.reported.append(run)

    def leave(self, run: Run) -> None:
        """Add a new attempt that another process will start."""
        self.added[run.key] = run
        if run.job in self.predecessors.named:
            self.predecessors.became(None, run)

    def change(self, run: Run, *, report: bool = True) -> None:
        """Replace an attempt by what it has become.

        Args:
            report: True if plugins are notified; not where only its progress moved.
        """
        (self.added if run.key in self.added else self.changed)[run.key] = run
        if run.job in self.predecessors.named:
            self.predecessors.became(self.queue.get(run.key), run)
        self.queue.put(run)
        if report:
            self.reported.append(run)

    def start(self, run: Run) -> None:
        """Start an attempt: its executor is given it once that is written."""
        self.change(run)
        self.starts[run.key] = self.begun[run.key] = run

    def pre_assign(self, run: Run) -> None:
        """Give an attempt to a worker of this process, which begins it once that is written and a seat comes free."""
        self.change(run, report=False)
        self.pre_assigned[run.key] = run

    def write_line(self, run: Run, level: str, text: str) -> None:
        """Add a line of the loop's own to the log of an attempt."""
        self.logs.append(LogLine(run_id=run.id, attempt=run.attempt, at=self.now, level=level, text=text))

    def log(self, level: int, text: str) -> None:
        """Write to the log of the process once this is committed."""
        self.effects.append(Log(level, text))

    def current(self, key: AttemptKey) -> Run | None:
        """Return an attempt as this tick leaves it, ended ones included."""
        return self.added.get(key) or self.changed.get(key) or self.queue.get(key)

    def write(self) -> None:
        """Write everything, one statement a kind."""
        if self.added:
            self.ledger.add(list(self.added.values()))
        if self.changed:
            self.ledger.update(list(self.changed.values()))
        if self.logs:
            self.ledger.log(self.logs)
        self.predecessors.write(self.ledger)

    def committed(self) -> None:
        """Apply this tick, which is committed, to the state."""
        state, at = self.state, self.state.clock.monotonic()
        state.deadlines.settled()
        state.lease.forget(self.dead_loops)
        if self.lease_record is not None:
            state.lease.renewed(self.lease_record, at=self.at)
        state.in_force = self.in_force
        state.silent_loops = self.silent_loops
        state.division, state.divided_by, state.own_words = self.division, self.divided_by, self.own_words
        state.able_from.update(self.able_from)
        state.absent.settled(self.gone)
        if self.timetable is not None:
            self.timetable.apply(state.timetable, state.pending.fall_due)
        for key, run in self.begun.items():
            state.live[key] = run
            job = self.in_force.job_config(run.job)
            if job is not None:
                timeout, stalled_after = job.timeout, job.stalled_after
                state.deadlines.watch(key, at=at, timeout=timeout, stalled_after=stalled_after)
        state.abandoned.update(self.abandoned)
        state.hasty.update(self.hasty)
        for key in self.ended:
            for known in (state.live, state.abandoned, state.verdicts):
                known.pop(key, None)
            if not self.hasty.get(key):
                state.hasty.pop(key, None)
        for key in self.ended | self.unwatched:
            state.deadlines.forget(key)
        for key in self.progressed:
            state.deadlines.progressed(key, at=at)
        for request in self.requests:
            state.run_ids.pop(request, None)
