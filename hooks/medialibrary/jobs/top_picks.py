"""top-picks: what most people watched lately, as a list and as a playlist."""

from __future__ import annotations

from typing import Final

from aperture_plugin import LiveRun

from ..history import period_before_newest
from ..opening import opened
from ..parameters import FOLDER, Parameter, Whole
from ..playlists import Entry, write_playlist
from ..times import instant_text

__all__ = ["PARAMETERS", "pick"]

_DAYS: Final = Whole(name="days", default=30, most=3660)
_COUNT: Final = Whole(name="count", default=10, most=500)

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER, _DAYS, _COUNT)

_NOTICED: Final = 20
"""A play of less than so many percent is no sign that anybody liked it."""


def pick(run: LiveRun) -> dict[str, int | str]:
    """List the titles with the most viewers in the `days` before the newest event.

    The period ends with the newest event rather than now: after a quiet month there is still a list.

    Returns:
        How many `picks` there are, out of how many `watched` titles, `since` when; and a `note` where
        there is nothing to pick from yet.
    """
    days, count = _DAYS.read(run.params), _COUNT.read(run.params)
    with opened(run) as library:
        database = library.database
        since = period_before_newest(database, days)
        rows = database.rows(
            "SELECT w.key, t.title, t.year, t.path, t.minutes, count(DISTINCT w.user) AS viewers, count(*) AS plays"
            " FROM watch w JOIN known_title t ON t.key = w.key WHERE w.watched_at >= ? AND w.percent >= ?"
            " GROUP BY w.key ORDER BY viewers DESC, plays DESC, w.key",
            "" if since is None else instant_text(since),
            _NOTICED,
        )
        picks = rows[:count]
        if since is None or not picks:
            run.log.warning("there is nothing to pick from yet: run library-scan and watch-history first")
            return {"picks": 0, "watched": 0, "note": "nothing to pick from yet: run library-scan and watch-history"}

        entries = []
        for rank, row in enumerate(run.track(picks), start=1):
            entries.append(Entry(title=row["title"], year=row["year"], path=row["path"], minutes=row["minutes"]))
            run.log.info("%d. %s (%d viewers)", rank, row["title"], row["viewers"])
        with database.writing() as connection:
            connection.execute("DELETE FROM top_pick")
            connection.executemany(
                "INSERT INTO top_pick (rank, key, viewers, plays) VALUES (?, ?, ?, ?)",
                [(rank, row["key"], row["viewers"], row["plays"]) for rank, row in enumerate(picks, start=1)],
            )
        write_playlist(library.folder, "top-picks", f"Top picks of {days} days", entries)
        return {"picks": len(picks), "watched": len(rows), "since": instant_text(since)}
