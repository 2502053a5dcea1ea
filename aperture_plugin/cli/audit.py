"""`aperture audit`: account for every slot of a range of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.app.audit import Audit, JobAudit, audit, audit_json
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage
from aperture_plugin.cli.output import TEXT, say, show_json, show_rich
from aperture_plugin.cli.store_session import looked_into, require_jobs
from aperture_plugin.words.plain_text import plain_line

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["command"]

_DAYS: Final = timedelta(days=7)
_MOST_SLOTS: Final = 20


@click.command("audit", epilog='Try it:  aperture audit --from "2 days" --job library-scan')
@options.file_and_jobs
@click.option("--from", "since", metavar="TIME", help="That instant included.  [default: 7 days before --until]")
@click.option("--until", metavar="TIME", default="now", show_default=True, help="That instant excluded.")
@options.state
@options.output_format
def command(
    file: Path, since: str | None, until: str, jobs: tuple[str, ...], state: str | None, output_format: str
) -> None:
    """Account for every slot that was due.

    Each ran, was skipped, or was merged into the catch-up of a later one. Exits with 1 if one is unaccounted for.
    Slots that are still in hand, or which the next start will catch up, are pending, and not among the expected.
    A TIME is a date, a date and time, or such as "yesterday 6 AM" and "2 hours".
    """
    source = file_session.source_of(file)
    with looked_into(source, url=state) as (config, store):
        now = file_session.now()
        zone = file_session.zone_of(config, source)
        end = options.instant_before("--until", until, now=now, zone=zone)
        begin = end - _DAYS if since is None else options.instant_before("--from", since, now=now, zone=zone)
        if begin >= end:
            raise WrongUsage("--from is not before --until", hint="the span reaches from the one to the other")
        require_jobs(jobs, config, store, source)
        found = audit(store, since=begin, until=end, now=now, jobs=jobs or None)
    if output_format == TEXT:
        _show(found, zone)
    else:
        show_json(audit_json(found, zone))
    if not found.is_whole:
        raise CommandRefused()


def _show(found: Audit, zone: ZoneInfo) -> None:
    shown = [job for job in found.jobs if job.account.expected or job.account.pending]
    if shown:
        from aperture_plugin.cli.rich_tables import table

        headings = ("JOB", "EXPECTED", "RAN", "SKIPPED", "MERGED", "PENDING", "UNACCOUNTED")
        rows = [_row(job) for job in shown]
        show_rich(table(*headings, rows=rows, right=headings[1:]))
        say("")
    for job in found.jobs:
        for phrase in job.untold:
            say(f"{job.job}: its schedule then cannot be read by this version: {plain_line(phrase)}", err=True)
    for line in chain(_not_kept(found, zone), _moved(found)):
        say(line)
    lost = [(job, slot) for job in found.jobs for slot in job.account.unaccounted]
    for job, slot in lost[:_MOST_SLOTS]:
        say(f"unaccounted for: {job.job}, due {_wall_text(slot.due, job.zone)}")
    if len(lost) > _MOST_SLOTS:
        say(f"and {len(lost) - _MOST_SLOTS:,} more; --format json tells them all")
    say(_sentence(found, zone))


def _not_kept(found: Audit, zone: ZoneInfo) -> Iterator[str]:
    """Print the jobs of which a part of the span is forgotten, and was not counted."""
    since = {job.job: job.kept_since for job in found.jobs if job.kept_since is not None}
    if since:
        whose = next(iter(since)) if len(since) == 1 else f"{len(since):,} jobs"
        yield f"Of {whose}, not all from before {_wall_text(max(since.values()), zone)} is kept; that is not counted."


def _moved(found: Audit) -> Iterator[str]:
    """Print the jobs whose slots were due at another instant than the rules of their zone make it today."""
    for job in found.jobs:
        if job.moved:
            slots = "slot was" if job.moved == 1 else "slots were"
            yield f"{job.job}: {job.moved:,} {slots} due by other clock rules of {job.zone} than are in force today."


def _sentence(found: Audit, zone: ZoneInfo) -> str:
    span = f"From {_wall_text(found.since, zone)} until {_wall_text(found.until, zone)} ({zone})"
    total = found.total
    later = f"; {total.pending:,} more {'is' if total.pending == 1 else 'are'} pending" if total.pending else ""
    if not total.expected:
        return f"{span} no slot was expected{later}."
    was = "slot was" if total.expected == 1 else "slots were"
    came = [f"{total.ran:,} ran", f"{total.skipped:,} skipped", f"{total.merged:,} merged into a catch-up"]
    end = f"{len(total.unaccounted):,} unaccounted for" if total.unaccounted else "every one is accounted for"
    return f"{span} {total.expected:,} {was} expected: {', '.join(came)}; {end}{later}."


def _row(job: JobAudit) -> list[str | Text]:
    from aperture_plugin.cli.rich_tables import styled

    counted = job.account
    numbers = (counted.expected, counted.ran, counted.skipped, counted.merged, counted.pending)
    lost = styled(_count(len(counted.unaccounted)), "bold red" if counted.unaccounted else "")
    return [styled(job.job, "bold"), *map(_count, numbers), lost]


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def _wall_text(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
