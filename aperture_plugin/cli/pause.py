"""`aperture pause`: hold a job's slots back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from aperture_plugin.app.asking import ask_pause, known_jobs, whoever
from aperture_plugin.app.when import Towards, read_instant
from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import WrongUsage
from aperture_plugin.cli.looking import entered
from aperture_plugin.cli.moments import away, dated
from aperture_plugin.cli.output import say
from aperture_plugin.ports import Pause
from aperture_plugin.words.unreadable import Unreadable

__all__ = ["command"]


@click.command("pause", epilog='Try it:  aperture pause embeddings --until "tomorrow 6 AM"')
@click.argument("job", metavar="JOB")
@click.option("--until", metavar="TIME", help='A time, or such as "2 hours"; left out, until `aperture resume`.')
@click.option("--note", metavar="TEXT", help="Why, for whoever looks at the skipped slots.")
@options.file_option
@options.state
def command(file: Path, job: str, until: str | None, note: str | None, state: str | None) -> None:
    """Hold a job's slots back.

    A pause outlives restarts and reloads; each slot that it holds back is recorded as skipped. A run that is in hand
    goes on, and `aperture run` still runs the job.
    """
    source = reading.source_of(file)
    now = reading.now()
    with entered(source, url=state) as (config, store):
        configured = {} if config is None else config.jobs
        reading.known_job(job, dict.fromkeys([*configured, *sorted(known_jobs(store))]), where=source.name)
        zone = configured[job].zone if job in configured else reading.zone_of(config, source)
        end = None if until is None else _end(until, now=now, zone=zone)
        before = ask_pause(store, Pause(job=job, since=now, until=end, note=note, by=whoever()))
    lasts = "until you resume it" if end is None else f"until {dated(end, zone, now=now)} ({away(end, now=now)})"
    say(f"{job} is paused {lasts}" + ("" if before is None else "; its pause from before is replaced"))
    say(f"   aperture resume {job} lifts it")


def _end(said: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    try:
        end = read_instant(said, now=now, zone=zone, towards=Towards.FUTURE)
    except Unreadable as problem:
        raise WrongUsage(f"--until: {problem.message}", hint=problem.hint) from None
    if end <= now:
        told = f"{dated(end, zone, now=now)} is past already: it is {dated(now, zone, now=now)} in {zone}"
        raise WrongUsage(f"--until: {told}", hint="name a time to come")
    return end
