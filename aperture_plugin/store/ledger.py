"""The statements within one transaction: whole batches, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from aperture_plugin.config.model import Preset
from aperture_plugin.ports import AcceptedText, Claim, LogLine, LoopRecord, Notice, Pause, ScheduleRevision
from aperture_plugin.rules.runs import RAN, AttemptKey, Run, Status
from aperture_plugin.rules.sanitize import json_text
from aperture_plugin.rules.slot_accounting import Fate, Taken
from aperture_plugin.store import generation_rows, loop_file_rows, notice_queue, slot_fate_rows
from aperture_plugin.store.bulk_statements import ADD_LINES, ADD_RUNS, CHANGE_RUNS, KEEP_LATEST, Batch
from aperture_plugin.store.claim_queries import CLAIMS
from aperture_plugin.store.claim_writes import drop_skipped_ahead, lower_marks, split_claim, write_claims
from aperture_plugin.store.in_hand_rows import InHandRows
from aperture_plugin.store.readable import UNREADABLE, readable
from aperture_plugin.store.retention import forget
from aperture_plugin.store.rows import (
    GREATEST_INSTANT,
    LEAST_INSTANT,
    Row,
    change_row,
    claim_of,
    claim_row,
    completion_of,
    instant,
    instant_of,
    log_row,
    loop_of,
    loop_row,
    micros,
    pause_of,
    pause_row,
    pick_of,
    revision_of,
    revision_row,
    run_of,
    run_row,
)
from aperture_plugin.store.stand_ins import pause_in_place_of
from aperture_plugin.store.statements import ALL_LOOPS, ALL_PAUSES, BEAT, COMPLETED, LATEST_REVISION
from aperture_plugin.store.tables import (
    claims,
    completed,
    latest,
    loop_files,
    loops,
    pauses,
    picks,
    revisions,
    runs,
    spends,
)

__all__ = ["SqlLedger"]

_CHUNK: Final = 500
"""The most names in one IN list: SQLite may be built to allow 999 variables."""
_LOOKED_AT: Final = 1000
"""Number of attempts read at a time to count failures in a row."""


class SqlLedger:
    """The store within one transaction of *connection*.

    Args:
        connection: Has begun a transaction; the caller commits it.
        foreign: True if another process has written since a transaction here last read it.
        wrote: Called whenever something is written.
        in_hand: What was last read of the attempts in hand.

    Attributes:
        foreign_was_read: True if `foreign` was read.
        counts: True if more than a beat was written, so that other processes have to read the store again.
    """

    def __init__(
        self, connection: Connection, *, foreign: bool, wrote: Callable[[], None], in_hand: InHandRows
    ) -> None:
        self._connection = connection
        self._note = wrote
        self._foreign = foreign
        self._in_hand = in_hand
        self.foreign_was_read = False
        self.counts = False
        self._loops: list[LoopRecord] | None = None

    @property
    def foreign(self) -> bool:
        """True if another process has written since this was last read."""
        self.foreign_was_read = True
        return self._foreign

    # ── claims and revisions ──

    def claim(self, wanted: Sequence[Claim]) -> list[bool]:
        """Claim each slot unless it, or a later slot of that job, was ever claimed; return which claims were made."""
        if not wanted:
            return []
        self._wrote()
        return write_claims(self._connection, [claim_row(claim) for claim in wanted])

    def watermarks(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return each job's latest claimed due instant (all jobs if None)."""
        return self._latest_instants(latest.c.claimed, jobs)

    def claims_ahead(self, now: datetime) -> list[Claim]:
        """Return the claims of slots due later than *now*, oldest first: they were made by a clock that was ahead."""
        chosen = select(claims).where(claims.c.due > micros(now)).order_by(claims.c.due, claims.c.job)
        return list(readable(claims, self._connection.execute(chosen), claim_of))

    def drop_skipped_ahead(self, now: datetime) -> set[str]:
        """Delete the claims of slots due later than *now* whose runs were all skipped, and those runs."""
        jobs = drop_skipped_ahead(self._connection, _micros(now))
        if jobs:
            self._wrote()
        return jobs

    def split_claim(self, claim: Claim, parts: Sequence[Claim]) -> None:
        """Replace *claim* by *parts* of it, which its run stands for from now on."""
        self._wrote()
        split_claim(self._connection, claim_row(claim), [claim_row(part) for part in parts])

    def lower_watermarks(self, jobs: Collection[str], now: datetime) -> None:
        """Lower the watermark of each of *jobs* to its latest claim that is due by *now*."""
        self._wrote()
        lower_marks(self._connection, jobs, _micros(now))

    def claims(self, job: str, since: datetime, until: datetime) -> list[Claim]:
        """Return the claims of *job* that include a slot due in the span, oldest first."""
        given = {"job": job, "since": micros(since), "until": micros(until)}
        return list(readable(claims, self._connection.execute(CLAIMS, given), claim_of))

    def taken(self, jobs: Collection[str], since: datetime, until: datetime) -> dict[str, list[Taken]]:
        """Return the claims of *jobs* that include a slot due in the span, each with the status of its run."""
        return slot_fate_rows.taken(self._connection, _chunks(jobs), since, until)

    def backfilled(self, jobs: Collection[str], since: datetime, until: datetime) -> dict[str, dict[datetime, Fate]]:
        """Return what became of the backfills of *jobs* whose slots are due in the span, by job and due instant."""
        return slot_fate_rows.backfilled(self._connection, _chunks(jobs), since, until)

    def revisions(self) -> dict[str, ScheduleRevision]:
        """Return the revision in force of every job that ever had one."""
        newest = select(func.max(revisions.c.seq)).group_by(revisions.c.job)
        found = self._connection.execute(select(revisions).where(revisions.c.seq.in_(newest)))
        return {revision.job: revision for revision in readable(revisions, found, revision_of)}

    def begin_revisions(self, begun: Sequence[ScheduleRevision]) -> None:
        """Begin a new revision for each job."""
        self._write(insert(revisions), [revision_row(revision) for revision in begun])

    def every_revision(self, jobs: Collection[str] | None = None) -> dict[str, list[ScheduleRevision]]:
        """Return every revision by job (of all jobs if None), oldest first."""
        found: dict[str, list[ScheduleRevision]] = {}
        for chosen in _by_job(select(revisions).order_by(revisions.c.seq), revisions, jobs):
            for revision in readable(revisions, self._connection.execute(chosen), revision_of):
                found.setdefault(revision.job, []).append(revision)
        return found

    # ── runs ──

    def add(self, new: Sequence[Run]) -> None:
        """Write new attempts."""
        self._write_batch(ADD_RUNS, [run_row(run) for run in new])
        self._keep_latest_of(new)

    def update(self, changed: Sequence[Run]) -> None:
        """Write the present state of attempts that exist."""
        self._write_batch(CHANGE_RUNS, [change_row(run) for run in changed])
        self._keep_latest_of(changed)

    def in_hand(self) -> list[Run]:
        """Return every attempt that is queued, waiting or running, over all processes."""
        return self._in_hand.read(self._connection)

    def last_runs(self, jobs: Collection[str] | None = None) -> dict[str, Run]:
        """Return each job's latest attempt that ran and ended."""
        same = and_(runs.c.id == latest.c.run_id, runs.c.attempt == latest.c.run_attempt)
        found: dict[str, Run] = {}
        for chosen in _by_job(select(runs).join(latest, same), latest, jobs):
            found.update((run.job, run) for run in readable(runs, self._connection.execute(chosen), run_of))
        return found

    def last_run_keys(self) -> dict[str, AttemptKey]:
        """Return the id and the attempt of each job's latest attempt that ran and ended."""
        rows = self._connection.execute(select(latest.c.job, latest.c.run_id, latest.c.run_attempt))
        return {job: (run_id, attempt) for job, run_id, attempt in rows if run_id is not None}

    def failures_in_a_row(self, job: str, *, but: str, most: int) -> int:
        """Return how many of the job's latest runs failed, one after the other; no more than *most* are counted."""
        chosen = select(runs.c.id, runs.c.status).where(runs.c.job == job).order_by(runs.c.seq.desc())
        seen, failures = {but}, 0
        for run_id, status in self._connection.execute(chosen.limit(_LOOKED_AT)):
            if run_id in seen or status == Status.SKIPPED:
                continue  # An earlier attempt, or one that never ran: only the last attempt of a run counts.
            seen.add(run_id)
            if status == Status.COMPLETED or failures == most:
                break
            failures += status == Status.FAILED
        return failures

    def completed(self) -> dict[str, frozenset[str]]:
        """Return, for each job that runs after several others, which of them completed since its own last run."""
        found: dict[str, set[str]] = {}
        for follower, job in readable(completed, COMPLETED.run(self._connection), completion_of):
            found.setdefault(follower, set()).add(job)
        return {follower: frozenset(jobs) for follower, jobs in found.items()}

    def keep_completed(self, since_then: Mapping[str, frozenset[str]]) -> None:
        """Replace those completions for the jobs in *since_then*."""
        self._wrote()
        for chunk in _chunks(since_then):
            self._connection.execute(delete(completed).where(completed.c.follower.in_(chunk)))
        rows = [{"follower": follower, "job": job} for follower, jobs in since_then.items() for job in sorted(jobs)]
        self._write(insert(completed), rows)

    # ── pauses, loops, logs, generations ──

    def pauses(self) -> dict[str, Pause]:
        """Return the pauses in force by job."""
        found = readable(pauses, ALL_PAUSES.run(self._connection), pause_of, instead=pause_in_place_of)
        return {pause.job: pause for pause in found}

    def set_pause(self, pause: Pause) -> None:
        """Pause a job, or change its pause."""
        self._put(pauses, [pause_row(pause)])

    def log(self, lines: Sequence[LogLine]) -> None:
        """Add lines to runs' logs."""
        self._write_batch(ADD_LINES, [log_row(line) for line in lines])

    def loops(self) -> list[LoopRecord]:
        """Return the record of every loop on this store, including those that died without removing it."""
        if self._loops is None:  # A beat asks more than once, and nobody else writes meanwhile.
            self._loops = list(readable(loops, ALL_LOOPS.run(self._connection), loop_of))
        return list(self._loops)

    def keep_loop(self, loop: LoopRecord) -> None:
        """Write the loop's record."""
        self._loops = None
        self._put(loops, [loop_row(loop)])

    def beat(self, loop: LoopRecord) -> bool:
        """Write only the beat of the loop's record; return whether the record was there."""
        self._loops = None
        self._note()
        return BEAT.run(self._connection, loop=loop.id, count=loop.beat, now=micros(loop.beat_at)).rowcount > 0

    def keep_words(self, loop_id: str, words: Mapping[str, Any]) -> None:
        """Write what the file of a loop says, as JSON, for the other loops."""
        self._put(loop_files, [{"loop_id": loop_id, "words": json_text(dict(words))}])

    def words(self, loop_ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """Return what the files of these loops say; loops that have not written it are absent."""
        return loop_file_rows.read_words(self._connection, loop_ids)

    def latest_revision(self) -> int:
        """Return a number that grows with each revision that begins; 0 before the first."""
        return LATEST_REVISION.run(self._connection).scalar() or 0

    def latest_text(self, file: str) -> str | None:
        """Return the text of the newest generation of *file*; None where none is kept."""
        return generation_rows.latest_text(self._connection, file)

    def drop_loop(self, loop_id: str) -> None:
        """Delete the record of a loop."""
        self._loops = None
        self._wrote()
        self._connection.execute(delete(loops).where(loops.c.id == loop_id))
        loop_file_rows.delete_words(self._connection, loop_id)

    def keep_generation(self, *, file: str, text: str, at: datetime, saved: bool = True) -> AcceptedText:
        """Keep the text of an accepted file, and return how it is numbered."""
        return generation_rows.keep(self._connection, self._wrote, file=file, text=text, at=at, saved=saved)

    def generations(self) -> list[tuple[int, datetime, str, str]]:
        """Return the accepted files that are kept, newest first: number, when accepted, file, text."""
        return generation_rows.kept(self._connection)

    def pick(self) -> Preset | None:
        """Return the preset that `preset: auto` has picked, with the sizes it is meant for; None where none is."""
        return next(readable(picks, self._connection.execute(select(picks)), pick_of), None)

    def keep_pick(self, pick: Preset | None) -> None:
        """Write which preset `preset: auto` has picked; None for a file without `preset: auto`."""
        self._wrote()
        self._connection.execute(delete(picks))
        if pick is not None:
            self._write(insert(picks), [{"preset": pick.name, "at_least": pick.at_least, "below": pick.below}])

    # ── messages that are to be sent ──

    def post(self, notices: Sequence[Notice]) -> None:
        """Write messages that are to be sent; one whose key is known already is passed over."""
        if notices:
            self._note()
            notice_queue.post(self._connection, notices)

    def take_notices(self, now: datetime, until: datetime, *, but: Collection[str] = ()) -> list[Notice]:
        """Return the messages that may be sent at *now*, oldest first; nobody else is given them before *until*."""
        self._note()
        return notice_queue.take(self._connection, now, until, but)

    def settle_notices(
        self,
        keys: Sequence[str],
        *,
        sent_at: datetime | None,
        not_before: datetime | None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Write that messages were sent, given up, or when they are to be tried again."""
        self._note()
        notice_queue.settle(self._connection, keys, sent_at=sent_at, not_before=not_before, facts=facts)

    def next_notice_at(self) -> datetime | None:
        """Return when the next message may be sent; None where none waits."""
        return notice_queue.next_at(self._connection)

    def alarmed(self) -> set[tuple[str, str]]:
        """Return each channel and job of which the latest message is that the job failed."""
        return notice_queue.alarmed(self._connection)

    def results(self, job: str, most: int) -> list[bool]:
        """Return whether each of the job's latest runs completed, newest first."""
        return notice_queue.results(self._connection, job, most)

    # ── retention ──

    def forget(self, job: str, *, before: datetime, now: datetime, keep: int, most: int) -> bool:
        """Delete the oldest attempts of *job*, their logs and the claims of their slots; return whether more may go.

        Runs in hand are not affected, so other processes need not read the store again.
        """
        return forget(self._connection, job, before=before, now=now, keep=keep, most=most)

    def forgotten(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return the instant up to which each job's history was deleted (all jobs if None)."""
        return self._latest_instants(latest.c.forgotten, jobs)

    def known_jobs(self, after: str, most: int) -> list[str]:
        """Return the names of the jobs that have a history, sorted, from *after* on."""
        chosen = select(latest.c.job).where(latest.c.job > after).order_by(latest.c.job).limit(most)
        return [job for job in self._connection.execute(chosen).scalars() if isinstance(job, str)]

    # ── limits ──

    def spent(self, limit: str, since: datetime) -> dict[datetime, int]:
        """Return the calls spent of *limit* in bins that begin at *since* or later."""
        chosen = select(spends.c.at, spends.c.calls).where(spends.c.limit == limit, spends.c.at >= micros(since))
        found: dict[datetime, int] = {}
        for at, calls in self._connection.execute(chosen):
            with suppress(*UNREADABLE):
                found[instant(at)] = int(calls)
        return found

    def spend(self, limit: str, at: datetime, calls: int, *, forget: datetime) -> None:
        """Count *calls* in the bin that begins at *at*; bins before *forget* are not needed any more."""
        statement = self._insert(spends)
        more = spends.c.calls + statement.excluded.calls
        row = {"limit": limit, "at": micros(at), "calls": calls}
        self._write(statement.on_conflict_do_update(index_elements=["limit", "at"], set_={"calls": more}), [row])
        self._connection.execute(delete(spends).where(spends.c.limit == limit, spends.c.at < micros(forget)))

    # ── helpers ──

    def _wrote(self) -> None:
        self.counts = True
        self._note()

    def _write(self, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._wrote()
            self._connection.execute(statement, rows)

    def _write_batch(self, batch: Batch, rows: Sequence[Row]) -> None:
        if rows:
            self._wrote()
            batch.run(self._connection, rows)

    def _put(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows, or replace those with the same key."""
        statement, keys = self._insert(table), [column.name for column in table.primary_key]
        changed = {name: statement.excluded[name] for row in rows[:1] for name in row if name not in keys}
        self._write(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)

    def _insert(self, table: Table) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        return dialect.insert(table)

    def _keep_latest_of(self, changed: Sequence[Run]) -> None:
        """Update `latest` with the attempts just written; one of a past slot is nobody's latest."""
        rows: dict[str, Row] = {}
        for run in changed:
            status = run.status
            taken_at = run.finished_at if status is Status.SKIPPED else run.started_at
            has_run = status in RAN
            if run.is_backfill or (taken_at is None and not has_run):
                continue
            row = (
                run.job,
                run.id if has_run else None,
                run.attempt if has_run else None,
                micros(run.finished_at) if status is Status.COMPLETED else None,
                micros(taken_at),
            )
            before = rows.get(run.job)
            rows[run.job] = row if before is None else _later_of_both(before, row)
        self._write_batch(KEEP_LATEST, list(rows.values()))

    def _latest_of(self, column: Any, jobs: Collection[str] | None) -> dict[str, int]:
        found: dict[str, int] = {}
        for chosen in _by_job(select(latest.c.job, column).where(column.is_not(None)), latest, jobs):
            for job, value in self._connection.execute(chosen):
                if isinstance(value, int) and LEAST_INSTANT <= value <= GREATEST_INSTANT:
                    found[job] = value
        return found

    def _latest_instants(self, column: Any, jobs: Collection[str] | None) -> dict[str, datetime]:
        found = ((job, instant_of(value)) for job, value in self._latest_of(column, jobs).items())
        return {job: instant for job, instant in found if instant is not None}


def _later_of_both(before: Row, row: Row) -> Row:
    """Return the row of `latest` for a job of which two attempts were written, the second after the first."""
    job, run_id, run_attempt, completed_at, taken_at = row
    if run_id is None:
        run_id, run_attempt = before[1:3]
    completed_at = max(filter(None, (before[3], completed_at)), default=None)
    return (job, run_id, run_attempt, completed_at, max(filter(None, (before[4], taken_at)), default=None))


def _by_job(chosen: Any, table: Table, jobs: Collection[str] | None) -> Iterator[Any]:
    """Yield *chosen* restricted to *jobs*, in as many statements as needed."""
    if jobs is None:
        yield chosen
        return
    for chunk in _chunks(jobs):
        yield chosen.where(table.c.job.in_(chunk))


def _chunks(jobs: Iterable[str]) -> Iterator[list[str]]:
    names = iter(jobs)
    while chunk := list(islice(names, _CHUNK)):
        yield chunk


def _micros(instant: datetime) -> int:
    found = micros(instant)
    assert found is not None, "only None has no number"
    return found
