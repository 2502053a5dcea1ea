"""Where a store lies, told by its URL alone: nothing is opened, and no database driver is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["file_of"]

_SQLITE: Final = "sqlite:///"


def file_of(url: str, *, directory: Path) -> Path | None:
    """Return the file that the store at *url* lies in, whether it is there or not; None for a store that is no file.

    >>> file_of("sqlite:///aperture.db", directory=Path("/srv"))
    PosixPath('/srv/aperture.db')
    >>> file_of("postgresql+psycopg://ana@host/media", directory=Path("/srv")) is None
    True
    """
    if not url.startswith(_SQLITE):
        return None
    return directory / url.removeprefix(_SQLITE).partition("?")[0]
