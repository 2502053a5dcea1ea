"""A transaction of the store, part by part: code that needs one part asks for no more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from aperture_plugin.config.model import Preset
from aperture_plugin.ports.records import (
    AcceptedText,
    Claim,
    LogLine,
    LoopRecord,
    Notice,
    Pause,
    ScheduleRevision,
)
from aperture_plugin.rules.runs import AttemptKey, Run
from aperture_plugin.rules.slot_accounting import Fate, Taken

__all__ = ["Claims", "Ledger", "Limits", "Loops", "Notices", "Runs"]


class Claims(Protocol):
    """Slots: their claims, the revisions of schedules they belong to, and the pauses that hold them back."""

    def claim(self, claims: Sequence[Claim]) -> list[bool]:
        """Claim each slot unless it, or a later slot of that job, was ever claimed; return which claims were made."""
        ...

    def watermarks(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return each job's latest claimed due instant (all jobs if None); jobs without a claim are absent."""
        ...

    def claims_ahead(self, now: datetime) -> list[Claim]:
        """Return the claims of slots due later than *now*, oldest first: they were made by a clock that was ahead."""
        ...

    def drop_skipped_ahead(self, now: datetime) -> set[str]:
        """Delete the claims of slots due later than *now* whose runs were all skipped, and those runs.

        Slots of an earlier revision of the schedule stay claimed: nothing makes them due again.

        Returns:
            The jobs that had such claims.
        """
        ...

    def split_claim(self, claim: Claim, parts: Sequence[Claim]) -> None:
        """Replace *claim* by *parts* of it, which its run stands for from now on."""
        ...

    def lower_watermarks(self, jobs: Collection[str], now: datetime) -> None:
        """Lower the watermark of each of *jobs* to its latest claim that is due by *now*."""
        ...

    def claims(self, job: str, since: datetime, until: datetime) -> list[Claim]:
        """Return the claims of *job* that include a slot due in the span, oldest first."""
        ...

    def taken(self, jobs: Collection[str], since: datetime, until: datetime) -> dict[str, list[Taken]]:
        """Return the same claims by job, each with the status of its run; jobs without claims are absent."""
        ...

    def backfilled(self, jobs: Collection[str], since: datetime, until: datetime) -> dict[str, dict[datetime, Fate]]:
        """Return what became of the backfills of *jobs* whose slots are due in the span, by job and due instant.

        A slot ran if any of its backfills did, else it is in hand if any of them is.
        """
        ...

    def revisions(self) -> dict[str, ScheduleRevision]:
        """Return the revision in force of every job that ever had one."""
        ...

    def every_revision(self, jobs: Collection[str] | None = None) -> dict[str, list[ScheduleRevision]]:
        """Return every revision by job (of all jobs if None), oldest first; jobs that never had one are absent."""
        ...

    def latest_revision(self) -> int:
        """Return a number that grows with each revision that begins; 0 before the first."""
        ...

    def begin_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        """Begin a new revision for each job."""
        ...

    def pauses(self) -> dict[str, Pause]:
        """Return the pauses in force by job (those with an `until` in the past included)."""
        ...

    def set_pause(self, pause: Pause) -> None:
        """Pause a job, or change its pause."""
        ...


class Runs(Protocol):
    """Attempts, their logs, and the history that is kept of them."""

    def add(self, runs: Sequence[Run]) -> None:
        """Write new attempts."""
        ...

    def update(self, runs: Sequence[Run]) -> None:
        """Write the present state of attempts that exist."""
        ...

    def in_hand(self) -> list[Run]:
        """Return every attempt that is queued, waiting or running, over all processes."""
        ...

    def last_runs(self, jobs: Collection[str] | None = None) -> dict[str, Run]:
        """Return each job's latest attempt that ran and ended (completed, failed, cancelled, interrupted)."""
        ...

    def last_run_keys(self) -> dict[str, AttemptKey]:
        """Return the id and the attempt of each of the `last_runs`; one whose row is damaged may be among them."""
        ...

    def failures_in_a_row(self, job: str, *, but: str, most: int) -> int:
        """Return how many of the job's latest runs failed, one after the other; no more than *most* are counted.

        What was cancelled or cut off neither counts nor ends the row. A run whose retry was skipped has failed.

        Args:
            but: The id of a run that is passed over.
        """
        ...

    def results(self, job: str, most: int) -> list[bool]:
        """Return whether each of the job's latest runs completed, newest first; only runs that did or failed count."""
        ...

    def completed(self) -> dict[str, frozenset[str]]:
        """Return, for each job that runs after several others, which of them completed since its own last run."""
        ...

    def keep_completed(self, completed: Mapping[str, frozenset[str]]) -> None:
        """Replace those completions for the jobs in *completed*."""
        ...

    def log(self, lines: Sequence[LogLine]) -> None:
        """Add lines to runs' logs."""
        ...

    def forget(self, job: str, *, before: datetime, now: datetime, keep: int, most: int) -> bool:
        """Delete the oldest attempts of *job*, with their logs and the claims of their slots.

        Only attempts that ended, and none that `last_runs` returns. The latest claim of a job is kept for ever.

        Args:
            before: Only attempts that were queued before it.
            keep: Number of the latest attempts that stay.
            most: The most attempts to delete; at most ten times as many log lines go with them.
        Returns:
            Whether there may be more to delete.
        """
        ...

    def forgotten(self, jobs: Collection[str] | None = None) -> dict[str, datetime]:
        """Return the instant up to which each job's history was deleted (all jobs if None); others are absent."""
        ...

    def known_jobs(self, after: str, most: int) -> list[str]:
        """Return the names of the jobs that have a history, sorted, from *after* on."""
        ...


