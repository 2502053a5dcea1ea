"""enrichment: what the files do not say of a title is asked of a service, within its limit."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aperture_plugin import LiveRun

from ..database import Database
from ..opening import opened
from ..parameters import FOLDER, Parameter, Whole
from ..services import Budget, Fact, Facts
from ..times import instant_text, now

__all__ = ["LIMIT", "PARAMETERS", "USUAL_CALLS", "enrich"]

LIMIT: Final = "omdb"
"""The limit of schedules.yaml that each question is spent from."""

USUAL_CALLS: Final = 100

_AT_MOST: Final = Whole(name="at_most", default=USUAL_CALLS)
_ASK_AGAIN: Final = Whole(name="ask_again_days", default=30, most=3660)

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER, _AT_MOST, _ASK_AGAIN)


def enrich(run: LiveRun) -> dict[str, int | str]:
    """Ask about at most `at_most` titles that were never asked about, those without a plot first.

    Each answer is stored as it comes: a call that was paid for is not made again, wherever the run is
    cut off. A title nobody has heard of is asked about again after `ask_again_days`.

    Returns:
        How many titles were `asked` about; for how many there was something to be `filled` in; how many
        are `unknown` to the service; how many are `left` for the next run. A `note` without titles.
    """
    at_most, ask_again = _AT_MOST.read(run.params), _ASK_AGAIN.read(run.params)
    with opened(run) as library:
        database = library.database
        titles = database.rows(
            "SELECT t.key, t.title FROM title t LEFT JOIN fact f ON f.key = t.key"
            " WHERE f.key IS NULL OR (f.known = 0 AND f.asked_at <= ?)"
            " ORDER BY t.plot <> '', t.genres <> '', t.key",
            instant_text(now() - timedelta(days=ask_again)),
        )
        result = {"asked": 0, "filled": 0, "unknown": 0, "left": len(titles)}
        facts = Facts(Budget(run, LIMIT))
        for row in run.track(titles[:at_most]):
            fact = facts.about(row["key"])
            _store(database, row["key"], fact)
            result["asked"] += 1
            result["left"] -= 1
            result["unknown" if fact is None else "filled"] += 1
            run.log.debug("%s: %s", row["title"], "unknown" if fact is None else f"by {fact.made_by}")
        if database.value("SELECT 1 FROM title LIMIT 1") is None:
            run.log.warning("there are no titles yet: run library-scan first")
            return {**result, "note": "no titles yet: run library-scan first"}
        run.log.info("asked about %(asked)d titles, %(unknown)d are unknown, %(left)d are left", result)
        return {**result}


def _store(database: Database, key: str, fact: Fact | None) -> None:
    known = (None,) * 5 if fact is None else (fact.made_by, fact.language, fact.minutes, fact.genres, fact.plot)
    with database.writing() as connection:
        connection.execute(
            "REPLACE INTO fact (key, known, asked_at, made_by, language, minutes, genres, plot)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (key, fact is not None, instant_text(now()), *known),
        )
