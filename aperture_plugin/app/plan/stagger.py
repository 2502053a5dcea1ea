"""Taking collisions away: which job moves, and to when.

Only a job that collides is moved, or one that would once the job it waits for has moved: one word of its schedule at a
time, to the nearest time at which it collides with nobody, and if that can be had, at which its queue is expected to be
free. Where not all can be moved apart, fewer together is still better. What must stay: the date, the window, and for
every pair of jobs of which one needs the other, which run of the one comes before which run of the other.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final

from aperture_plugin.app.plan.collisions import competes, crowded, needed_by
from aperture_plugin.app.plan.minute_edits import Change, Value, Word
from aperture_plugin.config.model import Config, JobConfig
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.schedules import Interval, Schedule

__all__ = ["Move", "staggered"]

_MINUTE: Final = timedelta(minutes=1)
_FURTHEST: Final = timedelta(hours=3)
_LOOK_AHEAD: Final = timedelta(weeks=5)
"""A move must not make a collision within so long, even beyond the span that is looked at."""

_MOST_SLOTS: Final = 3000
_MOST_OFFSETS: Final = 720

Instants = dict[datetime, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One job's new schedule, and the changes to the file that say it."""

    job: str
    old: Schedule
    new: Schedule
    changes: tuple[Change, ...]


def staggered(
    config: Config,
    words: Mapping[str, Sequence[Word]],
    *,
    since: datetime,
    until: datetime,
    lasts: Callable[[str], timedelta],
    movable: Collection[str] | None = None,
) -> list[Move]:
    """Return the moves that take away the collisions from *since* to *until*, in file order.

    Args:
        words: The values that may be changed, by job.
        lasts: The expected duration of a run of a job, by its name.
        movable: Names of the only jobs that may be moved; None for all.
    """
    table = _Table(config, since, until, lasts)
    search = _Search(table, words, movable)
    for queue, at in table.collisions():
        search.relieve(queue, at)
    search.take_back()
    return search.moves()


class _Table:
    """The runs that ask for a seat, with their times, as the schedules are at present."""

    def __init__(self, config: Config, since: datetime, until: datetime, lasts: Callable[[str], timedelta]) -> None:
        self.config = config
        self.since = since
        self.until = until
        self.lasts = lasts
        self.needs = needed_by(config)
        self.horizon = max(until, since + _LOOK_AHEAD)
        self.schedules = {name: job.schedule for name, job in config.jobs.items() if job.enabled}
        self._wanted: dict[str, dict[datetime, datetime]] = {}
        self._asking: defaultdict[str, Instants] = defaultdict(dict)
        self._busy: dict[str, tuple[list[datetime], list[datetime]]] = {}
        self._sorted: dict[str, list[datetime]] = {}
        for name in self.schedules:
            self._put(name)

    def job(self, name: str) -> JobConfig:
        """Return a job's words."""
        return self.config.jobs[name]

    def wants(self, name: str, schedule: Schedule) -> Iterator[tuple[datetime, datetime]]:
        """Yield each due instant of *schedule*, with the one at which its run asks for a seat, if it then may."""
        job = self.job(name)
        upcoming = trigger_of(schedule, job.zone, job.closed).upcoming(self.since)
        slots = takewhile(lambda slot: slot.due < self.horizon, upcoming)
        for slot in islice(slots, _MOST_SLOTS):
            asks_at = competes(job, slot.due)
            if asks_at is not None:
                yield slot.due, asks_at

    def wanted(self, name: str) -> dict[datetime, datetime]:
        """Return the same of the schedule that a job has at present."""
        return self._wanted[name]

    def change(self, name: str, schedule: Schedule) -> None:
        """Give a job another schedule."""
        queue = self._asking[self.job(name).queue]
        for at in self._wanted[name].values():
            queue[at].remove(name)
        self.schedules[name] = schedule
        self._put(name)
        self._busy.pop(self.job(name).queue, None)

    def collisions(self) -> list[tuple[str, datetime]]:
        """Return the collisions within the span: queue and instant, in order of time."""
        found = [
            (queue, at)
            for queue, asking in self._asking.items()
            for at in asking
            if self.since <= at < self.until and self.excess(queue, at) > 0
        ]
        return sorted(found, key=lambda item: (item[1], item[0]))

    def excess(self, queue: str, at: datetime, *, also: str | None = None, without: str | None = None) -> int:
        """Return how many more jobs ask for a seat of *queue* than it has; *also* asks too, and *without* does not."""
        seats = self.config.queues.get(queue, 1)
        there = self._asking[queue].get(at, ())
        if len(there) + (also is not None) <= seats:
            return 0
        names = {name for name in there if name != without} | ({also} if also is not None else set())
        competing = crowded(names, self.needs)
        return len(competing) - seats if also is None or also in competing else 0

    def crowding(self, queue: str, instants: Iterable[datetime]) -> int:
        """Return how many more jobs ask for a seat at *instants*, together, than there are seats."""
        return sum(max(0, self.excess(queue, at)) for at in instants)

    def competing(self, queue: str, at: datetime) -> set[str]:
        """Return the jobs that collide there."""
        return crowded(self._asking[queue].get(at, ()), self.needs)

    def in_the_way(self, queue: str, name: str, at: datetime) -> int:
        """Return how many runs of others a run of *name* that starts at *at* is expected to wait for, or to hold up."""
        begins, ends = self._spans(queue)
        seats = self.config.queues.get(queue, 1)
        lasts = self.lasts(name)
        own = self.own(name)
        running = bisect_right(begins, at) - bisect_right(ends, at)
        running -= bisect_right(own, at) - bisect_right(own, at - lasts)
        meeting = bisect_left(begins, at + lasts) - bisect_right(begins, at)
        meeting -= bisect_left(own, at + lasts) - bisect_right(own, at)
        return max(0, running + meeting - (seats - 1))

    def own(self, name: str) -> list[datetime]:
        """Return when the runs of one job begin within the span, sorted."""
        if name not in self._sorted:
            self._sorted[name] = sorted(at for at in self._wanted[name].values() if self.since <= at < self.until)
        return self._sorted[name]

    def _spans(self, queue: str) -> tuple[list[datetime], list[datetime]]:
        """Return when the runs of a queue begin and end within the span, if none waits; each list sorted."""
        if queue not in self._busy:
            found = [
                (at, at + self.lasts(name))
                for at, names in self._asking[queue].items()
                for name in names
                if self.since <= at < self.until
            ]
            self._busy[queue] = sorted(begin for begin, _ in found), sorted(end for _, end in found)
        return self._busy[queue]

    def _put(self, name: str) -> None:
        self._wanted[name] = wanted = dict(self.wants(name, self.schedules[name]))
        self._sorted.pop(name, None)
        asking = self._asking[self.job(name).queue]
        for at in wanted.values():
            asking.setdefault(at, []).append(name)


