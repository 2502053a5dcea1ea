"""The claims and the backfills of the slots of a span, and what became of them, read from their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, literal_column, select

from aperture_plugin.rules.runs import RunTrigger, Status
from aperture_plugin.rules.slot_accounting import Fate, Taken, backfill_fate
from aperture_plugin.store.claim_queries import TAKEN
from aperture_plugin.store.readable import UNREADABLE
from aperture_plugin.store.rows import instant, micros, taken_of
from aperture_plugin.store.tables import runs

__all__ = ["backfilled", "taken"]

_ATTEMPTS: Final = select(runs.c.job, runs.c.due, runs.c.status, runs.c.started_at).where(
    runs.c.trigger == literal_column(f"'{RunTrigger.BACKFILL.value}'"),
    runs.c.job.in_(bindparam("jobs", expanding=True)),
    runs.c.due >= bindparam("since", type_=BigInteger),
    runs.c.due < bindparam("until", type_=BigInteger),
)
"""The trigger is a literal in the statement: only then is the partial index used."""


def taken(
    connection: Connection, jobs: Iterable[Sequence[str]], since: datetime, until: datetime
) -> dict[str, list[Taken]]:
    """Return the claims that include a slot due in the span, by job, each with the fate of its run.

    Args:
        jobs: Names of the jobs, in as many parts as there are statements.
    """
    found: dict[str, list[Taken]] = {}
    span = {"since": micros(since), "until": micros(until)}
    chosen = TAKEN[connection.dialect.name]
    for some in jobs:
        for job, *row in connection.execute(chosen, {**span, "jobs": some}):
            with suppress(*UNREADABLE):
                found.setdefault(job, []).append(taken_of(row))
    return found


def backfilled(
    connection: Connection, jobs: Iterable[Sequence[str]], since: datetime, until: datetime
) -> dict[str, dict[datetime, Fate]]:
    """Return what became of the backfills whose slots are due in the span, by job and due instant.

    Args:
        jobs: Names of the jobs, in as many parts as there are statements.
    """
    found: dict[str, dict[datetime, Fate]] = {}
    span = {"since": micros(since), "until": micros(until)}
    for some in jobs:
        for job, due, status, started_at in connection.execute(_ATTEMPTS, {**span, "jobs": some}):
            with suppress(*UNREADABLE):
                fates, at = found.setdefault(job, {}), instant(due)
                fate = backfill_fate(fates.get(at), Status(status), began=started_at is not None)
                if fate is not None:
                    fates[at] = fate
    return found
