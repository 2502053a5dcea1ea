"""library-build: each user's recommendations as a playlist that a player can open."""

from __future__ import annotations

from typing import Final

from aperture_plugin import LiveRun

from ..opening import opened
from ..parameters import FOLDER, Parameter, Whole
from ..playlists import Entry, remove_playlists, write_playlist

__all__ = ["PARAMETERS", "build"]

_COUNT: Final = Whole(name="count", default=20, most=500)

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER, _COUNT)

_PREFIX: Final = "for-"


def build(run: LiveRun) -> dict[str, int | str]:
    """Write `playlists/for-USER.m3u8` for each user who has recommendations, and remove what is out of date.

    Returns:
        How many `playlists` there are, with how many `items` in all; how many of them were `written` and
        `unchanged`, and how many of others `removed`. A `note` where nothing is recommended yet.
    """
    count = _COUNT.read(run.params)
    with opened(run) as library:
        folder, database = library.folder, library.database
        users = database.rows(
            "SELECT user, name FROM user WHERE user IN (SELECT user FROM recommendation) ORDER BY user"
        )
        result = {"playlists": len(users), "items": 0, "written": 0, "unchanged": 0, "removed": 0}
        for user, name in run.track([(row["user"], row["name"]) for row in users]):
            entries = [
                Entry(**row)
                for row in database.rows(
                    "SELECT t.title, t.year, t.path, t.minutes FROM recommendation r"
                    " JOIN known_title t ON t.key = r.key WHERE r.user = ? ORDER BY r.rank LIMIT ?",
                    user,
                    count,
                )
            ]
            is_new = write_playlist(folder, _PREFIX + user, f"For {name}", entries)
            result["written" if is_new else "unchanged"] += 1
            result["items"] += len(entries)
        for name in remove_playlists(folder, _PREFIX, {_PREFIX + row["user"] for row in users}):
            result["removed"] += 1
            run.log.info("removed %s", name)
        if not users:
            run.log.warning("nothing is recommended yet: run recommendations first")
            return {**result, "note": "nothing is recommended yet: run recommendations first"}
        run.log.info("%d playlists in %s, %d of them new", len(users), folder.playlists, result["written"])
        return {**result}
