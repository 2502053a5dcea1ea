"""`aperture cancel`: stop what runs, drop what waits."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import click

from aperture_plugin.app.run_params import asked_note
from aperture_plugin.app.store_commands import Asked, ask_cancel, current_user, jobs_in_hand, running_loops
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.job_choice import JobChoice, in_place_of_job, names_text
from aperture_plugin.cli.name_completion import complete_jobs_and_runs
from aperture_plugin.cli.output import say
from aperture_plugin.cli.store_session import entered, job_or_run

__all__ = ["command"]


@click.command("cancel", epilog="Try it:  aperture cancel library-scan")
@click.argument("named", metavar="[JOB|RUN]", required=False, shell_complete=complete_jobs_and_runs)
@in_place_of_job
@click.option("--note", metavar="TEXT", help="The reason, which the run shows.")
@options.file_option
@options.state
def command(
    file: Path, named: str | None, every: bool, category: str | None, note: str | None, state: str | None
) -> None:
    """Stop runs of jobs, or take them out of their queue.

    RUN is an id as `history` shows it, or the beginning of one: then only that run is cancelled. Its process asks
    it to stop, within a second. Exits with 1 if there is nothing to cancel.
    """
    chosen = JobChoice.of(named, every, category)
    source = file_session.source_of(file)
    with entered(source, url=state) as (config, store):
        if named is not None:
            job, run_id = job_or_run(named, config, store, source)
            jobs, what = [job], job if run_id is None else f"run {run_id} of {job}"
        else:
            in_hand, run_id = jobs_in_hand(store), None
            meant = set(chosen.jobs(config, store, beside=in_hand))
            jobs, what = [job for job in in_hand if job in meant], names_text(sorted(meant))
        kept, by = asked_note(note, os.environ, config), current_user()
        asked = [ask_cancel(store, job, now=file_session.now(), by=by, note=kept, run_id=run_id) for job in jobs]
        owners = {loop.id for loop in running_loops(store, now=file_session.now())}
    if all(each.nothing for each in asked):
        verb = "are" if named is None else "is"
        raise CommandRefused(f"nothing to cancel: {what} {verb} neither running nor waiting")
    for each in asked:
        _report(each, owners)


def _report(asked: Asked, owners: Collection[str]) -> None:
    backfills = [run for run in asked.dropped if run.is_backfill]
    if len(backfills) > 1:
        say(f"{len(backfills):,} backfills of {backfills[0].job} are cancelled; they had not started")
    for run in asked.dropped:
        if run.is_backfill and len(backfills) > 1:
            continue
        say(f"{run.job} is cancelled; it had not started (run {run.id})")
    for run in asked.stopping:
        say(f"{run.job} was asked to stop (run {run.id}); aperture logs {run.id} --follow shows how it ends")
        if run.owner not in owners:
            say("   no loop is running: the next start writes down how it ended", err=True)
    for run in asked.stopping_already:
        say(f"{run.job} was asked to stop before: {run.cancel_reason} (run {run.id})")