@dataclass(frozen=True, slots=True)
class _Candidate:
    job: str
    word: Word
    value: Value
    schedule: Schedule


class _Search:
    """Looks for moves, and remembers those that were made."""

    def __init__(self, table: _Table, words: Mapping[str, Sequence[Word]], movable: Collection[str] | None) -> None:
        self._table = table
        self._words = words
        self._movable = movable
        self._before = dict(table.schedules)
        self._values: defaultdict[str, dict[Word, Value]] = defaultdict(dict)
        self._meets = self._meetings(table.collisions())
        self._dependants: defaultdict[str, list[str]] = defaultdict(list)
        for name, job in table.config.jobs.items():
            for need in job.needs:
                self._dependants[need].append(name)

    def relieve(self, queue: str, at: datetime) -> None:
        """Move jobs away from the instant *at* until the queue has seats for those that stay, if that can be."""
        tried: set[str] = set()
        while self._table.excess(queue, at) > 0:
            left = [name for name in self._table.competing(queue, at) if name not in tried]
            if not left:
                return
            name = max(left, key=self._willingness)
            tried.add(name)
            found = self._best(name, queue, at)
            if found is not None:
                self._make(found)

    def take_back(self) -> None:
        """Undo each move that turns out not to be needed, the last one first, until all that are left are."""
        undone = True
        while undone:
            undone = False
            for name in reversed(list(self._values)):
                for word in list(self._values[name]):
                    undone |= self._take_back(name, word)

    def moves(self) -> list[Move]:
        """Return the moves that stand."""
        return [
            Move(
                job=name,
                old=self._before[name],
                new=self._table.schedules[name],
                changes=tuple(word.in_place_of(value) for word, value in self._values[name].items()),
            )
            for name in self._before
            if self._values.get(name)
        ]

    def _meetings(self, collisions: Iterable[tuple[str, datetime]]) -> dict[str, int]:
        """Return how many others each job collides with, each set of jobs counted once."""
        sets = {(queue, frozenset(self._table.competing(queue, at))) for queue, at in collisions}
        meets: defaultdict[str, int] = defaultdict(int)
        for _, names in sets:
            for name in names:
                meets[name] += len(names) - 1
        return meets

    def _willingness(self, name: str) -> tuple[bool, bool, int, int]:
        """Return a value that is greater for a job that should rather be moved."""
        job = self._table.job(name)
        unbound = not job.needs and not self._dependants[name]
        return name in self._values, unbound, self._meets.get(name, 0), job.order

    def _best(self, name: str, queue: str, at: datetime) -> _Candidate | None:
        """Return the nearest place for the slot of *name* that asks for a seat at *at*."""
        if self._movable is not None and name not in self._movable:
            return None
        due = next((due for due, asks_at in self._table.wanted(name).items() if asks_at == at), None)
        best: tuple[tuple[bool, int], _Candidate] | None = None
        for word in self._words.get(name, ()):
            if word in self._values[name]:
                continue
            for candidate in self._candidates(name, word):
                score = self._score(candidate, queue, due)
                if score is None:
                    continue
                if best is None or score < best[0]:
                    best = score, candidate
                if score == (False, 0):
                    break
        return None if best is None else best[1]

    def _candidates(self, name: str, word: Word) -> Iterator[_Candidate]:
        schedule = self._table.schedules[name]
        every = schedule.every if isinstance(schedule, Interval) else None
        seen: set[Value] = {word.value}
        for by in _distances(every):
            value = word.moved(by, every)
            if value is None or value in seen:
                continue
            seen.add(value)
            moved = word.put_into(schedule, value)
            if moved is not None:
                yield _Candidate(name, word, value, moved)

    def _score(self, candidate: _Candidate, queue: str, away_from: datetime | None) -> tuple[bool, int] | None:
        """Return how good a candidate is, less being better; None for one that must not be.

        First whether it makes a collision after the span, then how many runs of others are expected in its way.
        """
        table, name = self._table, candidate.job
        before = table.wanted(name)
        later, in_the_way, count = False, 0, 0
        for due, at in table.wants(name, candidate.schedule):
            count += 1
            if due == away_from:
                return None
            if due in before:
                continue
            if table.excess(queue, at, also=name, without=name) > 0:
                if at < table.until:
                    return None
                later = True
            elif at < table.until:
                in_the_way += table.in_the_way(queue, name, at)
        if not self._keeps_its_slots(name, count) or not self._keeps_needs(name, candidate.schedule):
            return None
        return later, in_the_way

    def _keeps_its_slots(self, name: str, count: int) -> bool:
        """Return whether as many slots as before may start when they are due; a window may have closed over one."""
        return self._table.job(name).window is None or count >= len(self._table.wanted(name))

    def _keeps_needs(self, name: str, schedule: Schedule) -> bool:
        """Return whether every run still comes after the same run of each job that it needs."""
        table = self._table
        for first, second in (
            *((need, name) for need in table.job(name).needs),
            *((name, dependant) for dependant in self._dependants[name]),
        ):
            if first not in table.schedules or second not in table.schedules:
                continue
            old = self._follows(table.schedules[first], first, table.schedules[second], second)
            new = self._follows(
                schedule if first == name else table.schedules[first],
                first,
                schedule if second == name else table.schedules[second],
                second,
            )
            if old != new:
                return False
        return True

    def _follows(self, first: Schedule, one: str, second: Schedule, other: str) -> list[int]:
        """Return how many slots of *first* each slot of *second* comes after."""
        earlier = self._slots(first, one)
        return [bisect_right(earlier, due) for due in self._slots(second, other)]

    def _slots(self, schedule: Schedule, name: str) -> list[datetime]:
        zone = self._table.job(name).zone
        # From a midnight on: no time that is moved on its date leaves, or enters, what is counted.
        begin = self._table.since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        slots = trigger_of(schedule, zone).upcoming(begin)
        return [slot.due for slot in islice(takewhile(lambda one: one.due < self._table.horizon, slots), _MOST_SLOTS)]

    def _make(self, found: _Candidate) -> None:
        self._values[found.job][found.word] = found.value
        self._table.change(found.job, found.schedule)

    def _take_back(self, name: str, word: Word) -> bool:
        """Undo one move, unless more jobs would then be in each other's way than are now."""
        table, queue = self._table, self._table.job(name).queue
        present, there = table.schedules[name], table.own(name)
        back = replace(word, value=self._values[name][word]).put_into(present, word.value)
        if back is None or not self._keeps_needs(name, back):
            return False
        table.change(name, back)
        instants = {*there, *table.own(name)}
        crowded_then = table.crowding(queue, instants)
        table.change(name, present)
        if crowded_then > table.crowding(queue, instants):
            return False
        table.change(name, back)
        del self._values[name][word]
        if not self._values[name]:
            del self._values[name]
        return True


def _distances(every: timedelta | None) -> list[timedelta]:
    """Return how far a slot may be moved, the nearest first, round numbers before others, later before earlier."""
    if every is None:
        return [*_both_ways(5 * _MINUTE, _FURTHEST), *_both_ways(_MINUTE, _FURTHEST / 6)]
    furthest = min(every / 2, _FURTHEST)
    steps = [step for step in (5 * _MINUTE, _MINUTE, timedelta(seconds=1)) if step <= every / 6] or [
        timedelta(seconds=1)
    ]
    return [distance for step in steps[:2] for distance in islice(_both_ways(step, furthest), _MOST_OFFSETS)]


def _both_ways(step: timedelta, furthest: timedelta) -> Iterator[timedelta]:
    for count in range(1, furthest // step + 1):
        yield count * step
        yield -count * step
