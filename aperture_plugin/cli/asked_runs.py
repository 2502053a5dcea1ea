"""The parts that commands which ask for runs share: the words of the job, and following a run to its end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.app.store_commands import config_in_force, preset_in_force, running_loops
from aperture_plugin.cli import file_session
from aperture_plugin.cli.exit_codes import CommandRefused, unknown
from aperture_plugin.cli.output import say
from aperture_plugin.cli.problem_text import say_problems
from aperture_plugin.config.model import JobConfig
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import Run
from aperture_plugin.words.tokens import join_with_and

if TYPE_CHECKING:
    from aperture_plugin.app.aperture import Aperture
    from aperture_plugin.app.source import Source
    from aperture_plugin.cli.follow_run import GoOn
    from aperture_plugin.cli.signals import Stop
    from aperture_plugin.ports import Store

__all__ = ["INTERRUPTED", "followed", "heeding", "job_in_force", "remark"]

INTERRUPTED: Final = 130
"""The exit code of a command that Ctrl-C or a signal cut short."""

_CARE_SECONDS: Final = 2.0


def job_in_force(
    store: Store, source: Source, name: str, modules: tuple[str, ...], *, asks_plugin: bool
) -> tuple[JobConfig, Job | None]:
    """Return the words of the job that the loop has in force, and what its plugin registers where that matters."""
    read = file_session.judged(source)
    if read.config is not None and read.config.preset_is_auto:
        in_force = preset_in_force(store, now=file_session.now())
        source = file_session.picked(source, modules, in_force=in_force, seen=read)
        read = file_session.judged(source)
    config = config_in_force(
        store, read.config, reread=lambda text: source.read(text.encode(), now=file_session.now()).config
    )
    if config is None:
        say_problems([problem for problem in read.problems if problem.is_error], read.text)
        raise CommandRefused()
    words = config.jobs.get(name)
    if words is not None and (words.command is not None or not asks_plugin):
        return words, None
    registered = file_session.plugins_of(source.path, modules).jobs
    if words is not None or name in registered:
        return words or config.unlisted(name), registered.get(name)
    raise unknown("job", name, dict.fromkeys([*config.jobs, *registered]), where=source.name)


def followed(store: Store, run: Run, zone: ZoneInfo) -> Run:
    from aperture_plugin.cli.follow_run import follow

    looked = time.monotonic()

    def is_cared_for(_tell: Callable[[str], None]) -> bool:
        nonlocal looked
        if time.monotonic() - looked < _CARE_SECONDS:
            return True
        looked = time.monotonic()
        return bool(running_loops(store, now=file_session.now()))

    try:
        ended = follow(store, run.id, zone=zone, go_on=is_cared_for)
    except KeyboardInterrupt:
        say(f"{run.job} goes on without being watched; aperture cancel {run.job} stops it", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    if ended is None:
        raise CommandRefused(
            f"the loop has ended; run {run.id} of {run.job} is taken up by the next one",
            hint="aperture start runs one",
        )
    return ended


def heeding(stop: Stop, aperture: Aperture, cancel: Callable[[], object]) -> GoOn:
    """Return what keeps a run going here: Ctrl-C cancels it, SIGTERM has it taken up again by the next start."""
    asked = False

    def go_on(tell: Callable[[str], None]) -> bool:
        nonlocal asked
        if stop.insisted.is_set() or not aperture.is_running:
            return False
        if stop.asked.is_set() and not asked:
            asked = True
            if stop.number != signal.SIGINT:
                return False
            tell("asking it to stop; Ctrl-C again leaves it as it is")
            cancel()
        return True

    return go_on


def remark(job: JobConfig) -> None:
    """Print what a requested run does not wait for."""
    passed_over = []
    if job.needs:
        passed_over.append(f"for {join_with_and(list(job.needs))}, which it needs")
    if job.window is not None:
        passed_over.append("for its window")
    if passed_over:
        say(f"{job.name} was asked for, so it does not wait {', or '.join(passed_over)}", err=True)
