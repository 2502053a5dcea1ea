"""Which claims stand for the slots of a span of time, and what became of their runs.

A claim stands for the slots from `first_due` to `due`. Both statements are given `since` and `until`.
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
from aperture_plugin.store.schema import IN_HAND_WORDS, claims, latest, runs

__all__ = ["CLAIMS", "TAKEN"]

_LATER = claims.alias("later")
_SINCE, _UNTIL = bindparam("since", type_=BigInteger), bindparam("until", type_=BigInteger)


def _last_in_span(job: ColumnElement[str]) -> ColumnElement[int]:
    """Return when the last claim of *job* is due that may stand for a slot in the span.

    No slot is claimed twice, so it is the first that is due when the span is over. Without that bound each later claim
    would be looked at, to the end of the history.
    """
    first_after = select(func.min(_LATER.c.due)).where(_LATER.c.job == job, _LATER.c.due >= _UNTIL)
    return func.coalesce(first_after.scalar_subquery(), _UNTIL)


# PostgreSQL finds the way along the index only where the bounds of all jobs are there before the claims are looked for.
_BOUNDS = (
    select(latest.c.job, _last_in_span(latest.c.job).label("last"))
    .where(latest.c.job.in_(bindparam("jobs", expanding=True)))
    .cte("bounds")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)

_OF_BOUNDS = and_(claims.c.job == _BOUNDS.c.job, claims.c.due.between(_SINCE, _BOUNDS.c.last))


def _taken(found: FromClause, both: FromClause) -> Select[Any]:
    """Return what became of the claims *found*, which *both* tells with the bounds of their jobs.

    A claim's run has a row for each attempt. All that is asked of them is which kinds of states there are.
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


# PostgreSQL cannot tell how near the bounds of a job are, and would sooner read all claims there are than look for
# those of each job. An offset, of nothing, keeps it from doing anything but that.
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
