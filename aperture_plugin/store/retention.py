"""Deletes old attempts, their logs, and the claims of their slots.

A claimed slot is never claimed again, however much is deleted: the latest claim of each job stays in `latest`, and
decides. `latest` also has the instant up to which the history was deleted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, delete, select, update

from aperture_plugin.store.rows import micros
from aperture_plugin.store.tables import IN_HAND_WORDS, claims, latest, logs, revisions, runs

__all__ = ["forget"]

_LINES_EACH: Final = 10
"""The most log lines deleted in one step, for each attempt that may be deleted."""

_AHEAD: Final = timedelta(days=1)
"""An attempt queued so far ahead of now was written while the clock was wrong."""


def forget(connection: Connection, job: str, *, before: datetime, now: datetime, keep: int, most: int) -> bool:
    """Delete the oldest attempts of *job*; return whether there may be more. See `Ledger.forget`."""
    of_job = select(runs.c.seq).where(runs.c.job == job).order_by(runs.c.seq.desc())
    newest_to_go = connection.execute(of_job.offset(keep).limit(1)).scalar()
    if newest_to_go is None:
        return False
    columns = (runs.c.seq, runs.c.id, runs.c.attempt, runs.c.status, runs.c.queued_at)
    oldest = select(*columns).where(runs.c.job == job, runs.c.seq <= newest_to_go).order_by(runs.c.seq).limit(most)
    last = connection.execute(select(latest.c.run_id, latest.c.run_attempt).where(latest.c.job == job)).first()
    cutoff, ahead = micros(before) or 0, micros(now + _AHEAD) or 0
    going = [
        row
        for row in connection.execute(oldest)
        if row.status not in IN_HAND_WORDS
        and (last is None or (row.id, row.attempt) != tuple(last))
        and not cutoff <= row.queued_at <= ahead
    ]
    if not going:
        return False
    if _lines_are_left(connection, [row.seq for row in going], most=most * _LINES_EACH):
        return True
    connection.execute(delete(runs).where(runs.c.seq.in_([row.seq for row in going])))
    until = max((row.queued_at for row in going if row.queued_at < cutoff), default=None)
    if until is not None:
        connection.execute(delete(claims).where(claims.c.job == job, claims.c.due <= until))
        later = latest.c.forgotten.is_(None) | (latest.c.forgotten < until)
        connection.execute(update(latest).where(latest.c.job == job, later).values(forgotten=until))
        _forget_revisions(connection, job, until)
    return len(going) == most


def _forget_revisions(connection: Connection, job: str, until: int) -> None:
    """Delete the schedule revisions of *job* that were over when the history begins, which is after *until*."""
    following = revisions.alias("following")
    is_over = select(following.c.seq).where(
        following.c.job == job, following.c.seq > revisions.c.seq, following.c.since <= until
    )
    connection.execute(delete(revisions).where(revisions.c.job == job, is_over.exists()))


def _lines_are_left(connection: Connection, attempts: list[int], *, most: int) -> bool:
    """Delete up to *most* lines of the logs of *attempts*; return whether there may be more."""
    its = and_(logs.c.run_id == runs.c.id, logs.c.attempt == runs.c.attempt)
    lines = select(logs.c.seq).select_from(runs.join(logs, its)).where(runs.c.seq.in_(attempts)).limit(most)
    return connection.execute(delete(logs).where(logs.c.seq.in_(lines))).rowcount >= most
