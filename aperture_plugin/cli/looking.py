"""The store as a command finds it, whatever has become of the file that names it.

A loop goes on by the last good file when the one on disk is broken or gone, and it can be looked at, and asked, all
the same. Without a loop, a file that is not there is a mistake of whoever typed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aperture_plugin.app.asking import config_in_force, running_loops
from aperture_plugin.app.opening import Source, address_of
from aperture_plugin.app.stores import opened, opened_to_look, store_file
from aperture_plugin.cli import reading
from aperture_plugin.cli.failures import WrongUsage
from aperture_plugin.cli.output import say
from aperture_plugin.config.model import Config, Reading
from aperture_plugin.config.settings import DEFAULT_STATE
from aperture_plugin.files.reading import look_at
from aperture_plugin.ports import Store, StoreRefused, StoreUnavailable

__all__ = ["entered", "looked_into", "require_file", "say_where_else"]


@contextmanager
def looked_into(source: Source, *, url: str | None) -> Iterator[tuple[Config | None, Store]]:
    """Open the store to look at it; the file may be broken, and it may be gone while a loop runs.

    Exits with 2 where the file is not there, or cannot be read, and no loop runs.

    Args:
        url: The store, in place of the file's.
    Returns:
        What the file says, or, where it is no good, the last good one; None where there is none. And the store.
    """
    found = look_at(source.path)
    read = source.judge(found, now=reading.now())
    is_there = isinstance(found, bytes)
    try:
        with opened_to_look(source, read, url=url) as store:
            if not is_there and not running_loops(store, now=reading.now()):
                require_file(source, url=url)
            yield _in_force(store, source, read), store
    except (StoreUnavailable, StoreRefused):
        if not is_there:
            require_file(source, url=url)
        raise
    say_where_else(source, read, url=url)


@contextmanager
def entered(source: Source, *, url: str | None) -> Iterator[tuple[Config | None, Store]]:
    """Open the store to ask something of its loop; else as `looked_into`."""
    found = look_at(source.path)
    read = source.judge(found, now=reading.now())
    if not isinstance(found, bytes):
        with looked_into(source, url=url):
            pass  # It has not exited, so a loop goes on without the file.
        say(f"note: {read.problems[0].message}; the loop goes by the last good one", err=True)
    with opened(source, read, url=url) as store:
        yield _in_force(store, source, read), store


def _in_force(store: Store, source: Source, read: Reading) -> Config | None:
    return config_in_force(store, read.config, reread=lambda text: source.read(text.encode(), now=reading.now()).config)


def require_file(source: Source, *, url: str | None) -> None:
    """Exit with 2 where the file is not there or cannot be read, telling how a loop is found that still goes by it."""
    try:
        reading.read(source)
    except WrongUsage as missing:
        if address_of(source, source.judge(None, now=reading.now()), url=url) == DEFAULT_STATE:
            missing.hint = f"{missing.hint}; --state URL names the store of a loop that still goes by it"
        raise


def say_where_else(source: Source, read: Reading, *, url: str | None) -> None:
    """Say that a broken file may have named another store, where the one that it is taken to name is not there."""
    path = store_file(source, read, url=url)
    if path is not None and not path.exists() and (named := url or source.environ.get("APERTURE_STATE")):
        say(f"note: {named} is not there yet: nothing has run on it", err=True)
    is_default = address_of(source, read, url=url) == DEFAULT_STATE
    if read.config is None and is_default and path is not None and not path.exists():
        say(f"note: {source.name} is refused and names no store, and {path.name} is not there", err=True)
        say("   hint: if it named another store before, --state URL names that one", err=True)
