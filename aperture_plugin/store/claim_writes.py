"""Writes claims: each slot once, whatever is in the tables already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import compress, islice
from typing import Final

from sqlalchemy import Connection, and_, delete, func, not_, select, update
from sqlalchemy.exc import IntegrityError

from aperture_plugin.rules.runs import Status
from aperture_plugin.store.bulk_statements import ADD_CLAIMS, KEEP_CLAIMED
from aperture_plugin.store.rows import GREATEST_INSTANT, LEAST_INSTANT, Row
from aperture_plugin.store.tables import claims, latest, revisions, runs

__all__ = ["drop_skipped_ahead", "lower_marks", "split_claim", "write_claims"]

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


def drop_skipped_ahead(connection: Connection, now: int) -> set[str]:
    """Delete the claims due later than *now* whose runs were all skipped, and those runs; return their jobs.

    Slots of an earlier revision of the schedule stay claimed: nothing makes them due again.
    """
    its_runs = select(runs.c.id).where(runs.c.id == claims.c.run_id)
    were_skipped = its_runs.where(runs.c.status == Status.SKIPPED.value).exists()
    others = its_runs.where(runs.c.status != Status.SKIPPED.value).exists()
    was_reworded = (
        select(revisions.c.job).where(revisions.c.job == claims.c.job, revisions.c.since > claims.c.due).exists()
    )
    ahead = and_(claims.c.due > now, claims.c.first_due > now, were_skipped, not_(others), not_(was_reworded))
    found = [(job, run_id) for job, run_id in connection.execute(select(claims.c.job, claims.c.run_id).where(ahead))]
    if found:
        connection.execute(delete(claims).where(ahead))
        for some in _chunks([run_id for _, run_id in found]):
            connection.execute(delete(runs).where(runs.c.id.in_(some)))
    return {job for job, _ in found}


def split_claim(connection: Connection, claim: Row, parts: Sequence[Row]) -> None:
    """Replace the row of a claim by rows of its parts, all of `CLAIM_COLUMNS`; its run stands for those alone."""
    job, due, *_, run_id = claim
    connection.execute(delete(claims).where(claims.c.job == job, claims.c.due == due))
    ADD_CLAIMS.run(connection, parts)
    count = sum(part[4] for part in parts)
    connection.execute(update(runs).where(runs.c.id == run_id, runs.c.missed > count).values(missed=count))


def lower_marks(connection: Connection, jobs: Iterable[str], now: int) -> None:
    """Lower each job's mark in `latest` to its latest claim that is due by *now*, in microseconds."""
    for job in jobs:
        its = select(func.max(claims.c.due)).where(claims.c.job == job, _IS_INSTANT, claims.c.due <= now)
        mark = connection.execute(its).scalar()
        connection.execute(update(latest).where(latest.c.job == job).values(claimed=mark))


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


def _chunks(found: Sequence[str]) -> Iterator[Sequence[str]]:
    return (found[begin : begin + _CHUNK] for begin in range(0, len(found), _CHUNK))


def _without(jobs: Iterable[str], known: dict[str, int]) -> Iterator[str]:
    return (job for job in jobs if job not in known)
