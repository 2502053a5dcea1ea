"""user-sync: the people of the media server become the library's users."""

from __future__ import annotations

import re
from typing import Final

from aperture_plugin import LiveRun

from ..opening import opened
from ..parameters import FOLDER, Parameter
from ..problems import LibraryProblem
from ..tables import read_table

__all__ = ["PARAMETERS", "sync"]

PARAMETERS: Final[tuple[Parameter, ...]] = (FOLDER,)

_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")  # It becomes part of a file's name.


def sync(run: LiveRun) -> dict[str, int]:
    """Add, update and remove users so that they are those of `server/users.csv`.

    Returns:
        How many were `added`, `updated`, `unchanged`, `removed`, and `refused` for an id that cannot be one.
    Raises:
        LibraryProblem: The export names nobody at all, and there are users here.
    """
    with opened(run) as library:
        source = library.folder.server / "users.csv"
        database = library.database
        known = {row["user"]: (row["name"], row["joined"]) for row in database.rows("SELECT * FROM user")}
        counts = {"added": 0, "updated": 0, "unchanged": 0, "removed": 0, "refused": 0}
        found: dict[str, tuple[str, str]] = {}
        for row in run.track(read_table(source, ("user", "name", "joined"))):
            user, person = row["user"], (row["name"] or row["user"], row["joined"])
            if not _ID.fullmatch(user):
                counts["refused"] += 1
                run.log.warning('"%s" cannot be a user: expected letters a to z, digits, _ and -', user)
                continue
            found[user] = person
        if known and not found:
            raise LibraryProblem(f"{source} names nobody: is the export broken? All {len(known)} users are kept")

        changed = {user: person for user, person in found.items() if known.get(user) != person}
        gone = known.keys() - found.keys()
        with database.writing() as connection:
            connection.executemany(
                "INSERT INTO user (user, name, joined) VALUES (?, ?, ?)"
                " ON CONFLICT (user) DO UPDATE SET name = excluded.name, joined = excluded.joined",
                [(user, *person) for user, person in changed.items()],
            )
            connection.executemany("DELETE FROM user WHERE user = ?", [(user,) for user in gone])
        for user, (name, _) in changed.items():
            run.log.info("%s %s (%s)", "updated" if user in known else "added", user, name)
        for user in sorted(gone):
            run.log.info("removed %s", user)

        counts["updated"] = len(changed.keys() & known.keys())
        counts["added"] = len(changed) - counts["updated"]
        counts["unchanged"] = len(found) - len(changed)
        counts["removed"] = len(gone)
        return counts
