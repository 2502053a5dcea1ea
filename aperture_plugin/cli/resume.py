"""`aperture resume`: lift the pauses of jobs."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.app.store_commands import ask_resume, paused_jobs
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.job_choice import JobChoice, choice, names_text
from aperture_plugin.cli.output import say
from aperture_plugin.cli.store_session import entered, require_jobs

__all__ = ["command"]


@click.command("resume", epilog="Try it:  aperture resume embeddings")
@choice
@options.file_option
@options.state
def command(file: Path, job: str | None, every: bool, category: str | None, state: str | None) -> None:
    """Lift the pauses of jobs.

    Their slots fire again from now on. Exits with 1 if none of them is paused.
    """
    chosen = JobChoice.of(job, every, category)
    source = file_session.source_of(file)
    with entered(source, url=state) as (config, store):
        if job is not None:
            require_jobs([job], config, store, source)
            jobs = [job]
        else:
            jobs = chosen.jobs(config, store, beside=paused_jobs(store, now=file_session.now()))
        lifted = ask_resume(store, jobs, now=file_session.now())
    if not lifted:
        raise CommandRefused(f"{job} is not paused" if job is not None else f"none of {names_text(jobs)} is paused")
    if job is not None:
        say(f"{job} is resumed; its slots fire from now on")
    else:
        say(f"{names_text(lifted)} {'is' if len(lifted) == 1 else 'are'} resumed; slots fire from now on")
