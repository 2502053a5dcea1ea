"""Migrates the tables of an older store to this version, one step for each version.

A step is never changed once it was published, because stores exist that took it. It only adds, so that an older program
finds everything that it reads and writes: that program goes on, and may be started anew on the store. `OLDEST_SERVED`
says which program is the oldest that a step still serves (DESIGN.md, section 4, promise 13).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, insert, select, update

from aperture_plugin.store.statements import SERVER_TIME
from aperture_plugin.store.tables import SCHEMA_VERSION, loops, meta

__all__ = [
    "MIGRATIONS",
    "OLDEST_SERVED",
    "ON_POSTGRESQL",
    "keep_oldest_served",
    "migrate",
    "oldest_after",
    "oldest_served",
    "other_loops",
]

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


OLDEST_SERVED: Final[Mapping[int, int]] = MappingProxyType({2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 7})
"""By version, the oldest version of a program that may still read and write after the step that leads to it."""

_OLDEST: Final = "oldest"
"""The key of `meta` under which the store says which program it still serves."""

_BEATS_EVERY: Final = timedelta(seconds=20)
"""A loop that lives has beaten since: it beats each 12 seconds while it is alone."""

_NOW: Final = {"postgresql": SERVER_TIME, "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"}


def oldest_served(connection: Connection) -> int | None:
    """Return the oldest version of a program that the store serves; None where it does not say so."""
    found: int | None = connection.execute(select(meta.c.value).where(meta.c.key == _OLDEST)).scalar()
    return found


def oldest_after(found: int) -> int:
    """Return the oldest version of a program that a store of version *found* serves once it is this program's."""
    steps = range(found + 1, SCHEMA_VERSION + 1)
    return max((OLDEST_SERVED[version] for version in steps), default=OLDEST_SERVED[SCHEMA_VERSION])


def other_loops(connection: Connection) -> list[str]:
    """Return the loops that live on the store, as text for people."""
    now = connection.exec_driver_sql(f"SELECT {_NOW[connection.dialect.name]}").scalar_one()
    since = now - _BEATS_EVERY // timedelta(microseconds=1)
    rows = connection.execute(select(loops.c.host, loops.c.pid).where(loops.c.beat_at >= since).order_by(loops.c.since))
    return [f"pid {pid} on {host}" for host, pid in rows]


def keep_oldest_served(connection: Connection, version: int) -> None:
    """Write which program is the oldest that the store serves; a later one that it says already stays."""
    before = oldest_served(connection)
    if before is None:
        connection.execute(insert(meta), [{"key": _OLDEST, "value": version}])
    elif before < version:
        connection.execute(update(meta).where(meta.c.key == _OLDEST).values(value=version))


def migrate(connection: Connection, *, found: int) -> None:
    """Migrate the tables from version *found* to this program's, within the transaction that has begun."""
    for version in range(found + 1, SCHEMA_VERSION + 1):
        further = ON_POSTGRESQL.get(version, ()) if connection.dialect.name == "postgresql" else ()
        for statement in (*MIGRATIONS[version], *further):
            connection.exec_driver_sql(statement)
    connection.execute(update(meta).where(meta.c.key == "schema").values(value=SCHEMA_VERSION))
    keep_oldest_served(connection, oldest_after(found))
