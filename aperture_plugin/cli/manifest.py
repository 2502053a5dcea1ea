"""`aperture manifest`: what the plugins register, as JSON."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.output import show_json
from aperture_plugin.plugins.manifest import manifest_of

__all__ = ["command"]


@click.command("manifest", epilog="Try it:  aperture manifest > jobs.json && aperture check --jobs jobs.json")
@options.file
@options.plugins
def command(file: Path, modules: tuple[str, ...]) -> None:
    """Print what the plugins register, as JSON.

    `check --jobs` reads it where the host itself cannot be imported, as on a build server. The plugins are
    found as usual: installed ones, hooks/ beside FILE (which itself need not be there), and --plugin.
    """
    show_json(manifest_of(file_session.plugins_of(file, modules)))
