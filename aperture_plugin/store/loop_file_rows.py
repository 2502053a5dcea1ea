"""Statements for the words of their files that loops publish for one another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, select

from aperture_plugin.store.readable import readable
from aperture_plugin.store.rows import read_mapping
from aperture_plugin.store.tables import loop_files

__all__ = ["delete_words", "read_words"]

_CHOSEN: Final = select(loop_files)


def read_words(connection: Connection, loop_ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Return the words that these loops have published; loops that have not are absent, and damaged rows too."""
    rows = connection.execute(_CHOSEN.where(loop_files.c.loop_id.in_(list(loop_ids))))
    return dict(readable(loop_files, rows, _words_of))


def delete_words(connection: Connection, loop_id: str) -> None:
    """Delete the words of a loop whose record goes."""
    connection.execute(delete(loop_files).where(loop_files.c.loop_id == loop_id))


def _words_of(row: RowMapping) -> tuple[str, Mapping[str, Any]]:
    return row["loop_id"], read_mapping(row["words"])
