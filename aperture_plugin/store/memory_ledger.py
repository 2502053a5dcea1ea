"""One transaction of a store in memory, and the tables that it changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from aperture_plugin.config.model import Preset
from aperture_plugin.ports import (
    AcceptedText,
    Claim,
    LogLine,
    LoopRecord,
    Notice,
    Pause,
    ScheduleRevision,
)
from aperture_plugin.rules.runs import IN_HAND, RAN, AttemptKey, Run, Status
from aperture_plugin.rules.slot_accounting import Fate, Taken, backfill_fate
from aperture_plugin.store.generations import GENERATIONS_KEPT, forgotten_text

__all__ = ["Latest", "MemoryLedger", "Tables"]

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest events of a job, so that nobody has to look through its past."""

    claimed: datetime | None = None
    ran: AttemptKey | None = None
    forgotten: datetime | None = None


@dataclass(slots=True)
class Tables:
    """The content of a store; shared by every handle on it."""

    runs: dict[AttemptKey, Run] = field(default_factory=dict)
    in_hand: dict[AttemptKey, Run] = field(default_factory=dict)
    claims: dict[tuple[str, datetime], Claim] = field(default_factory=dict)
    latest: dict[str, Latest] = field(default_factory=dict)
    completed: dict[str, frozenset[str]] = field(default_factory=dict)
    revisions: dict[str, tuple[ScheduleRevision, ...]] = field(default_factory=dict)
    pauses: dict[str, Pause] = field(default_factory=dict)
    loops: dict[str, LoopRecord] = field(default_factory=dict)
    words: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    logs: dict[int, LogLine] = field(default_factory=dict)
    spends: dict[tuple[str, datetime], int] = field(default_factory=dict)
    picks: dict[str, Preset] = field(default_factory=dict)
    generations: dict[int, tuple[datetime, str, str]] = field(default_factory=dict)
    notices: dict[str, tuple[Notice, bool]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    writes: int = 0


class MemoryLedger:
    """The tables within one transaction."""

    def __init__(self, tables: Tables, *, foreign: bool) -> None:
        self._tables = tables
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._foreign = foreign
        self.foreign_was_read = False
        self.wrote = False

    @property
    def foreign(self) -> bool:
        """True if another handle has written since a transaction here last read this."""
        self.foreign_was_read = True
        return self._foreign

    def take_back(self) -> None:
        """Undo everything, the last first."""
        for table, key, before in reversed(self._undo):
            if before is _ABSENT:
                table.pop(key, None)
            else:
                table[key] = before

    # ── claims and revisions ──

    def claim(self, wanted: Sequence[Claim]) -> list[bool]:
        """Take each slot unless it, or a later slot of that job, was ever taken."""
        taken = []
        for claim in wanted:
            known = self._latest(claim.job)
            is_free = known.claimed is None or known.claimed < claim.due
            is_free = is_free and (claim.job, claim.due) not in self._tables.claims
            taken.append(is_free)
            if is_free:
                self._put(self._tables.claims, (claim.job, claim.due), claim)
                self._put(self._tables.latest, claim.job, replace(known, claimed=claim.due))
        return taken

    def watermarks(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return each job's latest claimed due instant."""
        return self._of_latest(lambda known: known.claimed, jobs)

    def claims_ahead(self, now: datetime) -> list[Claim]:
        """Return the claims of slots due later than *now*, oldest first."""
        found = [claim for claim in self._tables.claims.values() if claim.due > now]
        return sorted(found, key=lambda claim: (claim.due, claim.job))

    def drop_skipped_ahead(self, now: datetime) -> set[str]:
        """Delete the claims of slots due later than *now* whose runs were all skipped, and those runs."""
        jobs = set()
        for claim in self.claims_ahead(now):
            its_runs = [run for run in self._tables.runs.values() if run.id == claim.run_id]
            was_reworded = any(revision.since > claim.due for revision in self._tables.revisions.get(claim.job, ()))
            was_skipped = _fate([run.status for run in its_runs]) is Fate.SKIPPED
            if claim.first_due > now and was_skipped and not was_reworded:
                self._take_out(self._tables.claims, (claim.job, claim.due))
                for run in its_runs:
                    self._take_out(self._tables.runs, run.key)
                jobs.add(claim.job)
        return jobs

    def split_claim(self, claim: Claim, parts: Sequence[Claim]) -> None:
        """Replace *claim* by *parts* of it, which its run stands for from now on."""
        self._take_out(self._tables.claims, (claim.job, claim.due))
        for part in parts:
            self._put(self._tables.claims, (part.job, part.due), part)
        count = sum(part.count for part in parts)
        for run in [run for run in self._tables.runs.values() if run.id == claim.run_id and run.missed > count]:
            self._keep(replace(run, missed=count))

    def lower_watermarks(self, jobs: Collection[str], now: datetime) -> None:
        """Lower the watermark of each of *jobs* to its latest claim that is due by *now*."""
        for job in jobs:
            dues = [due for name, due in self._tables.claims if name == job and due <= now]
            self._put(self._tables.latest, job, replace(self._latest(job), claimed=max(dues, default=None)))

    def claims(self, job: str, since: datetime, until: datetime) -> list[Claim]:
        """Return the claims of *job* that stand for a slot due in the span, oldest first."""
        found = [claim for claim in self._tables.claims.values() if claim.job == job]
        spanning = [claim for claim in found if claim.due >= since and claim.first_due < until]
        return sorted(spanning, key=lambda claim: claim.due)

    def taken(self, jobs: Collection[str], since: datetime, until: datetime) -> dict[str, list[Taken]]:
        """Return the same claims by job, each with the fate of its run."""
        found: dict[str, list[Taken]] = {}
        for job in jobs:
            for claim in self.claims(job, since, until):
                statuses = [run.status for run in self._tables.runs.values() if run.id == claim.run_id]
                taken = Taken(claim.due, claim.first_due, claim.count, _fate(statuses))
                found.setdefault(job, []).append(taken)
        return found

    def backfilled(self, jobs: Collection[str], since: datetime, until: datetime) -> dict[str, dict[datetime, Fate]]:
        """Return what became of the backfills of *jobs* whose slots are due in the span, by job and due instant."""
        found: dict[str, dict[datetime, Fate]] = {}
        for run in self._tables.runs.values():
            if run.is_backfill and run.job in jobs and run.due is not None and since <= run.due < until:
                fates = found.setdefault(run.job, {})
                fate = backfill_fate(fates.get(run.due), run.status, began=run.started_at is not None)
                if fate is not None:
                    fates[run.due] = fate
        return found

    def revisions(self) -> dict[str, ScheduleRevision]:
        """Return the revision in force of every job that ever had one."""
        return {job: revisions[-1] for job, revisions in self._tables.revisions.items()}

    def every_revision(self, jobs: Collection[str] | None = None) -> dict[str, list[ScheduleRevision]]:
        """Return every revision by job, oldest first."""
        return {
            job: list(revisions) for job, revisions in self._tables.revisions.items() if jobs is None or job in jobs
        }

    def begin_revisions(self, begun: Sequence[ScheduleRevision]) -> None:
        """Begin a new revision for each job."""
        for revision in begun:
            self._put(self._tables.revisions, revision.job, (*self._tables.revisions.get(revision.job, ()), revision))

    # ── runs ──

    def add(self, new: Sequence[Run]) -> None:
        """Write new attempts."""
        for run in new:
            assert run.key not in self._tables.runs, f"{run.key} is there already"
            self._keep(run)

    def update(self, changed: Sequence[Run]) -> None:
        """Write the present state of attempts that exist."""
        for run in changed:
            if run.key in self._tables.runs:
                self._keep(run)

    def in_hand(self) -> list[Run]:
        """Return every attempt that is queued, waiting or running."""
        return list(self._tables.in_hand.values())

    def last_runs(self, jobs: Collection[str] | None = None) -> dict[str, Run]:
        """Return each job's latest attempt that ran and ended."""
        keys = self._of_latest(lambda known: known.ran, jobs)
        return {job: self._tables.runs[key] for job, key in keys.items() if key in self._tables.runs}

    def last_run_keys(self) -> dict[str, AttemptKey]:
        """Return the id and the attempt of each of them."""
        return {job: run.key for job, run in self.last_runs().items()}

    def failures_in_a_row(self, job: str, *, but: str, most: int) -> int:
        """Return how many of the job's latest runs failed, one after the other."""
        seen, failures = {but}, 0
        for run in reversed(self._tables.runs.values()):
            if run.job != job or run.id in seen or run.status is Status.SKIPPED:
                continue
            seen.add(run.id)
            if run.status is Status.COMPLETED or failures == most:
                break
            failures += run.status is Status.FAILED
        return failures

    def completed(self) -> dict[str, frozenset[str]]:
        """Return, for each job that comes after several, which of those completed since its own last run."""
        return dict(self._tables.completed)

    def keep_completed(self, completed: Mapping[str, frozenset[str]]) -> None:
        """Replace those completions for the jobs in *completed*."""
        for follower, jobs in completed.items():
            if jobs:
                self._put(self._tables.completed, follower, jobs)
            else:
                self._take_out(self._tables.completed, follower)

    # ── pauses, loops, logs, generations ──

    def pauses(self) -> dict[str, Pause]:
        """Return the pauses by job."""
        return dict(self._tables.pauses)

    def set_pause(self, pause: Pause) -> None:
        """Pause a job."""
        self._put(self._tables.pauses, pause.job, pause)

    def log(self, lines: Sequence[LogLine]) -> None:
        """Add lines to runs' logs."""
        for line in lines:
            self._put(self._tables.logs, next(self._tables.numbers), line)

    def loops(self) -> list[LoopRecord]:
        """Return the record of every loop."""
        return list(self._tables.loops.values())

    def keep_loop(self, loop: LoopRecord) -> None:
        """Write the loop's record."""
        self._put(self._tables.loops, loop.id, loop)

    def beat(self, loop: LoopRecord) -> bool:
        """Write the beat of the loop's record; return whether the record was there."""
        known = self._tables.loops.get(loop.id)
        if known is not None:
            counts = self.wrote
            self._put(self._tables.loops, loop.id, replace(known, beat=loop.beat, beat_at=loop.beat_at))
            self.wrote = counts  # For a beat alone other processes do not read the store anew.
        return known is not None

    def keep_words(self, loop_id: str, words: Mapping[str, Any]) -> None:
        """Write what the file of a loop says."""
        self._put(self._tables.words, loop_id, words)

    def words(self, loop_ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """Return what the files of these loops say."""
        return {name: self._tables.words[name] for name in loop_ids if name in self._tables.words}

    def latest_revision(self) -> int:
        """Return the number of revisions."""
        return sum(map(len, self._tables.revisions.values()))

    def latest_text(self, file: str) -> str | None:
        """Return the text of the newest generation of a file."""
        return next((text for _, _, its_file, text in self.generations() if its_file == file), None)

    def drop_loop(self, loop_id: str) -> None:
        """Delete the record of a loop."""
        self._take_out(self._tables.loops, loop_id)
        self._take_out(self._tables.words, loop_id)

    def keep_generation(self, *, file: str, text: str, at: datetime, saved: bool = True) -> AcceptedText:
        """Keep the text of an accepted file, unless it is the latest kept already."""
        kept = self._tables.generations
        for number, (accepted_at, _, its_text) in reversed(kept.items()):
            if its_text in {text, forgotten_text(text)}:
                return AcceptedText(number, accepted_at, is_new=False)
            if saved:
                break
        number = next(self._tables.numbers)
        self._put(kept, number, (at, file, text))
        for old in list(kept)[-GENERATIONS_KEPT - 1 : -GENERATIONS_KEPT]:
            self._put(kept, old, (*kept[old][:2], forgotten_text(kept[old][2])))
        return AcceptedText(number, at, is_new=True)

    def generations(self) -> list[tuple[int, datetime, str, str]]:
        """Return the accepted files that are kept, newest first."""
        return [(number, *kept) for number, kept in reversed(self._tables.generations.items())][:GENERATIONS_KEPT]

    def post(self, notices: Sequence[Notice]) -> None:
        """Write messages that are to be sent; one whose key is known already is passed over."""
        for notice in notices:
            if notice.key not in self._tables.notices:
                self._put(self._tables.notices, notice.key, (notice, True))

    def take_notices(self, now: datetime, until: datetime, *, but: Collection[str] = ()) -> list[Notice]:
        """Return the messages that may be sent, and keep them from everybody else until then."""
        waiting = self._tables.notices.values()
        found = [
            notice for notice, waits in waiting if waits and notice.not_before <= now and notice.channel not in but
        ]
        for notice in found:
            taken = replace(notice, not_before=until, tries=notice.tries + 1)
            self._put(self._tables.notices, notice.key, (taken, True))
        return found

    def settle_notices(
        self,
        keys: Sequence[str],
        *,
        sent_at: datetime | None,  # noqa: ARG002  # no display reads it
        not_before: datetime | None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Write that messages were sent, given up, or are to be tried again."""
        for key in keys:
            notice, waits = self._tables.notices[key]
            changed = replace(notice, not_before=not_before or notice.not_before, facts=facts or notice.facts)
            self._put(self._tables.notices, key, (changed, waits and not_before is not None))

    def next_notice_at(self) -> datetime | None:
        """Return when the next message may be sent."""
        return min((notice.not_before for notice, waits in self._tables.notices.values() if waits), default=None)

    def alarmed(self) -> set[tuple[str, str]]:
        """Return each channel and job of which the latest message is that the job failed."""
        latest = {
            (notice.channel, notice.job or ""): notice.event
            for notice, _ in self._tables.notices.values()
            if notice.event in {"failed", "recovered"}
        }
        return {pair for pair, event in latest.items() if event == "failed"}

    def results(self, job: str, most: int) -> list[bool]:
        """Return whether each of the job's latest runs completed, newest first."""
        found: dict[str, str] = {}
        for run in reversed(list(self._tables.runs.values())):
            if run.job == job:
                found.setdefault(run.id, str(run.status))
        return [status == "completed" for status in found.values() if status in {"completed", "failed"}][:most]

    def pick(self) -> Preset | None:
        """Return the preset that `preset: auto` has picked."""
        return self._tables.picks.get("auto")

    def keep_pick(self, pick: Preset | None) -> None:
        """Remember which preset `preset: auto` has picked."""
        self._take_out(self._tables.picks, "auto")
        if pick is not None:
            self._put(self._tables.picks, "auto", pick)

    # ── the past that is not kept ──

    def forget(self, job: str, *, before: datetime, now: datetime, keep: int, most: int) -> bool:
        """Forget the oldest attempts of *job*, with their logs and claims; return whether there may be more."""
        attempts = [run for run in self._tables.runs.values() if run.job == job]
        known, ahead = self._latest(job), now + timedelta(days=1)
        oldest = attempts[: max(len(attempts) - keep, 0)][:most]
        going = [
            run
            for run in oldest
            if run.status not in IN_HAND and run.key != known.ran and not before <= run.queued_at <= ahead
        ]
        keys = {run.key for run in going}
        lines = [n for n, line in self._tables.logs.items() if (line.run_id, line.attempt) in keys]
        for number in lines[: 10 * most]:
            self._take_out(self._tables.logs, number)
        if len(lines) >= 10 * most:
            return True
        for run in going:
            self._take_out(self._tables.runs, run.key)
        past = [run.queued_at for run in going if run.queued_at < before]
        if past:
            self._put(self._tables.latest, job, replace(known, forgotten=_later(known.forgotten, max(past))))
            for key in [key for key in self._tables.claims if key[0] == job and key[1] <= max(past)]:
                self._take_out(self._tables.claims, key)
            kept = self._tables.revisions.get(job, ())
            begun = [place for place, revision in enumerate(kept) if revision.since <= max(past)]
            if begun:
                self._put(self._tables.revisions, job, kept[begun[-1] :])
        return bool(going) and len(going) == most

    def forgotten(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return the instant up to which each job's past is forgotten."""
        return self._of_latest(lambda known: known.forgotten, jobs)

    def known_jobs(self, after: str, most: int) -> list[str]:
        """Return the names of the jobs that have a past, in the order of the alphabet."""
        return sorted(job for job in self._tables.latest if job > after)[:most]

    # ── limits ──

    def spent(self, limit: str, since: datetime) -> dict[datetime, int]:
        """Return the calls spent of *limit* in bins that begin at *since* or later."""
        return {at: calls for (name, at), calls in self._tables.spends.items() if name == limit and at >= since}

    def spend(self, limit: str, at: datetime, calls: int, *, forget: datetime) -> None:
        """Count *calls* in the bin that begins at *at*."""
        self._put(self._tables.spends, (limit, at), self._tables.spends.get((limit, at), 0) + calls)
        for key in [key for key in self._tables.spends if key[0] == limit and key[1] < forget]:
            self._take_out(self._tables.spends, key)

    # ── helpers ──

    def _keep(self, run: Run) -> None:
        tables = self._tables
        self._put(tables.runs, run.key, run)
        if run.status in IN_HAND:
            self._put(tables.in_hand, run.key, run)
        else:
            self._take_out(tables.in_hand, run.key)
        if run.status in RAN and not run.is_backfill:
            self._put(tables.latest, run.job, replace(self._latest(run.job), ran=run.key))

    def _latest(self, job: str) -> Latest:
        return self._tables.latest.get(job) or Latest()

    def _of_latest(self, value: Callable[[Latest], V | None], jobs: Collection[str] | None) -> dict[str, V]:
        names = self._tables.latest if jobs is None else jobs
        found = ((job, value(self._latest(job))) for job in names)
        return {job: one for job, one in found if one is not None}

    def _put(self, table: dict[Any, Any], key: Hashable, value: object) -> None:
        self.wrote = True
        self._undo.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def _take_out(self, table: dict[Any, Any], key: Hashable) -> bool:
        self.wrote = True
        if key not in table:
            return False
        self._undo.append((table, key, table.pop(key)))
        return True


_ABSENT = object()


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _fate(statuses: Sequence[Status]) -> Fate:
    if not statuses:
        return Fate.LOST
    if any(status in IN_HAND for status in statuses):
        return Fate.IN_HAND
    return Fate.SKIPPED if all(status is Status.SKIPPED for status in statuses) else Fate.RAN
