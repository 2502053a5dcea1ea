"""library-scan: the files of the media folder become the library's titles."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aperture_plugin import LiveRun

from ..database import Database
from ..opening import opened
from ..parameters import FOLDER, Parameter
from ..problems import LibraryProblem
from ..times import instant_text, now
from ..titles import NotATitle, Title, read_nfo

__all__ = ["PARAMETERS", "scan"]

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER,)

_BATCH: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Indexed:
    """What the library knows of a title's file."""

    key: str
    path: str
    size: int
    modified_ns: int
    digest: str


def scan(run: LiveRun) -> dict[str, int]:
    """Index what is new or changed under `media/`, and forget what is gone.

    A file of the same size and time is not opened; one that was only touched is read and found unchanged.
    What was indexed stays indexed when the run is cut off, and the next one goes on from there.

    Returns:
        How many `files` there are; of their titles how many were `added`, `changed`, `moved`, `unchanged`,
        `removed`; how many files are `unreadable`, or `duplicates` of a title that another file has.
    Raises:
        LibraryProblem: The folder is gone or empty, and titles are indexed: more likely a disk that is
            not mounted than a library given up, so nothing is forgotten.
    """
    with opened(run) as library:
        media, database = library.folder.media, library.database
        files = sorted(media.rglob("*.nfo"))
        indexed = [_Indexed(**row) for row in database.rows("SELECT key, path, size, modified_ns, digest FROM title")]
        if indexed and not files:
            raise LibraryProblem(
                f"{media} holds no files: is a disk not mounted? All {len(indexed)} titles are kept;"
                f" if the library is meant to be empty, delete {library.folder.database}"
            )
        index = _Index(run, database, media, indexed)
        for file in run.track(files):
            index.look_at(file)
        index.finish()
        return {"files": len(files), **index.counts}


class _Index:
    """The library's titles, as one scan finds them."""

    def __init__(self, run: LiveRun, database: Database, media: Path, indexed: list[_Indexed]) -> None:
        self.counts = dict.fromkeys(
            ("added", "changed", "moved", "unchanged", "removed", "unreadable", "duplicates"), 0
        )
        self._run = run
        self._database = database
        self._media = media
        self._by_path = {one.path: one for one in indexed}
        self._by_key = {one.key: one for one in indexed}
        self._seen: dict[str, str] = {}
        self._batch: list[tuple[Title, _Indexed]] = []

    def look_at(self, file: Path) -> None:
        """Take one file in, if it is new or reads differently than before."""
        path = file.relative_to(self._media).as_posix()
        known = self._by_path.get(path)
        try:
            state = file.stat()
            if known is not None and (known.size, known.modified_ns) == (state.st_size, state.st_mtime_ns):
                if self._is_first(known.key, path):
                    self.counts["unchanged"] += 1
                return
            content = file.read_bytes()
            title = read_nfo(content.decode("utf-8-sig"))
        except FileNotFoundError:
            self._run.log.info("%s went away while we looked", path)
            return
        except (OSError, UnicodeDecodeError, NotATitle) as error:
            self.counts["unreadable"] += 1
            self._run.log.warning("%s cannot be read: %s", path, error)
            if known is not None:  # What was known of it stays, until it can be read again.
                self._seen.setdefault(known.key, path)
            return
        if self._is_first(title.key, path):
            now_indexed = _Indexed(
                key=title.key,
                path=path,
                size=state.st_size,
                modified_ns=state.st_mtime_ns,
                digest=hashlib.sha256(content).hexdigest(),
            )
            self._take(title, now_indexed)

    def _is_first(self, key: str, path: str) -> bool:
        first = self._seen.setdefault(key, path)
        if first != path:
            self.counts["duplicates"] += 1
            self._run.log.warning("%s tells of the same title as %s, and is passed over", path, first)
        return first == path

    def _take(self, title: Title, indexed: _Indexed) -> None:
        before = self._by_key.get(title.key)
        if before is None:
            verdict = "added"
        elif before.path != indexed.path:
            verdict = "moved"
        elif before.digest != indexed.digest:
            verdict = "changed"
        else:
            verdict = "unchanged"
        self.counts[verdict] += 1
        if verdict != "unchanged":
            self._run.log.info("%s %s", verdict, indexed.path)
        self._batch.append((title, indexed))
        if len(self._batch) == _BATCH:
            self._write()

    def _write(self) -> None:
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT INTO title (key, kind, title, year, genres, plot, path, size, modified_ns, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                # Not REPLACE, which would delete the row first, and all that refers to it.
                " ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, title = excluded.title, year = excluded.year,"
                " genres = excluded.genres, plot = excluded.plot, path = excluded.path, size = excluded.size,"
                " modified_ns = excluded.modified_ns, digest = excluded.digest",
                [
                    (
                        *(title.key, title.kind, title.title, title.year, title.genres, title.plot),
                        *(file.path, file.size, file.modified_ns, file.digest),
                    )
                    for title, file in self._batch
                ],
            )
        self._batch.clear()

    def finish(self) -> None:
        """Forget the titles that no file told of."""
        self._write()
        gone = [one for key, one in self._by_key.items() if key not in self._seen]
        with self._database.writing() as connection:
            connection.executemany("DELETE FROM title WHERE key = ?", [(one.key,) for one in gone])
            self._database.set_mark("scanned_at", instant_text(now()))
        for one in gone:
            self._run.log.info("removed %s", one.path)
        self.counts["removed"] = len(gone)
