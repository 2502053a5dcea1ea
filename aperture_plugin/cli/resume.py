"""`aperture resume`: lift a job's pause."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.app.asking import ask_resume, known_jobs
from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import Refused
from aperture_plugin.cli.looking import entered
from aperture_plugin.cli.output import say

__all__ = ["command"]


@click.command("resume", epilog="Try it:  aperture resume embeddings")
@click.argument("job", metavar="JOB")
@options.file_option
@options.state
def command(file: Path, job: str, state: str | None) -> None:
    """Lift a job's pause.

    Its slots fire again from now on. Exits with 1 if it is not paused.
    """
    source = reading.source_of(file)
    with entered(source, url=state) as (config, store):
        configured = () if config is None else config.jobs
        reading.known_job(job, dict.fromkeys([*configured, *sorted(known_jobs(store))]), where=source.name)
        if not ask_resume(store, job, now=reading.now()):
            raise Refused(f"{job} is not paused")
    say(f"{job} is resumed; its slots fire from now on")
