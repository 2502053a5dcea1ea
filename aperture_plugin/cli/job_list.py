"""Every job in a line, or in two where a terminal has no room for all of it side by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from aperture_plugin.app.job_views import IDLE, JobView
from aperture_plugin.app.status import Overview
from aperture_plugin.cli.columns import Cell, Row, columns, state_cell
from aperture_plugin.cli.run_text import came_of_it, last_run
from aperture_plugin.rules.runs import Status
from aperture_plugin.words.time_display import next_run, scheduled_for

__all__ = ["job_lines", "next_words"]

_WIDE: Final = 130
"""Columns from which a line has room for all that there is to say of a job."""


def job_lines(seen: Overview, *, width: int | None, color: bool) -> Iterator[str]:
    """Yield the jobs: what each is doing, its schedule, when it runs next, how it last ended.

    Args:
        width: Of the terminal; None for a file or a pipe, where every job is one line.
    """
    if width is None or width >= _WIDE:
        headings: tuple[str, ...] = ("JOB", "SCHEDULE", "STATE", "NEXT RUN", "", "LAST RUN")
        rows: list[Row | str] = [_one_line(job, seen) for job in seen.jobs]
    else:
        headings = ("JOB", "NEXT RUN", "STATE AND LAST RUN")
        rows = [row for job in seen.jobs for row in _two_lines(job, seen)]
    return columns(headings, rows, width=width, color=color)


def next_words(job: JobView, *, now: datetime) -> tuple[str, str]:
    """Return when a job runs next, as a distance and as the clock will show it; for one that never does, why."""
    if job.next_run is None:
        return "", job.waiting_for or job.schedule if job.state == IDLE else job.schedule
    return next_run(job.next_run, now=now), scheduled_for(job.next_run, job.zone, now=now)


def _one_line(job: JobView, seen: Overview) -> tuple[Cell | str, ...]:
    distance, clock = next_words(job, now=seen.now)
    ended, ago = _last(job, seen)
    why = f": {value}" if (value := _why_failed(job, seen)) else ""
    return (
        Cell(job.name if job.title is None else f"{job.name} ({job.title})", "bold"),
        job.schedule,
        _state(job, seen),
        distance,
        Cell(clock, "dim"),
        Cell(f"{ended} {ago}".rstrip() + why, state_cell(ended).style),
    )


def _two_lines(job: JobView, seen: Overview) -> Iterator[Row | str]:
    distance, clock = next_words(job, now=seen.now)
    ended, ago = _last(job, seen)
    yield Cell(job.name, "bold"), distance or "—", _state(job, seen)
    if job.title is not None:
        yield Cell(f"{job.title}: {job.schedule}", "dim"), Cell(clock, "dim"), _ended(ended, ago)
    else:
        yield Cell(job.schedule, "dim"), Cell(clock, "dim"), _ended(ended, ago)
    if value := _why_failed(job, seen):
        yield f"    {value}"


def _why_failed(job: JobView, seen: Overview) -> str:
    """Return why the last run of a job failed; nothing where it did not."""
    run = job.last_run
    if seen.is_blind or run is None or run.status is not Status.FAILED:
        return ""
    return " ".join(came_of_it(run).split())


def _ended(ended: str, ago: str) -> Cell:
    return Cell(f"{ended} {ago}".rstrip(), state_cell(ended).style)


def _last(job: JobView, seen: Overview) -> tuple[str, str]:
    return ("", "") if seen.is_blind else last_run(job.last_run, now=seen.now)


def _state(job: JobView, seen: Overview) -> Cell:
    if job.state == IDLE and job.waiting_for is not None:
        return Cell("paused" if "paused" in job.waiting_for else "off", "magenta")
    if seen.is_blind:
        return Cell("")
    return state_cell(job.state)
