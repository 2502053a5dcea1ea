"""`aperture init`: a folder in which the next command works."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.app.starter import copy_starter, write_minimal
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.output import say
from aperture_plugin.files.bounded_read import shown
from aperture_plugin.words.numbers import counted

__all__ = ["command"]


@click.command("init", epilog="Try it:  aperture init && aperture check")
@click.argument("directory", metavar="[DIR]", default=Path(), type=click.Path(path_type=Path))
@click.option("--minimal", is_flag=True, help="A file of ten lines and a plugin of ten, in place of the full example.")
def command(directory: Path, minimal: bool) -> None:
    """Write a commented schedules.yaml and a hooks/ example.

    DIR is this folder, if left out. Nothing is overwritten: a file that is there stays as it is, and is named.
    """
    try:
        copied = write_minimal(directory) if minimal else copy_starter(directory)
    except OSError as error:
        raise CommandRefused(f"{error.filename}: {error.strerror}" if error.strerror else str(error)) from None
    for name in copied.left:
        say(f"left   {shown(directory / name)}, which was there already")
    for top in dict.fromkeys(name.parts[0] for name in copied.written):
        below = [name for name in copied.written if name.parts[0] == top]
        folder = f"/  ({counted(len(below), 'file')})" if below[0] != Path(top) else ""
        say(f"wrote  {shown(directory / top)}{folder}")
    go = "" if directory == Path() else f"cd {shown(directory)} && "
    say(f"\nNow:   {go}aperture check\n       aperture start")
