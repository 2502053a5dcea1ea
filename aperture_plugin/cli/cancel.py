"""`aperture cancel`: stop what runs, drop what waits."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.app.asking import ask_cancel, known_jobs, running_loops, whoever
from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import Refused
from aperture_plugin.cli.looking import entered
from aperture_plugin.cli.output import say

__all__ = ["command"]


@click.command("cancel", epilog="Try it:  aperture cancel library-scan")
@click.argument("job", metavar="JOB")
@click.option("--note", metavar="TEXT", help="Why, for whoever looks at the run.")
@options.file_option
@options.state
def command(file: Path, job: str, note: str | None, state: str | None) -> None:
    """Stop a job's run, or take it out of its queue.

    Whichever process has it in hand asks it to stop, within a second. Exits with 1 if there is nothing to cancel.
    """
    source = reading.source_of(file)
    with entered(source, url=state) as (config, store):
        configured = () if config is None else config.jobs
        reading.known_job(job, dict.fromkeys([*configured, *sorted(known_jobs(store))]), where=source.name)
        asked = ask_cancel(store, job, now=reading.now(), by=whoever(), note=note)
        owners = {loop.id for loop in running_loops(store, now=reading.now())}
    if asked.nothing:
        raise Refused(f"nothing to cancel: {job} is neither running nor waiting")
    for run in asked.dropped:
        say(f"{job} is cancelled; it had not started (run {run.id})")
    for run in asked.stopping:
        say(f"{job} was asked to stop (run {run.id}); aperture logs {run.id} --follow shows how it ends")
        if run.owner not in owners:
            say("   no loop is running: the next start writes down how it ended", err=True)
    for run in asked.stopping_already:
        say(f"{job} was asked to stop before: {run.cancel_reason} (run {run.id})")
