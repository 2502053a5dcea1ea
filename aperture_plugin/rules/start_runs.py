"""The run that a schedule at start gives as the first loop on a store begins (DESIGN.md, section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aperture_plugin.config.model import JobConfig
from aperture_plugin.rules.due_slots import HeldBack, held_back_at, overlap_reason
from aperture_plugin.words.durations import duration_text
from aperture_plugin.words.schedules import AtStart
from aperture_plugin.words.times import time_text

__all__ = ["StartRun", "start_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun:
    """The run of one job at start.

    Attributes:
        starts_at: Not before this instant.
        waits: The reason why it does not start at once; None if it may.
        skipped: The reason why it is skipped; None if it is queued.
    """

    starts_at: datetime
    waits: str | None = None
    skipped: str | None = None


def start_run(
    job: JobConfig,
    start: AtStart,
    *,
    now: datetime,
    completed_at: datetime | None,
    held_back: Sequence[HeldBack] = (),
    waiting: bool = False,
    running: bool = False,
) -> StartRun | None:
    """Return the run that *job* has as the loop begins at *now*; None if it ran within the time that *start* names.

    Args:
        completed_at: Time of the job's last completion; None if it never completed.
        held_back: The pause of the job, if it has one, and the freezes of the file.
        waiting, running: Whether a run of the job is in hand in that way.
    """
    within = start.unless_ran_within
    if within is not None and completed_at is not None and completed_at > now - within:
        return None
    starts_at = now + start.delay
    if (reason := held_back_at(held_back, now)) is not None:
        return StartRun(starts_at=starts_at, skipped=reason)
    if (overlap := overlap_reason(job, waiting=waiting, running=running)) is not None:
        return StartRun(starts_at=starts_at, skipped=overlap)
    if not start.delay:
        return StartRun(starts_at=starts_at)
    wall = time_text(starts_at.astimezone(job.zone).time().replace(second=0, microsecond=0))
    return StartRun(
        starts_at=starts_at, waits=f"it starts {duration_text(start.delay)} after the loop began, at {wall}"
    )
