"""Messages that are to be sent, in the store: written with their event, taken by one process at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, select, update

from aperture_plugin.ports import Notice
from aperture_plugin.rules.sanitize import storable
from aperture_plugin.store.readable import readable
from aperture_plugin.store.rows import GREATEST_INSTANT, LEAST_INSTANT, instant, micros, read_mapping
from aperture_plugin.store.tables import notices, runs

__all__ = ["alarmed", "next_at", "notice_of", "post", "results", "settle", "take"]

_MOST_AT_ONCE: Final = 500
_KEPT: Final = timedelta(days=90)


def post(connection: Connection, posted: Sequence[Notice]) -> None:
    """Write messages; one whose key is known already is passed over."""
    keys = {notice.key: notice for notice in posted}
    chosen = select(notices.c.key).where(notices.c.key.in_(keys))
    for known in connection.execute(chosen).scalars():
        del keys[known]
    if keys:
        connection.execute(insert(notices), [_row(notice) for notice in keys.values()])


def take(connection: Connection, now: datetime, until: datetime, but: Collection[str]) -> list[Notice]:
    """Return the messages of all channels *but* some that may be sent, and keep them from everybody else until then."""
    may_be_sent = and_(notices.c.not_before <= micros(now), notices.c.channel.not_in(but))
    waiting = select(notices).where(may_be_sent).order_by(notices.c.seq).limit(_MOST_AT_ONCE)
    rows = connection.execute(waiting).all()
    found = list(readable(notices, rows, notice_of))
    if rows:
        taken = update(notices).where(notices.c.seq.in_([row.seq for row in rows]))
        connection.execute(taken.values(not_before=micros(until), tries=notices.c.tries + 1))
        if len(found) < len(rows):  # What cannot be read cannot be sent: it is given up.
            keys = {notice.key for notice in found}
            damaged = [row.seq for row in rows if row.key not in keys]
            connection.execute(update(notices).where(notices.c.seq.in_(damaged)).values(not_before=None))
        connection.execute(delete(notices).where(notices.c.not_before.is_(None), notices.c.at < micros(now - _KEPT)))
    return found


def settle(
    connection: Connection,
    keys: Sequence[str],
    *,
    sent_at: datetime | None,
    not_before: datetime | None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write what became of messages, and their facts where those have changed; one that was sent or given up stays."""
    values: dict[str, Any] = {
        "sent_at": None if sent_at is None else micros(sent_at),
        "not_before": None if not_before is None else micros(not_before),
    }
    if facts is not None:
        values["facts"] = json.dumps(dict(facts))
    waits = and_(notices.c.key.in_(keys), notices.c.not_before.is_not(None))
    connection.execute(update(notices).where(waits).values(**values))


def next_at(connection: Connection) -> datetime | None:
    """Return when the next message may be sent."""
    found = connection.execute(select(func.min(notices.c.not_before))).scalar()
    return instant(found) if isinstance(found, int) and LEAST_INSTANT <= found <= GREATEST_INSTANT else None


def alarmed(connection: Connection) -> set[tuple[str, str]]:
    """Return each channel and job of which the latest message is that the job failed."""
    latest = (
        select(func.max(notices.c.seq))
        .where(notices.c.event.in_(["failed", "recovered"]))
        .group_by(notices.c.channel, notices.c.job)
    )
    chosen = select(notices.c.channel, notices.c.job).where(notices.c.seq.in_(latest), notices.c.event == "failed")
    return {(channel, job) for channel, job in connection.execute(chosen) if isinstance(channel, str)}


def results(connection: Connection, job: str, most: int) -> list[bool]:
    """Return whether each of the job's latest runs completed, newest first."""
    chosen = select(runs.c.id, runs.c.status).where(runs.c.job == job).order_by(runs.c.seq.desc()).limit(20 * most)
    seen: set[str] = set()
    found: list[bool] = []
    for run_id, status in connection.execute(chosen):
        if run_id in seen or len(found) == most:
            continue
        seen.add(run_id)
        if status in {"completed", "failed"}:
            found.append(status == "completed")
    return found


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "key": storable(notice.key),
        "channel": notice.channel,
        "event": notice.event,
        "job": notice.job,
        "run_id": notice.run_id,
        "at": micros(notice.at),
        "not_before": micros(notice.not_before),
        "tries": notice.tries,
        "sent_at": None,
        "facts": json.dumps(dict(notice.facts)),
    }


def notice_of(row: RowMapping) -> Notice:
    """Return the message in *row*."""
    return Notice(
        key=row["key"],
        channel=row["channel"],
        event=row["event"],
        job=row["job"],
        run_id=row["run_id"],
        at=instant(row["at"]),
        not_before=instant(row["not_before"]),
        tries=row["tries"],
        facts=read_mapping(row["facts"]),
    )
