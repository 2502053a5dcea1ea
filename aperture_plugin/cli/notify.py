"""`aperture notify`: try a channel."""

from __future__ import annotations

from pathlib import Path

import click

from aperture_plugin.alerts.apprise_sender import NotSent, send
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused, unknown
from aperture_plugin.cli.output import say
from aperture_plugin.words.mask import mask_of

__all__ = ["command"]


@click.command("notify", epilog="Try it:  aperture notify --test ops")
@click.option("--test", "name", metavar="CHANNEL", required=True, help="The channel to send a test message to.")
@options.file_option
def command(file: Path, name: str) -> None:
    """Send a test message to a channel now, and say what the receiver answered.

    Exits with 1 if it did not take the message.
    """
    source = file_session.source_of(file)
    config = file_session.valid(file_session.read(source, starting=True))
    channel = config.channels.get(name)
    if channel is None:
        raise unknown("channel", name, list(config.channels), where=source.name)
    body = (
        f"This is a test of the channel {name} in {source.name}. Messages of {', '.join(sorted(channel.when))} go here."
    )
    try:
        send(channel.to, f"aperture: a test of {name}", body)
    except NotSent as reason:
        raise CommandRefused(f"{name} did not take the message: {mask_of(config.secrets)(str(reason))}") from None
    say(f"{name} has taken the message")
