"""Statements for the accepted files that a store keeps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from aperture_plugin.ports import AcceptedText
from aperture_plugin.store.generations import GENERATIONS_KEPT, GENERATIONS_KNOWN, forgotten_text
from aperture_plugin.store.readable import UNREADABLE, readable
from aperture_plugin.store.rows import generation_of, instant, micros
from aperture_plugin.store.tables import generations

__all__ = ["keep", "kept", "latest_text"]


def keep(
    connection: Connection, wrote: Callable[[], None], *, file: str, text: str, at: datetime, saved: bool
) -> AcceptedText:
    """Keep the text of an accepted file; see `Loops.keep_generation`. *wrote* is called before anything is written."""
    by_age = select(generations).order_by(generations.c.seq.desc())
    if saved:
        known = connection.execute(by_age.limit(1)).mappings().first()
        is_kept = known is not None and known["text"] == text
    else:
        same = by_age.where(generations.c.text.in_([text, forgotten_text(text)]))
        known = connection.execute(same.limit(1)).mappings().first()
        is_kept = known is not None
    if known is not None and is_kept:
        with suppress(*UNREADABLE):
            return AcceptedText(known["seq"], instant(known["accepted_at"]), is_new=False)
    wrote()
    connection.execute(insert(generations), {"file": file, "text": text, "accepted_at": micros(at)})
    newest: list[RowMapping] = list(connection.execute(by_age.limit(GENERATIONS_KEPT + 1)).mappings())
    if len(newest) > GENERATIONS_KEPT:
        old, seq = newest[-1], generations.c.seq
        forgotten = update(generations).where(seq == old["seq"]).values(text=forgotten_text(str(old["text"])))
        connection.execute(forgotten)
        known_still = select(seq).order_by(seq.desc()).limit(GENERATIONS_KEPT + GENERATIONS_KNOWN)
        connection.execute(delete(generations).where(seq.not_in(known_still)))
    return AcceptedText(newest[0]["seq"], at, is_new=True)


def latest_text(connection: Connection, file: str) -> str | None:
    """Return the text of the newest generation of *file*; None where none is kept."""
    chosen = select(generations.c.text).where(generations.c.file == file).order_by(generations.c.seq.desc())
    text: str | None = connection.execute(chosen.limit(1)).scalar()
    return text


def kept(connection: Connection) -> list[tuple[int, datetime, str, str]]:
    """Return the accepted files that are kept, newest first."""
    chosen = select(generations).order_by(generations.c.seq.desc()).limit(GENERATIONS_KEPT)
    return list(readable(generations, connection.execute(chosen), generation_of))
