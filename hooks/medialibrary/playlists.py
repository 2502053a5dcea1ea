"""Playlists, as extended M3U files that any player opens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .folder import Folder, replace_text

__all__ = ["Entry", "remove_playlists", "write_playlist"]

_SIGNED: Final = "#EXTM3U\n#PLAYLIST:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A title on a playlist.

    Attributes:
        path: Its file in the media folder.
        minutes: None if unknown.
    """

    title: str
    year: int
    path: str
    minutes: int | None


def write_playlist(folder: Folder, name: str, heading: str, entries: Iterable[Entry]) -> bool:
    """Write `playlists/NAME.m3u8` if its text changed; return whether it did.

    The paths lead to .nfo files, which stand for the films that this example does not ship.
    """
    lines = [f"{_SIGNED}{heading}\n"]
    for entry in entries:
        seconds = -1 if entry.minutes is None else entry.minutes * 60
        lines.append(f"#EXTINF:{seconds},{entry.title} ({entry.year})\n../{folder.media.name}/{entry.path}\n")
    return replace_text(folder.playlists / f"{name}.m3u8", "".join(lines))


def remove_playlists(folder: Folder, prefix: str, keep: set[str]) -> list[str]:
    """Remove the playlists we wrote whose name begins with *prefix* and is not in *keep*; return their names.

    A file of another origin does not begin as ours do, and stays.
    """
    removed = []
    for file in sorted(folder.playlists.glob(f"{prefix}*.m3u8")):
        if file.stem not in keep and file.read_text(encoding="utf-8", errors="replace").startswith(_SIGNED):
            file.unlink()
            removed.append(file.stem)
    return removed
