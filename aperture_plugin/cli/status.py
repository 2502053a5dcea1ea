"""`aperture status`: what runs, waits and comes next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from aperture_plugin.app.asking import preset_in_force
from aperture_plugin.app.opening import Source
from aperture_plugin.app.overview import Overview, look
from aperture_plugin.app.seeing import overview_json
from aperture_plugin.app.stores import empty_store, opened_to_look
from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import Refused
from aperture_plugin.cli.looking import require_file, say_where_else
from aperture_plugin.cli.output import TEXT, in_colour, say, show_json, show_rich, terminal_width
from aperture_plugin.config.model import Reading
from aperture_plugin.ports import Store, StoreRefused, StoreUnavailable

__all__ = ["command"]


@click.command("status", epilog="Try it:  aperture status --format json")
@options.file
@options.state
@options.output_format
def command(file: Path, state: str | None, output_format: str) -> None:
    """Show what runs, what waits and why, and what comes next.

    Exits with 1 if no loop is running, if it is late, or if the file is refused; what is known is shown all the same.
    """
    source = reading.source_of(file)
    read = reading.judged(source)
    away: Exception | None = None
    try:
        with opened_to_look(source, read, url=state) as store:
            seen = _look(store, source, read)
    except (StoreUnavailable, StoreRefused) as error:
        # What the file alone can tell is better than nothing.
        away, seen = error, replace(_look(empty_store(), source, read), is_blind=True)
    if seen.loop is None:
        require_file(source, url=state)
    if output_format == TEXT:
        _show(seen)
    else:
        show_json(overview_json(seen))
    say_where_else(source, read, url=state)
    if away is not None:
        raise Refused(f"the store cannot be read, so this is what the file alone says: {away}")
    if not seen.is_well:
        raise Refused()


def _look(store: Store, source: Source, read: Reading) -> Overview:
    if read.config is not None and read.config.preset_is_auto:
        source = reading.picked(source, in_force=preset_in_force(store, now=reading.now()))
        read = reading.read(source)
    return look(
        store,
        now=reading.now(),
        config=read.config,
        file=source.name,
        zone=reading.zone_of(read.config, source),
        problems=read.problems,
        reread=lambda text: source.read(text.encode(), now=reading.now()).config,
    )


def _show(seen: Overview) -> None:
    from aperture_plugin.cli.joblist import job_lines
    from aperture_plugin.cli.views import sections

    show_rich(*sections(seen))
    say("")
    if not seen.jobs:
        say("no jobs")
        return
    for line in job_lines(seen, width=terminal_width(), colour=in_colour()):
        say(line)
