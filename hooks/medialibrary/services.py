"""The services out there, played by files we ship: nothing here touches a network.

A real plugin would call OMDb and TMDB in these two places; what surrounds the calls would stay as it
is. Each call is spent from a shared limit first, so that all jobs together keep to the budget in
schedules.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass

from aperture_plugin import LiveRun

from .tables import DATA, read_table
from .titles import Title, shipped_titles
from .vectors import TermVectors, Vector, alike, embed

__all__ = ["Budget", "Fact", "Facts", "Lookalikes"]


class Budget:
    """What a run may call, from one limit of schedules.yaml."""

    def __init__(self, run: LiveRun, limit: str) -> None:
        self._run = run
        self._limit = limit
        self._is_declared = True

    def spend(self) -> None:
        """Spend one call, waiting a little where the budget is used up; a limit nobody declared is none."""
        if not self._is_declared:
            return
        try:
            self._run.spend(self._limit)
        except KeyError:
            self._is_declared = False
            self._run.log.warning("schedules.yaml declares no limit %s, so calls are not counted", self._limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a service knows of a title; genres and plot are empty where it knows no more than we do."""

    made_by: str
    language: str
    minutes: int
    genres: str
    plot: str


class Facts:
    """Answers what is known of one title; stands in for OMDb."""

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
        """Ask about one title, at the price of one call; None if nobody there has heard of it."""
        self._budget.spend()
        return self._facts.get(key)


class Lookalikes:
    """Answers which titles out there are like one of ours; stands in for TMDB."""

    def __init__(self, budget: Budget, terms: TermVectors) -> None:
        self._budget = budget
        self._candidates = [
            (title, embed(f"{title.genres}. {title.plot}", terms)) for title in shipped_titles("candidates.csv")
        ]

    def of(self, vector: Vector) -> list[tuple[Title, float]]:
        """Ask how alike each title out there is to the one embedded as *vector*, at the price of one call."""
        self._budget.spend()
        return [(title, alike(vector, candidate)) for title, candidate in self._candidates]
