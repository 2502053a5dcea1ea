"""embeddings: what each title is about, as a vector, and which other titles are about the like."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from heapq import nlargest
from typing import Final

from aperture_plugin import LiveRun

from ..database import Database
from ..learning import HASHING, LSA, best_kind, learn
from ..opening import opened
from ..parameters import FOLDER, Parameter, Whole
from ..vectors import TermVectors, alike, embed, pack, unpack

__all__ = ["PARAMETERS", "compute", "stored_terms"]

_DIMENSIONS: Final = Whole(name="dimensions", default=32, least=2, most=1024)
_NEIGHBOURS: Final = Whole(name="neighbors", default=12, most=100)
_RELEARN: Final = Whole(name="relearn", default=20, most=100)
"""Learn anew once so many percent of the titles were not there, or read differently, when last learned."""

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER, _DIMENSIONS, _NEIGHBOURS, _RELEARN)

_BATCH: Final = 50


def compute(run: LiveRun) -> dict[str, int | str]:
    """Embed the titles that lack a vector of their present text, then find each title's neighbors.

    Returns:
        The `model` in use, how many of its `terms`; how many titles were `embedded` and `kept`; how many
        have `similar` ones found anew, 0 where nothing changed. A `note` where there are no titles yet.
    """
    dimensions, neighbors = _DIMENSIONS.read(run.params), _NEIGHBOURS.read(run.params)
    with opened(run) as library:
        database = library.database
        texts = {
            row["key"]: f"{row['title']}. {row['genres']}. {row['plot']}"
            for row in database.rows("SELECT key, title, genres, plot FROM known_title ORDER BY key")
        }
        if not texts:
            run.log.warning("there are no titles yet: run library-scan first")
            return {"embedded": 0, "kept": 0, "similar": 0, "note": "no titles yet: run library-scan first"}
        lacking = _lacking(database, texts)
        if _must_learn(database, texts, lacking, dimensions, _RELEARN.read(run.params)):
            _learn(database, texts, dimensions, run)
            lacking = list(texts)
        terms = stored_terms(database)
        _embed(database, {key: texts[key] for key in lacking}, terms, run)
        return {
            "model": database.mark("model") or "",
            "terms": len(terms),
            "embedded": len(lacking),
            "kept": len(texts) - len(lacking),
            "similar": _find_similar(database, neighbors, run),
        }


def stored_terms(database: Database) -> TermVectors:
    """Return the vector of each term, as last learned; empty if nothing was learned yet."""
    return {row["term"]: unpack(row["vector"]) for row in database.rows("SELECT term, vector FROM term")}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _lacking(database: Database, texts: Mapping[str, str]) -> list[str]:
    known = {row["key"]: row["digest"] for row in database.rows("SELECT key, digest FROM embedding")}
    return [key for key, text in texts.items() if known.get(key) != _digest(text)]


def _must_learn(
    database: Database, texts: Mapping[str, str], lacking: Sequence[str], dimensions: int, percent: int
) -> bool:
    kind, _, size = (database.mark("model") or "").partition("-")
    if size != str(dimensions):
        return True
    if kind == HASHING and best_kind(list(texts.values()), dimensions) == LSA:  # scikit-learn has been installed since.
        return True
    strange = int(database.mark("strange") or 0) + len(lacking)
    return strange * 100 >= len(texts) * percent and bool(lacking)


def _learn(database: Database, texts: Mapping[str, str], dimensions: int, run: LiveRun) -> None:
    run.log.info("learning what terms mean from %d titles", len(texts))
    model = learn(list(texts.values()), dimensions)
    # One transaction: vectors of two models must never stand beside each other.
    with database.writing() as connection:
        connection.execute("DELETE FROM embedding")
        connection.execute("DELETE FROM term")
        connection.executemany(
            "INSERT INTO term (term, vector) VALUES (?, ?)",
            [(term, pack(vector)) for term, vector in model.terms.items()],
        )
        database.set_mark("model", f"{model.kind}-{dimensions}")
        database.set_mark("strange", -len(texts))  # Embedding them brings it to 0.
    run.log.info("learned %d terms (%s)", len(model.terms), model.kind)


def _embed(database: Database, texts: Mapping[str, str], terms: TermVectors, run: LiveRun) -> None:
    batch: list[tuple[str, str, bytes]] = []

    def write() -> None:
        with database.writing() as connection:
            connection.executemany("REPLACE INTO embedding (key, digest, vector) VALUES (?, ?, ?)", batch)
            database.set_mark("strange", int(database.mark("strange") or 0) + len(batch))
        batch.clear()

    for key, text in run.track(texts.items(), total=len(texts)):
        batch.append((key, _digest(text), pack(embed(text, terms))))
        if len(batch) == _BATCH:
            write()
    write()


def _find_similar(database: Database, neighbors: int, run: LiveRun) -> int:
    with database.writing() as connection:
        connection.execute("DELETE FROM embedding WHERE key NOT IN (SELECT key FROM title)")
    rows = database.rows("SELECT key, digest, vector FROM embedding ORDER BY key")
    state = _digest(repr((neighbors, database.mark("model"), [(row["key"], row["digest"]) for row in rows])))
    if database.mark("similar_of") == state:
        return 0
    vectors = {row["key"]: unpack(row["vector"]) for row in rows}
    found: list[tuple[str, int, str, float]] = []
    for key in run.track(vectors):
        others = ((alike(vectors[key], vector), other) for other, vector in vectors.items() if other != key)
        nearest = nlargest(neighbors, (pair for pair in others if pair[0] > 0))
        found += ((key, rank, other, round(score, 4)) for rank, (score, other) in enumerate(nearest, start=1))
    with database.writing() as connection:
        connection.execute("DELETE FROM similar")
        connection.executemany("INSERT INTO similar (key, rank, other, score) VALUES (?, ?, ?, ?)", found)
        database.set_mark("similar_of", state)
    return len(vectors)
