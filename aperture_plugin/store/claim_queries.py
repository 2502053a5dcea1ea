"""Queries for the claims of the slots in a span of time, with the states of their runs.

A claim covers the slots from `first_due` to `due`. Both statements have the parameters `since` and `until`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
)

from aperture_plugin.rules.runs import Status
from aperture_plugin.store.tables import IN_HAND_WORDS, claims, latest, runs

__all__ = ["CLAIMS", "PAST_SLOTS", "TAKEN"]

_LATER = claims.alias("later")
_SINCE, _UNTIL = bindparam("since", type_=BigInteger), bindparam("until", type_=BigInteger)


def _last_in_span(job: ColumnElement[str]) -> ColumnElement[int]:
    """Return the due instant of the last claim of *job* that may cover a slot in the span.

    No slot is claimed twice, so it is the first claim that is due at the end of the span or later. Without that bound
    the query would read every later claim.
    """
    first_after = select(func.min(_LATER.c.due)).where(_LATER.c.job == job, _LATER.c.due >= _UNTIL)
    return func.coalesce(first_after.scalar_subquery(), _UNTIL)


# PostgreSQL uses the index only if the bounds of all jobs are computed before the claims are searched.
_BOUNDS = (
    select(latest.c.job, _last_in_span(latest.c.job).label("last"))
    .where(latest.c.job.in_(bindparam("jobs", expanding=True)))
    .cte("bounds")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)

_OF_BOUNDS = and_(claims.c.job == _BOUNDS.c.job, claims.c.due.between(_SINCE, _BOUNDS.c.last))


def _taken(found: FromClause, both: FromClause) -> Select[Any]:
    """Return the claims *found*, joined in *both* with the bounds of their jobs, each with the states of its run.

    A claim's run has a row for each attempt; only the kinds of their states are needed.
    """
    return (
        select(
            found.c.job,
            found.c.due,
            found.c.first_due,
            found.c.count,
            func.count(runs.c.id).label("attempts"),
            func.sum(case((runs.c.status.in_(IN_HAND_WORDS), 1), else_=0)).label("in_hand"),
            func.sum(case((runs.c.status == Status.SKIPPED.value, 1), else_=0)).label("skipped"),
        )
        .select_from(both.outerjoin(runs, runs.c.id == found.c.run_id))
        .where(found.c.first_due < _UNTIL)
        .group_by(found.c.job, found.c.due, found.c.first_due, found.c.count)
        .order_by(found.c.job, found.c.due)
    )


# PostgreSQL cannot estimate how close the bounds of a job are, and would read all claims instead of searching for
# those of each job. OFFSET 0 prevents that.
_ONE_BY_ONE = select(claims).where(_OF_BOUNDS).offset(literal_column("0")).lateral("found")

TAKEN: Final[Mapping[str, Select[Any]]] = {
    "sqlite": _taken(claims, _BOUNDS.join(claims, _OF_BOUNDS)),
    "postgresql": _taken(_ONE_BY_ONE, _BOUNDS.join(_ONE_BY_ONE, true())),
}
"""By database, the claims of some `jobs`: job, due, first due, count; of the attempts how many, in hand, skipped."""

_JOB = bindparam("job", type_=String)
CLAIMS: Final = (
    select(claims)
    .where(claims.c.job == _JOB, claims.c.due.between(_SINCE, _last_in_span(_JOB)), claims.c.first_due < _UNTIL)
    .order_by(claims.c.due)
)
"""The claims of one `job`."""

_LATEST = (
    select(claims)
    .where(claims.c.job == _JOB)
    .order_by(claims.c.due.desc())
    .limit(bindparam("most", type_=BigInteger))
    .subquery("latest_claims")
)
PAST_SLOTS: Final = (
    select(
        _LATEST.c.due,
        _LATEST.c.first_due,
        _LATEST.c.count,
        _LATEST.c.run_id,
        runs.c.attempt,
        runs.c.status,
        runs.c.started_at,
        runs.c.finished_at,
        runs.c.reason,
    )
    .select_from(_LATEST.outerjoin(runs, runs.c.id == _LATEST.c.run_id))
    .order_by(_LATEST.c.due, runs.c.attempt)
)
"""The latest claims of one `job`, `most` of them, each with every attempt of its run."""
