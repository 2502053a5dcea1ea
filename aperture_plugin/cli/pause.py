"""`aperture pause`: hold the slots of jobs back."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from aperture_plugin.app.run_params import asked_note
from aperture_plugin.app.store_commands import ask_pause, current_user
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import WrongUsage
from aperture_plugin.cli.job_choice import JobChoice, choice, names_text
from aperture_plugin.cli.output import say
from aperture_plugin.cli.store_session import entered, require_jobs
from aperture_plugin.ports import Pause
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.time_display import away, dated

__all__ = ["command"]


@click.command("pause", epilog='Try it:  aperture pause embeddings --until "tomorrow 6 AM"')
@choice
@click.option("--until", metavar="TIME", help='A time, or such as "2 hours"; left out, until `aperture resume`.')
@click.option("--note", metavar="TEXT", help="The reason, which the skipped slots show.")
@options.file_option
@options.state
def command(
    file: Path,
    job: str | None,
    every: bool,
    category: str | None,
    until: str | None,
    note: str | None,
    state: str | None,
) -> None:
    """Hold the slots of jobs back.

    A pause outlives restarts and reloads; each slot that it holds back is recorded as skipped. A run that is in hand
    goes on, and `aperture run` still runs the job. --all and --category pause the jobs that there are now: all of
    them, or none where one cannot be.
    """
    chosen = JobChoice.of(job, every, category)
    source = file_session.source_of(file)
    with entered(source, url=state) as (config, store):
        now = file_session.now()
        if job is not None:
            require_jobs([job], config, store, source)
        jobs = [job] if job is not None else chosen.jobs(config, store)
        zone = file_session.zone_of(config, source, jobs[0])
        end = None if until is None else _end(until, now=now, zone=zone)
        kept, by = asked_note(note, os.environ, config), current_user()
        replaced = ask_pause(store, [Pause(job=each, since=now, until=end, note=kept, by=by) for each in jobs])
    lasts = None if end is None else f"until {dated(end, zone, now=now)} ({away(end, now=now)})"
    if job is not None:
        before = "; its pause from before is replaced" if replaced else ""
        say(f"{job} is paused {lasts or 'until you resume it'}{before}")
        say(f"   aperture resume {job} lifts it")
        return
    verb = "is" if len(jobs) == 1 else "are"
    say(f"{names_text(jobs)} {verb} paused {lasts or 'until you resume them'}")
    if replaced:
        say(f"   {counted(len(replaced), 'pause')} from before {'is' if len(replaced) == 1 else 'are'} replaced")
    say(f"   aperture resume {chosen.words} lifts this")


def _end(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    end = options.instant_after("--until", text, now=now, zone=zone)
    if end <= now:
        message = f"{dated(end, zone, now=now)} is past already: it is {dated(now, zone, now=now)} in {zone}"
        raise WrongUsage(f"--until: {message}", hint="name a time to come")
    return end
