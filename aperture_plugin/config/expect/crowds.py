"""`at most 2 at once in default`: no more runs are in hand together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush, merge
from operator import itemgetter

from aperture_plugin.config.expect.planned import Planned
from aperture_plugin.config.expect.refuted import Refuted, lasting_text, otherwise
from aperture_plugin.config.lint.telling import clock, listed
from aperture_plugin.config.model import JobConfig, Overlap
from aperture_plugin.words.expectations import AtMost

__all__ = ["at_most"]


def at_most(expectation: AtMost, planned: Planned) -> Refuted | None:
    """Count at each start what is in hand; a job does not overlap itself unless it says so."""
    planned.budget.spend(times=len(planned.config.jobs))
    jobs = [
        job
        for job in planned.config.jobs.values()
        if expectation.queue in (None, job.queue) and planned.job(job.name) is not None
    ]
    in_hand: list[tuple[datetime, int]] = []
    until: dict[int, datetime] = {}
    streams = (_numbered(planned, number, job.name) for number, job in enumerate(jobs))
    for start, number in merge(*streams):
        job = jobs[number]
        while in_hand and in_hand[0][0] <= start:
            heappop(in_hand)
        if job.overlap is not Overlap.ALLOW and until.get(number, start) > start:
            continue
        until[number] = start + job.jitter + planned.took(job.name)
        heappush(in_hand, (until[number], number))
        if len(in_hand) > expectation.most:
            said = expectation.lasting is not None
            return _too_many(planned, start, said, [jobs[number] for _, number in sorted(in_hand, key=itemgetter(1))])
    return None


def _numbered(planned: Planned, number: int, name: str) -> Iterator[tuple[datetime, int]]:
    return ((start.at, number) for start in planned.starts(name))


def _too_many(planned: Planned, start: datetime, said: bool, jobs: list[JobConfig]) -> Refuted:
    wall = planned.wall(start)
    names = listed(list(dict.fromkeys(job.name for job in jobs)))
    took = sorted({planned.took(job.name) for job in jobs})
    takes = lasting_text(took[0]) if len(took) == 1 else f"{lasting_text(took[0])} to {lasting_text(took[-1])}"
    return Refuted(
        on=wall.date(),
        why=f"at {clock(wall.time())} {len(jobs)} are in hand, {names}",
        hint="stagger them, or put some in another queue" + ("" if said else otherwise(takes)),
    )
