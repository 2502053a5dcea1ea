"""The past slots of a job, and which of them a backfill runs again.

The slots of a span are those of the words that were in force then. For the time before the store knew the job they are
those of the first words it knew, or of the file where no loop has run yet: so a new job can be run for the past.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from aperture_plugin.app.audit import claimed_elsewhen, fates_of_jobs, spans_of, ticked_until
from aperture_plugin.app.json_views import run_json
from aperture_plugin.config.model import JobConfig
from aperture_plugin.ports import Ledger, ScheduleRevision, Store
from aperture_plugin.rules.runs import Run
from aperture_plugin.rules.slot_accounting import Fate, SlotOutcome
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.walltime import RESOLUTION
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.revision_text import revision_text
from aperture_plugin.words.schedules import has_slots
from aperture_plugin.words.time_display import iso_text

__all__ = ["MOST_SLOTS", "PastSlots", "TooManySlots", "backfill_json", "past_slots"]

MOST_SLOTS: Final = 2_000
"""The most slots of one backfill: each has a run that waits, which every loop on the store keeps in memory."""

_MISSED: Final = frozenset({SlotOutcome.SKIPPED, SlotOutcome.MERGED, SlotOutcome.UNACCOUNTED})

_MOVED: Final = {Fate.RAN: SlotOutcome.RAN, Fate.SKIPPED: SlotOutcome.SKIPPED, Fate.IN_HAND: SlotOutcome.PENDING}


class TooManySlots(ApertureError, ValueError):
    """A backfill of more than `MOST_SLOTS` slots.

    Attributes:
        until: A span that ends here has as many as are allowed.
    """

    def __init__(self, job: str, until: datetime) -> None:
        super().__init__(f"{job} has more than {MOST_SLOTS:,} slots in this span, too many for one backfill")
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSlots:
    """The slots of a job in a span that a backfill runs again.

    Attributes:
        since, until: The span; its end is excluded, and never later than the present moment.
        chosen: Each slot, ascending, with what became of it; None where nobody knows any more, or yet.
        pending: Number of slots of the span that are left out because they are still in hand or to be caught up.
    """

    job: str
    since: datetime
    until: datetime
    chosen: Sequence[tuple[Slot, SlotOutcome | None]]
    pending: int

    @property
    def slots(self) -> list[Slot]:
        """The slots alone."""
        return [slot for slot, _ in self.chosen]


def past_slots(
    store: Store, job: JobConfig, *, since: datetime, until: datetime, now: datetime, only_missed: bool = False
) -> PastSlots:
    """Return the past slots of *job* due in a span, without those that are still in hand.

    Args:
        since, until: Aware. What lies later than *now* is left to the schedule.
        only_missed: True for those alone that were skipped, merged into a catch-up, or are unaccounted for, and that
            no backfill has run since.
    Raises:
        TooManySlots: There are more than `MOST_SLOTS`.
    """
    end = min(until, now + RESOLUTION)
    chosen: list[tuple[Slot, SlotOutcome | None]] = []
    pending = 0
    with store.snapshot() as ledger:
        again = ledger.backfilled([job.name], since, end).get(job.name, {})
        for slot, fate in _fates(ledger, job, since, end):
            if fate is SlotOutcome.PENDING or again.get(slot.due) is Fate.IN_HAND:
                pending += 1
            elif fate in _MISSED or not only_missed:
                if len(chosen) == MOST_SLOTS:  # The rest is not counted: a span can have hundreds of millions.
                    raise TooManySlots(job.name, slot.due)
                chosen.append((slot, fate))
    return PastSlots(job=job.name, since=since, until=end, chosen=chosen, pending=pending)


def backfill_json(found: PastSlots, runs: Sequence[Run], job: JobConfig) -> dict[str, Any]:
    """Return a backfill in the shape of `aperture backfill --format json`.

    Args:
        runs: What was queued for it; none for a rehearsal.
    """
    return {
        "job": found.job,
        "from": iso_text(found.since, job.zone),
        "until": iso_text(found.until, job.zone),
        "slots": [
            {
                "due": iso_text(slot.due, job.zone),
                "nominal": slot.nominal.isoformat(timespec="seconds" if slot.nominal.second else "minutes"),
                "was": None if fate is None else fate.value,
            }
            for slot, fate in found.chosen
        ],
        "pending": found.pending,
        "runs": [run_json(run, job.zone) for run in runs],
    }


def _fates(ledger: Ledger, job: JobConfig, since: datetime, end: datetime) -> Iterator[tuple[Slot, SlotOutcome | None]]:
    """Yield the slots of a span, ascending and lazily, each with what became of it; None where nobody knows."""
    revisions = ledger.every_revision([job.name]).get(job.name, [])
    if not revisions and has_slots(job.schedule):
        revisions = [
            ScheduleRevision(
                job=job.name, schedule=revision_text(job.schedule, job.closed), zone=str(job.zone), since=end
            )
        ]
    if not revisions or since >= end:
        return
    forgotten = ledger.forgotten([job.name]).get(job.name)
    known_since = revisions[0].since if forgotten is None else max(revisions[0].since, forgotten + RESOLUTION)
    if since < revisions[0].since:
        revisions = [replace(revisions[0], since=since), *revisions]
    known_from = min(max(since, known_since), end)
    for slots in spans_of(revisions, since, known_from, []):
        yield from ((slot, None) for slot in slots)
    ticked = ticked_until(ledger.loops())
    [(name, fates)] = fates_of_jobs({job.name: revisions}, ledger, known_from, end, ticked, untold={job.name: []})
    moved: Mapping[datetime, Fate] | None = None
    for slot, fate in fates:
        if fate is SlotOutcome.UNACCOUNTED:
            if moved is None:
                moved = claimed_elsewhen(name, revisions, ledger, known_from, end)
            if slot.nominal in moved:
                yield slot, _MOVED.get(moved[slot.nominal], fate)
                continue
        yield slot, fate
