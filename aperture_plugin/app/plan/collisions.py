"""Jobs that fall due at the same instant in one queue, more of them than the queue runs at once.

Read off the schedules alone. A job whose need is due at the same instant is not counted: it waits for that job
whatever the queue does, and was put there to do so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from aperture_plugin.app.json_views import coming
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.rules.jitter import jitter_of
from aperture_plugin.triggers.window_hours import is_open

__all__ = ["Collision", "Want", "collided", "collisions_of", "competes", "crowded", "needed_by"]


class Want(NamedTuple):
    """A run that asks for a seat.

    Attributes:
        at: The instant at which it does.
        due, nominal, order: What it queues by.
    """

    at: datetime
    due: datetime
    nominal: datetime
    order: int
    job: JobConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """One instant at which a queue is asked for more seats than it has.

    Attributes:
        at: Aware, in UTC.
        jobs: In the order in which they will start; each with the due instant of its slot.
    """

    at: datetime
    queue: str
    seats: int
    jobs: tuple[tuple[str, datetime], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The jobs alone."""
        return tuple(name for name, _ in self.jobs)


def collisions_of(config: Config, *, since: datetime, until: datetime) -> list[Collision]:
    """Return the collisions of the half-open span from *since* to *until*, both aware, in order of time."""
    wants = [
        Want(starts, slot.due, slot.nominal, job.order, job)
        for job, slot in coming(config, since=since, until=until)
        if (starts := competes(job, slot.due)) is not None
    ]
    # They come in the order in which they queue; those of one start keep it.
    return collided(config, sorted(wants, key=lambda want: want.at))


def collided(config: Config, wants: Iterable[Want]) -> list[Collision]:
    """Return the collisions among *wants*, which are in the order in which they start, and queue."""
    needs = needed_by(config)
    found: list[Collision] = []
    for at, together in groupby(wants, key=lambda want: want.at):
        by_queue: defaultdict[str, list[Want]] = defaultdict(list)
        for want in together:
            by_queue[want.job.queue].append(want)
        for queue, there in by_queue.items():
            seats = config.queues.get(queue, 1)
            if len(there) <= seats:
                continue
            names = crowded((want.job.name for want in there), needs)
            if len(names) > seats:
                jobs = tuple((want.job.name, want.due) for want in there if want.job.name in names)
                found.append(Collision(at=at, queue=queue, seats=seats, jobs=jobs))
    return found


def competes(job: JobConfig, due: datetime) -> datetime | None:
    """Return when the run of a slot first asks for a seat; None while its window is closed."""
    starts = due + jitter_of(job.name, due, job.jitter)
    if job.window is not None and not is_open(job.window, job.zone, starts):
        return None
    return starts


def crowded(names: Iterable[str], needs: Mapping[str, frozenset[str]]) -> set[str]:
    """Return those of the jobs due together that do not wait for one of the others anyway."""
    together = set(names)
    return {name for name in together if needs[name].isdisjoint(together)}


def needed_by(config: Config) -> dict[str, frozenset[str]]:
    """Return the jobs that each job needs, and those that they need, and so on."""
    found: dict[str, frozenset[str]] = {}
    for name in config.jobs:
        reached: set[str] = set()
        ahead = list(config.jobs[name].needs)
        while ahead:
            one = ahead.pop()
            if one not in reached:
                reached.add(one)
                ahead += config.jobs[one].needs if one in config.jobs else ()
        found[name] = frozenset(reached)
    return found
