"""From what was typed to a file that was read, or to an exit that says why not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from aperture_plugin.app.source import Source
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage, file_is_a_folder, file_is_missing, unknown
from aperture_plugin.cli.output import hide, say
from aperture_plugin.cli.problem_text import say_problems
from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.clock.system import SystemClock
from aperture_plugin.config.model import Config, Reading
from aperture_plugin.files.bounded_read import Content, look_at

if TYPE_CHECKING:
    from aperture_plugin.plugins.plugin_loader import Plugins
    from aperture_plugin.ports import Clock, Store

__all__ = [
    "by_clock_of",
    "clock",
    "config_of",
    "find_here",
    "judged",
    "judged_as",
    "known_job",
    "now",
    "now_by",
    "picked",
    "plugins_of",
    "read",
    "read_as_picked",
    "require",
    "source_of",
    "valid",
    "zone_of",
]


_CLOCK: Final[ContextVar[Clock]] = ContextVar("aperture_clock", default=SystemClock())  # noqa: B039  # it has no state


def clock() -> Clock:
    """Return the clock that `now` goes by."""
    return _CLOCK.get()


def now() -> datetime:
    """Return the present instant: by the clock of the store within `by_clock_of`, else by this machine's."""
    return _CLOCK.get().now()


@contextmanager
def by_clock_of(store: Store) -> Iterator[None]:
    """Make `now` go by the clock of the open *store*, if it has one, for as long as the block lasts.

    What a command writes, and what it compares with the times that loops wrote, then has the time that they go by.
    """
    from aperture_plugin.clock.store_clock import StoreClock, follow  # A command without a store need not load it.

    by_store = StoreClock(SystemClock())
    follow(by_store, store)
    token = _CLOCK.set(by_store)
    try:
        yield
    finally:
        _CLOCK.reset(token)


def now_by(store: Store) -> datetime:
    """Return the present instant by the clock of the open *store*, if it has one."""
    with by_clock_of(store):
        return now()


def source_of(file: Path, plugins: Plugins | None = None) -> Source:
    """Return *file* as it is read in this process's environment."""
    return Source(path=file, environ=os.environ, plugins=plugins)


def read(source: Source, *, starting: bool = False) -> Reading:
    """Return what came of reading the file, valid or not; exit with 2 where it is not there."""
    try:
        reading = source.load(now=now(), starting=starting)
    except FileNotFoundError:
        raise file_is_missing(source.path) from None
    except IsADirectoryError:
        raise file_is_a_folder(source.path) from None
    except OSError as error:
        raise WrongUsage(f"{source.name} cannot be read: {error.strerror}") from None
    hide(reading.secrets)
    return reading


def judged(source: Source) -> Reading:
    """Return what came of reading the file, valid or not, there or not: one that is gone is a bad file."""
    return judged_as(source, look_at(source.path))


def judged_as(source: Source, content: Content) -> Reading:
    """Return what comes of *content* in place of what lies on the disk; its secrets are hidden from now on."""
    reading = source.judge(content, now=now())
    hide(reading.secrets)
    return reading


def config_of(source: Source) -> Config:
    """Return the configuration of a valid file; exit with 1, its problems on stderr, where it is not."""
    return valid(read(source))


def valid(reading: Reading) -> Config:
    """Return the configuration that was read; exit with 1, the errors on stderr, where there is none."""
    if reading.config is None:
        say_problems([problem for problem in reading.problems if problem.is_error], reading.text)
        raise CommandRefused()
    return reading.config


def plugins_of(file: Path, modules: Sequence[str]) -> Plugins:
    """Load the plugins: installed ones, `hooks/` beside *file*, and the *modules* that were named.

    Raises:
        PluginError: One of them cannot be loaded.
    """
    from aperture_plugin.plugins.plugin_loader import load_plugins

    find_here(modules)
    return load_plugins(directory=file.absolute().parent, modules=modules)


def read_as_picked(source: Source, modules: Sequence[str]) -> Reading:
    """Return what came of reading the file with what `preset: auto` comes to; see `picked`."""
    first = read(source)
    chosen = picked(source, modules, seen=first)
    return first if chosen is source else read(chosen)


def picked(
    source: Source, modules: Sequence[str] = (), *, in_force: str | None = None, seen: Reading | None = None
) -> Source:
    """Return *source* with what `preset: auto` comes to: the preset *in_force*, else whichever the plugins' size picks.

    A command that needs no plugin asks them only where the file says auto. One that cannot be loaded is reported on
    stderr, and the file is then read as if nobody could be asked.

    Args:
        modules: Plugins that were named; they are loaded whatever the file says.
        in_force: The preset that a loop on the store has picked; None if unknown.
        seen: The result of reading *source*, if that is known already.
    """
    from aperture_plugin.plugins.plugin_problems import PluginError

    config = (read(source) if seen is None else seen).config
    is_open = config is not None and config.preset_is_auto
    if is_open and in_force is not None:
        return replace(source, preset=in_force)
    if not is_open and not modules:
        return source
    try:
        return replace(source, plugins=plugins_of(source.path, modules))
    except PluginError as error:
        if modules:
            raise
        for problem in error.problems:
            say(f"warning: {problem}", err=True)
        return source


def find_here(modules: Sequence[str]) -> None:
    """Add the current folder to `sys.path` if there are *modules* to find, as `python -m` does."""
    here = str(Path.cwd())
    if modules and here not in sys.path:
        sys.path.insert(0, here)


def require(file: Path) -> None:
    """Exit with 2 where *file* is not there, or is a folder, before anything slower is done."""
    if not file.exists():
        raise file_is_missing(file)
    if file.is_dir():
        raise file_is_a_folder(file)


def known_job(job: str, among: Iterable[str], *, where: str) -> str:
    """Return *job*; exit with 2, and with the nearest name, where there is none of that name."""
    names = tuple(among)
    if job not in names:
        raise unknown("job", job, names, where=where)
    return job


def zone_of(config: Config | None, source: Source, job: str | None = None) -> ZoneInfo:
    """Return the zone in which times are shown and read: *job*'s, the file's, or the server's without a file."""
    if config is None:
        return local_zone(source.environ)
    named = None if job is None else config.jobs.get(job)
    return config.zone if named is None else named.zone
