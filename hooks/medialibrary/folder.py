"""The folder of a library, and the atomic replacement of a file in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Folder", "replace_text"]


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one library."""

    root: Path

    @property
    def database(self) -> Path:
        """The database of the jobs."""
        return self.root / "library.db"

    @property
    def media(self) -> Path:
        """One .nfo file for each title."""
        return self.root / "media"

    @property
    def server(self) -> Path:
        """The exports of the media server: users.csv, history.csv."""
        return self.root / "server"

    @property
    def backups(self) -> Path:
        """Copies of the database."""
        return self.root / "backups"

    @property
    def playlists(self) -> Path:
        """The playlists that the jobs write."""
        return self.root / "playlists"


def replace_text(path: Path, text: str) -> bool:
    """Write *text* to the file at *path*; its readers see the old text or the new one, never a part.

    Returns:
        Whether the file was written; False where it held *text* already.
    """
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # Always the same name: the next run overwrites the file that a killed run left.
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return True
