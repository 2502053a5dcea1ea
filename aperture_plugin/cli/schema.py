"""`aperture schema`: the JSON Schema of the file, for editors."""

from __future__ import annotations

import click

from aperture_plugin.cli.output import show_json
from aperture_plugin.config.schema.json_schema.json_schema import json_schema

__all__ = ["command"]


@click.command("schema", epilog="Try it:  aperture schema > schedules.schema.json")
def command() -> None:
    """Print the JSON Schema of the file, for editors.

    With this as the first line of the file, editors complete its keys, describe them and mark what is wrong:

    # yaml-language-server: $schema=schedules.schema.json
    """
    show_json(json_schema())
