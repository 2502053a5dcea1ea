"""Decides what becomes of the slots that a tick finds due: a run, or a row that gives the reason why not.

Every slot that goes in comes out in exactly one answer (DESIGN.md, section 4, promises 2 to 4).

Where a run of the job is in hand as slots come to be caught up, promises 3 and 4 read together like this. One that
was cut off has had its turn and goes on with it: the catch-up waits behind it, as it would behind one that runs. One
that has not begun has the job's one place in the line: what was missed is skipped with that reason, as it would have
been on time. It is not merged into that run, which is on record as the run of an earlier slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aperture_plugin.config.model import JobConfig, Missed, Overlap
from aperture_plugin.rules.runs import RunTrigger
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.words.durations import duration_text

__all__ = ["Due", "HeldBack", "Pass", "Queue", "fire", "held_back_at", "overlap_reason"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Slots of one job that a tick finds due, oldest first.

    Attributes:
        slots: The latest of them, one by one; at least one.
        folded: Number of further slots before these: of a job of every second that was down for a week
            most are only counted.
        first_due: The earliest of all, the folded ones included.
    """

    slots: tuple[Slot, ...]
    folded: int = 0
    first_due: datetime

    @classmethod
    def of(cls, *slots: Slot) -> Due:
        """Return *slots*, oldest first, with none folded."""
        return cls(slots=slots, first_due=slots[0].due)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """A pause or a freeze: slots due from *since* on and before *until* are skipped, with the reason."""

    since: datetime
    until: datetime | None
    reason: str

    def covers(self, due: datetime) -> bool:
        """Return whether a slot due then is held back."""
        return self.since <= due and (self.until is None or due < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Queue a run that carries *slot* and stands for *count* slots, the earliest of them due at *first_due*."""

    slot: Slot
    trigger: RunTrigger
    first_due: datetime
    count: int = 1

    @property
    def missed(self) -> int:
        """Number of missed slots that it stands for: the `missed` of `history`."""
        return self.count if self.trigger is RunTrigger.CATCH_UP else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Record *slot* (and the *count* - 1 before it, from *first_due* on) as skipped, with the reason."""

    slot: Slot
    reason: str
    first_due: datetime
    count: int = 1


def fire(
    job: JobConfig,
    due: Due,
    *,
    now: datetime,
    able_since: datetime,
    held_back: Sequence[HeldBack] = (),
    waiting: bool = False,
    running: bool = False,
) -> list[Queue | Pass]:
    """Decide what becomes of each slot of *job* that is *due*.

    Args:
        able_since: Since when a loop has been able to run the job without a break; a slot due before
            that passed while nothing ran.
        held_back: The pause of the job, if it has one, and the freezes of the file.
        waiting, running: Whether a run of the job is in hand in that way; one that was cut off, and waits to run
            again, counts as running.
    Returns:
        Answers in the order of their slots; together they stand for every slot of *due*, once.
    """
    answers: list[Queue | Pass] = []
    missed: list[Slot] = []
    fresh: list[Slot] = []
    for slot in due.slots:
        if (reason := held_back_at(held_back, slot.due)) is not None:
            answers.append(Pass(slot=slot, reason=reason, first_due=slot.due))
        elif slot.due < able_since:
            missed.append(slot)
        else:
            fresh.append(slot)

    caught_up, passed = _catch_up(job, missed, now=now, waiting=waiting, running=running)
    answers += passed
    if caught_up is not None and fresh and job.overlap is not Overlap.ALLOW:
        # A slot that falls due in the very tick that catches up is served by the same run.
        caught_up = replace(caught_up, slot=fresh[-1], count=caught_up.count + len(fresh))
        fresh = []
    if caught_up is not None:
        answers.append(caught_up)
        waiting = True
    for slot in fresh:
        reason = overlap_reason(job, waiting=waiting, running=running)
        if reason is not None:
            answers.append(Pass(slot=slot, reason=reason, first_due=slot.due))
        else:
            answers.append(Queue(slot=slot, trigger=RunTrigger.SCHEDULE, first_due=slot.due))
            waiting = True
    answers.sort(key=lambda answer: answer.slot)
    return _unfold(answers, due)


def held_back_at(held_back: Sequence[HeldBack], instant: datetime) -> str | None:
    """Return why what is due at *instant* is skipped; None if nothing holds it back."""
    return next((one.reason for one in held_back if one.covers(instant)), None)


def _catch_up(
    job: JobConfig, missed: Sequence[Slot], *, now: datetime, waiting: bool, running: bool
) -> tuple[Queue | None, list[Pass]]:
    """Merge the missed slots into one run, apart from those that must not be caught up."""
    passed: list[Pass] = []
    merged: list[Slot] = []
    overlap = overlap_reason(job, waiting=waiting, running=running)
    for slot in missed:
        if job.missed is Missed.SKIP:
            reason = "it was due while nothing ran, and the file says missed: skip"
        elif job.missed_within is not None and now - slot.due > job.missed_within:
            reason = f"it was due while nothing ran, more than {duration_text(job.missed_within)} ago (missed within)"
        elif overlap is not None:
            reason = f"it was due while nothing ran, and {overlap}"
        else:
            merged.append(slot)
            continue
        passed.append(Pass(slot=slot, reason=reason, first_due=slot.due))
    if not merged:
        return None, passed
    run = Queue(slot=merged[-1], trigger=RunTrigger.CATCH_UP, first_due=merged[0].due, count=len(merged))
    return run, passed


def overlap_reason(job: JobConfig, *, waiting: bool, running: bool) -> str | None:
    """Return why a further run of *job* may not be queued now; None when it may."""
    match job.overlap:
        case Overlap.ALLOW:
            return None
        case Overlap.QUEUE_ONE:
            return f"another run of {job.name} was already waiting" if waiting else None
        case Overlap.SKIP:
            return f"{job.name} was still in hand (overlap: skip)" if waiting or running else None


def _unfold(answers: list[Queue | Pass], due: Due) -> list[Queue | Pass]:
    """Add the folded slots to the answer that reaches back furthest: they come before all others.

    It need not be the first: a run that catches up may carry a slot later than one that a pause held back.
    """
    if due.folded:
        place = min(range(len(answers)), key=lambda place: answers[place].first_due)
        first = answers[place]
        answers[place] = replace(first, first_due=due.first_due, count=first.count + due.folded)
    return answers
