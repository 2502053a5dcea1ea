"""Accounting for every slot of a range of time, from the store alone.

The revisions that the loop keeps of each job's schedule show what was due: no file and no plugin is needed, and
a file edited since changes nothing in it. The claims and their runs show what became of it.

Expected is what a job's schedule of that time made due, from the first moment a loop knew the job. Not expected
are slots that were due while nothing ran under words that had changed by the next start: such a job has nothing
to catch up (DESIGN.md, section 4, promise 3). Pending are slots in hand, and slots later than all that any loop has
claimed or has ticked past: the next tick, or the next start, takes them up.

Slots follow the rules of zones as they are now. Where a slot was claimed by others, before the tz database
changed, its written time tells that it is the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice, takewhile
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aperture_plugin.app.liveness import SCHEDULE
from aperture_plugin.ports import Claims, Ledger, LoopRecord, ScheduleRevision, Store
from aperture_plugin.rules.slot_accounting import Account, Fate, SlotOutcome, account, account_moved, slot_fates
from aperture_plugin.triggers.posix_zone import named_zone
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.triggers.walltime import RESOLUTION
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.revision_text import read_revision
from aperture_plugin.words.time_display import iso_text

__all__ = ["Audit", "JobAudit", "audit", "audit_json", "claimed_elsewhen", "fates_of_jobs", "spans_of", "ticked_until"]

_AT_ONCE: Final = 500
"""Jobs whose claims are read together: few statements, and never the whole table in memory."""

_FARTHEST: Final = timedelta(hours=26)
"""No two rules put a wall time further apart: zones reach from 12 hours behind UTC to 14 ahead."""

_FIRST_BEAT: Final = 1
"""A loop beats once as it begins, before its first tick; each later beat is written with the claims of its tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAudit:
    """The fates of the slots of one job.

    Attributes:
        zone: The zone of its times: that of its latest schedule.
        untold: Phrases, with their zones, that this program cannot read, so that their slots are not known.
        kept_since: Earlier slots are not kept any more, and not expected; None where all of the span is kept.
        moved: Number of its slots that were claimed at another instant, by rules of the zone that have changed since.
    """

    job: str
    zone: ZoneInfo
    account: Account
    untold: tuple[str, ...] = ()
    kept_since: datetime | None = None
    moved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The fates of all slots due from *since* (in) to *until* (out).

    Attributes:
        total: The accounts of the jobs together.
        jobs: By name.
    """

    since: datetime
    until: datetime
    total: Account
    jobs: tuple[JobAudit, ...]

    @property
    def is_whole(self) -> bool:
        """True if every slot that was expected is accounted for, and it is known which ones were."""
        return self.total.is_whole and not any(job.untold for job in self.jobs)


def audit(
    store: Store, *, since: datetime, until: datetime, now: datetime, jobs: Collection[str] | None = None
) -> Audit:
    """Account for every slot due in a span.

    Args:
        since, until: Aware. What lies later than *now* is not due yet, and not counted.
        jobs: Names of the jobs meant; None for all that ever had a schedule.
    """
    end = min(until, now + RESOLUTION)
    found: list[JobAudit] = []
    with store.snapshot() as ledger:
        # In this order: whatever is written between two of these reads adds claims, and can only explain more.
        revisions = ledger.every_revision(jobs)
        ticked = ticked_until(ledger.loops())
        names = iter(sorted(revisions))
        while chunk := {name: revisions[name] for name in islice(names, _AT_ONCE)}:
            found += _audited(chunk, ledger, since, end, ticked)
    total = Account()
    for job in found:
        total += job.account
    return Audit(since=since, until=until, total=total, jobs=tuple(found))


def audit_json(found: Audit, zone: ZoneInfo) -> dict[str, Any]:
    """Return an `Audit` in the shape of `aperture audit --format json`.

    Args:
        zone: The zone in which the ends of the span are shown; slots are shown in their job's own.
    """
    return {
        "from": iso_text(found.since, zone),
        "until": iso_text(found.until, zone),
        **_counts(found.total),
        "jobs": [{"job": job.job, **_counts(job.account)} for job in found.jobs],
        "unaccounted_slots": [
            {
                "job": job.job,
                "due": iso_text(slot.due, job.zone),
                "nominal": slot.nominal.isoformat(timespec="seconds" if slot.nominal.second else "minutes"),
            }
            for job in found.jobs
            for slot in job.account.unaccounted
        ],
    }


def _counts(counted: Account) -> dict[str, int]:
    return {
        "expected": counted.expected,
        "ran": counted.ran,
        "skipped": counted.skipped,
        "merged": counted.merged,
        "pending": counted.pending,
        "unaccounted": len(counted.unaccounted),
    }


def _audited(
    revisions: dict[str, list[ScheduleRevision]],
    ledger: Ledger,
    since: datetime,
    end: datetime,
    ticked: datetime | None,
) -> Iterator[JobAudit]:
    forgotten = ledger.forgotten(list(revisions))
    untold: dict[str, list[str]] = {name: [] for name in revisions}
    for name, fates in fates_of_jobs(revisions, ledger, since, end, ticked, untold=untold):
        counted = account(fates)
        of_job = revisions[name]
        kept = max(since, forgotten[name] + RESOLUTION) if name in forgotten else since
        open_before = len(counted.unaccounted)
        if counted.unaccounted:
            counted = account_moved(counted, claimed_elsewhen(name, of_job, ledger, kept, end))
        yield JobAudit(
            job=name,
            zone=_zone(of_job),
            account=counted,
            moved=open_before - len(counted.unaccounted),
            untold=tuple(untold[name]),
            kept_since=kept if kept > since else None,
        )


def fates_of_jobs(
    revisions: Mapping[str, Sequence[ScheduleRevision]],
    ledger: Ledger,
    since: datetime,
    end: datetime,
    ticked: datetime | None,
    *,
    untold: Mapping[str, list[str]],
) -> Iterator[tuple[str, Iterator[tuple[Slot, SlotOutcome]]]]:
    """Yield each job with its slots due in a span, as far back as they are kept, and what became of each.

    Args:
        ticked: The result of `ticked_until`.
        untold: By job, a list to which the phrases that cannot be read are added.
    """
    marks, forgotten = ledger.watermarks(list(revisions)), ledger.forgotten(list(revisions))
    taken = ledger.taken(list(revisions), since, end) if since < end else {}
    again = ledger.backfilled(list(revisions), since, end)
    for name, of_job in revisions.items():
        kept = max(since, forgotten[name] + RESOLUTION) if name in forgotten else since
        # Only under the words in force does anybody still look for a slot.
        settled = max(filter(None, (of_job[-1].since - RESOLUTION, marks.get(name), ticked)))
        yield (
            name,
            slot_fates(
                chain.from_iterable(spans_of(of_job, kept, end, untold[name])),
                taken.get(name, ()),
                since=kept,
                pending_after=settled,
                backfilled=again.get(name, {}),
            ),
        )


def claimed_elsewhen(
    job: str, revisions: Sequence[ScheduleRevision], ledger: Claims, since: datetime, end: datetime
) -> dict[datetime, Fate]:
    """Return the fates of the claims of *job* at whose instant no slot is due by the rules of now, by nominal time."""
    first, last = since - _FARTHEST, end + _FARTHEST
    fates = {one.due: one.fate for one in ledger.taken([job], first, last).get(job, ())}
    claims = {one.due: one.nominal for one in ledger.claims(job, first, last)}
    for slot in chain.from_iterable(spans_of(revisions, first, last, [])):
        claims.pop(slot.due, None)
    return {nominal: fates[due] for due, nominal in claims.items()}


def spans_of(
    revisions: Sequence[ScheduleRevision], since: datetime, end: datetime, untold: list[str]
) -> Iterator[Iterable[Slot]]:
    """Yield the slots of each revision, ascending and lazily; note in *untold* those of unknown times."""
    begins = end
    spans: list[tuple[ScheduleRevision, datetime, datetime]] = []
    for revision in reversed(revisions):
        # After the clock was set back a revision may begin before the one it follows, which ends there then.
        ends, begins = begins, min(begins, revision.since)
        if revision.schedule and max(revision.since, since) < ends:
            spans.append((revision, max(revision.since, since), ends))
    for revision, first, last in reversed(spans):
        try:
            schedule, closed = read_revision(revision.schedule)
            upcoming = trigger_of(schedule, named_zone(revision.zone), closed).upcoming(first)
        except (Unreadable, ZoneInfoNotFoundError, ValueError):
            untold.append(f"{revision.schedule} ({revision.zone})")
        else:
            yield takewhile(partial(_is_due_before, last), upcoming)


def _is_due_before(end: datetime, slot: Slot) -> bool:
    return slot.due < end


def ticked_until(loops: Iterable[LoopRecord]) -> datetime | None:
    """Return the instant up to which some loop has claimed all that was due; None where no loop tells of one."""
    ticked = [
        loop.beat_at
        for loop in loops
        if loop.serves == SCHEDULE and loop.beat > _FIRST_BEAT and not loop.details.get("draining")
    ]
    return max(ticked, default=None)


def _zone(revisions: Sequence[ScheduleRevision]) -> ZoneInfo:
    try:
        return named_zone(revisions[-1].zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
