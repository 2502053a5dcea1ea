"""The promises of DESIGN.md, section 4, held against all that processes write and start, at the moment they do it.

Whatever is found is noted, not raised: a check runs in the middle of the engine, which is good at surviving
exceptions. Order is that of the commits, never that of a clock which may be wrong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.model import Config, Interrupted, JobConfig, Missed, Overlap
from aperture_plugin.loop.absent_jobs import GRACE_SECONDS
from aperture_plugin.loop.deadlines import PATIENCE
from aperture_plugin.loop.lease import LEASE_SECONDS
from aperture_plugin.ports import Claim, Clock, Pause, ScheduleRevision, Work
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import ENDED, IN_HAND, RAN, WAITING, Run, RunTrigger, Status
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.limits import Limit
from aperture_plugin.words.phrases import read_phrase
from aperture_plugin.words.schedules import After, Manual
from tests.loop.simulation.machines import Key, Process, Time, Watching
from tests.loop.simulation.stores import Released, Written

__all__ = ["Broken", "Promises"]

FOUND_WITHIN: Final = timedelta(seconds=10)
UNKNOWN_FOR: Final = timedelta(seconds=GRACE_SECONDS + 3)  # noticed with the next beat
"""So soon, by promise 6, another process finds what a dead one left."""

LATE: Final = timedelta(seconds=6)
"""A store that is back is found to be so within 5 seconds."""

SLACK: Final = timedelta(seconds=1.5)

EARLY: Final = timedelta(seconds=2)
"""By promise 12, no slot runs earlier than this by the clock of a store that has one."""


class Broken(AssertionError):
    """A promise was broken; its number comes first."""


class Promises(Watching):
    """Watches over every process of one world."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.broken: list[str] = []
        self.processes: dict[str, Process] = {}
        self.runs: dict[Key, Run] = {}
        self.in_hand: dict[Key, Run] = {}
        self.last: dict[str, Run] = {}
        self.claims: defaultdict[str, list[Claim]] = defaultdict(list)
        self.released: set[str] = set()
        self.revisions: defaultdict[str, list[ScheduleRevision]] = defaultdict(list)
        self.pauses: dict[tuple[str, datetime], Pause] = {}
        self.starts: Counter[Key] = Counter()
        self.began: dict[Key, timedelta] = {}
        self.timeouts: dict[Key, timedelta] = {}
        self.outcomes: dict[Key, Outcome] = {}
        self.ended_at: dict[Key, timedelta] = {}
        self.completed_since: defaultdict[str, set[str]] = defaultdict(set)
        self.recovered_on: dict[Key, str] = {}
        self.spends: defaultdict[tuple[str, Limit | None], list[tuple[timedelta, int]]] = defaultdict(list)
        self.configs: dict[str, Config] = {}
        self.clocks_are_true = True
        self.server: Clock | None = None

    def fail(self, promise: int, words: str) -> None:
        """Note that a promise is broken."""
        self.broken.append(f"promise {promise}: {words}")

    def check(self, holds: object, promise: int, words: str) -> None:
        """Note that a promise is broken unless *holds*."""
        if not holds:
            self.fail(promise, words)

    def raise_what_was_found(self) -> None:
        """Raise the first thing that was noted."""
        if self.broken:
            raise Broken("; ".join(self.broken[:3]))

    # ── handlers ────────────────────────────────────────────────────────────────────────────────

    def started(self, process: Process, work: Work) -> None:
        """A handler begins: once an attempt, and only when that stands in the store."""
        run = work.run
        self.starts[run.key] += 1
        self.began[run.key] = self.time.passed
        self.ended_at.pop(run.key, None)
        if work.config.timeout is not None:
            self.timeouts[run.key] = work.config.timeout
        self.check(self.starts[run.key] == 1, 1, f"{said(run)} was started twice")
        kept = self.runs.get(run.key)
        there = (
            kept is not None and (kept.status is Status.RUNNING or kept.is_pre_assigned) and kept.owner == process.id
        )
        self.check(there, 8, f"{said(run)} was started, and the store does not say so")
        self.check(not process.draining, 8, f"{said(run)} was started by a process that stops")
        before = (run.id, run.attempt - 1)
        # A program that had hardly begun is found as long as the file says that the job is one.
        if self.recovered_on.get(before) == process.machine.name and work.config.command is not None:
            lives = before in process.machine.groups.values()
            self.check(not lives, 6, f"{said(run)} was started beside the program of its attempt before")

    def ended(self, process: Process, key: Key, outcome: Outcome) -> None:
        """A handler came back."""
        self.outcomes[key] = outcome
        self.ended_at[key] = self.time.passed
        if outcome.status is OutcomeStatus.PUT_OFF:
            self.starts[key] -= 1  # The same attempt goes on later.

    # ── what is written ─────────────────────────────────────────────────────────────────────────

    def committed(self, process: Process, written: Written) -> None:
        """A transaction is there for good."""
        now = process.machine.clock.now()
        before = {run.key: self.runs.get(run.key) for run in (*written.added, *written.updated)}
        self._take_claims_and_revisions(process, written)
        for run in written.updated:
            if run.status in ENDED:
                self.in_hand.pop(run.key, None)  # A tick hears who has ended before it queues anybody.
        for run in written.added:
            self.check(before[run.key] is None, 1, f"{said(run)} was made twice")
            if run.attempt == 1:
                self._check_queued(process, run)
            self._keep(run)
        for run in written.updated:
            was = before[run.key] or self.runs.get(run.key)
            self.check(was is not None, 2, f"{said(run)} was changed before it was made")
            if was is not None:
                self._check_change(process, was, run)
            self._keep(run)
        changed = [run for run in (*written.added, *written.updated) if self.runs[run.key] is run]
        for run in changed:
            if run.status in ENDED and (before[run.key] is None or before[run.key].status not in ENDED):  # type: ignore[union-attr]
                self._check_end(process, run, before[run.key])
        for run in written.added:
            if run.trigger is RunTrigger.AFTER and run.attempt == 1:
                self._check_follower(process, run)
        started = [run for run in changed if run.status is Status.RUNNING and not _ran(before[run.key])]
        for run in started:
            self._check_start(process, run, now)
        for run in changed:
            refused = run.status is Status.SKIPPED and run.trigger is RunTrigger.MANUAL
            if run.status not in WAITING and not refused and not _ran(before[run.key]):
                self.completed_since[run.job].clear()
        # What was given ahead stood in its order then; who came before it meanwhile may find it begun.
        self._check_order(
            process, [run for run in started if (was := before[run.key]) is None or not was.is_pre_assigned]
        )
        for limit, calls in written.spends:
            self._check_spend(process, limit, calls)
        self.configs[process.id] = process.config

    def _keep(self, run: Run) -> None:
        self.runs[run.key] = run
        if run.status in IN_HAND:
            self.in_hand[run.key] = run
        else:
            self.in_hand.pop(run.key, None)
        last = self.last.get(run.job)
        is_tie = last is not None and last.finished_at == run.finished_at and last.status is Status.COMPLETED
        if run.status in RAN and not is_tie:  # Of two that end at one instant either may count as the last.
            self.last[run.job] = run

    def _take_claims_and_revisions(self, process: Process, written: Written) -> None:
        for pause in written.pauses:
            self.pauses[pause.job, pause.since] = pause
        added = {run.id: run for run in written.added if run.attempt == 1}
        caught_up: Counter[str] = Counter()
        for one in written.claims_and_revisions:
            if isinstance(one, ScheduleRevision):
                self._take_revision(one)
            elif isinstance(one, Released):
                self._take_release(process, one, added)
            else:
                run = added.get(one.run_id)
                if self.server is not None:
                    early = one.due - self.server.now()
                    self.check(early <= EARLY, 12, f"{one.job}: {one.due:%H:%M:%S} was claimed {early} early")
                self._take_claim(process, one, run)
                caught_up[one.job] += run is not None and run.trigger is RunTrigger.CATCH_UP
        for job, number in caught_up.items():
            self.check(number <= 1, 3, f"{job} caught up {number} times at once")

    def _take_revision(self, revision: ScheduleRevision) -> None:
        self.revisions[revision.job].append(revision)
        self.completed_since[revision.job].clear()

    def _take_release(self, process: Process, released: Released, added: Mapping[str, Run]) -> None:
        claim, parts = released.claim, released.parts
        self.released.add(claim.job)
        now = process.machine.clock.now()
        self.check(claim.due > now, 12, f"{claim.job}: {claim.due:%H:%M:%S} is not ahead, and was released")
        self.claims[claim.job].remove(claim)
        self.claims[claim.job] = sorted([*self.claims[claim.job], *parts], key=lambda part: part.due)
        for run in [run for run in self.runs.values() if run.id == claim.run_id]:
            if parts:
                self.runs[run.key] = changed = replace(run, missed=min(run.missed, sum(part.count for part in parts)))
                if run.key in self.in_hand:
                    self.in_hand[run.key] = changed
            else:
                del self.runs[run.key]

    def _take_claim(self, process: Process, claim: Claim, run: Run | None) -> None:
        known = self.claims[claim.job]
        slot = f"{claim.job}: the slot due {claim.due:%H:%M:%S}"
        before = any(other.first_due <= claim.due <= other.due for other in known)
        self.check(not before, 1, f"{slot} was claimed before")
        known.append(claim)
        since = self.revisions[claim.job][-1].since
        self.check(claim.first_due >= since, 3, f"{slot} was claimed, and is older than its words ({since:%H:%M:%S})")
        self.check(run is not None, 2, f"{slot} has no run")
        if run is not None:
            stands_for = max(1, run.missed)
            self.check(stands_for == claim.count, 3, f"{said(run)} says {run.missed} missed and claims {claim.count}")
            self._check_missed(process, run)

    def _check_missed(self, process: Process, run: Run) -> None:
        job = self._job(process, run.job)
        if job is None or run.due is None:
            return
        queued = run.status is not Status.SKIPPED
        if run.trigger is RunTrigger.CATCH_UP:
            self.check(job.missed is Missed.RUN_ONCE, 3, f"{said(run)} catches up, and the file says skip")
        for pause in self.pauses.values():
            if pause.job == run.job and pause.since <= run.due and (pause.until is None or run.due < pause.until):
                self.check(not queued, 3, f"{said(run)} carries a slot that a pause held back")

    def _check_queued(self, process: Process, run: Run) -> None:
        job = self._job(process, run.job)
        others = [other for other in self.in_hand.values() if other.job == run.job]
        if job is not None and run.due is not None and not job.retry.past_next_slot:
            self._check_retries_give_way(run, others)
        if job is None or run.status not in WAITING or run.trigger is RunTrigger.AFTER:
            return
        if job.overlap is Overlap.QUEUE_ONE:
            waiting = [other for other in others if other.status in WAITING and not self._was_cut_off(other)]
            self.check(not waiting, 4, f"{said(run)} was queued beside another that waits")
        if job.overlap is Overlap.SKIP:
            self.check(not others, 4, f"{said(run)} was queued, and the file says skip")

    def _check_retries_give_way(self, run: Run, others: Sequence[Run]) -> None:
        retries = [other for other in others if other.status in WAITING and self._is_retry(other)]
        stays = bool(retries) and run.status in WAITING
        self.check(not stays, 4, f"{said(run)} was queued, and a retry that waits did not give way")
        told = run.reason or ""
        for_it = "already waiting" in told or "still in hand" in told
        is_passed = run.status is Status.SKIPPED and for_it and bool(retries) and retries == others
        self.check(not is_passed, 4, f"{said(run)} was skipped for a retry that waits")

    def _is_retry(self, run: Run) -> bool:
        before = self.runs.get((run.id, run.attempt - 1))
        return before is not None and before.status is Status.FAILED

    def _was_cut_off(self, run: Run) -> bool:
        before = self.runs.get((run.id, run.attempt - 1))
        return before is not None and before.status is Status.INTERRUPTED

    def _check_change(self, process: Process, was: Run, run: Run) -> None:
        self.check(was.status not in ENDED, 2, f"{said(was)} had ended, and was overwritten as {run.status}")
        if was.status is Status.RUNNING and was.owner == process.id and run.status is Status.INTERRUPTED:
            outcome = self.outcomes.get(was.key)
            has_ended = outcome is not None and outcome.status in (OutcomeStatus.COMPLETED, OutcomeStatus.FAILED)
            self.check(not has_ended, 9, f"{said(was)} came back, and its own process calls it cut off")
        if was.status is Status.RUNNING and was.owner != process.id and run.status is not Status.RUNNING:
            self._check_taken_for_dead(process, was, run)

    def _check_taken_for_dead(self, process: Process, was: Run, run: Run) -> None:
        owner = self.processes.get(was.owner or "")
        gave_up = run.status is Status.FAILED and "three times in a row" in (run.reason or "")
        is_cut_off = run.status is Status.INTERRUPTED or gave_up
        self.check(is_cut_off, 2, f"{said(was)} was ended by another process as {run.status}")
        self.recovered_on[was.key] = process.machine.name
        if owner is None or not owner.is_well:
            return
        silent = self.time.passed - owner.unwell_at < timedelta(seconds=LEASE_SECONDS)
        self.check(silent, 6, f"{said(was)} was cut off, and its process lives")

    def _check_end(self, process: Process, run: Run, was: Run | None) -> None:
        self.check(run.finished_at is not None, 2, f"{said(run)} has no time of its end")
        if run.status is not Status.COMPLETED:
            self.check(run.reason, 2, f"{said(run)} has no reason")
        asked = run.status is not Status.CANCELLED or run.cancel_reason is not None
        self.check(asked, 2, f"{said(run)} was cancelled by nobody")
        job = process.config.jobs.get(run.job)
        follows = (run.id, run.attempt + 1) in self.runs
        if run.status is Status.INTERRUPTED:
            # What was cut off is found before a save of the same turn is taken in.
            words = (job, self.configs.get(process.id, process.config).jobs.get(run.job))
            again = {one is not None and one.interrupted is Interrupted.RUN_AGAIN for one in words}
            self.check(
                follows in {one and run.cancel_reason is None for one in again},
                6,
                f"{said(run)} {'runs' if follows else 'does not run'} again",
            )
        if run.status is Status.FAILED and (same := self._job(process, run.job)) is not None:
            self._check_retry(run, same, follows=follows)
        if run.status is Status.COMPLETED:
            self.check(not follows, 2, f"{said(run)} runs again")
            # A save of the same turn is taken in after it is heard who has ended.
            for name, config in self.configs.get(process.id, process.config).jobs.items():
                if isinstance(config.schedule, After) and run.job in config.schedule.jobs:
                    self.completed_since[name].add(run.job)
        if was is None or was.status not in WAITING or was.is_pre_assigned:  # else it had been put off, and waited
            self._check_timeout(process, run)

    def _check_timeout(self, process: Process, run: Run) -> None:
        job, said_then, began = process.config.jobs.get(run.job), self.timeouts.get(run.key), self.began.get(run.key)
        if job is None or job.timeout != said_then or said_then is None or began is None or process.unwell_at > began:
            return  # A save lifted it, or somebody else had no chance to look.
        took = self.time.passed - began
        self.check(took <= said_then + PATIENCE + SLACK, 10, f"{said(run)} ended {took} after its start")

    def _check_retry(self, run: Run, job: JobConfig, *, follows: bool) -> None:
        outcome = self.outcomes.get(run.key)
        permanent = outcome is not None and outcome.permanent and outcome.reason == run.reason
        if run.attempt >= job.retry.attempts or run.cancel_reason is not None or permanent:
            self.check(not follows, 2, f"{said(run)} is tried again, which nobody wanted")
        else:
            told = "not tried again" in (run.reason or "")
            self.check(follows != told, 2, f"{said(run)} is neither tried again nor says why")

    def _check_follower(self, process: Process, run: Run) -> None:
        job = process.config.jobs.get(run.job)
        if job is not None and isinstance(job.schedule, After):
            missing = set(job.schedule.jobs) - self.completed_since[run.job]
            self.check(not missing, 5, f"{said(run)} follows, and {missing} has not completed since")

    def _check_start(self, process: Process, run: Run, now: datetime) -> None:
        config, job = process.config, process.config.jobs.get(run.job)
        self.check(job is not None, 7, f"{said(run)} was started, and is not in the file")
        if job is None:
            return
        running = [other for other in self.in_hand.values() if other.status is Status.RUNNING]
        in_queue = sum(other.queue == run.queue for other in running)
        seats = config.queues.get(run.queue, 1)
        self.check(in_queue <= seats, 4, f"{said(run)} is one of {in_queue} in queue {run.queue}, which runs {seats}")
        of_job = sum(other.job == run.job for other in running)
        self.check(of_job <= 1 or job.overlap is Overlap.ALLOW, 4, f"{said(run)} runs beside itself")
        early = run.not_before is not None and run.not_before > now
        self.check(not early, 5, f"{said(run)} was started before its time")
        if run.trigger is RunTrigger.MANUAL:
            return
        for need in job.needs:
            busy = any(other.job == need for other in self.in_hand.values())
            last = self.last.get(need)
            done = last is not None and last.status is Status.COMPLETED
            self.check(done and not busy, 5, f"{said(run)} was started, and {need} has not completed")
        if job.window is not None:
            is_open = job.window.contains(now.astimezone(job.zone).time())
            self.check(is_open, 5, f"{said(run)} was started outside its window")

    def _check_order(self, process: Process, started: Iterable[Run]) -> None:
        for run in started:
            for other in self.in_hand.values():
                is_ours = other.job in process.config.jobs and process.loop.state.division.is_ours(other.job)
                waits = is_ours and other.status is Status.QUEUED and not other.is_pre_assigned
                passed = waits and other.queue == run.queue and other.place < run.place
                self.check(not passed, 4, f"{said(run)} went before {said(other)}")

    def _check_spend(self, process: Process, name: str, calls: int) -> None:
        limit = process.config.limits.get(name)
        spent = self.spends[name, limit]
        spent.append((self.time.passed, calls))
        if limit is None or limit.resets_at is not None or not self.clocks_are_true:
            return
        lately = sum(count for at, count in spent if self.time.passed - at < limit.per)
        self.check(lately <= limit.calls, 4, f"limit {name}: {lately} calls within {limit.per}")

    # ── as time goes by ─────────────────────────────────────────────────────────────────────────

    def look(self) -> None:
        """What must have come about by now."""
        for run in self.in_hand.values():
            if run.status is not Status.RUNNING:
                continue
            owner = self.processes[run.owner or ""]
            gone_at = owner.died_at
            if gone_at is None:
                self.check(not owner.left, 8, f"{said(run)} was left running by a process that stopped")
                ended_at = self.ended_at.get(run.key)
                if ended_at is not None and owner.is_well:
                    late = self.time.passed > max(ended_at, owner.unwell_at) + LATE
                    self.check(not late, 9, f"{said(run)} ended at {ended_at}, and nobody has written that")
                continue
            for other in self.processes.values():
                # One that does not know the job first gives those that do the time to come back.
                patience = FOUND_WITHIN if run.job in other.config.jobs else FOUND_WITHIN + UNKNOWN_FOR
                if other.is_well and self.time.passed > max(gone_at, other.unwell_at) + patience:
                    self.fail(6, f"{said(run)} was cut off at {gone_at}, and nobody has found it")

    def look_back(self, kept: Sequence[Run], config: Config, process: Process) -> None:
        """What must have come about in the end, when all has been well for a while.

        Args:
            kept: What stands in the store.
            process: One that is well.
        """
        self.check({run.key: run for run in kept} == self.runs, 8, "the store differs from what was written to it")
        now = process.machine.clock.now()
        for run in self.in_hand.values():
            self._look_at_waiting(run, config, now)
        for name, revisions in self.revisions.items():
            if len(revisions) > 1 and not self.clocks_are_true:
                continue  # By a clock that is wrong, the file before was in force at other instants than it says.
            expected, accounted = self.accounts(name, now)
            self.check(expected == accounted, 2, f"{name}: {expected} slots were due, {accounted} are accounted for")
        for job in config.jobs.values():
            if not job.enabled or isinstance(job.schedule, Manual):
                continue
            if isinstance(job.schedule, After):
                owed = set(job.schedule.jobs) <= self.completed_since[job.name]
                waits = any(run.job == job.name for run in self.in_hand.values())
                self.check(not owed or waits, 5, f"{job.name} should have followed {job.schedule.jobs}")
                continue
            after = max([self.revisions[job.name][-1].since - timedelta(microseconds=1), *self._marks(job.name)])
            slot = trigger_of(job.schedule, job.zone).next_after(after)
            lost = slot is not None and slot.due <= now - SLACK
            self.check(not lost, 2, f"{job.name}: the slot due {slot and slot.due} was not claimed by {now}")

    def _look_at_waiting(self, run: Run, config: Config, now: datetime) -> None:
        if run.status is Status.QUEUED:
            running = sum(r.status is Status.RUNNING and r.queue == run.queue for r in self.in_hand.values())
            self.check(running >= config.queues.get(run.queue, 1), 4, f"{said(run)} is queued, and there is a seat")
        if run.status is Status.WAITING:
            self.check(run.reason, 2, f"{said(run)} waits without a reason")
            late = (
                run.not_before is not None and run.not_before < now - SLACK and "it may start at" in (run.reason or "")
            )
            self.check(not late, 2, f"{said(run)} should have started at {run.not_before}")

    def accounts(self, name: str, now: datetime) -> tuple[int, int]:
        """Return how many slots of *name* were due in its revisions, and how many its claims stand for.

        Of a job of which slots to come were released, what was claimed ahead of *now* stands alone.
        """
        claims = [claim for claim in self.claims[name] if name not in self.released or claim.due <= now]
        marks = [claim.due for claim in claims]
        if not marks:
            return 0, 0
        until = max(marks) + timedelta(microseconds=1)
        due: set[datetime] = set()
        revisions = self.revisions[name]
        for revision, following in zip(revisions, [*revisions[1:], None], strict=True):
            end = until if following is None else min(until, following.since)
            if revision.schedule and revision.since < end:
                trigger = trigger_of(read_phrase(revision.schedule), ZoneInfo(revision.zone))
                due.update(slot.due for slot in trigger.slots(revision.since, end))
        return len(due), sum(claim.count for claim in claims)

    def _marks(self, name: str) -> list[datetime]:
        return [claim.due for claim in self.claims[name]]

    def _job(self, process: Process, name: str) -> JobConfig | None:
        """Return a job's words, unless they changed in this very turn."""
        job = process.config.jobs.get(name)
        before = self.configs.get(process.id, process.config).jobs.get(name)
        return job if job is not None and before is not None and replace(before, order=job.order) == job else None


def _ran(run: Run | None) -> bool:
    return run is not None and run.status is Status.RUNNING


def said(run: Run) -> str:
    """Return a run in a few words."""
    due = "" if run.due is None else f" due {run.due:%H:%M:%S}"
    return f"{run.job}{due} ({run.id}/{run.attempt}, {run.trigger}, {run.status})"
