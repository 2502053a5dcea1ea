"""`aperture start`: the loop in the foreground."""

from __future__ import annotations

import logging
import math
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from aperture_plugin.app.aperture import Aperture
from aperture_plugin.app.opening import ConfigRefused
from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import Refused
from aperture_plugin.cli.logging import logged
from aperture_plugin.cli.output import console, is_terminal, say
from aperture_plugin.cli.problems import counted, say_problems
from aperture_plugin.cli.signals import Stop
from aperture_plugin.ports import RunQuery, StoreUnavailable
from aperture_plugin.rules.runs import ENDED

if TYPE_CHECKING:
    from rich.text import Text

    from aperture_plugin.cli.live import LiveTable

__all__ = ["command"]

_LOOK_SECONDS: Final = 1.0
_MOMENT: Final = 0.05
_log = logging.getLogger("aperture")


@click.command("start", epilog="Try it:  aperture start --grace 60")
@options.file
@options.plugins
@options.state
@options.grace
@click.option("--last-good", is_flag=True, help="Where FILE is bad or gone, start from the last one that was accepted.")
def command(file: Path, modules: tuple[str, ...], state: str | None, grace: float, last_good: bool) -> None:
    """Run the loop in the foreground.

    It shows a live table on a terminal, and writes log lines elsewhere. A save of FILE takes effect within a second, or
    is refused and changes nothing. SIGTERM or Ctrl-C stops it: running jobs are given the grace to finish; a second
    one cuts that short.
    """
    if not last_good:
        reading.require(file)
    reading.find_here(modules)
    aperture = Aperture(file, modules=modules, state=state, last_good=last_good)
    try:
        _run(aperture, grace)
    except ConfigRefused as refusal:
        say_problems(refusal.problems, refusal.text)
        hint = "mend the file, or start from the last one that was accepted: aperture start --last-good"
        raise Refused("nothing was started", hint=None if last_good else hint) from None


def _run(aperture: Aperture, grace: float) -> None:
    with Stop() as stop:
        if is_terminal():
            _with_table(aperture, stop, grace)
        else:
            _with_lines(aperture, stop, grace)


def _with_lines(aperture: Aperture, stop: Stop, grace: float) -> None:
    with logged(logging.INFO):
        aperture.start()
        config = aperture.config
        preset = f", preset {config.preset}" if config.preset else ""
        _log.info("%s is in force: %s%s, %s", config.file, counted(len(config.jobs), "job"), preset, config.zone)
        while not stop.asked.wait(_LOOK_SECONDS):
            _require_running(aperture)
        _log.info("stopping; what runs is given %g s", grace)
        _Stopping(aperture, grace).wait(stop)
        _log.info("stopped")


def _with_table(aperture: Aperture, stop: Stop, grace: float) -> None:
    from rich.text import Text

    from aperture_plugin.cli.live import LiveTable

    table = LiveTable(console())
    with logged(logging.WARNING, table.print):
        aperture.start()
        with table:
            while True:
                began = time.monotonic()
                _draw(table, aperture, Text("running; Ctrl-C stops it", style="green"))
                # A look at ten thousand jobs takes its time: it may take a tenth of ours, and not more.
                if stop.asked.wait(max(_LOOK_SECONDS, 10 * (time.monotonic() - began))):
                    break
                _require_running(aperture)
            stopping = _Stopping(aperture, grace)
            note = Text(f"stopping; what runs is given {grace:g} s, Ctrl-C again cuts that short", style="yellow")
            _draw(table, aperture, note)
            while not stopping.wait(stop, seconds=_LOOK_SECONDS):
                _draw(table, aperture, note)
    say("stopped")


def _draw(table: LiveTable, aperture: Aperture, note: Text) -> None:
    from rich.text import Text

    from aperture_plugin.cli.live import RECENT

    try:
        seen = aperture.overview()
        ended = aperture.history(RunQuery(statuses=ENDED, limit=RECENT))
    except StoreUnavailable as away:
        table.draw_again(note=Text(f"the store is away: {away}", style="bold red"))
    except RuntimeError:
        return  # It has stopped between the look and this.
    else:
        table.draw(seen, ended, note=note)


def _require_running(aperture: Aperture) -> None:
    if not aperture.is_running:
        raise Refused("the loop ended by itself", hint="the log says why; please report it")


class _Stopping:
    """The stop, in a thread of its own: this one goes on drawing, and hears the second signal."""

    def __init__(self, aperture: Aperture, grace: float) -> None:
        self._aperture = aperture
        self._grace = grace
        self._error: BaseException | None = None
        self._cut_short = False
        self._thread = threading.Thread(target=self._stop, name="aperture-stop", daemon=True)
        self._thread.start()

    def wait(self, stop: Stop, *, seconds: float = math.inf) -> bool:
        """Wait for the end, at most so long; return whether it has come."""
        until = time.monotonic() + seconds
        while self._thread.is_alive() and time.monotonic() < until:
            if stop.insisted.is_set() and not self._cut_short:
                self._cut_short = True
                threading.Thread(target=self._aperture.stop, args=(0,), name="aperture-cut", daemon=True).start()
            self._thread.join(_MOMENT)
        if self._error is not None:
            raise self._error
        return not self._thread.is_alive()

    def _stop(self) -> None:
        try:
            self._aperture.stop(self._grace)
        except BaseException as error:  # noqa: BLE001  # raised where the command waits for it
            self._error = error
