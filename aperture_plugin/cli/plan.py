"""`aperture plan`: the coming days, rehearsed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import WrongUsage
from aperture_plugin.cli.output import TEXT, say, show_json, show_rich
from aperture_plugin.config.model import Config
from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.words.durations import read_duration
from aperture_plugin.words.parse_error import Unreadable

if TYPE_CHECKING:
    from aperture_plugin.app.plan.plan import Plan
    from aperture_plugin.plugins.plugin_loader import Plugins

__all__ = ["command"]

_DAYS: Final = 2
_MOST_DAYS: Final = 92
_PAPER: Final = 100
"""Columns where nobody looks at a terminal."""


@click.command("plan", epilog='Try it:  aperture plan --from "2026-03-28 8 PM" --days 1 --svg plan.svg')
@options.file_and_jobs
@click.option("--from", "since", metavar="TIME", default="now", show_default=True, help="That instant included.")
@click.option("--until", metavar="TIME", help="That instant excluded.")
@click.option(
    "--days", type=click.IntRange(1, _MOST_DAYS), help=f"Number of days, in place of --until.  [default: {_DAYS}]"
)
@click.option(
    "--duration",
    "durations",
    metavar="[JOB=]SPAN",
    multiple=True,
    help="Duration of JOB, not the measured one; without JOB, of any that never completed.  [default: 5 minutes]",
)
@click.option("--svg", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Draw it, for a runbook.")
@click.option("--ics", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write it as a calendar.")
@click.option("--stagger", is_flag=True, help="Print a patch to the file that takes the collisions away.")
@options.state
@options.plugins
@options.output_format
def command(
    file: Path,
    since: str,
    until: str | None,
    days: int | None,
    jobs: tuple[str, ...],
    durations: tuple[str, ...],
    svg: Path | None,
    ics: Path | None,
    stagger: bool,
    state: str | None,
    modules: tuple[str, ...],
    output_format: str,
) -> None:
    """Rehearse the coming days: waits, collisions, when chains are ready.

    With JOB, of that job alone; with --stagger, only that job is moved. Shows who runs when and who waits for what: the
    loop itself is run through, in virtual time. Jobs take what their last runs took (the median; in a slow night, what
    19 of 20 runs do not exceed). A plan that begins now goes on from what the store says; any other begins as if every
    needed job had completed. It works without a store.
    """
    file_session.require(file)
    source = file_session.source_of(file, file_session.plugins_of(file, modules))
    read = file_session.read(source)
    config = file_session.valid(read)
    for job in jobs:
        file_session.known_job(job, config.jobs, where=config.file)
    now = file_session.now()
    begin, end = _span(since, until, days, now, config.zone)
    given, otherwise = _durations(durations, config)
    from aperture_plugin.app.plan.rehearsal import TooMuch
    from aperture_plugin.app.plan_inputs import plan_of

    try:
        plan = plan_of(
            source, read, config, since=begin, until=end, now=now, url=state, given=given, otherwise=otherwise
        )
    except TooMuch:
        raise WrongUsage(
            "that span holds too many runs to rehearse", hint="shorten it with --days or --until"
        ) from None
    if stagger:
        _show_patch(plan, lambda text: source.read(text.encode(), now=now).config, jobs, output_format)
        return
    shown = plan.of(jobs) if jobs else plan
    _write(shown, svg, ics, now=now, titles=_titles(config, source.plugins))
    if output_format == TEXT:
        from aperture_plugin.cli.plan_timeline import timeline
        from aperture_plugin.cli.plan_view import sections

        show_rich(*timeline(shown, width=_width()), *sections(shown))
    else:
        from aperture_plugin.app.plan.plan_json import plan_json

        show_json(plan_json(shown))


def _span(since: str, until: str | None, days: int | None, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the span that was asked for; a day ends at the wall time at which it began."""
    if until is not None and days is not None:
        raise WrongUsage("--until and --days both say where the plan ends", hint="give one of the two")
    begin = options.instant_after("--from", since, now=now, zone=zone)
    try:
        if until is not None:
            end = options.instant_after("--until", until, now=now, zone=zone)
        else:
            wall = begin.astimezone(zone).replace(tzinfo=None)
            end = due_of(wall + timedelta(days=days or _DAYS), zone)
    except OverflowError:
        raise WrongUsage(f"--from: {since} is too close to the end of the calendar") from None
    if end <= begin:
        raise WrongUsage("the plan ends before it begins", hint="--until must be later than --from")
    if end - begin > timedelta(days=_MOST_DAYS + 1):
        raise WrongUsage(f"that is more than {_MOST_DAYS} days", hint="give an earlier --until")
    return begin, end


def _durations(value: tuple[str, ...], config: Config) -> tuple[dict[str, timedelta], timedelta]:
    """Return what a person says of single jobs, and of all that were never measured."""
    from aperture_plugin.app.plan.job_durations import ASSUMED

    by_job: dict[str, timedelta] = {}
    otherwise = ASSUMED
    for each in value:
        job, has_job, span = each.rpartition("=")
        try:
            lasts = read_duration(span)
        except Unreadable as problem:
            raise WrongUsage(f"--duration: {problem.message}", hint=problem.hint) from None
        if has_job:
            by_job[file_session.known_job(job, config.jobs, where=config.file)] = lasts
        else:
            otherwise = lasts
    return by_job, otherwise


def _write(plan: Plan, svg: Path | None, ics: Path | None, *, now: datetime, titles: dict[str, str]) -> None:
    """Write the picture and the calendar that were asked for, and say so on stderr."""
    from aperture_plugin.files.atomic_write import write_whole
    from aperture_plugin.files.bounded_read import shown

    made: list[tuple[Path, bytes]] = []
    if svg is not None:
        from aperture_plugin.app.plan.svg import picture_of

        made.append((svg, picture_of(plan).encode()))
    if ics is not None:
        from aperture_plugin.app.plan.icalendar import calendar_of

        made.append((ics, calendar_of(plan, now=now, titles=titles)))
    for path, data in made:
        try:
            write_whole(path, data)
        except OSError as error:
            raise WrongUsage(f"{shown(path)} cannot be written: {error.strerror}") from None
        say(f"wrote {shown(path)}", err=True)


def _show_patch(
    plan: Plan, reread: Callable[[str], Config | None], movable: tuple[str, ...], output_format: str
) -> None:
    """Print the patch, and on stderr what it does."""
    from aperture_plugin.app.plan.patch import patch_of, proposal_json, proposed

    proposal = proposed(plan, reread=reread, movable=movable or None)
    after = proposal.replanned()
    if output_format != TEXT:
        show_json(proposal_json(proposal, after))
        return
    patch = patch_of(proposal)
    if patch:
        say(patch.removesuffix("\n"))
    from aperture_plugin.cli.plan_view import moves

    for line in moves(proposal, after):
        say(line, err=True)


def _titles(config: Config, plugins: Plugins | None) -> dict[str, str]:
    """Return what jobs are called, by the file or else by their plugin."""
    registered = {} if plugins is None else {name: job.title for name, job in plugins.jobs.items() if job.title}
    return registered | {name: job.title for name, job in config.jobs.items() if job.title}


def _width() -> int:
    """Return how many columns there are; COLUMNS wins, as everywhere."""
    return shutil.get_terminal_size((_PAPER, 24)).columns
