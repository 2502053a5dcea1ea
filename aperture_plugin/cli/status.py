"""`aperture status`: what runs, waits and comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from aperture_plugin.app.json_views import overview_json
from aperture_plugin.app.source import Source
from aperture_plugin.app.status import Overview, look
from aperture_plugin.app.store_access import StoreAstray, empty_store, opened_to_look
from aperture_plugin.app.store_commands import preset_in_force
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.output import TEXT, in_color, say, show_json, show_rich, terminal_width
from aperture_plugin.cli.store_session import entered, goes_by, require_file, require_jobs, say_where_else
from aperture_plugin.config.model import Reading
from aperture_plugin.ports import Store, StoreRefused, StoreUnavailable

__all__ = ["command"]


@click.command("status", epilog="Try it:  aperture status --format json")
@options.file_and_jobs
@options.state
@options.output_format
@click.option("--notify", is_flag=True, help="Notify the channels whose `when` has `no loop` if none runs; for cron.")
def command(file: Path, jobs: tuple[str, ...], state: str | None, output_format: str, notify: bool) -> None:
    """Show what runs, what waits and why, and what comes next.

    With JOB, of that job alone; several may be named. Exits with 1 if no loop is running, if it is late, or if
    the file is refused; what is known is shown all the same.
    """
    source = file_session.source_of(file)
    read = file_session.judged(source)
    away: Exception | None = None
    try:
        with opened_to_look(source, read, url=state) as store, file_session.by_clock_of(store):
            seen = _look(store, source, read)
            if not goes_by(seen.loops, source):
                require_file(source, url=state)
            require_jobs(_unlisted(jobs, seen), read.config, store, source)
    except (StoreUnavailable, StoreRefused) as error:
        # The facts of the file alone are better than nothing.
        astray = error.pids if isinstance(error, StoreAstray) else ()
        away, seen = error, replace(_look(empty_store(), source, read), is_blind=True, astray=astray)
        require_file(source, url=state)
    unlisted = _unlisted(jobs, seen)
    if jobs:
        seen = seen.of(jobs)
    if output_format == TEXT:
        _show(seen)
    else:
        show_json(overview_json(seen))
    for job in unlisted:
        say(f"note: {job} is not in {source.name}; aperture history {job} shows whether it ever ran", err=True)
    say_where_else(source, read, url=state)
    if notify and seen.loop is None:
        _notify(source, state)
    if away is not None:
        raise CommandRefused(f"the store cannot be read, so this is what the file alone says: {away}")
    if not seen.is_well:
        raise CommandRefused()


def _unlisted(jobs: Sequence[str], seen: Overview) -> list[str]:
    listed = {job.name for job in seen.jobs}
    return [job for job in jobs if job not in listed]


def _notify(source: Source, url: str | None) -> None:
    """Notify people that no loop runs: once for each end of one, however often it is looked."""
    from aperture_plugin.app.alert_delivery import send_no_loop

    config = file_session.read(source, starting=True).config
    if config is None or not config.channels:
        raise CommandRefused("nobody is notified: the file is not valid, or declares no channel")
    with entered(source, url=url) as (_, store):
        for reason in send_no_loop(store, file_session.clock(), config):
            say(f"not sent: {reason}", err=True)


def _look(store: Store, source: Source, read: Reading) -> Overview:
    if read.config is not None and read.config.preset_is_auto:
        source = file_session.picked(source, in_force=preset_in_force(store, now=file_session.now()))
        read = file_session.read(source)
    return look(
        store,
        now=file_session.now(),
        config=read.config,
        file=source.name,
        zone=file_session.zone_of(read.config, source),
        problems=read.problems,
        reread=lambda text: source.read(text.encode(), now=file_session.now()).config,
    )


def _show(seen: Overview) -> None:
    from aperture_plugin.cli.job_list import job_lines
    from aperture_plugin.cli.status_view import sections

    show_rich(*sections(seen))
    say("")
    if not seen.jobs:
        say("no jobs")
        return
    for line in job_lines(seen, width=terminal_width(), color=in_color()):
        say(line)
