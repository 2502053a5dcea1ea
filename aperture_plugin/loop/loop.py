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
from aperture_plugin.loop.admitting import Admitting
from aperture_plugin.loop.crowd import Crowd
from aperture_plugin.loop.details import details_of
from aperture_plugin.loop.finish import recover
from aperture_plugin.loop.fire import fire_due
from aperture_plugin.loop.generations import keep_generation
from aperture_plugin.loop.handing import Handing
from aperture_plugin.loop.handle import handle
from aperture_plugin.loop.hearing import Hearing
from aperture_plugin.loop.inbox import (
    Begun,
    CancelAsked,
    ConfigRead,
    ConfigRefusedMessage,
    Inbox,
    Message,
    is_of_a_run,
    is_urgent,
)
from aperture_plugin.loop.keeping import Keeping
from aperture_plugin.loop.lease import Lease
from aperture_plugin.loop.listening import Listening, is_awaited
from aperture_plugin.loop.observers import Observers
from aperture_plugin.loop.pacing import Pace, Wakes
from aperture_plugin.loop.preparing import Preparing
from aperture_plugin.loop.readiness import Readiness
from aperture_plugin.loop.relay import GATHERS, Relay
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
    Store,
    StoreRefused,
    StoreUnavailable,
)
from aperture_plugin.rules.firing import Due
from aperture_plugin.rules.runs import ENDED, Run

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
        self._told = told
        self._pace = pace
        self._wakes = Wakes()
        self._hearing = Hearing(store, pace.poll, self.inbox.ring, self._note_beats)
        self._syncs = Syncs(pace.sync)
        self._relay = Relay(executor, self.inbox, state.clock, is_awaited=is_awaited(state))
        self._listening = Listening(self._relay, self.inbox)
        self._handing = Handing(state, self._relay, directory)
        self._stopping = Stopping(state, executor, lease, end_group, self._relay.unseat)
        self._keeping = Keeping(state.clock.monotonic(), forgets=state.only is None)
        state.timetable.told_one_by_one = state.told_one_by_one
        self._readiness = Readiness(told.ready, self.inbox.put, pace)
        self._admitting = Admitting(state, self._readiness, self._relay)
        self._crowd = Crowd()
        self._preparing = Preparing(state, self._relay.expect)
        self._backlog: list[Message] = []
        self._draining = self._is_sifting = False
        self._details_changed = False
        self._loaded_at: datetime | None = None
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
                swap(state, turn, state.config, state.jobs, fire=self._crowd.fall_due, starting=True)
            else:
                state.take_config(state.config, state.jobs)
            if substitute is not None:
                state.substitute, state.rejected, state.rejected_at = substitute, substitute.problems, now
            turn.write()
            self._lease.renew(ledger, now=now, at=at, details=self._details())
            keep_generation(self.state, ledger, now)
        self._hearing.begin()
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
        self.inbox.woke()
        self._listening.decide(at)
        if self._draining or not self._listening.puts_off:
            self._backlog += self.inbox.take()
        if not self._draining:
            state.timetable.run_pending(now)
            self._look_for_more()
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
        elif not self._draining:
            self._preparing.go_on(now)
        return self._wakes.sleep(self._waits(now, at), now=now, at=at)

    def drain(self) -> None:
        """Claim and start nothing any more; runs that run go on."""
        self._relay.take_back()
        self._draining = self._details_changed = True
        self._keeping.stop()

    def running_here(self) -> list[Run]:
        """Return the attempts that this process runs, without those that were given up."""
        return [run for key, run in self.state.live.items() if key not in self.state.ghosts]

    def ask_all_to_stop(self, reason: str) -> None:
        """Ask every attempt that runs here to stop."""
        for run in self.running_here():
            self.inbox.put(CancelAsked(run_id=run.id, reason=reason))

    def end(self, *, reason: str) -> None:
        """Leave the store: mark what still runs here `interrupted`, and take the record off.

        A store that is away is left as it is: whoever starts next finds what was cut off.
        """
        now = self.state.clock.now()
        self._relay.take_back()
        messages = [*self._backlog, *self.inbox.take()]
        try:
            with self._store.transaction() as ledger:
                turn = self._open_turn(ledger, now)
                self._hear(turn, messages)
                self._handing.return_given(turn)
                left = list(turn.lines.running_of(self.state.id))
                recover(self.state, turn, left, reason=reason)
                turn.write()
                ledger.drop_loop(self.state.id)
        except (StoreUnavailable, StoreRefused) as away:
            _log.warning("the store is away, the next start will tidy up: %s", away)
            return
        self._backlog = []
        self._settle(turn)
        self._stopping.end_cut_off(left)

    # ── one turn ────────────────────────────────────────────────────────────────────────────────

    def _has_work(self, now: datetime, at: float) -> bool:
        state = self.state
        wakes_at = None if self._draining else state.lines.wakes_at
        deadline, stale_at = state.deadlines.next_at, self._readiness.next_at
        given_until = self._relay.next_at
        return (
            bool(self._crowd)
            or self._details_changed
            or state.stale
            or (state.lines.has_work and not self._draining)
            or (bool(self._backlog) and (at >= self._flush_at or any(map(is_urgent, self._backlog))))
            or (self._pace.beat and at >= self._lease.looks_at)
            or (wakes_at is not None and wakes_at <= now)
            or (deadline is not None and deadline <= at)
            or (stale_at is not None and stale_at <= at)
            or (given_until is not None and given_until <= at)
            or self._hearing.another_wrote(at)
        )

    def _look_for_more(self) -> None:
        """Have those asked who stand in a line that could be given more; hear who ended where all have begun."""
        for queue in self._relay.running_low():
            if not (self.state.lines.open(queue) or self._crowd or self._relay.left(queue)):
                self.inbox.press()

    def _take_turn(self, now: datetime, at: float) -> None:
        state, messages = self.state, self._backlog
        beats = self._pace.beat and at >= self._lease.looks_at
        if self._wakes.failures:
            state.able_since = now  # What fell due while the store was away is caught up once.
        with self._store.transaction() as ledger:
            may_be_taken = ledger.foreign or state.stale
            turn = self._open_turn(ledger, now)
            self._hear(turn, messages)
            self._take_back_given(turn, messages, at, anew=may_be_taken)
            due = self._part_of_crowd(messages)
            fire_due(state, turn, due, may_be_taken=may_be_taken)
            if due and not self._listening.puts_off:
                late = self.inbox.take(only=is_of_a_run)
                self._hear(turn, late)
                messages += late
            swapped = self._swap(turn, messages)
            if beats and (may_be_taken or not self._lease.is_alone):
                self._stopping.recover_the_dead(turn)
            self._stopping.enforce_deadlines(turn, at)
            for name in self._readiness.grown_stale(at):
                turn.lines.heard_ready(name)
            if not self._draining:
                self._admitting.admit(turn)
            turn.write()
            if beats or self._details_changed:
                self._lease.renew(ledger, now=now, at=at, details=self._details() if self._details_changed else None)
            if swapped:
                keep_generation(self.state, ledger, now)
            # A beat by itself need not outlive a power cut.
            is_bare = turn.is_bare
            claims = due or may_be_taken or (beats and not is_bare)
            relaxed = not (claims or self._details_changed or self._syncs.is_due(at))
            relaxed = relaxed and self._syncs.may_wait(messages, turn.starts.values(), state.config.jobs)
            if relaxed:
                ledger.relax()
        if not (relaxed and is_bare):
            self._syncs.wrote(at, waited=not relaxed)
        self._crowd.claimed(due)
        self._backlog, self._details_changed = [], False
        self._flush_at = at + self._pace.flush
        self._settle(turn)
        for config, previous in swapped:
            self.observers.tell(partial(self._told.config_loaded, config, previous))

    def _take_one_by_one(self, now: datetime, at: float) -> None:
        self._relay.take_back()
        messages = self._backlog
        messages += self.inbox.take()
        self._is_sifting = True

        def take(some: list[Message]) -> None:
            self._backlog = some
            self._take_turn(now, at)

        try:
            sift(messages, take)
        finally:
            self._is_sifting = False
            self._backlog, self.state.stale = messages, True

    def _open_turn(self, ledger: Ledger, now: datetime) -> Turn:
        state = self.state
        anew = ledger.foreign or state.stale  # Asked first: it is heeded either way.
        if anew:
            state.read_anew(ledger)
            if self._pace.beat:
                self._lease.note(ledger.loops(), at=state.clock.monotonic())
        turn = Turn(ledger, now, state.lines, state.chains)
        if anew:
            self._stopping.hear_of_others(turn)
            turn.settled.append(partial(self._told.read_anew, {run.id for run in turn.lines}))
            self._take_back_orphans(turn)
        return turn

    def _take_back_given(self, turn: Turn, messages: list[Message], at: float, *, anew: bool) -> None:
        """Bring the runs that were given ahead back into line, where that might be the wrong order by now.

        Whatever is asked for, or read in the store, finds them there as if they had never been given.
        """
        lines, until = turn.lines, self._relay.next_at
        stays = not (anew or self._draining or lines.overtaken or (until is not None and until <= at))
        if (stays and all(map(is_of_a_run, messages))) or self._is_sifting:
            return
        self._relay.take_back()
        lines.overtaken = False
        late = self.inbox.take()
        messages += late
        self._hear(turn, late)
        self._handing.return_given(turn)

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
                swap(state, turn, message.config, message.jobs, fire=self._crowd.fall_due)
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
        self._handing.hand_on(turn)

    def _tell_of(self, runs: list[Run]) -> None:
        for run in runs:
            self._told.run_changed(run)

    # ── helpers ─────────────────────────────────────────────────────────────────────────────────

    def _part_of_crowd(self, messages: list[Message]) -> dict[str, Due]:
        """Return what of all that is due this turn claims."""
        if self._is_sifting:
            return {}
        # The slots of the file in force are claimed before another takes its place.
        whole = bool(self._wakes.failures) or any(isinstance(message, ConfigRead) for message in messages)
        return self._crowd.part(needed=self.state.needed, whole=whole)

    def _take_back_orphans(self, turn: Turn) -> None:
        """Find our own runs that no executor was given: their start was written by a commit that seemed to fail."""
        known = self.state.live.keys() | {
            message.key for message in self._backlog if isinstance(message, Ended | Begun)
        }
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

    def _note_beats(self, at: float) -> None:
        """Read the beats of those in other places, and nothing else."""
        if self._pace.beat and self._lease.seen:
            self._lease.note(self._store.loops(), at=at)

    def _waits(self, now: datetime, at: float) -> Iterator[float]:
        """Yield how many seconds it is until each thing that the loop must wake for."""
        state = self.state
        if self.inbox.rang or self._crowd or (state.lines.has_work and not self._draining):
            yield 0.0
        if self.inbox or self._relay.next_at is not None:
            yield GATHERS
        if not self._draining:
            due = state.timetable.get_next_run()
            if not self._crowd and (seconds := self._preparing.waits(due, now)) is not None:
                yield seconds
            for instant in (due, state.lines.wakes_at):
                if instant is not None:
                    yield (instant - now) / timedelta(seconds=1)
        for monotonic in (state.deadlines.next_at, self._readiness.next_at, self._keeping.next_at, self._syncs.at):
            if monotonic is not None:
                yield monotonic - at
        if self._backlog:
            yield self._flush_at - at
        if self._pace.beat:
            yield self._lease.looks_at - at
        if (waits := self._hearing.waits) is not None:
            yield waits

    def _details(self) -> Mapping[str, Any]:
        """Return what `status` shows of the file and `doctor` of the clock, for whoever reads the store."""
        return details_of(self.state, loaded_at=self._loaded_at, draining=self._draining, noticed=self._wakes.noticed)
