"""`aperture history`: past runs, with their times, durations and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.app.json_views import run_json
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.columns import Cell, Row, columns, state_cell
from aperture_plugin.cli.output import TEXT, in_color, say, show_json, terminal_width
from aperture_plugin.cli.run_text import asked_with, came_of_it, items, took
from aperture_plugin.cli.store_session import looked_into, require_jobs
from aperture_plugin.config.model import JobConfig
from aperture_plugin.ports import RunQuery, Store
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.words.cell_width import cell_width
from aperture_plugin.words.time_display import dated

__all__ = ["command"]

_HEADINGS: Final = ("WHEN", "JOB", "STATUS", "TOOK", "ITEMS", "BY", "RUN")
_WIDE: Final = 120
"""Columns from which a line has room for what came of a run; below it, that stands in the next line."""


@click.command("history", epilog='Try it:  aperture history library-scan --status failed --since "2 days"')
@options.file_and_jobs
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in Status]),
    help="Only runs in this state; may be given several times.",
)
@click.option("--since", metavar="TIME", help='Only runs queued since then: a time, or such as "2 days".')
@click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="The most rows to show; 0 for all."
)
@options.state
@options.output_format
def command(
    file: Path,
    jobs: tuple[str, ...],
    statuses: tuple[str, ...],
    since: str | None,
    limit: int,
    state: str | None,
    output_format: str,
) -> None:
    """Show past runs, newest first.

    With JOB, of that job alone; several may be named. Says when each ran, how long, how many items it counted and
    what came of it. A run that was tried again has a line for each attempt; those that run or wait have theirs too.
    """
    source = file_session.source_of(file)
    with looked_into(source, url=state) as (config, store):
        now = file_session.now()
        local = file_session.zone_of(config, source)
        configured = {} if config is None else config.jobs
        query = RunQuery(
            jobs=list(jobs) or None,
            statuses=[Status(status) for status in statuses] or None,
            since=None if since is None else options.instant_before("--since", since, now=now, zone=local),
            limit=limit or None,
        )
        require_jobs(jobs, config, store, source)
        runs = store.history(query)
        titles = _titles_of(store, configured)
        never_ran = [job for job in jobs if not store.history(RunQuery(jobs=[job], limit=1))] if not runs else []
    zones = {job.name: job.zone for job in configured.values()}
    if output_format == TEXT:
        _show(runs, zones, local, now, never_ran=never_ran, titles=titles)
    else:
        show_json([run_json(run, zones.get(run.job, local)) for run in runs])


def _show(
    runs: list[Run],
    zones: dict[str, ZoneInfo],
    local: ZoneInfo,
    now: datetime,
    *,
    never_ran: Sequence[str],
    titles: Mapping[str, str],
) -> None:
    for job in never_ran:
        say(f"{job} has not run yet")
    if not runs:
        if not never_ran:
            say("no run to show")
        return
    width = terminal_width()
    is_narrow = width is not None and width < _WIDE
    rows: list[Row | str] = []
    seen = [_row(run, zones.get(run.job, local), now) for run in runs]
    # A run's id is what other commands take: where a line has no room for all of it, it begins the next one.
    id_below = is_narrow and _width_of(seen) > (width or 0)
    for run, row in zip(runs, seen, strict=True):
        value, title = came_of_it(run), titles.get(run.job)
        if is_narrow:
            below = [_id_of(run)] if id_below else []
            below += [part for part in (title, value) if part]
            rows += [row[:-1] if id_below else row, *([f"    {': '.join(below)}"] if below else [])]
        else:
            name = Cell(f"{run.job} ({title})", "bold") if title else row[1]
            rows.append((row[0], name, *row[2:], value))
        if asked := asked_with(run):
            rows.append(f"    {asked}")
    last = () if id_below else ("RUN",) if is_narrow else ("RUN", "WHAT CAME OF IT")
    headings = (*_HEADINGS[:-1], *last)
    for line in columns(headings, rows, right=("TOOK", "ITEMS"), width=width, color=in_color()):
        say(line)


def _titles_of(store: Store, configured: Mapping[str, JobConfig]) -> dict[str, str]:
    """Return the titles of jobs, from the plugins of the loops on the store and from the file, which wins."""
    titles: dict[str, str] = {}
    for loop in sorted(store.loops(), key=lambda loop: loop.beat_at):
        titles |= loop.details.get("titles", {})
    return titles | {name: job.title for name, job in configured.items() if job.title}


def _width_of(rows: Sequence[Sequence[Cell | str]]) -> int:
    """Return the width that columns of *rows* take."""
    texts = [[cell.text if isinstance(cell, Cell) else cell for cell in row] for row in rows]
    widths = [max(map(cell_width, column)) for column in zip(_HEADINGS, *texts, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1)


def _row(run: Run, zone: ZoneInfo, now: datetime) -> tuple[Cell | str, ...]:
    return (
        dated(run.started_at or run.queued_at, zone, now=now),
        Cell(run.job, "bold"),
        state_cell(str(run.status)),
        took(run, now=now),
        items(run),
        _trigger(run),
        Cell(_id_of(run), "dim"),
    )


def _id_of(run: Run) -> str:
    return run.id if run.attempt == 1 else f"{run.id} (attempt {run.attempt})"


def _trigger(run: Run) -> str:
    if run.requested_by:
        return f"{run.requested_by} (backfill)" if run.is_backfill else run.requested_by
    return f"{run.trigger} ({run.missed})" if run.missed else str(run.trigger)
