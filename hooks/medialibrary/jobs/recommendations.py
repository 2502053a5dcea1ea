"""recommendations: for each user, the titles most like those they liked, that they have not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from aperture_plugin import LiveRun

from ..database import Database
from ..history import Taste, tastes
from ..opening import opened
from ..parameters import FOLDER, Parameter, Whole

__all__ = ["PARAMETERS", "recommend"]

_COUNT: Final = Whole(name="count", default=20, most=500)

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER, _COUNT)

_Ranked = list[tuple[int, str, float, str | None]]
"""Rank, key, score, and the key of the watched title that spoke most for it."""


def recommend(run: LiveRun) -> dict[str, int | str]:
    """Rank unseen titles for every user by how similar they are to what the user watched.

    A user without a history, or with one that says nothing, is given what most others watched. Where there
    is nothing to go by yet, what was recommended before stays.

    Returns:
        How many `users` were looked at, how many titles `recommended` in all, for how many users the list
        `changed`, and how many are `newcomers`, without a taste yet. A `note` where a job is to run first.
    """
    count = _COUNT.read(run.params)
    with opened(run) as library:
        database = library.database
        users = [row["user"] for row in database.rows("SELECT user FROM user ORDER BY user")]
        similar = _similar(database)
        note = _what_is_missing(database, users, similar)
        if note is not None:
            run.log.warning("%s", note)
            return {"users": len(users), "recommended": 0, "changed": 0, "newcomers": 0, "note": note}

        taste_of, popular = tastes(database), _popular(database)
        result = {"users": len(users), "recommended": 0, "changed": 0, "newcomers": 0}
        for user in run.track(users):
            taste = taste_of.get(user, Taste({}))
            ranked = _rank(taste, similar, count)
            if not ranked:
                result["newcomers"] += 1
                unseen = [(key, score) for key, score in popular if key not in taste.weights]
                ranked = [(rank, key, score, None) for rank, (key, score) in enumerate(unseen[:count], start=1)]
            if _store(database, user, ranked):
                result["changed"] += 1
                run.log.info("%s: %d titles, first of all %s", user, len(ranked), ranked[0][1] if ranked else "none")
            result["recommended"] += len(ranked)
        with database.writing() as connection:
            connection.execute("DELETE FROM recommendation WHERE user NOT IN (SELECT user FROM user)")
        return {**result}


_Similar = Mapping[str, Sequence[tuple[str, float]]]


def _similar(database: Database) -> _Similar:
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for row in database.rows(
        "SELECT s.key, s.other, s.score FROM similar s JOIN title t ON t.key = s.other ORDER BY s.key, s.rank"
    ):
        found[row["key"]].append((row["other"], row["score"]))
    return found


def _what_is_missing(database: Database, users: Sequence[str], similar: _Similar) -> str | None:
    if not users:
        return "no users yet: run user-sync first"
    if not similar:
        return "nothing is known to be similar yet: run embeddings first"
    if database.value("SELECT 1 FROM watch LIMIT 1") is None:
        return "nobody has watched anything yet: run watch-history first"
    return None


def _popular(database: Database) -> list[tuple[str, float]]:
    rows = database.rows(
        "SELECT w.key, count(DISTINCT w.user) AS viewers, count(*) AS plays FROM watch w"
        " JOIN title t ON t.key = w.key GROUP BY w.key ORDER BY viewers DESC, plays DESC, w.key"
    )
    most = rows[0]["viewers"] if rows else 1
    return [(row["key"], round(row["viewers"] / most, 4)) for row in rows]


def _rank(taste: Taste, similar: _Similar, count: int) -> _Ranked:
    """Let every watched title speak for those like it, as loudly as it was liked."""
    scores: dict[str, float] = defaultdict(float)
    loudest: dict[str, tuple[float, str]] = {}
    for watched, weight in taste.weights.items():
        for other, score in similar.get(watched, ()):
            if other in taste.weights:
                continue
            voice = weight * score
            scores[other] += voice
            loudest[other] = max(loudest.get(other, (0.0, "")), (voice, watched))
    best = sorted((-round(score, 4), key) for key, score in scores.items() if score > 0)[:count]
    return [(rank, key, -negative, loudest[key][1]) for rank, (negative, key) in enumerate(best, start=1)]


def _store(database: Database, user: str, ranked: _Ranked) -> bool:
    before = database.rows("SELECT rank, key, score, because FROM recommendation WHERE user = ? ORDER BY rank", user)
    if [tuple(row) for row in before] == ranked:
        return False
    with database.writing() as connection:
        connection.execute("DELETE FROM recommendation WHERE user = ?", (user,))
        connection.executemany(
            "INSERT INTO recommendation (user, rank, key, score, because) VALUES (?, ?, ?, ?, ?)",
            [(user, *one) for one in ranked],
        )
    return True
