"""The files that were accepted once: the store keeps the last twenty, whatever becomes of the one on disk."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aperture_plugin.app.source import Source
from aperture_plugin.config.model import Config
from aperture_plugin.ports import Store

__all__ = ["Generation", "generation_json", "generations", "last_good"]

_log = logging.getLogger("aperture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One accepted file.

    Attributes:
        number: Grows with each; of one store, never given again.
        accepted_at: Time at which it came into force.
        file: As it was named then.
        text: Its content, byte for byte once it is encoded as UTF-8.
    """

    number: int
    accepted_at: datetime
    file: str
    text: str


def generations(store: Store) -> list[Generation]:
    """Return the accepted files that *store* keeps, newest first."""
    with store.snapshot() as ledger:
        return [
            Generation(number=number, accepted_at=at, file=file, text=text)
            for number, at, file, text in ledger.generations()
        ]


def last_good(store: Store, source: Source, *, now: datetime) -> tuple[Generation, Config] | None:
    """Return the newest generation that can be in force now, as a content of *source*; None if there is none.

    One that was good once may not be any more: a plugin has gone, a variable is not set. That is reported, and the one
    before it is tried. Where several files share the store, those of another name are passed over.

    Raises:
        PluginError: A plugin's `aperture_lint` raised.
    """
    kept = generations(store)
    named = [generation for generation in kept if generation.file == source.name]
    for generation in named or kept:
        reading = source.read(generation.text.encode(), now=now, starting=True)
        if reading.config is not None:
            return generation, reading.config
        first = next(problem for problem in reading.problems if problem.is_error)
        _log.warning(
            "generation %d of %s is not good any more (line %d: %s); the one before it is tried",
            generation.number,
            source.name,
            first.place.line,
            first.message,
        )
    return None


def generation_json(generation: Generation, *, with_text: bool) -> dict[str, Any]:
    """Return the shape of `aperture show --generation` and, without the text, of an item of `--generations`."""
    value = {
        "generation": generation.number,
        "accepted_at": generation.accepted_at.isoformat(),
        "file": generation.file,
    }
    return {**value, "text": generation.text} if with_text else value
