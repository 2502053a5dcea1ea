"""`aperture run`: a job, now."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.app.json_views import run_json
from aperture_plugin.app.run_params import ParamRefused, Written, asked_note, asked_params
from aperture_plugin.app.store_commands import ask_run, current_user, running_loops
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.asked_runs import INTERRUPTED, followed, heeding, job_in_force, remark
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage, unknown
from aperture_plugin.cli.name_completion import complete_jobs
from aperture_plugin.cli.output import TEXT, say, show_json
from aperture_plugin.cli.store_session import entered
from aperture_plugin.config.model import JobConfig
from aperture_plugin.rules.ids import RunIds
from aperture_plugin.rules.jobs import Job, Json
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.words.duration_display import short_duration
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.plain_text import plain_line, plain_lines

if TYPE_CHECKING:
    from aperture_plugin.app.source import Source
    from aperture_plugin.ports import Store

__all__ = ["command"]

_LAST_LINES: Final = 15
_OF_COMMANDS: Final = ({"exit_code"}, {"signal"})
"""The keys of a command's result; what it printed was shown as it came."""


@click.command("run", epilog='Try it:  aperture run library-scan --param depth=2 --note "new disk" --wait')
@click.argument("job", metavar="JOB", shell_complete=complete_jobs)
@click.option("--wait", is_flag=True, help="Follow it to its end, and exit with 1 unless it completed.")
@click.option(
    "--param",
    "written",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter of this run alone, over that of the file; may be given several times.",
)
@click.option("--note", metavar="TEXT", help="The reason, which history shows.")
@options.file_option
@options.plugins
@options.state
@options.output_format
def command(
    file: Path,
    job: str,
    wait: bool,
    written: tuple[str, ...],
    note: str | None,
    modules: tuple[str, ...],
    state: str | None,
    output_format: str,
) -> None:
    """Run a job now, or queue it behind what runs.

    The loop on the store takes it within a second; where none is running, it runs here, to its end. It waits for its
    turn in its queue, but neither for what the job needs nor for its window. What it logs and how far it is goes to
    stderr; its result to stdout.

    A value of --param has the type of the default that the job's plugin registers. Where there is none, it is read as
    YAML: 3, 1.5, true, [a, b]. A command is given it as APERTURE_PARAM_NAME.
    """
    params = _params(written)
    source = file_session.source_of(file)
    with entered(source, url=state) as (in_force, store):
        zone = file_session.zone_of(in_force, source)
        if running_loops(store, now=file_session.now()):
            config, registered = job_in_force(store, source, job, modules, asks_plugin=bool(params))
            run = ask_run(
                store,
                config,
                run_id=RunIds(os.urandom(4)).new(file_session.now()),
                now=file_session.now(),
                by=current_user(),
                params=_accepted(config, registered, params),
                note=asked_note(note, os.environ, in_force),
            )
            remark(config)
            if wait and run.status is not Status.SKIPPED:
                run = followed(store, run, config.zone)
        else:
            run, zone = _here(store, source, job, modules, state, params=params, note=note)
    _show(run, zone, output_format)
    if run.status is Status.SKIPPED or ((wait or run.finished_at) and run.status is not Status.COMPLETED):
        raise CommandRefused()


def _params(written: tuple[str, ...]) -> dict[str, Written]:
    """Return the parameters that were typed, each still as text."""
    params: dict[str, Written] = {}
    for one in written:
        name, equals, value = one.partition("=")
        if not name or not equals:
            raise WrongUsage(f"--param: {quoted(one)} is not NAME=VALUE", hint="write such as --param depth=2")
        if name in params:
            raise WrongUsage(f"--param {name}: it is given twice", hint="give each parameter once")
        params[name] = Written(value)
    return params


def _accepted(job: JobConfig, registered: Job | None, params: Mapping[str, Written]) -> dict[str, Json] | None:
    try:
        return asked_params(job, registered, params)
    except ParamRefused as refused:
        raise WrongUsage(f"--param {refused}", hint=refused.hint) from None


# ── here ─────────────────────────────────────────────────────────────────────────────────────────


def _here(
    store: Store,
    source: Source,
    job: str,
    modules: tuple[str, ...],
    state: str | None,
    *,
    params: Mapping[str, Written],
    note: str | None,
) -> tuple[Run, ZoneInfo]:
    """Run the job in this process, by the same engine, and return how it ended."""
    from aperture_plugin.app.aperture import Aperture
    from aperture_plugin.cli.follow_run import follow
    from aperture_plugin.cli.log_setup import logged
    from aperture_plugin.cli.signals import Stop

    file_session.find_here(modules)
    with Stop() as stop, logged(logging.ERROR, runs=False):
        aperture = Aperture(source.path, modules=modules, state=state, schedule=False).start()
        try:
            config = aperture.config
            try:
                handle = aperture.run(job, params=params, note=note)
            except ParamRefused as refused:
                raise WrongUsage(f"--param {refused}", hint=refused.hint) from None
            except KeyError:
                names = dict.fromkeys([*config.jobs, *file_session.plugins_of(source.path, modules).jobs])
                raise unknown("job", job, names, where=source.name) from None
            words = config.effective_job(job)
            remark(words)
            ended = follow(store, handle.id, zone=words.zone, go_on=heeding(stop, aperture, handle.cancel))
        finally:
            aperture.stop(0)
    if stop.asked.is_set():
        if ended is not None:
            _show(ended, words.zone, TEXT)
        raise click.exceptions.Exit(INTERRUPTED)
    if ended is None:
        raise CommandRefused(f"{job} was cut off")
    return ended, words.zone


# ── what came of it ──────────────────────────────────────────────────────────────────────────────


def _show(run: Run, zone: ZoneInfo, output_format: str) -> None:
    if output_format != TEXT:
        show_json(run_json(run, zone))
        return
    if run.finished_at is None:
        say(f"{run.job} is queued (run {run.id}); aperture logs {run.id} --follow shows it")
        return
    took = "" if run.duration is None else f" after {short_duration(run.duration)}"
    reason = f": {plain_line(run.reason)}" if run.reason else ""
    say(f"{run.job} {run.status}{took}{reason}")
    for line in _result_lines(run):
        say(f"   {line}")
    if run.error and not (isinstance(run.result, dict) and {*run.result} in _OF_COMMANDS):
        say("\n".join(plain_lines(run.error).rstrip().split("\n")[-_LAST_LINES:]), err=True)
        say(f"   aperture logs {run.id} shows all of it", err=True)


def _result_lines(run: Run) -> list[str]:
    """Return what a run returned, a line for each thing it says."""
    if isinstance(run.result, dict):
        return [f"{plain_line(key)}: {plain_line(str(value))}" for key, value in run.result.items()]
    return [] if run.result is None else [plain_line(str(run.result))]