class Limits(Protocol):
    """Calls that were spent of shared limits."""

    def spent(self, limit: str, since: datetime) -> dict[datetime, int]:
        """Return the calls spent of *limit* in bins that begin at *since* or later, by their beginning."""
        ...

    def spend(self, limit: str, at: datetime, calls: int, *, forget: datetime) -> None:
        """Count *calls* in the bin that begins at *at*; bins before *forget* are not needed any more."""
        ...


class Loops(Protocol):
    """Records of loops, and the files that they put in force."""

    def loops(self) -> list[LoopRecord]:
        """Return the record of every loop on this store, including those that died without removing it."""
        ...

    def keep_loop(self, loop: LoopRecord) -> None:
        """Write the loop's record: at its start, and when its details change."""
        ...

    def beat(self, loop: LoopRecord) -> bool:
        """Write only the beat of the loop's record; return whether the record was there."""
        ...

    def keep_words(self, loop_id: str, words: Mapping[str, Any]) -> None:
        """Write what the file of a loop says, as JSON, for the other loops; it goes with the loop's record."""
        ...

    def words(self, loop_ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """Return what the files of these loops say; loops that have not written it are absent."""
        ...

    def drop_loop(self, loop_id: str) -> None:
        """Delete the record of a loop that stopped or was found dead."""
        ...

    def keep_generation(self, *, file: str, text: str, at: datetime, saved: bool = True) -> AcceptedText:
        """Keep the text of an accepted file, and return how it is numbered.

        The last 20 texts are kept; of the 1,000 before them it is known that they were accepted.

        Args:
            saved: A save brought the text, so that it is the newest even if it was accepted before. At a start, a
                text that was accepted before keeps its number.
        """
        ...

    def latest_text(self, file: str) -> str | None:
        """Return the text of the newest generation of *file*; None where none is kept."""
        ...

    def generations(self) -> list[tuple[int, datetime, str, str]]:
        """Return the accepted files that are kept, newest first: number, when accepted, file, text."""
        ...

    def pick(self) -> Preset | None:
        """Return the preset that `preset: auto` has picked, with the sizes it is meant for; None where none is."""
        ...

    def keep_pick(self, pick: Preset | None) -> None:
        """Write which preset `preset: auto` has picked; None for a file without `preset: auto`."""
        ...


class Notices(Protocol):
    """Messages that wait to be sent, and those that were."""

    def post(self, notices: Sequence[Notice]) -> None:
        """Write messages that are to be sent; one whose key is known already is passed over."""
        ...

    def take_notices(self, now: datetime, until: datetime, *, but: Collection[str] = ()) -> list[Notice]:
        """Return the messages that may be sent at *now*, oldest first; nobody else is given them before *until*.

        Args:
            but: Names of channels whose messages stay as they are.
        """
        ...

    def settle_notices(
        self,
        keys: Sequence[str],
        *,
        sent_at: datetime | None,
        not_before: datetime | None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Write that messages were sent (or, with neither, given up), or when they are to be tried again.

        What was sent or given up already stays so.

        Args:
            facts: Their facts from now on; None for those that they have.
        """
        ...

    def next_notice_at(self) -> datetime | None:
        """Return when the next message may be sent; None where none waits."""
        ...

    def alarmed(self) -> set[tuple[str, str]]:
        """Return each channel and job of which the latest message is that the job failed."""
        ...


class Ledger(Claims, Runs, Limits, Loops, Notices, Protocol):
    """One exclusive transaction of the store; its writes take effect together or not at all.

    While one process has it, no other writes, so what is read here stays true until the commit. Every method takes a
    whole batch, and costs one statement instead of one for each row.
    """

    @property
    def foreign(self) -> bool:
        """True if another process has written since this was last read (true for the first time).

        Reading this clears it. A transaction that does not read it leaves it for the next one.
        """
        ...
