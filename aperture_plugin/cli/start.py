"""`aperture start`: the loop in the foreground."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from aperture_plugin.app.aperture import Aperture
from aperture_plugin.app.plugin_watch import files_changed
from aperture_plugin.app.source import ConfigRefused
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.clean_stop import CleanStop
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.first_process import leave_first_process
from aperture_plugin.cli.log_setup import logged
from aperture_plugin.cli.output import can_draw, console, say
from aperture_plugin.cli.problem_text import say_problems
from aperture_plugin.cli.restart import Restart
from aperture_plugin.cli.service_manager import ServiceManager
from aperture_plugin.cli.signals import Stop, StoppedWhileStarting
from aperture_plugin.cli.standard_streams import takes_text
from aperture_plugin.cli.web_options import (
    DEFAULT_ADDRESS,
    DEFAULT_METRICS,
    AddressCommand,
    WebOptions,
    served,
    web_options,
)
from aperture_plugin.ports import RunQuery, StoreUnavailable
from aperture_plugin.rules.runs import ENDED
from aperture_plugin.words.numbers import counted

if TYPE_CHECKING:
    from rich.text import Text

    from aperture_plugin.cli.live_table import LiveTable
    from aperture_plugin.web.http_server import HttpServer

__all__ = ["command"]

_LOOK_SECONDS: Final = 1.0
_log = logging.getLogger("aperture")


@click.command("start", cls=AddressCommand, epilog="Try it:  aperture start --web")
@options.file
@options.plugins
@options.state
@options.grace
@click.option(
    "--web",
    "address",
    metavar="[HOST:PORT]",
    help=f"Serve the page and the API as well.  [default address: {DEFAULT_ADDRESS}]",
)
@click.option(
    "--metrics",
    "metrics",
    metavar="[HOST:PORT]",
    help=f"Serve the metrics without the page, for Prometheus.  [default address: {DEFAULT_METRICS}]",
)
@web_options
@options.log_format
@click.option("--last-good", is_flag=True, help="If FILE is bad or gone, start from the last one that was accepted.")
@click.option("--reload", is_flag=True, help="Restart, gracefully, when the file of a plugin changes.")
def command(
    file: Path,
    modules: tuple[str, ...],
    state: str | None,
    grace: float,
    address: str | None,
    metrics: str | None,
    web: WebOptions,
    last_good: bool,
    reload: bool,
    log_format: str | None,
) -> None:
    """Run the loop in the foreground.

    It shows a live table on a terminal, and writes log lines elsewhere and with --log-format. A save of FILE takes
    effect within a second, or is refused and changes nothing; SIGHUP makes it look at once. SIGTERM or Ctrl-C stops
    it: running jobs are given the grace to finish; a second one cuts that short. Under systemd it reports when it
    is ready (Type=notify-reload).
    """
    if not last_good:
        file_session.require(file)
    file_session.find_here(modules)
    leave_first_process()
    manager = ServiceManager(os.environ)
    restart = Restart(file, modules) if reload else None
    aperture = Aperture(file, modules=modules, state=state, last_good=last_good)
    try:
        with ExitStack() as stack:
            asked = {"--web": address, "--metrics": metrics}
            servers = [
                stack.enter_context(served(aperture, value, web, option=option, metrics_only=option == "--metrics"))
                for option, value in asked.items()
                if value is not None
            ]
            _Foreground(aperture, grace, servers, manager, restart, log_format).run()
    except ConfigRefused as refusal:
        say_problems(refusal.problems, refusal.text)
        hint = "mend the file, or start from the last one that was accepted: aperture start --last-good"
        raise CommandRefused("nothing was started", hint=None if last_good else hint) from None
    if restart is not None and restart.begins:
        restart.begin(manager)


@dataclass(slots=True)
class _Foreground:
    """The loop that runs here, and who looks after it.

    Attributes:
        restart: Notices plugins that have changed, and starts anew; None without `--reload`.
        log_format: Format of log lines; None for a table where one can be drawn.
    """

    aperture: Aperture
    grace: float
    servers: Sequence[HttpServer]
    manager: ServiceManager
    restart: Restart | None
    log_format: str | None

    def run(self) -> None:
        """Run until a signal to stop comes, or until a plugin has changed with `--reload`."""
        with Stop(self.look_at_file) as stop:
            try:
                if self.log_format is None and can_draw():
                    _with_table(self, stop)
                else:
                    _with_lines(self, stop)
            except StoppedWhileStarting:
                say("stopped before it had begun", err=not can_draw())

    def begin(self, stop: Stop) -> str:
        """Start the loop, then the page; return where that is, as a remark."""
        with stop.starting():
            self.aperture.start(uninterrupted=stop.uninterrupted)
        for server in self.servers:
            server.start()
        self.manager.ready(self._status())
        return "; ".join(f"{server.what} at {server.url}" for server in self.servers)

    def goes_on(self, stop: Stop, seconds: float) -> bool:
        """Wait so long; return whether it goes on running."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            pause = left if self.manager.watchdog_seconds is None else min(left, self.manager.watchdog_seconds / 4)
            if stop.asked.wait(max(0.0, pause)):
                return False
            if not self.aperture.is_running:
                raise CommandRefused("the loop ended by itself", hint="the log says why; please report it")
            if not self.aperture.is_stuck:
                self.manager.alive()
            if time.monotonic() >= until:
                self.manager.status(self._status())
                return self.restart is None or not self.restart.is_due(self.aperture)

    def stopping(self) -> CleanStop:
        """Begin to stop."""
        if self.restart is not None and self.restart.begins:
            self.manager.reloading()
        else:
            self.manager.stopping(seconds=self.grace)
        return CleanStop(self.aperture, self.grace, self.manager)

    def look_at_file(self) -> None:
        """Look at the file at once, because SIGHUP came; called between any two steps of the main thread."""
        self.manager.reloading()
        self.aperture.look_at_file(partial(self.manager.ready, self._status()))

    def _status(self) -> str:
        if not self.aperture.is_running:
            return "starting"
        config = self.aperture.config
        changed = self.aperture.changed_plugins
        return f"{counted(len(config.jobs), 'job')} of {config.file}" + (
            f"; {files_changed(changed)}" if changed else ""
        )


