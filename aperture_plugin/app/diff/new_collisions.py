"""Collisions that a change brings, and those that it takes away.

Only jobs that the change touches can have either, so only the instants at which one of them asks for a seat are
looked at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from aperture_plugin.app.diff.slot_changes import Slots
from aperture_plugin.app.plan.collisions import Collision, Want, collided, competes, needed_by
from aperture_plugin.config.model import Config, JobConfig, Timing
from aperture_plugin.triggers.slots import Slot

__all__ = ["RecurringCollision", "collision_changes", "collisions_gone"]

Group = tuple[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringCollision:
    """Jobs that collide in a queue, time and again.

    Attributes:
        jobs: In the order in which they start, the first time.
        times: Number of times within the span, without those that were the same on the other side.
        first: The first of these instants; aware, in UTC.
    """

    queue: str
    seats: int
    jobs: tuple[str, ...]
    times: int
    first: datetime


def collision_changes(
    old: Config | None, new: Config | None, slots: Slots
) -> tuple[tuple[RecurringCollision, ...], tuple[RecurringCollision, ...]]:
    """Return the collisions that only *new* has, and those that only *old* has, each in order of time."""
    asking = _instants(old, new, slots)
    before, after = _collisions(old, asking, slots), _collisions(new, asking, slots)
    # Most slots are the same on both sides: comparing for equality first saves making any set.
    kept = set(before) & set(after)
    before, after = ([one for one in found if one not in kept] for found in (before, after))
    same = {_identity(one) for one in before} & {_identity(one) for one in after}
    before, after = ([one for one in found if _identity(one) not in same] for found in (before, after))
    return collisions_gone(before=after, after=before), collisions_gone(before=before, after=after)


def collisions_gone(*, before: list[Collision], after: list[Collision]) -> tuple[RecurringCollision, ...]:
    """Return what collides *before* and not *after*.

    Jobs that collide as often after, if at other times or in larger company, still do.
    """
    left = Counter(map(_group, after))
    with_job: defaultdict[tuple[str, str], set[Group]] = defaultdict(set)
    for group in left:
        for name in group[1]:
            with_job[group[0], name].add(group)
    of_group: dict[Group, list[Collision]] = {}
    for one in before:
        of_group.setdefault(_group(one), []).append(one)
    found: list[RecurringCollision] = []
    for (queue, names), collisions in of_group.items():
        candidates = with_job[queue, min(names)]
        still = sum(left[group] for group in candidates if names <= group[1])
        times = len(collisions) - still
        # One more or less of many is where the span happens to begin and to end.
        if times > 0 and (not still or times > 1):
            first = collisions[0]
            found.append(
                RecurringCollision(queue=queue, seats=first.seats, jobs=first.names, times=times, first=first.at)
            )
    return tuple(sorted(found, key=lambda collision: (collision.first, collision.queue, collision.jobs)))


def _identity(collision: Collision) -> tuple[datetime, Group]:
    return collision.at, _group(collision)


def _group(collision: Collision) -> Group:
    return collision.queue, frozenset(collision.names)


def _instants(old: Config | None, new: Config | None, slots: Slots) -> dict[str, set[datetime]]:
    """Return, by queue, when jobs that the change touches ask for a seat."""
    found: defaultdict[str, set[datetime]] = defaultdict(set)
    touched = _touched(old, new)
    for config in (old, new):
        for job in () if config is None else config.jobs.values():
            if job.name in touched:
                found[job.queue].update(at for at, _ in _asking(job, slots))
    return dict(found)


def _touched(old: Config | None, new: Config | None) -> set[str]:
    before, after = ({} if config is None else config.jobs for config in (old, new))
    needs_before, needs_after = ({} if config is None else needed_by(config) for config in (old, new))
    queues = [{} if config is None else config.queues for config in (old, new)]
    resized = {queue for queue in {**queues[0], **queues[1]} if queues[0].get(queue, 1) != queues[1].get(queue, 1)}

    def seat(job: JobConfig | None) -> object:
        if job is None or not job.enabled:
            return None
        return job.timing, job.queue, job.jitter, job.window

    def is_touched(name: str) -> bool:
        was, is_now = before.get(name), after.get(name)
        if seat(was) != seat(is_now) or needs_before.get(name) != needs_after.get(name):
            return True
        return is_now is not None and is_now.queue in resized

    return {name for name in {**before, **after} if is_touched(name)}


def _collisions(config: Config | None, asking: Mapping[str, set[datetime]], slots: Slots) -> list[Collision]:
    if config is None:
        return []
    known: dict[tuple[Timing, str], list[tuple[datetime, Slot]]] = {}
    wants: list[Want] = []
    for job in config.jobs.values():
        if not job.enabled or job.queue not in asking:
            continue
        at_instants = asking[job.queue]
        key = job.timing, job.queue
        if job.jitter or job.window is not None:
            there = [want for want in _asking(job, slots) if want[0] in at_instants]
        else:
            if key not in known:
                known[key] = [(slot.due, slot) for slot in slots.of(job) if slot.due in at_instants]
            there = known[key]
        wants += (Want(at, slot.due, slot.nominal, job.order, job) for at, slot in there)
    return collided(config, sorted(wants, key=lambda want: want[:4]))


def _asking(job: JobConfig, slots: Slots) -> Iterator[tuple[datetime, Slot]]:
    for slot in slots.of(job):
        at = competes(job, slot.due)
        if at is not None:
            yield at, slot
