"""`aperture web`: the page and the API, without a loop of its own."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import click

from aperture_plugin.app.aperture import Aperture
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.log_setup import logged
from aperture_plugin.cli.signals import Stop
from aperture_plugin.cli.web_options import DEFAULT_ADDRESS, WebOptions, served, web_options

__all__ = ["command"]

_LOOK_SECONDS: Final = 1.0
_log = logging.getLogger("aperture")


@click.command("web", epilog="Try it:  aperture web --listen 127.0.0.1:8080")
@options.file
@click.option(
    "--listen", metavar="HOST:PORT", default=DEFAULT_ADDRESS, show_default=True, help="The address to serve it at."
)
@web_options
@options.plugins
@options.state
@options.log_format
def command(
    file: Path, listen: str, web: WebOptions, modules: tuple[str, ...], state: str | None, log_format: str | None
) -> None:
    """Serve the page and the API, without a loop.

    It shows what the loops on the store do, and passes requests on to them. On loopback everybody may do
    everything; elsewhere a token is needed. SIGTERM or Ctrl-C stops it.
    """
    file_session.require(file)
    file_session.find_here(modules)
    aperture = Aperture(file, modules=modules, state=state)
    with Stop() as stop, logged(logging.INFO, log_format=log_format), served(aperture, listen, web) as server:
        server.start()
        _log.info("the page is at %s", server.url)
        while not stop.asked.wait(_LOOK_SECONDS):
            if not server.is_alive:
                raise CommandRefused("the web server ended by itself", hint="the log says why; please report it")
        _log.info("stopping")
