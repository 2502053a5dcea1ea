"""`aperture pause`: hold a job's slots back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from aperture_plugin.app.store_commands import ask_pause, whoever
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import WrongUsage
from aperture_plugin.cli.name_completion import complete_jobs
from aperture_plugin.cli.output import say
from aperture_plugin.cli.store_session import entered, require_jobs
from aperture_plugin.ports import Pause
from aperture_plugin.words.time_display import away, dated

__all__ = ["command"]


@click.command("pause", epilog='Try it:  aperture pause embeddings --until "tomorrow 6 AM"')
@click.argument("job", metavar="JOB", shell_complete=complete_jobs)
@click.option("--until", metavar="TIME", help='A time, or such as "2 hours"; left out, until `aperture resume`.')
@click.option("--note", metavar="TEXT", help="The reason, which the skipped slots show.")
@options.file_option
@options.state
def command(file: Path, job: str, until: str | None, note: str | None, state: str | None) -> None:
    """Hold a job's slots back.

    A pause outlives restarts and reloads; each slot that it holds back is recorded as skipped. A run that is in hand
    goes on, and `aperture run` still runs the job.
    """
    source = file_session.source_of(file)
    now = file_session.now()
    with entered(source, url=state) as (config, store):
        require_jobs([job], config, store, source)
        zone = file_session.zone_of(config, source, job)
        end = None if until is None else _end(until, now=now, zone=zone)
        before = ask_pause(store, Pause(job=job, since=now, until=end, note=note, by=whoever()))
    lasts = "until you resume it" if end is None else f"until {dated(end, zone, now=now)} ({away(end, now=now)})"
    say(f"{job} is paused {lasts}" + ("" if before is None else "; its pause from before is replaced"))
    say(f"   aperture resume {job} lifts it")


def _end(said: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    end = options.instant_after("--until", said, now=now, zone=zone)
    if end <= now:
        told = f"{dated(end, zone, now=now)} is past already: it is {dated(now, zone, now=now)} in {zone}"
        raise WrongUsage(f"--until: {told}", hint="name a time to come")
    return end
