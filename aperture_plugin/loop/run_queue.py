"""The runs in hand: which run, which are queued, and which are parked on what.

A mirror of the store. To decide about every waiting run at every tick would make a tick as slow as the queue
is long; so a run that waits for something is parked on what it waits for, and decided anew when that has
happened. A run that waits for a seat is decided when its turn comes.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush

from aperture_plugin.rules.admission import (
    Admission,
    Leave,
    OnJob,
    OnReady,
    OnSeat,
    PreAssign,
    Skip,
    Start,
    Until,
    Wait,
)
from aperture_plugin.rules.runs import WAITING, AttemptKey, Run, Status

__all__ = ["RunQueue"]

Place = tuple[datetime, datetime, int, str]
Entry = tuple[Place, AttemptKey]


class RunQueue:
    """Every attempt that is queued, waiting or running, over all processes on the store.

    Attributes:
        overtaken: True if a run came to wait whose place is before that of a pre-assigned one. To be set to False
            when the pre-assigned runs are recalled.
    """

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._runs: dict[AttemptKey, Run] = {}
        self._by_job: defaultdict[str, dict[AttemptKey, Run]] = defaultdict(dict)
        self._running: defaultdict[str, dict[AttemptKey, Run]] = defaultdict(dict)
        self._pre_assigned: dict[AttemptKey, Run] = {}
        self._last_pre_assigned: dict[str, Place] = {}
        self._order: defaultdict[str, _Order] = defaultdict(_Order)
        self._parked: dict[AttemptKey, Until | OnJob | OnReady | Leave] = {}
        self._left: defaultdict[str, dict[AttemptKey, Place]] = defaultdict(dict)
        self._parked_on_job: defaultdict[str, set[AttemptKey]] = defaultdict(set)
        self._parked_on_ready: defaultdict[str, set[AttemptKey]] = defaultdict(set)
        self._parked_until: list[tuple[datetime, AttemptKey]] = []
        self._undecided: dict[AttemptKey, None] = {}
        self._backfills: defaultdict[str, list[tuple[Place, AttemptKey]]] = defaultdict(list)
        """By job, its backfills that wait behind the first: a heap, in which some may have ended."""
        self._first_backfill: dict[str, AttemptKey] = {}
        self._next_backfill: set[str] = set()
        """Jobs of which another backfill may take its place in its queue."""
        self._open: set[str] = set()
        self.overtaken = False
        for run in runs:
            self.put(run)

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(list(self._runs.values()))

    def get(self, key: AttemptKey) -> Run | None:
        """Return the attempt as it stands; None when it is not in hand."""
        return self._runs.get(key)

    def of_job(self, job: str) -> list[Run]:
        """Return the attempts of *job* that are in hand."""
        runs = self._by_job.get(job)
        return list(runs.values()) if runs else []

    def running_in(self, queue: str) -> Collection[Run]:
        """Return the attempts that run in *queue*, for as long as none of them changes."""
        return self._running[queue].values()

    def running_of(self, owner: str) -> list[Run]:
        """Return the attempts that run in the process *owner*."""
        return [run for runs in self._running.values() for run in runs.values() if run.owner == owner]

    def pre_assigned_to(self, owner: str) -> list[Run]:
        """Return the attempts that are pre-assigned to the process *owner* and not known to have begun."""
        return [run for run in self._pre_assigned.values() if run.owner == owner]

    def waiting(self) -> list[Run]:
        """Return the attempts that have not started, in the order of their places."""
        return sorted((run for run in self._runs.values() if run.status in WAITING), key=lambda run: run.place)

    @property
    def wakes_at(self) -> datetime | None:
        """The instant at which the first parked run is to be decided again; None for none."""
        while self._parked_until:
            at, key = self._parked_until[0]
            if self._parked.get(key) == Until(at):
                return at
            heappop(self._parked_until)
        return None

    def put(self, run: Run) -> None:
        """Add an attempt, or what has become of one; one that ended is removed."""
        key = run.key
        if run.status not in WAITING and run.status is not Status.RUNNING:
            self._take_out(run)
            return
        before = self._runs.get(key)
        was_pre_assigned = self._give_back(key)
        self._runs[key] = run
        self._by_job[run.job][key] = run
        if run.status is Status.RUNNING:
            if run.is_backfill:
                self._first_backfill[run.job] = key
            self._running[run.queue][key] = run
            self._unpark(key)
            self._undecided.pop(key, None)
        elif run.owner is not None:
            self._pre_assigned[key] = run
            self._last_pre_assigned[run.queue] = run.place
            self._undecided.pop(key, None)
        elif before is None or before.status is Status.RUNNING or was_pre_assigned:
            self._enqueue(run)
        if before is None or before.status is not run.status:
            self.job_changed(run.job)

    def become(self, runs: Iterable[Run]) -> None:
        """Make this equal to *runs*, all that are in hand, and decide anew on those that have changed."""
        gone = dict(self._runs)
        for run in runs:
            before = gone.pop(run.key, None)
            if before is run or before == run:
                continue
            self.put(run)
            if before is not None and before.status in WAITING and before.owner is None:
                self.requeue(run.key)  # What it waits for may have changed with it.
        for run in gone.values():
            self._take_out(run)

    def left_before(self, run: Run) -> int:
        """Return how many runs that other loops start as soon as there is a seat come before *run* in its queue."""
        left = self._left.get(run.queue)
        return sum(place < run.place for place in left.values()) if left else 0

    def requeue(self, key: AttemptKey) -> None:
        """Put a waiting run in its place again, to be decided anew: its queue has changed, or what it waited for."""
        self._unpark(key)
        run = self._runs.get(key)
        if run is not None and run.status in WAITING and run.owner is None:
            self._enqueue(run)

    def requeue_due(self, *, now: datetime) -> None:
        """Put the parked runs whose time has come in their places again."""
        while self._parked_until and self._parked_until[0][0] <= now:
            at, key = heappop(self._parked_until)
            if self._parked.get(key) == Until(at):
                self.requeue(key)

    def reopen(self, queue: str) -> None:
        """Decide anew on the runs that wait for a seat in *queue*: more of them may be pre-assigned."""
        self._open.add(queue)

    def requeue_all(self) -> None:
        """Decide anew on every waiting run: another file is in force."""
        for key in list(self._parked):
            self.requeue(key)
        self._open.update(self._order)
        self._undecided.update(
            dict.fromkeys(
                key
                for key, run in self._runs.items()
                if run.status in WAITING and key not in self._pre_assigned and self._has_a_place(run)
            )
        )

    def job_changed(self, job: str) -> None:
        """Put the runs that are parked on *job* in their places again."""
        for key in list(self._parked_on_job.pop(job, ())):
            self.requeue(key)

    def readiness_changed(self, job: str) -> None:
        """Put the runs that wait for the plugins' answer about *job* in their places again."""
        for key in list(self._parked_on_ready.pop(job, ())):
            self.requeue(key)

    @property
    def has_work(self) -> bool:
        """True if any run is to be decided."""
        return bool(self._undecided) or bool(self._next_backfill) or any(self._order[queue] for queue in self._open)

    def decide(self, admit: Callable[[Run], Admission]) -> Iterator[tuple[Run, Admission]]:
        """Decide, queue by queue and in order, which runs may start; yield each decided run with its admission.

        The caller puts what becomes of the run back with `put` before it takes the next, so that a seat that was
        taken is seen by the next decision.
        """
        self._advance_backfills()
        while self._open or self._undecided:
            queues = self._open | {self._runs[key].queue for key in self._undecided if key in self._runs}
            self._open = set()
            for queue in sorted(queues):
                yield from self._decide_in_order(queue, admit)
            for key in list(self._undecided):
                # Behind a full queue: it cannot start, but what it waits for is recorded, or it is skipped.
                del self._undecided[key]
                run = self._runs.get(key)
                if run is not None and run.status in WAITING and key not in self._parked and run.owner is None:
                    yield from self._decide_one(run, admit)

    def _decide_in_order(self, queue: str, admit: Callable[[Run], Admission]) -> Iterator[tuple[Run, Admission]]:
        order = self._order[queue]
        while order:
            entry = order.pop()
            key = entry[1]
            run = self._runs.get(key)
            if run is None or run.status not in WAITING or run.queue != queue or key in self._parked:
                continue
            if run.owner is not None:
                continue  # Pre-assigned.
            self._undecided.pop(key, None)
            admission = admit(run)
            if isinstance(admission, Wait) and isinstance(admission.on, OnSeat):
                order.push(entry)
                yield run, admission
                return
            self._park_if_it_waits(run, admission)
            yield run, admission

    def _decide_one(self, run: Run, admit: Callable[[Run], Admission]) -> Iterator[tuple[Run, Admission]]:
        admission = admit(run)
        if isinstance(admission, Start | PreAssign):
            return  # A seat came free while others were decided: its queue is decided again, from the front.
        self._park_if_it_waits(run, admission)
        yield run, admission

    def _park_if_it_waits(self, run: Run, admission: Admission) -> None:
        match admission:
            case Wait(on=Until(at=at) as on):
                self._parked[run.key] = on
                heappush(self._parked_until, (at, run.key))
            case Wait(on=OnJob(job=job) as on):
                self._parked[run.key] = on
                self._parked_on_job[job].add(run.key)
            case Wait(on=OnReady(job=job) as on):
                self._parked[run.key] = on
                self._parked_on_ready[job].add(run.key)
            case Leave() as left:
                self._parked[run.key] = left
                if left.holds_seat:
                    self._left[run.queue][run.key] = run.place
            case Start() | PreAssign() | Skip() | Wait():
                pass

    def _enqueue(self, run: Run) -> None:
        """Give a run that waits its place in the queue, or behind the first backfill of its job."""
        place = run.place
        if not self._has_a_place(run):
            heappush(self._backfills[run.job], (place, run.key))
            self._next_backfill.add(run.job)
            return
        self._undecided[run.key] = None
        self._order[run.queue].push((place, run.key))
        if self._pre_assigned and place < self._last_pre_assigned.get(run.queue, place):
            self.overtaken = True
        self._open.add(run.queue)

    def _has_a_place(self, run: Run) -> bool:
        return not run.is_backfill or self._first_backfill.get(run.job) == run.key

    def _advance_backfills(self) -> None:
        """Give the next backfill of each job a place in its queue, where the one before it has ended.

        One after the other, thousands of them cost no more than one to decide about.
        """
        jobs, self._next_backfill = self._next_backfill, set()
        for job in jobs:
            if self._first_backfill.get(job) in self._runs:
                continue
            behind = self._backfills[job]
            while behind:
                run = self._runs.get(heappop(behind)[1])
                if run is not None and run.status in WAITING:
                    self._first_backfill[job] = run.key
                    self._enqueue(run)
                    break

    def _unpark(self, key: AttemptKey) -> None:
        match self._parked.pop(key, None):
            case OnJob(job=job):
                self._parked_on_job[job].discard(key)
            case OnReady(job=job):
                self._parked_on_ready[job].discard(key)
            case Leave():
                for places in self._left.values():
                    places.pop(key, None)
            case Until() | None:
                pass

    def _give_back(self, key: AttemptKey) -> bool:
        """Free the seat that an attempt has, or was promised; return whether it was promised one."""
        before = self._runs.get(key)
        if before is not None and before.status is Status.RUNNING:
            self._running[before.queue].pop(key, None)
            self._open.add(before.queue)
        return self._pre_assigned.pop(key, None) is not None

    def _take_out(self, run: Run) -> None:
        """Forget an attempt that is not in hand any more."""
        key = run.key
        self._give_back(key)
        if self._runs.pop(key, None) is None:
            return
        self._by_job[run.job].pop(key, None)
        if not self._by_job[run.job]:
            del self._by_job[run.job]
        self._unpark(key)
        self._undecided.pop(key, None)
        if run.is_backfill:
            self._next_backfill.add(run.job)
        self.job_changed(run.job)


class _Order:
    """The runs that wait for a seat in one queue, by their places. It may hold more than wait: the caller checks.

    Runs of a burst come in order, and leave in it: that costs nothing but the two ends of a deque. A run that comes
    out of turn is kept in a heap beside it.
    """

    __slots__ = ("_in_order", "_others")

    def __init__(self) -> None:
        self._in_order: deque[Entry] = deque()
        self._others: list[Entry] = []

    def __bool__(self) -> bool:
        return bool(self._in_order) or bool(self._others)

    def push(self, entry: Entry) -> None:
        """Add an attempt in its place."""
        line = self._in_order
        if not line or line[-1] <= entry:
            line.append(entry)
        elif entry <= line[0]:
            line.appendleft(entry)
        else:
            heappush(self._others, entry)

    def pop(self) -> Entry:
        """Remove and return the first."""
        if self._others and (not self._in_order or self._others[0] < self._in_order[0]):
            return heappop(self._others)
        return self._in_order.popleft()
