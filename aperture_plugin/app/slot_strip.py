"""The last due times of a job, one by one: what ran, how late, what was merged, skipped, or missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final

from aperture_plugin.ports import PastSlot
from aperture_plugin.rules.run_stats import RunDurations, lasted
from aperture_plugin.rules.runs import Status
from aperture_plugin.triggers.trigger import Trigger

__all__ = ["LENGTH", "DueTime", "SlotFate", "Strip", "strip_of"]

LENGTH: Final = 30
LATE: Final = timedelta(minutes=1)
"""A start later than this after its due time is late."""
_GRACE: Final = timedelta(seconds=30)


class SlotFate(StrEnum):
    """The fate of a due time."""

    RAN = "ran"
    FAILED = "failed"
    CUT_OFF = "cancelled or cut off"
    SKIPPED = "skipped"
    PAUSED = "paused"
    MERGED = "merged"
    MISSED = "missed"
    WAITING = "waiting"
    RUNNING = "running"
    FORGOTTEN = "not kept any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """One due time.

    Attributes:
        late: Time from due to the start of its run; None where it was in time, or has not started.
        took: Duration of the run.
        stands_for: Number of due times that the run stood for.
        reason: The reason why it failed, was skipped, or waits.
    """

    due: datetime
    fate: SlotFate
    late: timedelta | None = None
    took: timedelta | None = None
    stands_for: int = 1
    attempt: int = 1
    reason: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The last due times of one job, oldest first, and how long its runs among them lasted."""

    dues: tuple[DueTime, ...]
    lasted: RunDurations | None

    def count(self, fate: SlotFate) -> int:
        """Return how many of the due times met *fate*."""
        return sum(one.fate is fate for one in self.dues)

    @property
    def late(self) -> int:
        """Number of due times that started late."""
        return sum(one.late is not None for one in self.dues)


def strip_of(
    past: Sequence[PastSlot], trigger: Trigger | None, *, now: datetime, is_served: bool, most: int = LENGTH
) -> Strip:
    """Return the strip of a job.

    Args:
        past: Its latest claims, oldest first.
        trigger: Of its schedule in force; None where it has no slots now.
        is_served: True if a loop looks after the store: then due slots are claimed at once.
    """
    dues: list[DueTime] = []
    for one in past:
        dues += _merged(one, trigger, most)
        dues.append(_due_time(one))
    if past and trigger is not None:
        until = now - _GRACE if is_served else now
        missed = islice(trigger.upcoming(past[-1].due + timedelta(microseconds=1)), most)
        for slot in missed:
            if slot.due >= until:
                break
            dues.append(DueTime(due=slot.due, fate=SlotFate.MISSED))
    spans = [one.took for one in dues if one.took is not None and one.fate is SlotFate.RAN]
    return Strip(dues=tuple(dues[-most:]), lasted=lasted(spans))


def _merged(one: PastSlot, trigger: Trigger | None, most: int) -> list[DueTime]:
    """Return the due times, before its own, that a claim stands for; at most as many as are shown."""
    if one.number <= 1:
        return []
    fate = SlotFate.SKIPPED if one.status is Status.SKIPPED else SlotFate.MERGED
    between = [slot.due for slot in trigger.slots(one.first_due, one.due)] if trigger is not None else []
    if len(between) != one.number - 1:  # Its schedule was another one then: how many there were is known all the same.
        step = (one.due - one.first_due) / (one.number - 1)
        between = [one.due - step * back for back in range(min(one.number - 1, most), 0, -1)]
    return [DueTime(due=due, fate=fate, reason=one.reason, run_id=one.run_id) for due in between[-most:]]


def _due_time(one: PastSlot) -> DueTime:
    late = None
    if one.started_at is not None and one.started_at - one.due >= LATE and one.attempt <= 1:
        late = one.started_at - one.due
    took = None
    if one.started_at is not None and one.finished_at is not None:
        took = max(one.finished_at - one.started_at, timedelta(0))
    return DueTime(
        due=one.due,
        fate=_fate(one),
        late=late,
        took=took,
        stands_for=one.number,
        attempt=one.attempt,
        reason=one.reason,
        run_id=one.run_id if one.status is not None else None,
    )


def _fate(one: PastSlot) -> SlotFate:
    match one.status:
        case None:
            return SlotFate.FORGOTTEN
        case Status.COMPLETED:
            return SlotFate.RAN
        case Status.FAILED:
            return SlotFate.FAILED
        case Status.CANCELLED | Status.INTERRUPTED:
            return SlotFate.CUT_OFF
        case Status.SKIPPED:
            return SlotFate.PAUSED if "paused" in (one.reason or "") else SlotFate.SKIPPED
        case Status.RUNNING:
            return SlotFate.RUNNING
        case Status.QUEUED | Status.WAITING:
            return SlotFate.WAITING
