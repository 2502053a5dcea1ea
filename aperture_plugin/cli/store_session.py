"""The store as a command finds it, whatever has become of the file that names it.

A loop goes on by the last good file when the one on disk is broken or gone, and it can be looked at, and asked, all
the same. Without a loop, a file that is not there is a typing mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import PurePath

from aperture_plugin.app.source import Source, address_of, store_file
from aperture_plugin.app.store_access import opened, opened_to_look
from aperture_plugin.app.store_commands import config_in_force, find_run, known_jobs, running_loops
from aperture_plugin.cli import file_session
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage, unknown
from aperture_plugin.cli.output import say
from aperture_plugin.config.layers.settings import DEFAULT_STATE
from aperture_plugin.config.model import Config, Reading
from aperture_plugin.files.bounded_read import look_at
from aperture_plugin.ports import LoopRecord, RunQuery, Store, StoreRefused, StoreUnavailable
from aperture_plugin.words.plain_text import plain_line

__all__ = ["entered", "goes_by", "job_or_run", "looked_into", "require_file", "require_jobs", "say_where_else"]


@contextmanager
def looked_into(source: Source, *, url: str | None) -> Iterator[tuple[Config | None, Store]]:
    """Open the store to look at it; the file may be broken, and it may be gone while a loop goes by it.

    Until it is closed, `file_session.now` goes by its clock.

    Exits with 2 where the file is not there, or cannot be read, and no loop goes by it.

    Args:
        url: The store, in place of the file's.
    Returns:
        What the file says, or, where it is no good, the last good one; None where there is none. And the store.
    """
    found = look_at(source.path)
    read = file_session.judged_as(source, found)
    is_there = isinstance(found, bytes)
    try:
        with opened_to_look(source, read, url=url) as store, file_session.by_clock_of(store):
            if not is_there and not goes_by(running_loops(store, now=file_session.now()), source):
                require_file(source, url=url)
            yield _in_force(store, source, read), store
    except (StoreUnavailable, StoreRefused):
        if not is_there:
            require_file(source, url=url)
        raise
    say_where_else(source, read, url=url)


@contextmanager
def entered(source: Source, *, url: str | None) -> Iterator[tuple[Config | None, Store]]:
    """Open the store to write a request to its loop; else as `looked_into`."""
    found = look_at(source.path)
    read = file_session.judged_as(source, found)
    if not isinstance(found, bytes):
        with looked_into(source, url=url):
            pass  # It has not exited, so a loop goes on without the file.
        say(f"note: {read.problems[0].message}; the loop goes by the last good one", err=True)
    with opened(source, read, url=url) as store, file_session.by_clock_of(store):
        yield _in_force(store, source, read), store


def _in_force(store: Store, source: Source, read: Reading) -> Config | None:
    return config_in_force(
        store, read.config, reread=lambda text: source.read(text.encode(), now=file_session.now()).config
    )


def goes_by(loops: Iterable[LoopRecord], source: Source) -> bool:
    """Return whether one of *loops* goes by a file of the name of *source*: another file's loop is not its own."""
    return source.directory.is_dir() and any(
        PurePath(loop.details.get("file") or "").name == source.path.name for loop in loops
    )


def require_jobs(
    jobs: Iterable[str], config: Config | None, store: Store, source: Source, *, kind: str = "job"
) -> None:
    """Exit with 2, and with the nearest name, where neither the file nor the store knows one of *jobs*.

    Exits with 1 where that is unknown, since the file is refused and none was accepted before.

    Args:
        kind: The other kind of thing they might have been, for the message: `job or run`.
    """
    configured = () if config is None else config.jobs
    unlisted = [job for job in jobs if job not in configured]
    if not unlisted:
        return
    heard_of = known_jobs(store)
    for job in unlisted:
        if job in heard_of:
            continue
        if config is None and not heard_of:
            raise CommandRefused(
                f"{source.name} is refused, and no earlier one was accepted: nobody knows whether it has a job {job}",
                hint="aperture check says what is wrong with it",
            )
        raise unknown(kind, job, dict.fromkeys([*configured, *sorted(heard_of)]), where=source.name)


def job_or_run(name: str, config: Config | None, store: Store, source: Source) -> tuple[str, str | None]:
    """Return the job that *name* is, or the job and the id of the run whose id it is, or begins.

    A job's own name comes before the beginning of an id. Exits with 2 where it is neither, or may be several runs.
    """
    if config is not None and name in config.jobs:
        return name, None
    found = find_run(store, name)
    if found != [name] and name in known_jobs(store):
        return name, None
    if len(found) > 1:
        hint = f"write more of it: {', '.join(found[:5])}"
        raise WrongUsage(f'{len(found)} runs begin with "{plain_line(name)}"', hint=hint)
    if not found:
        require_jobs([name], config, store, source, kind="job or run")
        return name, None
    [latest] = store.history(RunQuery(run_id=found[0], limit=1))
    return latest.job, found[0]


def require_file(source: Source, *, url: str | None) -> None:
    """Exit with 2 where the file is not there or cannot be read, telling how a loop is found that still goes by it."""
    try:
        file_session.read(source)
    except WrongUsage as missing:
        address = address_of(source, source.judge(None, now=file_session.now()), url=url)
        if address == DEFAULT_STATE and not source.path.is_dir():
            missing.hint = f"{missing.hint}; --state URL names the store of a loop that still goes by it"
        raise


def say_where_else(source: Source, read: Reading, *, url: str | None) -> None:
    """Print that a broken file may have named another store, where the one that it is taken to name is not there."""
    path = store_file(source, read, url=url)
    if path is not None and not path.exists() and (named := url or source.environ.get("APERTURE_STATE")):
        say(f"note: {named} is not there yet: nothing has run on it", err=True)
    is_default = address_of(source, read, url=url) == DEFAULT_STATE
    if read.config is None and is_default and path is not None and not path.exists():
        say(f"note: {source.name} is refused and names no store, and {path.name} is not there", err=True)
        say("   hint: if it named another store before, --state URL names that one", err=True)
