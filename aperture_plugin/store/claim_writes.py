"""Writes claims: each slot once, whatever is in the tables already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import compress, islice
from typing import Final

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import IntegrityError

from aperture_plugin.store.bulk_statements import ADD_CLAIMS, KEEP_CLAIMED
from aperture_plugin.store.rows import GREATEST_INSTANT, LEAST_INSTANT, Row
from aperture_plugin.store.tables import claims, latest

__all__ = ["write_claims"]

_CHUNK: Final = 500
_IS_INSTANT = claims.c.due.between(LEAST_INSTANT, GREATEST_INSTANT)


def write_claims(connection: Connection, rows: Sequence[Row]) -> list[bool]:
    """Write each claim unless its slot, or a later one of that job, was ever claimed; return which were written.

    Args:
        rows: Of `CLAIM_COLUMNS`.
    """
    connection.exec_driver_sql("SAVEPOINT claims")
    # The usual case comes first: the caller has read the earlier claims. Then some were made since; then `latest` knows
    # less than `claims`, which it does where it was damaged.
    for choose in (_all, _later_by_latest, _later_by_claims):
        taken = choose(connection, rows)
        left = rows if all(taken) else list(compress(rows, taken))
        with suppress(IntegrityError):
            if not left or KEEP_CLAIMED.run(connection, [row[:2] for row in left]) == len(left):
                if left:
                    ADD_CLAIMS.run(connection, left)
                return taken
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT claims")
    return [False] * len(rows)


def _all(_connection: Connection, rows: Sequence[Row]) -> list[bool]:
    return [True] * len(rows)


def _later_by_latest(connection: Connection, rows: Sequence[Row]) -> list[bool]:
    return _later_than_claimed(connection, rows, is_damaged=False)


def _later_by_claims(connection: Connection, rows: Sequence[Row]) -> list[bool]:
    return _later_than_claimed(connection, rows, is_damaged=True)


def _later_than_claimed(connection: Connection, rows: Sequence[Row], *, is_damaged: bool) -> list[bool]:
    """Return for each claim whether its slot is later than all claimed slots of its job, earlier rows included."""
    marks = _marks(connection, {job for job, *_ in rows}, is_damaged=is_damaged)
    later: list[bool] = []
    for job, due, *_ in rows:
        mark = marks.get(job)
        later.append(mark is None or mark < due)
        if later[-1]:
            marks[job] = due
    return later


def _marks(connection: Connection, jobs: Iterable[str], *, is_damaged: bool) -> dict[str, int]:
    """Return each job's latest claimed due instant; what cannot be read in `latest` is written anew.

    Args:
        is_damaged: Nothing in `latest` is to be believed.
    """
    marks: dict[str, int] = {}
    left = iter(sorted(jobs))
    while some := list(islice(left, _CHUNK)):
        for job, claimed in connection.execute(select(latest.c.job, latest.c.claimed).where(latest.c.job.in_(some))):
            if not is_damaged and isinstance(claimed, int) and LEAST_INSTANT <= claimed <= GREATEST_INSTANT:
                marks[job] = claimed
        for job in _without(some, marks):
            its = select(func.max(claims.c.due)).where(claims.c.job == job, _IS_INSTANT)
            mark = connection.execute(its).scalar()
            connection.execute(update(latest).where(latest.c.job == job).values(claimed=mark))
            if mark is not None:
                marks[job] = mark
    return marks


def _without(jobs: Iterable[str], known: dict[str, int]) -> Iterator[str]:
    return (job for job in jobs if job not in known)
