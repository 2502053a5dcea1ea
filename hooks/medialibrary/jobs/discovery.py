"""discovery: titles out there that are like people's favorites, and that the library does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aperture_plugin import LiveRun

from ..database import Database
from ..history import tastes
from ..opening import opened
from ..parameters import FOLDER, Parameter, Whole
from ..services import Budget, Lookalikes
from ..times import instant_text, now
from ..titles import Title
from ..vectors import Vector, unpack
from .embeddings import stored_terms

__all__ = ["LIMIT", "PARAMETERS", "USUAL_CALLS", "discover"]

LIMIT: Final = "tmdb"
"""The limit of schedules.yaml that each question is spent from."""

USUAL_CALLS: Final = 24
"""Three favorites of each of eight users."""

_FAVORITES: Final = Whole(name="favorites", default=3, most=100)
_COUNT: Final = Whole(name="count", default=25, most=1000)
_ALIKE: Final = Whole(name="alike", default=20, most=100)
"""Only titles that are alike to so many percent."""

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER, _FAVORITES, _COUNT, _ALIKE)


@dataclass(frozen=True, slots=True)
class _Find:
    title: Title
    score: float
    because: str


def discover(run: LiveRun) -> dict[str, int | str]:
    """Ask for titles like each user's favorites, and keep the `count` best that the library does not have.

    All that was found is stored at the end, in one go; when a find was first made is kept.

    Returns:
        How many favorites were `asked` about; how many titles are `found` now, how many of them `new`;
        how many of earlier ones were `dropped`. A `note` where a job is to run first.
    """
    favorites, count, at_least = _FAVORITES.read(run.params), _COUNT.read(run.params), _ALIKE.read(run.params) / 100
    with opened(run) as library:
        database = library.database
        vectors = _favorite_vectors(database, favorites)
        if not vectors:
            note = "no favorites with a vector yet: run user-sync, watch-history, library-scan and embeddings"
            run.log.warning("%s", note)
            return {"asked": 0, "found": 0, "new": 0, "dropped": 0, "note": note}

        owned = {row["key"] for row in database.rows("SELECT key FROM title")}
        service = Lookalikes(Budget(run, LIMIT), stored_terms(database))
        best: dict[str, _Find] = {}
        for favorite, vector in run.track(vectors.items(), total=len(vectors)):
            for title, alike in service.of(vector):
                score = round(alike, 4)
                is_better = title.key not in best or score > best[title.key].score
                if score >= at_least and title.key not in owned and is_better:
                    best[title.key] = _Find(title, score, favorite)
        finds = sorted(best.values(), key=lambda find: (-find.score, find.title.key))[:count]
        before = _store(database, finds)
        after = {find.title.key for find in finds}
        for find in finds:
            if find.title.key not in before:
                run.log.info("found %s (%d), because of %s", find.title.title, find.title.year, find.because)
        return {
            "asked": len(vectors),
            "found": len(after),
            "new": len(after - before),
            "dropped": len(before - after),
        }


def _favorite_vectors(database: Database, count: int) -> Mapping[str, Vector]:
    keys = {key: None for taste in tastes(database).values() for key in taste.favorites(count)}
    stored = {row["key"]: row["vector"] for row in database.rows("SELECT key, vector FROM embedding")}
    return {key: unpack(stored[key]) for key in keys if key in stored}


def _store(database: Database, finds: list[_Find]) -> set[str]:
    """Let the table hold *finds* and nothing else; return the keys that it held before."""
    with database.writing() as connection:
        before = {row["key"]: row["found_at"] for row in database.rows("SELECT key, found_at FROM discovery")}
        connection.execute("DELETE FROM discovery")
        connection.executemany(
            "INSERT INTO discovery (key, kind, title, year, genres, plot, score, because, found_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(find.title.key, find.title.kind, find.title.title, find.title.year),
                    *(find.title.genres, find.title.plot, find.score, find.because),
                    before.get(find.title.key, instant_text(now())),
                )
                for find in finds
            ],
        )
    return set(before)