def _with_lines(here: _Foreground, stop: Stop) -> None:
    with logged(logging.INFO, log_format=here.log_format):
        page = here.begin(stop)
        config = here.aperture.config
        preset = f", preset {config.preset}" if config.preset else ""
        _log.info("%s is in force: %s%s, %s", config.file, counted(len(config.jobs), "job"), preset, config.zone)
        if page:
            _log.info("%s", page)
        while here.goes_on(stop, _LOOK_SECONDS):
            pass
        _log.info("stopping; what runs is given %g s", here.grace)
        here.stopping().wait(stop)
        _log.info("stopped")


def _with_table(here: _Foreground, stop: Stop) -> None:
    from rich.text import Text

    from aperture_plugin.cli.live_table import LiveTable

    table = LiveTable(console())
    with logged(logging.WARNING, table.print):
        page = here.begin(stop)
        running = Text(f"running{page and f'; {page}'}; Ctrl-C stops it", style="green")
        with table:
            while True:
                began = time.monotonic()
                _draw(table, here.aperture, running)
                # A look at ten thousand jobs takes its time: it may take a tenth of ours, and not more.
                if not here.goes_on(stop, max(_LOOK_SECONDS, 10 * (time.monotonic() - began))):
                    break
            stopping = here.stopping()
            note = Text(f"stopping; what runs is given {here.grace:g} s, Ctrl-C again cuts that short", style="yellow")
            _draw(table, here.aperture, note)
            while not stopping.wait(stop, seconds=_LOOK_SECONDS):
                _draw(table, here.aperture, note)
    if takes_text(sys.stdout):
        say("stopped")


def _draw(table: LiveTable, aperture: Aperture, note: Text) -> None:
    from rich.text import Text

    from aperture_plugin.cli.live_table import RECENT

    try:
        seen = aperture.overview()
        ended = aperture.history(RunQuery(statuses=ENDED, limit=RECENT))
    except StoreUnavailable as away:
        table.draw_again(note=Text(f"the store is away: {away}", style="bold red"))
    except RuntimeError:
        return  # It has stopped between the look and this.
    else:
        table.draw(seen, ended, note=note)
