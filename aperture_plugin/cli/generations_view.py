"""The accepted files that the store keeps: all of them in a table, or one of them as it was."""

from __future__ import annotations

import sys
from datetime import datetime

from aperture_plugin.app.config_history import Generation, generation_json, generations
from aperture_plugin.app.source import Source
from aperture_plugin.app.store_access import opened_to_look
from aperture_plugin.cli import file_session
from aperture_plugin.cli.exit_codes import WrongUsage
from aperture_plugin.cli.output import TEXT, say, show_json, show_rich
from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.config.model import Reading
from aperture_plugin.words.plain_text import plain_line

__all__ = ["show_generation", "show_generations"]


def show_generations(source: Source, *, state: str | None, output_format: str) -> None:
    """List the accepted files, newest first, each with its number."""
    read = file_session.judged(source)
    kept = _kept(source, read, state)
    if output_format != TEXT:
        show_json([generation_json(one, with_text=False) for one in kept])
        return
    if not kept:
        say("nothing is kept yet: aperture start keeps each file that it accepts")
        return
    from aperture_plugin.cli.rich_tables import table

    rows = [
        (
            str(one.number),
            _accepted(one, source, file_session.now()),
            str(_jobs(one, source)),
            plain_line(one.file),
            same,
        )
        for one in kept
        for same in ["as it is now" if one.text == read.text else ""]
    ]
    show_rich(table("generation", "accepted", "jobs", "file", "", rows=rows, right=("generation", "jobs")))


def show_generation(source: Source, number: int, *, state: str | None, output_format: str) -> None:
    """Print one accepted file, byte for byte; exit with 2 where there is none of that number."""
    kept = _kept(source, file_session.judged(source), state)
    found = next((one for one in kept if one.number == number), None)
    if found is None:
        among = f"expected one of {', '.join(str(one.number) for one in kept)}" if kept else "none is kept yet"
        raise WrongUsage(f"there is no generation {number} on the store", hint=among)
    if output_format != TEXT:
        show_json(generation_json(found, with_text=True))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(found.text.encode())
    sys.stdout.buffer.flush()


def _kept(source: Source, read: Reading, state: str | None) -> list[Generation]:
    with opened_to_look(source, read, url=state) as store:
        return generations(store)


def _accepted(one: Generation, source: Source, now: datetime) -> str:
    from aperture_plugin.words.time_display import dated

    return dated(one.accepted_at, local_zone(source.environ), now=now)


def _jobs(one: Generation, source: Source) -> int:
    return source.read(one.text.encode(), now=one.accepted_at).job_count
