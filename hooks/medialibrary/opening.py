"""Opens a library; the first time, it is made from the shipped data."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aperture_plugin import LiveRun

from .database import Database
from .folder import Folder
from .parameters import FOLDER
from .tables import DATA
from .titles import file_of, nfo_text, shipped_titles

__all__ = ["Library", "library_size", "opened"]


@dataclass(frozen=True, slots=True)
class Library:
    """An open library."""

    folder: Folder
    database: Database


@contextmanager
def opened(run: LiveRun) -> Iterator[Library]:
    """Open the library that the run's `folder` names, for the length of the block."""
    folder = Folder(FOLDER.read(run.params))
    folder.root.mkdir(parents=True, exist_ok=True)
    with closing(Database(folder.database)) as database:
        _make_once(folder, database, run.log)
        yield Library(folder, database)


def library_size(root: Path) -> int:
    """Return how many titles the library in *root* holds; before its first scan, how many it will find."""
    database = Folder(root).database
    if database.is_file():
        # Read-only: this must not create a database.
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            has_tables = connection.execute("PRAGMA user_version").fetchone()[0] > 0
            if has_tables and connection.execute("SELECT 1 FROM mark WHERE name = 'scanned_at'").fetchone():
                size: int = connection.execute("SELECT count(*) FROM title").fetchone()[0]
                return size
    return len(shipped_titles())


def _make_once(folder: Folder, database: Database, log: logging.Logger) -> None:
    if database.mark("made") is not None:
        return
    # The transaction also keeps a second process from making the same folders at the same time.
    with database.writing():
        if database.mark("made") is not None:
            return
        if not folder.server.exists():
            with _appearing(folder.server) as partial:
                for name in ("users.csv", "history.csv"):
                    shutil.copyfile(DATA / name, partial / name)
        if not folder.media.exists():
            titles = shipped_titles()
            with _appearing(folder.media) as partial:
                for title in titles:
                    file = partial / file_of(title)
                    file.parent.mkdir(exist_ok=True)
                    file.write_text(nfo_text(title), encoding="utf-8")
            log.info("made %s: %d titles to begin with", folder.media, len(titles))
        database.set_mark("made", "yes")


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """Enter with a folder to fill, which becomes *target* at the end of the block, as a whole."""
    partial = target.with_name(f".{target.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir()
    yield partial
    partial.rename(target)
