"""Where everything of a library lies, and how a file in it is replaced whole."""

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
        """What the jobs know."""
        return self.root / "library.db"

    @property
    def media(self) -> Path:
        """One .nfo file for each title."""
        return self.root / "media"

    @property
    def server(self) -> Path:
        """What the media server exports: users.csv, history.csv."""
        return self.root / "server"

    @property
    def backups(self) -> Path:
        """Copies of the database."""
        return self.root / "backups"

    @property
    def playlists(self) -> Path:
        """What the jobs make for people."""
        return self.root / "playlists"


def replace_text(path: Path, text: str) -> bool:
    """Let the file at *path* hold *text*; whoever reads it sees the old text or the new, never a part.

    Returns:
        Whether the file was written; False where it held *text* already.
    """
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # Always the same name: what a killed run leaves, the next one writes over.
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return True
