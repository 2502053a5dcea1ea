"""One tick: hear, fire, claim, queue, admit; then sleep until there is something to do.

All that a tick does to the store is one exclusive transaction, so a crash at any moment leaves either
the whole of it or nothing, and no other process decides at the same time (DESIGN.md, section 4).
Handlers are started after the commit, never before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aperture_plugin.config.model import Config
from aperture_plugin.loop.details import details_of
from aperture_plugin.loop.finish import recover
from aperture_plugin.loop.fire import fire_due, join_due
from aperture_plugin.loop.generations import keep_generation
from aperture_plugin.loop.handle import handle
from aperture_plugin.loop.inbox import CancelAsked, ConfigRead, ConfigRefusedMessage, Inbox, Message
from aperture_plugin.loop.keeping import Keeping
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.observers import Observers
from aperture_plugin.loop.pacing import Pace, Wakes
from aperture_plugin.loop.readiness import Readiness
from aperture_plugin.loop.sifting import sift
from aperture_plugin.loop.state import State
from aperture_plugin.loop.stopping import Stopping
from aperture_plugin.loop.swap import swap
from aperture_plugin.loop.syncing import Syncs
from aperture_plugin.loop.told import Told
from aperture_plugin.loop.turn import Turn
from aperture_plugin.ports import (
    Ended,
    Executor,
    Ledger,
    Logged,
    Progressed,
    Store,
    StoreRefused,
    StoreUnavailable,
    Work,
)
from aperture_plugin.rules.admission import Admission, OnReady, Skip, Start, Surroundings, Wait, admit
from aperture_plugin.rules.firing import Due
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import ENDED, Run, Status, but

__all__ = ["Loop"]

_log = logging.getLogger("aperture")


class Loop:
    """Ticks. Every method but `inbox.put` belongs to one thread.

    Args:
        state: What it knows.
        store: Where it keeps it.
        lease: This process's record there.
        executor: Where the work is done.
        told: The plugins.
        directory: Absolute folder of the file, where commands run.
        end_group: Ends the process group that a dead process of this machine left running for a run.
        pace: How often it looks up by itself.
    """

    def __init__(
        self,
        state: State,
        *,
        store: Store,
        lease: Lease,
        executor: Executor,
        told: Told,
        directory: str,
        end_group: Callable[[int | None, str], object],
        pace: Pace,
    ) -> None:
        self.state = state
        self.inbox = Inbox()
        self.observers = Observers(threaded=pace.threaded)
        self._store = store
        self._lease = lease
        self._executor = executor
        self._told = told
        self._directory = directory
        self._pace = pace
        self._wakes = Wakes()
        self._syncs = Syncs(pace.sync)
        self._stopping = Stopping(state, executor, lease, end_group)
        self._keeping = Keeping(state.clock.monotonic(), forgets=state.only is None)
        state.timetable.told_one_by_one = state.told_one_by_one
        self._readiness = Readiness(told.ready, self.inbox.put, pace)
        self._due: dict[str, Due] = {}
        self._backlog: list[Message] = []
        self._draining = False
        self._details_changed = False
        self._loaded_at: datetime | None = None
        self._polled_at = 0.0
        self._flush_at = 0.0

    # ── the life of a loop ──────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Enter the store: recover what a dead process left, and put the file in force.

        Raises:
            StoreUnavailable: Nothing has happened; it can be tried again.
        """
        state = self.state
        now, at = state.clock.now(), state.clock.monotonic()
        state.able_since = self._loaded_at = now
        substitute = state.substitute
        with self._store.transaction() as ledger:
            turn = self._open_turn(ledger, now)
            self._stopping.recover_the_dead(turn)
            if state.only is None:
                swap(state, turn, state.config, state.jobs, fire=self._fire, starting=True)
            else:
                state.take_config(state.config, state.jobs)
            if substitute is not None:
                state.substitute, state.rejected, state.rejected_at = substitute, substitute.problems, now
            turn.write()
            self._lease.renew(ledger, now=now, at=at, details=self._details())
            keep_generation(self.state, ledger, now)
        self._settle(turn)
        if substitute is not None:
            self.observers.tell(partial(self._told.config_rejected, list(substitute.problems)))
            accepted = substitute.accepted_at.isoformat(timespec="seconds")
            said = "generation %d of %s, accepted at %s, is in force until the file is good again"
            self.observers.tell(partial(_log.warning, said, substitute.generation, state.config.file, accepted))
        self.observers.tell(partial(self._told.config_loaded, state.config, None))

    def tick(self) -> float:
        """Do all there is to do now; return how many seconds there is nothing to do."""
        state = self.state
        now, at = state.clock.now(), state.clock.monotonic()
        noticed = self._wakes.noticed
        if self._wakes.woke(now, at):
            state.able_since = now
        if self._wakes.noticed is not noticed:
            self._details_changed = True
        if self.inbox:
            self._backlog += self.inbox.take()
        if not self._draining:
            state.timetable.run_pending(now)
        has_work = self._has_work(now, at)
        if has_work or self._syncs.is_due(at):
            try:
                if has_work:
                    self._take_turn(now, at)
                else:
                    self._store.sync()
                    self._syncs.wrote(at, waited=True)
            except (StoreUnavailable, StoreRefused) as reason:
                state.stale = True
                return self._wakes.store_is_away(reason)
            except Exception:
                state.stale = True
                if not self._backlog:
                    raise
                _log.exception("a tick failed; what it heard is dealt with one by one")
                self._take_one_by_one(now, at)
            self._wakes.store_is_back()
        elif self._keeping.next_at is not None and at >= self._keeping.next_at:
            self._forget(now, at)
        return self._wakes.sleep(self._waits(now, at), now=now, at=at)

    def drain(self) -> None:
        """Claim and start nothing any more; runs that run go on."""
        self._draining = self._details_changed = True
        self._keeping.stop()

    def running_here(self) -> list[Run]:
        """Return the attempts that this process runs."""
        return list(self.state.live.values())

    def ask_all_to_stop(self, reason: str) -> None:
        """Ask every attempt that runs here to stop."""
        for run in self.running_here():
            self.inbox.put(CancelAsked(run_id=run.id, reason=reason))

    def end(self, *, reason: str) -> None:
        """Leave the store: mark what still runs here `interrupted`, and take the record off.

        A store that is away is left as it is: whoever starts next finds what was cut off.
        """
        now = self.state.clock.now()
        messages = [*self._backlog, *self.inbox.take()]
        try:
            with self._store.transaction() as ledger:
                turn = self._open_turn(ledger, now)
                self._hear(turn, messages)
                recover(self.state, turn, turn.lines.running_of(self.state.id), reason=reason)
                turn.write()
                ledger.drop_loop(self.state.id)
        except (StoreUnavailable, StoreRefused) as away:
            _log.warning("the store is away, the next start will tidy up: %s", away)
            return
        self._backlog = []
        self._settle(turn)

    # ── one turn ────────────────────────────────────────────────────────────────────────────────

    def _has_work(self, now: datetime, at: float) -> bool:
        state = self.state
        wakes_at = None if self._draining else state.lines.wakes_at
        deadline, stale_at = state.deadlines.next_at, self._readiness.next_at
        return (
            bool(self._due)
            or self._details_changed
            or state.stale
            or (state.lines.has_work and not self._draining)
            or (bool(self._backlog) and (at >= self._flush_at or any(map(_is_urgent, self._backlog))))
            or (self._pace.beat and at >= self._lease.looks_at)
            or (wakes_at is not None and wakes_at <= now)
            or (deadline is not None and deadline <= at)
            or (stale_at is not None and stale_at <= at)
            or self._another_wrote(at)
        )

    def _another_wrote(self, at: float) -> bool:
        if self._pace.poll is None or at - self._polled_at < self._pace.poll:
            return False
        self._polled_at = at
        try:
            return self._store.changed()
        except (StoreUnavailable, StoreRefused):
            return True  # The transaction meets it again, and says so in full.

    def _take_turn(self, now: datetime, at: float) -> None:
        state, messages, due = self.state, self._backlog, self._due
        beats = self._pace.beat and at >= self._lease.looks_at
        if self._wakes.failures:
            state.able_since = now  # What fell due while the store was away is caught up once.
        with self._store.transaction() as ledger:
            may_be_taken = ledger.foreign or state.stale
            turn = self._open_turn(ledger, now)
            self._hear(turn, messages)
            fire_due(state, turn, due, may_be_taken=may_be_taken)
            swapped = self._swap(turn, messages)
            if beats:
                self._stopping.recover_the_dead(turn)
            self._stopping.enforce_deadlines(turn, at)
            for name in self._readiness.grown_stale(at):
                turn.lines.heard_ready(name)
            if not self._draining:
                self._admit(turn)
            turn.write()
            if beats or self._details_changed:
                self._lease.renew(ledger, now=now, at=at, details=self._details() if self._details_changed else None)
            if swapped:
                keep_generation(self.state, ledger, now)
            relaxed = not (due or beats or self._details_changed or may_be_taken or self._syncs.is_due(at))
            relaxed = relaxed and self._syncs.may_wait(messages, turn.starts.values(), state.config.jobs)
            if relaxed:
                ledger.relax()
        self._syncs.wrote(at, waited=not relaxed)
        self._backlog, self._due, self._details_changed = [], {}, False
        self._flush_at = at + self._pace.flush
        self._settle(turn)
        for config, previous in swapped:
            self.observers.tell(partial(self._told.config_loaded, config, previous))

    def _take_one_by_one(self, now: datetime, at: float) -> None:
        messages, due = self._backlog, self._due

        def take(some: list[Message]) -> None:
            self._backlog, self._due = some, {}
            self._take_turn(now, at)

        try:
            sift(messages, take)
        finally:
            self._backlog, self._due, self.state.stale = messages, due, True

    def _open_turn(self, ledger: Ledger, now: datetime) -> Turn:
        state = self.state
        anew = ledger.foreign or state.stale  # Asked first: it is heeded either way.
        if anew:
            state.read_anew(ledger)
            if self._pace.beat:
                self._lease.note(ledger.loops(), at=state.clock.monotonic())
        turn = Turn(ledger, now, state.lines)
        if anew:
            self._stopping.hear_of_others(turn)
            turn.settled.append(partial(self._told.read_anew, {run.id for run in turn.lines}))
            self._take_back_orphans(turn)
        return turn

    def _hear(self, turn: Turn, messages: list[Message]) -> None:
        for message in messages:
            handle(self.state, turn, message, self._readiness, ask_to_stop=self._stopping.ask)

    def _swap(self, turn: Turn, messages: list[Message]) -> list[tuple[Config, Config]]:
        """Put in force what was read, now that the slots of the old file are claimed."""
        state = self.state
        swapped: list[tuple[Config, Config]] = []
        for message in messages:
            if isinstance(message, ConfigRead):
                swapped.append((message.config, state.config))
                swap(state, turn, message.config, message.jobs, fire=self._fire)
                self._loaded_at = turn.now
                self._details_changed = True
                turn.settled.append(partial(_log.info, "%s is in force", message.config.file))
            elif isinstance(message, ConfigRefusedMessage):
                state.rejected, state.rejected_at = tuple(message.problems), turn.now
                self._details_changed = True
                turn.settled.append(
                    partial(self.observers.tell, partial(self._told.config_rejected, list(message.problems)))
                )
        return swapped

    def _admit(self, turn: Turn) -> None:
        state = self.state
        turn.lines.ask_again(now=turn.now)
        around = Surroundings(
            now=turn.now,
            in_hand=turn.lines.of_job,
            last_run=lambda name: state.last_run(name, turn.ledger),
            running_in=turn.lines.running_in,
            seats=state.config.queues,
            environ=state.environ,
            ghosts=state.ghost_jobs(),
            ready=self._readiness.answers if state.asks_ready else None,
        )
        for run, admission in turn.lines.ask(partial(self._decide, around)):
            match admission:
                case Start():
                    self._readiness.forget(run.job)
                    turn.start(
                        but(
                            run,
                            status=Status.RUNNING,
                            owner=state.id,
                            started_at=turn.now,
                            reason=None,
                            not_before=None,
                        )
                    )
                case Wait(reason=reason):
                    if (run.status, run.reason) != (admission.status, reason):
                        tell = run.status is not admission.status
                        turn.change(but(run, status=admission.status, reason=reason), tell=tell)
                case Skip(reason=reason):
                    turn.change(but(run, status=Status.SKIPPED, reason=reason, finished_at=turn.now))

    def _decide(self, around: Surroundings, run: Run) -> Admission:
        job = self.state.job_config(run.job)
        if job is None:
            return Skip(f"{run.job} is not in {self.state.config.file}")
        admission = admit(run, job, around)
        match admission:
            case Wait(on=OnReady(job=name)) if name not in self._readiness.answers:
                self._readiness.ask(name, self.state.jobs)
        return admission

    def _settle(self, turn: Turn) -> None:
        """Do what had to wait for the commit: tell, answer, start."""
        state = self.state
        if turn.told and self._told.hears_runs:
            self.observers.tell(partial(self._tell_of, turn.told))
        for run in turn.told:
            if run.status in ENDED and state.lines.get((run.id, run.attempt + 1)) is None:
                self._told.run_ended(run)
        for call in turn.settled:
            call()
        at = state.clock.monotonic()
        for run in turn.starts.values():
            self._start(run, at)

    def _tell_of(self, runs: list[Run]) -> None:
        for run in runs:
            self._told.run_changed(run)

    def _start(self, run: Run, at: float) -> None:
        state = self.state
        job = state.job_config(run.job)
        assert job is not None, "only a job with words is admitted"
        state.live[run.key] = run
        state.deadlines.watch(run.key, at=at, timeout=job.timeout, stalled_after=job.stalled_after)
        work = Work(
            run=run,
            job=state.jobs.get(run.job),
            config=job,
            directory=self._directory,
            environment=state.environ,
        )
        try:
            self._executor.start(work, self.inbox.put)
        except Exception as error:  # noqa: BLE001  # an executor may be a plugin's: its fault ends this run, not the loop
            _log.exception("%s could not be started", run.job)
            reason = f"it could not be started: {type(error).__name__}: {error}"
            self.inbox.put(Ended(run.key, Outcome(status=OutcomeStatus.FAILED, reason=reason)))

    # ── helpers ─────────────────────────────────────────────────────────────────────────────────

    def _fire(self, name: str, due: Due) -> None:
        self._due[name] = join_due(self._due.get(name), due)

    def _take_back_orphans(self, turn: Turn) -> None:
        """Find our own runs that no executor was given: their start was written by a commit that seemed to fail."""
        known = self.state.live.keys() | {message.key for message in self._backlog if isinstance(message, Ended)}
        mine = [run for run in turn.lines.running_of(self.state.id) if run.key not in known]
        recover(self.state, turn, mine, reason="its start was cut off when the store went away")

    def _forget(self, now: datetime, at: float) -> None:
        """Use a moment in which there is nothing to do to forget a little of what is long past."""
        try:
            with self._store.transaction() as ledger:
                self.state.stale |= ledger.foreign  # The transaction has taken note of it, so it has to be acted upon.
                self._keeping.step(ledger, now=now, at=at)
        except (StoreUnavailable, StoreRefused) as away:
            _log.debug("what is long past is forgotten later: %s", away)
            self._keeping.put_off(at)

    def _waits(self, now: datetime, at: float) -> Iterator[float]:
        """Yield how many seconds it is until each thing that the loop must wake for."""
        state = self.state
        if self.inbox or (state.lines.has_work and not self._draining):
            yield 0.0
        for instant in () if self._draining else (state.timetable.get_next_run(), state.lines.wakes_at):
            if instant is not None:
                yield (instant - now) / timedelta(seconds=1)
        for monotonic in (state.deadlines.next_at, self._readiness.next_at, self._keeping.next_at, self._syncs.at):
            if monotonic is not None:
                yield monotonic - at
        if self._backlog:
            yield self._flush_at - at
        if self._pace.beat:
            yield self._lease.looks_at - at
        if self._pace.poll is not None:
            yield self._pace.poll

    def _details(self) -> Mapping[str, Any]:
        """Return what `status` shows of the file and `doctor` of the clock, for whoever reads the store."""
        return details_of(self.state, loaded_at=self._loaded_at, draining=self._draining, noticed=self._wakes.noticed)


def _is_urgent(message: Message) -> bool:
    """Say whether a message may not wait until progress and log lines are written together."""
    return not isinstance(message, Progressed | Logged)
