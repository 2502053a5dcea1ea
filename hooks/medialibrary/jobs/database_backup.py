"""database-backup: a copy of the database as it is at one moment, and only the newest few."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from aperture_plugin import LiveRun

from ..opening import opened
from ..parameters import FOLDER, Parameter, Whole
from ..problems import LibraryProblem
from ..times import now

__all__ = ["PARAMETERS", "back_up"]

_KEEP: Final = Whole(name="keep", default=7, most=1000)

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER, _KEEP)

_NAME: Final = re.compile(r"library-\d{8}T\d{6}Z\.db")
_PAGES_A_STEP: Final = 32


def back_up(run: LiveRun) -> dict[str, int | str]:
    """Copy the database into `backups/`, check the copy, and delete all but the newest `keep`.

    Returns:
        The `backup`'s path in the library's folder, its `bytes`, how many are `kept` and were `removed`.
    Raises:
        LibraryProblem: The copy is damaged; it is deleted, and no older one is.
    """
    keep = _KEEP.read(run.params)
    with opened(run) as library:
        folder = library.folder.backups
        folder.mkdir(exist_ok=True)
        for left_over in folder.glob(".library-*.partial*"):  # A run was killed while it copied; its journal too.
            left_over.unlink(missing_ok=True)
        backup = folder / f"library-{now():%Y%m%dT%H%M%SZ}.db"
        partial = folder / f".{backup.name}.partial"
        try:
            _copy(library.database.connection, partial, run)
            partial.replace(backup)
        finally:
            partial.unlink(missing_ok=True)
        run.log.info("copied the database to %s", backup)

        copies = sorted((file for file in folder.iterdir() if _NAME.fullmatch(file.name)), reverse=True)
        for old in copies[keep:]:
            old.unlink()
            run.log.info("removed %s", old.name)
        return {
            "backup": backup.relative_to(library.folder.root).as_posix(),
            "bytes": backup.stat().st_size,
            "kept": len(copies[:keep]),
            "removed": len(copies[keep:]),
        }


def _copy(source: sqlite3.Connection, target: Path, run: LiveRun) -> None:
    def show(_status: int, remaining: int, total: int) -> None:
        run.progress(total - remaining, total)  # Raises once the run is cancelled, which ends the copying.

    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy, pages=_PAGES_A_STEP, progress=show)
        verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
    if verdict != "ok":
        raise LibraryProblem(f"the copy of the database is damaged: {verdict}")
