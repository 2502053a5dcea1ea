"""Finds the file of a store from its URL alone: nothing is opened, and no database driver is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote

__all__ = ["file_of"]

_SQLITE: Final = "sqlite:///"


def file_of(url: str, *, directory: Path) -> Path | None:
    """Return the file of the store at *url*, whether it exists or not; None for a store without a file.

    As in any address, `%20` stands for a space.

    >>> file_of("sqlite:///aperture.db", directory=Path("/srv"))
    PosixPath('/srv/aperture.db')
    >>> file_of("postgresql+psycopg://ana@host/media", directory=Path("/srv")) is None
    True
    """
    if not url.startswith(_SQLITE):
        return None
    return directory / unquote(url.removeprefix(_SQLITE).partition("?")[0])
