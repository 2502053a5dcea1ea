"""Stand-ins for web services, over shipped files: nothing here uses the network.

A real plugin would call OMDb and TMDB in these two places; the code around the calls would stay as it is. Each call is
first spent from a shared limit, so that all jobs together keep the budget in schedules.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass

from aperture_plugin import LiveRun

from .tables import DATA, read_table
from .titles import Title, shipped_titles
from .vectors import TermVectors, Vector, alike, embed

__all__ = ["Budget", "Fact", "Facts", "Lookalikes"]


class Budget:
    """The calls that a run may make, from one limit of schedules.yaml."""

    def __init__(self, run: LiveRun, limit: str) -> None:
        self._run = run
        self._limit = limit
        self._is_declared = True

    def spend(self) -> None:
        """Spend one call, waiting if the budget is used up; without a declared limit, calls are not counted."""
        if not self._is_declared:
            return
        try:
            self._run.spend(self._limit)
        except KeyError:
            self._is_declared = False
            self._run.log.warning("schedules.yaml declares no limit %s, so calls are not counted", self._limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The facts of a service about a title; genres and plot are empty if it has nothing new."""

    made_by: str
    language: str
    minutes: int
    genres: str
    plot: str


class Facts:
    """Looks up one title; stands in for OMDb."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        rows = read_table(DATA / "facts.csv", ("key", "made_by", "language", "minutes", "genres", "plot"))
        self._facts = {
            row["key"]: Fact(
                made_by=row["made_by"],
                language=row["language"],
                minutes=int(row["minutes"]),
                genres=row["genres"],
                plot=row["plot"],
            )
            for row in rows
        }

    def about(self, key: str) -> Fact | None:
        """Return the facts about one title, for one call; None if the service does not have it."""
        self._budget.spend()
        return self._facts.get(key)


class Lookalikes:
    """Finds titles of the service that are like one of ours; stands in for TMDB."""

    def __init__(self, budget: Budget, terms: TermVectors) -> None:
        self._budget = budget
        self._candidates = [
            (title, embed(f"{title.genres}. {title.plot}", terms)) for title in shipped_titles("candidates.csv")
        ]

    def of(self, vector: Vector) -> list[tuple[Title, float]]:
        """Return how alike each title of the service is to the one embedded as *vector*, for one call."""
        self._budget.spend()
        return [(title, alike(vector, candidate)) for title, candidate in self._candidates]
