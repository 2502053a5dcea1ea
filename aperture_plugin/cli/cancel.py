"""`aperture cancel`: stop what runs, drop what waits."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.app.store_commands import ask_cancel, running_loops, whoever
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.name_completion import complete_jobs_and_runs
from aperture_plugin.cli.output import say
from aperture_plugin.cli.store_session import entered, job_or_run

__all__ = ["command"]


@click.command("cancel", epilog="Try it:  aperture cancel library-scan")
@click.argument("named", metavar="JOB|RUN", shell_complete=complete_jobs_and_runs)
@click.option("--note", metavar="TEXT", help="The reason, which the run shows.")
@options.file_option
@options.state
def command(file: Path, named: str, note: str | None, state: str | None) -> None:
    """Stop a job's runs, or take them out of its queue.

    RUN is an id as `history` shows it, or the beginning of one: then only that run is cancelled. Its process asks
    it to stop, within a second. Exits with 1 if there is nothing to cancel.
    """
    source = file_session.source_of(file)
    with entered(source, url=state) as (config, store):
        job, run_id = job_or_run(named, config, store, source)
        asked = ask_cancel(store, job, now=file_session.now(), by=whoever(), note=note, run_id=run_id)
        owners = {loop.id for loop in running_loops(store, now=file_session.now())}
    if asked.nothing:
        what = job if run_id is None else f"run {run_id} of {job}"
        raise CommandRefused(f"nothing to cancel: {what} is neither running nor waiting")
    for run in asked.dropped:
        say(f"{job} is cancelled; it had not started (run {run.id})")
    for run in asked.stopping:
        say(f"{job} was asked to stop (run {run.id}); aperture logs {run.id} --follow shows how it ends")
        if run.owner not in owners:
            say("   no loop is running: the next start writes down how it ended", err=True)
    for run in asked.stopping_already:
        say(f"{job} was asked to stop before: {run.cancel_reason} (run {run.id})")
