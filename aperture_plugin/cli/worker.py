"""`aperture worker`: a Celery worker with the settings that the promises need."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from aperture_plugin.app.celery_setup import celery_worker
from aperture_plugin.app.source import ConfigRefused
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.log_setup import logged
from aperture_plugin.cli.output import hide
from aperture_plugin.cli.problem_text import say_problems

__all__ = ["command"]

_log = logging.getLogger("aperture")


@click.command("worker", epilog="Try it:  aperture worker --concurrency 4")
@options.file
@options.plugins
@options.state
@options.grace
@click.option(
    "--concurrency",
    metavar="N",
    type=click.IntRange(1, 1024),
    help="Attempts at work beside one another, a process each.  [default: the number of processors]",
)
@options.log_format
def command(
    file: Path,
    modules: tuple[str, ...],
    state: str | None,
    grace: float,
    concurrency: int | None,
    log_format: str | None,
) -> None:
    """Call the handlers of a loop elsewhere: a Celery worker, for a file that says executor: celery.

    It needs the file, the plugins, the store and the broker that the loop has, and the environment variables that
    params name. SIGTERM or Ctrl-C stops it: it takes nothing new, gives running handlers the grace to finish, asks them
    to cancel, and marks what is left interrupted; the loop runs that again.
    """
    file_session.require(file)
    file_session.find_here(modules)
    try:
        app, queues, secrets = celery_worker(file, modules=modules, state=state, grace_seconds=grace)
    except ConfigRefused as refusal:
        say_problems(refusal.problems, refusal.text)
        raise CommandRefused("no worker was started", hint="mend the file") from None
    hide(secrets)
    with logged(logging.INFO, log_format=log_format):
        _log.info("working for %s, on Celery queues %s", file, ", ".join(queues))
        worker = app.Worker(
            pool="prefork",
            concurrency=concurrency or os.cpu_count() or 1,
            queues=queues,
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            quiet=True,
        )
        worker.start()
        _log.info("stopped")
    sys.exit(worker.exitcode or 0)
