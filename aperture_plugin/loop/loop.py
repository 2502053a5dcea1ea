"""The loop: one tick after the other, and its begin and end.

All that a tick does to the store is one exclusive transaction, so a crash at any moment leaves either
the whole of it or nothing, and no other process decides at the same time (DESIGN.md, section 4). What the loop
knows changes once that is committed, and runs are started after it, never before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aperture_plugin.config.model import Config
from aperture_plugin.loop.bursts.bursts import Bursts, NoBursts
from aperture_plugin.loop.bursts.handoff import GATHERS
from aperture_plugin.loop.dispatch import Dispatcher
from aperture_plugin.loop.effects import ConfigLoaded, ConfigRejected
from aperture_plugin.loop.inbox import Inbox
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.messages import CancelAsked, ConfigRead, Message, is_urgent
from aperture_plugin.loop.notifications import Listeners, Notifications
from aperture_plugin.loop.poison import isolate
from aperture_plugin.loop.published import details_of
from aperture_plugin.loop.readiness import Readiness
from aperture_plugin.loop.retention import Retention
from aperture_plugin.loop.skew_watch import SkewWatch
from aperture_plugin.loop.stages.admit import admit
from aperture_plugin.loop.stages.announce import announce
from aperture_plugin.loop.stages.claim import claim
from aperture_plugin.loop.stages.clock_ahead import release_ahead
from aperture_plugin.loop.stages.complete import cut_off
from aperture_plugin.loop.stages.receive import receive
from aperture_plugin.loop.stages.recover import notice_others, recover
from aperture_plugin.loop.stages.reload import HANDOVER, accept, divide_anew, move_to_queues, put_in_force, reload
from aperture_plugin.loop.stages.share import queue_owed, share
from aperture_plugin.loop.stages.start_runs import decide_start_runs, last_completions, open_start_runs
from aperture_plugin.loop.stages.stop import enforce_deadlines
from aperture_plugin.loop.state import InForce, Rejected, State, Substitute
from aperture_plugin.loop.store_watch import StoreWatch
from aperture_plugin.loop.tick import Tick
from aperture_plugin.loop.timetable import Timetable
from aperture_plugin.loop.wakeups import Pace, Wakeups
from aperture_plugin.ports import Clock, Executor, Ledger, Store, StoreRefused, StoreUnavailable
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import Run

__all__ = ["Loop"]

_log = logging.getLogger("aperture")

_LOOKS_AHEAD_SECONDS = 60.0


class Loop:
    """Ticks. Everything but `inbox` and `in_force` belongs to one thread.

    Args:
        config, jobs: The file to begin with, and what the plugins register.
        lease: This process's record on the store; the owner of its runs has the record's id.
        new_id: Makes a run's id from the instant it is made.
        environ: The environment, for `requires env` and for runs.
        directory: Absolute folder of the file, where commands run.
        end_group: Ends the process group that a dead process of this machine left running for a run.
        pace: Intervals of what the loop does by itself.
        fires: True if it fires the schedule; else it looks after nothing but the runs that are asked for here.
        asks_ready: True if any plugin answers `aperture_ready`.
        substitute: The fact that *config* is not the file on disk, and why.
    """

    def __init__(
        self,
        config: Config,
        jobs: Mapping[str, Job],
        *,
        clock: Clock,
        store: Store,
        lease: Lease,
        executor: Executor,
        listeners: Listeners,
        new_id: Callable[[datetime], str],
        environ: Mapping[str, str],
        directory: str,
        end_group: Callable[[int | None, str], object],
        pace: Pace,
        fires: bool = True,
        asks_ready: bool = False,
        looked_in: str = "",
        substitute: Substitute | None = None,
    ) -> None:
        self.inbox = Inbox()
        self.notifications = Notifications(threaded=pace.threaded)
        self.state = state = State(
            id=lease.record.id,
            clock=clock,
            environ=environ,
            new_id=new_id,
            in_force=InForce.of(config, jobs),
            timetable=Timetable(clock),
            lease=lease,
            readiness=Readiness(listeners.ready, self.inbox.put, pace),
            able_since=clock.now(),
            only=None if fires else set(),
            asks_ready=asks_ready,
            looked_in=looked_in,
        )
        self._store = store
        self._pace = pace
        self._substitute = substitute
        self._wakeups = Wakeups()
        self._skew = SkewWatch(clock, store)
        self._watch = StoreWatch(store, pace.poll, self.inbox.ring, self._note_heartbeats)
        self._bursts = (Bursts if pace.bursts else NoBursts)(state, executor, self.inbox)
        self._dispatcher = Dispatcher(
            state,
            self.inbox,
            executor=executor,
            bursts=self._bursts,
            listeners=listeners,
            notifications=self.notifications,
            directory=directory,
            end_group=end_group,
        )
        self._retention = Retention(clock.monotonic(), forgets=fires)
        self._backlog: list[Message] = []
        self._publishes = False
        self._ahead_at: float | None = 0.0
        """When to look for slots that are claimed and still to come: at the start, and after the clock was set."""
        self._flush_at = 0.0

    @property
    def in_force(self) -> InForce:
        """The file in force, a frozen value; any thread may read it."""
        return self.state.in_force

    def knows(self, job: str) -> bool:
        """Return whether this loop, or another on the store, can run *job*; any thread may ask."""
        division = self.state.division
        return self.in_force.job_config(job) is not None or job in division.in_force or job in division.offered

    # ── the life of a loop ──────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Enter the store: recover what a dead process left, and put the file in force.

        Raises:
            StoreUnavailable: Nothing has happened; it can be tried again.
        """
        state, substitute = self.state, self._substitute
        now, at = state.clock.now(), state.clock.monotonic()
        state.able_since = now
        config, jobs = state.in_force.config, state.in_force.jobs
        state.last_completions = last_completions(state, self._store)
        with self._store.transaction() as ledger:
            tick = self._open(ledger, now, at, [])
            tick.in_force = replace(tick.in_force, loaded_at=now)
            if state.only is None:
                accept(tick)
                share(tick, starting=True)
                if not tick.division.is_alone:
                    state.able_since = now - HANDOVER
            recover(tick)
            if state.only is None:
                put_in_force(tick, config, jobs, starting=True)
            if substitute is not None:
                tick.in_force = replace(
                    tick.in_force, substitute=substitute, rejected=Rejected(substitute.problems, now)
                )
                tick.effects.append(ConfigRejected(tuple(substitute.problems)))
                tick.log(logging.WARNING, substitute.in_words(config.file))
            open_start_runs(tick)
            tick.write()
            announce(tick)
            self._renew_lease(tick, publishes=True)
        self._watch.begin()
        tick.effects.append(ConfigLoaded(config, None))
        self._committed(tick)

    def tick(self) -> float:
        """Do all there is to do now; return how many seconds there is nothing to do."""
        state = self.state
        self._skew.measure(state.timetable.get_next_run())
        now, at = state.clock.now(), state.clock.monotonic()
        self.inbox.woke()
        if (seconds := self._wakeups.must_wait(at)) is not None:
            return seconds
        self._look_at_clock(now, at)
        self._backlog += self.inbox.take()
        if not state.draining:
            state.timetable.run_pending(now)
            self._bursts.reopen()
        try:
            if self._has_work(now, at):
                self._run_tick(self._backlog, now, at)
                self._backlog = []
                self._wakeups.tick_succeeded()
            elif self._retention.next_at is not None and at >= self._retention.next_at:
                self._forget(now, at)
        except (StoreUnavailable, StoreRefused) as reason:
            state.stale = True
            return self._wakeups.store_is_away(reason, at)
        except Exception as error:  # noqa: BLE001  # the loop goes on, whatever it is
            state.stale = True
            seconds = self._wakeups.tick_failed(error, at)
            if not self._isolate(now, at):
                return seconds
        return self._wakeups.sleep(self._waits(now, at), now=now, at=at)

    def drain(self) -> None:
        """Claim and start nothing any more; runs that run go on."""
        self._bursts.stop()
        self.state.draining = self._publishes = True
        self._retention.stop()

    def running_here(self) -> list[Run]:
        """Return the attempts that this process runs, without those that were given up."""
        return self.state.running_here()

    def ask_all_to_stop(self, reason: str) -> None:
        """Ask every attempt that runs here to stop."""
        for run in self.running_here():
            self.inbox.put(CancelAsked(run_id=run.id, reason=reason))

    def end(self, *, reason: str) -> None:
        """Leave the store: mark what still runs here `interrupted`, and remove this process's record.

        A store that is away is left as it is: the next start finds what was cut off.
        """
        state = self.state
        state.draining = True
        self._bursts.stop()
        self._backlog += self.inbox.take()
        try:
            with self._store.transaction() as ledger:
                tick = self._open(ledger, state.clock.now(), state.clock.monotonic(), self._backlog)
                receive(tick, self._backlog)
                self._bursts.recall(tick, self._backlog)
                left = tick.queue.running_of(state.id)
                cut_off(tick, left, reason=reason, died=False)
                tick.write()
                ledger.drop_loop(state.id)
        except (StoreUnavailable, StoreRefused) as away:
            _log.warning("the store is away, the next start will tidy up: %s", away)
            return
        self._backlog = []
        self._committed(tick)
        self._dispatcher.end_cut_off(left)

    # ── one tick ────────────────────────────────────────────────────────────────────────────────

    def _run_tick(self, messages: list[Message], now: datetime, at: float, *, isolated: bool = False) -> None:
        """Make one tick: write what *messages*, due slots and time bring, in one transaction, then act on it."""
        state = self.state
        if self._wakeups.failures:
            state.able_since = now  # Slots that fell due while the store was away are caught up once.
        with self._store.transaction() as ledger:
            tick = self._open(ledger, now, at, messages, isolated=isolated)
            share(tick)  # which jobs other loops fire
            receive(tick, messages)  # what other threads and processes asked for, or reported
            self._bursts.recall(tick, messages)
            # A file that comes into force alone would end the slots that fell due under the one before it.
            due = self._bursts.take(whole=isolated or self._claims_whole(messages))
            claim(tick, due)  # due slots become claims and runs
            reload(tick, messages)  # a new file comes into force
            divide_anew(tick)
            if tick.is_foreign and not tick.division.is_alone:
                move_to_queues(tick)
                queue_owed(tick)
            if tick.gone or (tick.beats and (tick.is_foreign or not state.lease.is_alone)):
                recover(tick)  # what dead processes left
                decide_start_runs(tick)
            enforce_deadlines(tick)  # timeouts, stalls, force
            # Alone, the end of a run would free a seat that a worker has handed off: its `Begun` comes behind it.
            if not (state.draining or isolated):
                admit(tick, allowance=self._bursts.allowance(tick))
            self._look_ahead(tick)
            tick.write()
            announce(tick)
            publishes = self._publishes or tick.publishes or tick.in_force is not state.in_force
            if tick.beats or publishes:
                self._renew_lease(tick, publishes=publishes)
        state.pending.claimed(due)
        self._publishes = False
        self._flush_at = at + self._pace.flush
        self._committed(tick)

    def _look_ahead(self, tick: Tick) -> None:
        """Release what was claimed by a clock that was ahead, once that is known to be right again."""
        state = self.state
        if tick.finds_ahead and self._ahead_at is None:
            self._ahead_at = tick.at
        if self._ahead_at is None or tick.at < self._ahead_at or state.draining or tick.timetable is not None:
            return
        is_done = release_ahead(tick, was_set_back=self._wakeups.noticed is not None)
        self._ahead_at = None if is_done else tick.at + _LOOKS_AHEAD_SECONDS
        if state.released:
            self._wakeups.noticed, state.released, self._publishes = (tick.now, state.released), "", True

    def _open(
        self, ledger: Ledger, now: datetime, at: float, messages: Sequence[Message], *, isolated: bool = False
    ) -> Tick:
        """Return a tick with nothing in it yet but what other processes did."""
        state, lease = self.state, self.state.lease
        is_foreign = ledger.foreign or state.stale  # Asked first: it is noted either way.
        if is_foreign:
            state.read_anew(ledger)
            if self._pace.beat:
                lease.note(ledger.loops(), at=at)
        tick = Tick(state, ledger, now, at, is_foreign=is_foreign, is_isolated=isolated)
        tick.beats = self._pace.beat and at >= lease.looks_at
        if is_foreign:
            notice_others(tick, unheard=self._backlog or messages)
        for name in state.readiness.grown_stale(at):
            tick.queue.readiness_changed(name)
        return tick

    def _committed(self, tick: Tick) -> None:
        """Apply what *tick* has written to the state in memory, and act on it."""
        tick.committed()
        self._dispatcher.dispatch(tick)

    def _isolate(self, now: datetime, at: float) -> bool:
        """Deal with the messages of a tick that failed one by one; return whether that went well."""
        if not self._backlog:
            return False
        self._bursts.stop()
        self._backlog += self.inbox.take()
        try:
            isolate(self._backlog, lambda messages: self._run_alone(messages, now, at))
            self.state.stale = True
            self._run_tick([], now, at)  # All of them are dealt with: runs may start again.
        except Exception as error:  # noqa: BLE001  # it is not the messages; the next tick tries again
            _log.warning("it is not for a message that the tick fails: %s: %s", type(error).__name__, error)
            return False
        finally:
            self.state.stale = True
        self._wakeups.tick_succeeded()
        return True

    def _run_alone(self, messages: list[Message], now: datetime, at: float) -> None:
        self.state.stale = (
            True  # The tick before may have failed halfway, with its changes in the queue of this process.
        )
        self._run_tick(messages, now, at, isolated=True)

    # ── when there is something to do ───────────────────────────────────────────────────────────

    def _look_at_clock(self, now: datetime, at: float) -> None:
        noticed = self._wakeups.noticed
        if self._wakeups.woke(now, at):
            self.state.able_since = now
        if self._wakeups.noticed is not noticed:
            self.state.able_since = min(self.state.able_since, now)
            self._publishes, self._ahead_at = True, at
        self._publishes |= self._skew.has_news(self.state.lease.record.details)

    def _claims_whole(self, messages: Sequence[Message]) -> bool:
        """Return whether all that is due is claimed at once: the slots of a file before another takes its place."""
        return bool(self._wakeups.failures) or any(isinstance(message, ConfigRead) for message in messages)

    def _has_work(self, now: datetime, at: float) -> bool:
        state = self.state
        wakes_at = None if state.draining else state.queue.wakes_at
        times = (state.deadlines.next_at, state.readiness.next_at, self._bursts.next_at, state.absent.next_at)
        return (
            bool(state.pending)
            or self._publishes
            or state.stale
            or (state.queue.has_work and not state.draining)
            or (bool(self._backlog) and (at >= self._flush_at or any(map(is_urgent, self._backlog))))
            or (self._pace.beat and at >= state.lease.looks_at)
            or (wakes_at is not None and wakes_at <= now)
            or any(time is not None and time <= at for time in times)
            or (self._ahead_at is not None and self._ahead_at <= at and not state.draining)
            or self._watch.another_wrote(at)
        )

    def _waits(self, now: datetime, at: float) -> Iterator[float]:
        """Yield how many seconds it is until each thing that the loop must wake for."""
        state = self.state
        if self.inbox.rang or state.pending or state.stale or (state.queue.has_work and not state.draining):
            yield 0.0
        if self.inbox or self._bursts.next_at is not None:
            yield GATHERS
        if not state.draining:
            if self._ahead_at is not None:
                yield max(0.0, self._ahead_at - at)
            for instant in (state.timetable.get_next_run(), state.queue.wakes_at):
                if instant is not None:
                    yield (instant - now) / timedelta(seconds=1)
        times = (state.deadlines.next_at, state.readiness.next_at, state.absent.next_at, self._retention.next_at)
        for monotonic in times:
            if monotonic is not None:
                yield monotonic - at
        if self._backlog:
            yield self._flush_at - at
        if self._pace.beat:
            yield state.lease.looks_at - at
        if (waits := self._watch.waits) is not None:
            yield waits

    # ── beside the tick ─────────────────────────────────────────────────────────────────────────

    def _renew_lease(self, tick: Tick, *, publishes: bool) -> None:
        """Renew the lease, and publish what `status` and `doctor` show where that has changed."""
        details = None
        if publishes:
            state, noticed = self.state, self._wakeups.noticed
            details = details_of(
                tick.in_force,
                draining=state.draining,
                noticed=noticed,
                looked_in=state.looked_in,
                words=tick.own_words,
                unknown=tick.division.unknown,
                skew=self._skew.seconds,
            )
        tick.lease_record = self.state.lease.write(tick.ledger, now=tick.now, details=details)

    def _forget(self, now: datetime, at: float) -> None:
        """Use a moment in which there is nothing to do to delete a little of what is long past."""
        try:
            with self._store.transaction() as ledger:
                self.state.stale |= ledger.foreign  # The transaction has noted it, so it has to be acted upon.
                self._retention.step(ledger, now=now, at=at)
        except (StoreUnavailable, StoreRefused) as away:
            _log.debug("what is long past is deleted later: %s", away)
            self._retention.put_off(at)

    def _note_heartbeats(self, at: float) -> None:
        """Read the heartbeats of processes in other places, and nothing else."""
        if self._pace.beat and self.state.lease.seen:
            self.state.lease.note(self._store.loops(), at=at)
