"""The taste of users, derived from their histories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .database import Database
from .times import instant_of

__all__ = ["Taste", "period_before_newest", "tastes"]

_FINISHED: Final = 80
_ABANDONED: Final = 20
_DISLIKE: Final = -0.4
"""The weight of a title that a user abandoned early."""

_HALF_LIFE: Final = timedelta(days=180)
"""The age at which a title counts half."""


@dataclass(frozen=True, slots=True)
class Taste:
    """The titles that one user has watched, with weights.

    Attributes:
        weights: How much each watched title counts, by key: more the further, the oftener and the later
            it was watched; below 0 where it was abandoned.
    """

    weights: Mapping[str, float]

    def favorites(self, count: int) -> list[str]:
        """Return the keys of the *count* titles that count most, the first one most."""
        liked = [(-weight, key) for key, weight in self.weights.items() if weight > 0]
        return [key for _, key in sorted(liked)[:count]]


def tastes(database: Database) -> dict[str, Taste]:
    """Return the taste of every user of the library who has watched something, by user.

    Ages are counted from the newest event, not from today: the same history gives the same taste.
    """
    newest = database.value("SELECT max(watched_at) FROM watch")
    if newest is None:
        return {}
    end = instant_of(newest)
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    for row in database.rows(
        "SELECT w.user, w.key, max(w.percent) AS percent, count(*) AS plays, max(w.watched_at) AS watched_at"
        " FROM watch w JOIN user u ON u.user = w.user GROUP BY w.user, w.key ORDER BY w.user, w.key"
    ):
        weights[row["user"]][row["key"]] = _weight(row["percent"], row["plays"], end - instant_of(row["watched_at"]))
    return {user: Taste(watched) for user, watched in weights.items()}


def period_before_newest(database: Database, days: int) -> datetime | None:
    """Return the instant *days* before the newest event, None if the history is empty."""
    newest = database.value("SELECT max(watched_at) FROM watch")
    return None if newest is None else instant_of(newest) - timedelta(days=days)


def _weight(percent: int, plays: int, age: timedelta) -> float:
    if percent < _ABANDONED:
        return _DISLIKE
    liking = 1.0 if percent >= _FINISHED else percent / 100
    # Episode after episode: the second play says most.
    often: float = 2 - 0.5 ** (plays - 1)
    fading: float = 0.5 ** (age / _HALF_LIFE)
    return liking * often * fading
