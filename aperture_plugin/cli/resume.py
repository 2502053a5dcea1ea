"""`aperture resume`: lift a job's pause."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.app.asking import ask_resume, known_jobs
from aperture_plugin.app.stores import opened
from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import Refused
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
    read = reading.read(source)
    with opened(source, read, url=state) as store:
        configured = () if read.config is None else read.config.jobs
        reading.known_job(job, dict.fromkeys([*configured, *sorted(known_jobs(store))]), where=source.name)
        if not ask_resume(store, job, now=reading.now()):
            raise Refused(f"{job} is not paused")
    say(f"{job} is resumed; its slots fire from now on")
