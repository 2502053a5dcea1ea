"""`aperture resume`: lift a job's pause."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.app.store_commands import ask_resume
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.name_completion import complete_jobs
from aperture_plugin.cli.output import say
from aperture_plugin.cli.store_session import entered, require_jobs

__all__ = ["command"]


@click.command("resume", epilog="Try it:  aperture resume embeddings")
@click.argument("job", metavar="JOB", shell_complete=complete_jobs)
@options.file_option
@options.state
def command(file: Path, job: str, state: str | None) -> None:
    """Lift a job's pause.

    Its slots fire again from now on. Exits with 1 if it is not paused.
    """
    source = file_session.source_of(file)
    with entered(source, url=state) as (config, store):
        require_jobs([job], config, store, source)
        if not ask_resume(store, job, now=file_session.now()):
            raise CommandRefused(f"{job} is not paused")
    say(f"{job} is resumed; its slots fire from now on")
