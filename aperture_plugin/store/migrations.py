"""Migrates the tables of an older store to this version, one step for each version.

A step is never changed once it was published, because stores exist that took it. It only adds: an older program that
still runs on the store must find everything that it reads and writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, update

from aperture_plugin.store.tables import SCHEMA_VERSION, meta

__all__ = ["MIGRATIONS", "ON_POSTGRESQL", "migrate"]

MIGRATIONS: Final[Mapping[int, Sequence[str]]] = MappingProxyType(
    {
        # Old history is deleted, and the audit has to know from when on it is kept. `history --since`
        # searches by time.
        2: (
            "ALTER TABLE latest ADD COLUMN forgotten BIGINT",
            "CREATE INDEX runs_by_time ON runs (queued_at)",
        ),
        # Which predecessors have completed since the last run of a job that runs after several, in the order in which
        # they were written. Before, the times of starts and ends decided, which may be wrong.
        3: (
            "INSERT INTO completed (follower, job)"
            " SELECT eras.job, done.job FROM eras"
            " JOIN latest AS done ON done.completed_at >= eras.since"
            " LEFT JOIN latest AS own ON own.job = eras.job"
            " WHERE substr(eras.schedule, 1, 6) = 'After ' AND eras.seq IN (SELECT max(seq) FROM eras GROUP BY job)"
            " AND (own.taken_at IS NULL OR done.completed_at > own.taken_at)",
        ),
        # Runs are searched by a prefix of their id, for which SQLite's order was the right one already.
        4: (),
        # A run whose process died under it three times in a row is not run again, so each attempt counts them.
        5: ("ALTER TABLE runs ADD COLUMN deaths INTEGER DEFAULT 0 NOT NULL",),
        # Notifications have a table of their own.
        6: (),
        # A run keeps the parameters and the note that it was asked for with.
        7: ("ALTER TABLE runs ADD COLUMN params TEXT", "ALTER TABLE runs ADD COLUMN note TEXT"),
        # An audit asks which past slots were run again.
        8: ("CREATE INDEX runs_of_backfills ON runs (job, due) WHERE trigger = 'backfill'",),
    }
)
"""The statements that lead to each version from the one before it, after its new tables are created."""

ON_POSTGRESQL: Final[Mapping[int, Sequence[str]]] = MappingProxyType(
    {
        # Takes a few seconds for a million runs: the index is rebuilt, the rows stay as they are. The statistics of the
        # column are lost with it, and the planner needs them at once.
        4: ('ALTER TABLE runs ALTER COLUMN id TYPE VARCHAR COLLATE "C"', "ANALYZE runs (id)"),
    }
)
"""Further statements for PostgreSQL, executed after those."""


def migrate(connection: Connection, *, found: int) -> None:
    """Migrate the tables from version *found* to this program's, within the transaction that has begun."""
    for version in range(found + 1, SCHEMA_VERSION + 1):
        further = ON_POSTGRESQL.get(version, ()) if connection.dialect.name == "postgresql" else ()
        for statement in (*MIGRATIONS[version], *further):
            connection.exec_driver_sql(statement)
    connection.execute(update(meta).where(meta.c.key == "schema").values(value=SCHEMA_VERSION))
