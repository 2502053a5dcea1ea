"""`aperture show`: the configuration in force, and where each value of it comes from."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from aperture_plugin.app.effective_config import ShownJob, shown_file, shown_job, value_json
from aperture_plugin.app.source import Source
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import WrongUsage
from aperture_plugin.cli.generations_view import show_generation, show_generations
from aperture_plugin.cli.name_completion import complete_jobs
from aperture_plugin.cli.output import TEXT, in_color, say, show_json
from aperture_plugin.config.layers.provenance import BUILT_IN, ValueOrigin
from aperture_plugin.config.model import Config
from aperture_plugin.words.plain_text import plain_line

__all__ = ["command"]

_WIDEST = 48
"""Columns that a value may take before what follows it moves to the right."""


@click.command("show", epilog="Try it:  aperture show library-scan")
@click.argument("job", metavar="[JOB]", required=False, shell_complete=complete_jobs)
@options.file_option
@options.plugins
@options.state
@options.output_format
@click.option("--generations", "lists", is_flag=True, help="List the last accepted files that the store keeps.")
@click.option("--generation", "number", metavar="N", type=click.IntRange(1), help="Print one of them as it was.")
def command(
    file: Path,
    job: str | None,
    modules: tuple[str, ...],
    state: str | None,
    output_format: str,
    lists: bool,
    number: int | None,
) -> None:
    """Show the configuration in force, value by value.

    Each value comes with the layer that says it (built-in, defaults, a preset, schedules, environment) and its line.
    Secrets are masked. With JOB, all of that job is shown, what is built in too. The store keeps the last 20 files that
    were accepted: --generation prints one of them, which has its secrets as they were written.
    """
    source = file_session.source_of(file)
    if lists or number is not None:
        if job is not None or (lists and number is not None):
            raise WrongUsage("--generation, --generations and JOB each ask for something else", hint="give one of them")
        if number is None:
            show_generations(source, state=state, output_format=output_format)
        else:
            show_generation(source, number, state=state, output_format=output_format)
        return
    config, known = _config(source, job, modules)
    if job is not None:
        file_session.known_job(job, dict.fromkeys([*config.jobs, *known]), where=config.file)
    values = list(shown_file(config, environ=os.environ, state=state))
    jobs = list(shown_job(config, config.jobs if job is None else [job]))
    if output_format == TEXT:
        _show(config, [] if job is not None else values, jobs, whole=job is not None)
        return
    show_json(
        {
            "file": config.file,
            "preset": config.preset,
            "timezone": str(config.zone),
            "values": [value_json(value, config.file) for value in values],
            "jobs": [
                {
                    "job": one.name,
                    "schedule": one.schedule,
                    "values": [value_json(value, config.file) for value in one.values],
                }
                for one in jobs
            ],
        }
    )


def _config(source: Source, job: str | None, modules: tuple[str, ...]) -> tuple[Config, list[str]]:
    """Return the configuration, and what plugins register; they are loaded only where they make a difference."""
    config = file_session.config_of(source)
    if not modules and not config.preset_is_auto and (job is None or job in config.jobs):
        return config, []
    plugins = file_session.plugins_of(source.path, modules)
    return file_session.config_of(replace(source, plugins=plugins)), list(plugins.jobs)


def _show(config: Config, values: list[ValueOrigin], jobs: list[ShownJob], *, whole: bool) -> None:
    auto = " (picked by auto)" if config.preset_is_auto else ""
    preset = "" if config.preset is None else f" · preset {config.preset}{auto}"
    say(f"{config.file}{preset} · {config.zone}")
    if values:
        say("")
        _show_values(values, config.file)
    for job in jobs:
        say("")
        name = f"\x1b[1m{job.name}\x1b[0m" if in_color() else job.name
        say(f"{name}: {plain_line(job.schedule)}")
        _show_values([value for value in job.values if whole or value.layer != BUILT_IN], config.file)


def _show_values(values: list[ValueOrigin], file: str) -> None:
    keys = max((len(value.key) for value in values), default=0)
    width = min(_WIDEST, max((len(plain_line(value.text)) for value in values), default=0))
    layers = max((len(value.layer) for value in values), default=0)
    for value in values:
        place = "" if value.place is None else f"{file}:{value.place.line}"
        text = " ".join(plain_line(value.text).split())
        say(f"  {value.key:{keys}}  {text:{width}}  {value.layer:{layers}}  {place}".rstrip())
