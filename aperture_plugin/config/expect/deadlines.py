"""`library-build ready by 6:30 AM`: each run of a job has ended by then."""

from __future__ import annotations

from datetime import datetime, time

from aperture_plugin.config.expect.planned import Planned
from aperture_plugin.config.expect.refuted import Refuted, lasting_text, never, otherwise
from aperture_plugin.config.lint.telling import clock, day_and_clock
from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.words.expectations import ReadyBy
from aperture_plugin.words.schedules import DAY

__all__ = ["ready_by"]


def ready_by(expectation: ReadyBy, planned: Planned) -> Refuted | None:
    """Hold the end of each run against the deadline that its start is nearest to."""
    job = planned.job(expectation.job)
    if job is None:
        return never(expectation.job)
    took = planned.took(job.name)
    seen = False
    for start, _, _ in planned.starts(job.name):
        seen = True
        end = start + job.jitter + took
        wall = planned.wall(start)
        if end > due_of(_deadline(wall, expectation.by), planned.config.zone):
            return Refuted(
                on=wall.date(),
                why=f"{job.name} starts at {clock(wall.time())} and, taking {lasting_text(took)}, "
                f"has ended at {day_and_clock(planned.wall(end), wall)}",
                hint="give it, or what it runs after, an earlier time"
                + (otherwise(lasting_text(took)) if expectation.lasting is None else ""),
            )
    return None if seen else never(job.name)


def _deadline(start: datetime, by: time) -> datetime:
    """Return the wall time *by* that a start is held to: of its own day, or of the next for one in the evening before.

    >>> _deadline(datetime(2026, 1, 10, 23), time(6, 30)).isoformat()
    '2026-01-11T06:30:00'
    >>> _deadline(datetime(2026, 1, 10, 7), time(6, 30)).isoformat()
    '2026-01-10T06:30:00'
    """
    own = datetime.combine(start.date(), by)
    return own + DAY if start - own > own + DAY - start else own
