"""The tables, the same on SQLite and PostgreSQL.

Instants are whole microseconds since 1970 in UTC: they compare exactly and take no zone to read. Wall
times are ISO text. JSON is text. `latest` repeats, for each job, values that would otherwise be searched in its whole
history: a start is as fast with a million runs as with none.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    VARCHAR,
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

__all__ = [
    "SCHEMA_VERSION",
    "claims",
    "completed",
    "generations",
    "latest",
    "logs",
    "loop_files",
    "loops",
    "meta",
    "metadata",
    "notices",
    "orders",
    "pauses",
    "picks",
    "revisions",
    "runs",
    "spends",
    "worker_events",
]

SCHEMA_VERSION: Final = 8
"""The version of the tables; a change increments it, and adds its statements to `migrations`."""

metadata = MetaData()

_Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the column is a plain INTEGER."""

_RunId = String().with_variant(VARCHAR(collation="C"), "postgresql")
"""Text sorted by its characters, as in SQLite, whatever the database's language: ids with one prefix are adjacent."""

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", BigInteger, nullable=False))

claims = Table(
    "claims",
    metadata,
    Column("job", String, primary_key=True),
    Column("due", BigInteger, primary_key=True, autoincrement=False),
    Column("nominal", String, nullable=False),
    Column("first_due", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("run_id", String, nullable=False),
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    Column("id", _RunId, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("job", String, nullable=False),
    Column("trigger", String, nullable=False),
    Column("status", String, nullable=False),
    Column("due", BigInteger),
    Column("nominal", String),
    Column("missed", BigInteger, nullable=False),
    Column("queue", String, nullable=False),
    Column("priority_at", BigInteger, nullable=False),
    Column("priority_nominal", String, nullable=False),
    Column("order", Integer, nullable=False),
    Column("not_before", BigInteger),
    Column("reason", Text),
    Column("owner", String),
    Column("cancel_reason", Text),
    Column("requested_by", String),
    Column("queued_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("items_done", BigInteger),
    Column("items_total", BigInteger),
    Column("error", Text),
    Column("result", Text),
    Column("group", BigInteger),
    Column("deaths", Integer, nullable=False, server_default=text("0")),
    Column("params", Text),
    Column("note", Text),
    UniqueConstraint("id", "attempt"),
    Index("runs_of_job", "job", "seq"),
    Index("runs_by_status", "status", "seq"),
    Index("runs_by_time", "queued_at"),
)

IN_HAND_WORDS: Final = ("queued", "waiting", "running")

Index(
    "runs_in_hand",
    runs.c.seq,
    sqlite_where=text("status IN ('queued', 'waiting', 'running')"),
    postgresql_where=text("status IN ('queued', 'waiting', 'running')"),
)

Index(
    "runs_of_backfills",
    runs.c.job,
    runs.c.due,
    sqlite_where=text("trigger = 'backfill'"),
    postgresql_where=text("trigger = 'backfill'"),
)

latest = Table(
    "latest",
    metadata,
    Column("job", String, primary_key=True),
    Column("claimed", BigInteger),
    Column("run_id", String),
    Column("run_attempt", Integer),
    Column("completed_at", BigInteger),
    Column("taken_at", BigInteger),
    Column("forgotten", BigInteger),
)

completed = Table(
    "completed",
    metadata,
    Column("follower", String, primary_key=True),
    Column("job", String, primary_key=True),
)

revisions = Table(
    "eras",  # The table keeps the name it was made with, which programs of older versions read.
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    Column("job", String, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("zone", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Index("eras_of_job", "job", "seq"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("job", String, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("note", Text),
    Column("by", String),
)

loops = Table(
    "loops",
    metadata,
    Column("id", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("boot", String, nullable=False),
    Column("serves", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("beat_at", BigInteger, nullable=False),
    Column("details", Text, nullable=False),
)

loop_files = Table(
    "loop_files",
    metadata,
    Column("loop_id", String, primary_key=True),
    Column("words", Text, nullable=False),
)
"""What each loop's file says, as far as the others must know it; its record, which is read far more often, is short."""

logs = Table(
    "logs",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    Column("run_id", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("level", String, nullable=False),
    Column("text", Text, nullable=False),
    Index("logs_of_run", "run_id", "seq"),
)

spends = Table(
    "spends",
    metadata,
    Column("limit", String, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("calls", BigInteger, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("channel", String, nullable=False),
    Column("event", String, nullable=False),
    Column("job", String),
    Column("run_id", String),
    Column("at", BigInteger, nullable=False),
    Column("not_before", BigInteger),
    Column("tries", Integer, nullable=False),
    Column("sent_at", BigInteger),
    Column("facts", Text, nullable=False),
    Index("notices_that_wait", "not_before"),
)
"""Those that wait have a `not_before`; of one that was given up both times are null."""

picks = Table(
    "picks",
    metadata,
    Column("preset", String, primary_key=True),
    Column("at_least", BigInteger),
    Column("below", BigInteger),
)

generations = Table(
    "generations",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    Column("file", Text, nullable=False),
    Column("accepted_at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("sender", String, nullable=False),
    Column("queue", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("worker", String),
    Column("beat", BigInteger, nullable=False),
    Column("stop_reason", Text),
    Column("force", Integer, nullable=False),
    Column("answer", Text),
    Index("orders_of_sender", "sender"),
    Index("orders_of_worker", "worker"),
)
"""Attempts that workers elsewhere may take (`ports.mailbox`); emptied as attempts end."""

worker_events = Table(
    "worker_events",
    metadata,
    Column("seq", _Id, primary_key=True, autoincrement=True),
    Column("sender", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index("worker_events_of_sender", "sender", "seq"),
)
