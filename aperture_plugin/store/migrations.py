"""How the tables of an older store become those of this version, one step a version.

A step is never changed once it was published: stores that took it are out there. It has to leave what an older program
that still runs on the store reads and writes, so it adds, and takes nothing away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, update

from aperture_plugin.store.schema import SCHEMA_VERSION, meta

__all__ = ["MIGRATIONS", "ON_POSTGRESQL", "migrate"]

MIGRATIONS: Final[Mapping[int, Sequence[str]]] = MappingProxyType(
    {
        # The past is forgotten after a while, and the audit has to know from when on it is kept. `history --since`
        # looks for a time.
        2: (
            "ALTER TABLE latest ADD COLUMN forgotten BIGINT",
            "CREATE INDEX runs_by_time ON runs (queued_at)",
        ),
        # Which jobs have completed since the last run of one that comes after several: in the order of what was
        # written. Until then it was told by the times of starts and ends, which may be wrong.
        3: (
            "INSERT INTO completed (follower, job)"
            " SELECT eras.job, done.job FROM eras"
            " JOIN latest AS done ON done.completed_at >= eras.since"
            " LEFT JOIN latest AS own ON own.job = eras.job"
            " WHERE substr(eras.schedule, 1, 6) = 'After ' AND eras.seq IN (SELECT max(seq) FROM eras GROUP BY job)"
            " AND (own.taken_at IS NULL OR done.completed_at > own.taken_at)",
        ),
        # Runs are looked up by the beginning of their id, for which SQLite's order was the right one already.
        4: (),
    }
)
"""The statements that lead to each version from the one before it, once its new tables are made."""

ON_POSTGRESQL: Final[Mapping[int, Sequence[str]]] = MappingProxyType(
    {
        # Within a few seconds for a million runs: the index is made anew, the rows stay as they are. What was known of
        # how ids are spread is lost with it, and the planner asks for it at once. A loop that runs meanwhile, whose
        # statements are prepared for the old column, is refused once, and tries again as with a store that was away.
        4: ('ALTER TABLE runs ALTER COLUMN id TYPE VARCHAR COLLATE "C"', "ANALYZE runs (id)"),
    }
)
"""Those that PostgreSQL takes beside them, after those."""


def migrate(connection: Connection, *, found: int) -> None:
    """Move the tables from version *found* up to this program's, within the transaction that has begun."""
    for version in range(found + 1, SCHEMA_VERSION + 1):
        further = ON_POSTGRESQL.get(version, ()) if connection.dialect.name == "postgresql" else ()
        for statement in (*MIGRATIONS[version], *further):
            connection.exec_driver_sql(statement)
    connection.execute(update(meta).where(meta.c.key == "schema").values(value=SCHEMA_VERSION))
