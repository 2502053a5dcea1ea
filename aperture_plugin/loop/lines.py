"""The runs in hand: who runs, who waits in which line, and what would let him start.

A mirror of the store, kept by the loop's thread alone. Asking every waiting run at every tick would
make a tick as slow as the line is long; so a run that waits for something is parked with what it waits
for, and asked again when that has happened. A run that waits for a seat is asked when its turn comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from heapq import heappop, heappush

from aperture_plugin.loop.line import Line, Place
from aperture_plugin.rules.admission import Admission, Ahead, OnJob, OnReady, OnSeat, Skip, Start, Until, Wait
from aperture_plugin.rules.runs import WAITING, Run, Status

__all__ = ["Lines"]

Key = tuple[str, int]


class Lines:
    """Every attempt that is queued, waiting or running, over all processes on the store.

    Attributes:
        overtaken: Whether one came to wait whose place is before that of one given ahead; whoever takes those back
            sets it to False.
    """

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._runs: dict[Key, Run] = {}
        self._by_job: defaultdict[str, dict[Key, Run]] = defaultdict(dict)
        self._running: defaultdict[str, dict[Key, Run]] = defaultdict(dict)
        self._given: dict[Key, Run] = {}
        self._given_last: dict[str, Place] = {}
        self._line: defaultdict[str, Line] = defaultdict(Line)
        self._parked: dict[Key, Until | OnJob | OnReady] = {}
        self._parked_on_job: defaultdict[str, set[Key]] = defaultdict(set)
        self._parked_on_ready: defaultdict[str, set[Key]] = defaultdict(set)
        self._parked_until: list[tuple[datetime, Key]] = []
        self._unasked: dict[Key, None] = {}
        self._open: set[str] = set()
        self.overtaken = False
        for run in runs:
            self.put(run)

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(list(self._runs.values()))

    def get(self, key: Key) -> Run | None:
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

    def given_to(self, owner: str) -> list[Run]:
        """Return the attempts that the process *owner* was given ahead and is not known to have begun."""
        return [run for run in self._given.values() if run.owner == owner]

    def waiting(self) -> list[Run]:
        """Return the attempts that have not started, in the order of their places."""
        return sorted((run for run in self._runs.values() if run.status in WAITING), key=lambda run: run.place)

    @property
    def wakes_at(self) -> datetime | None:
        """When the first parked run is to be asked again."""
        while self._parked_until:
            at, key = self._parked_until[0]
            if self._parked.get(key) == Until(at):
                return at
            heappop(self._parked_until)
        return None

    def put(self, run: Run) -> None:
        """Take in an attempt, or what has become of one; one that ended goes out."""
        key = run.key
        before = self._runs.get(key)
        if before is not None and before.status is Status.RUNNING:
            self._running[before.queue].pop(key, None)
            self._open.add(before.queue)
        was_given = self._given.pop(key, None) is not None
        if run.status not in WAITING and run.status is not Status.RUNNING:
            self._forget(run)
            return
        self._runs[key] = run
        self._by_job[run.job][key] = run
        if run.status is Status.RUNNING:
            self._running[run.queue][key] = run
            self._unpark(key)
            self._unasked.pop(key, None)
        elif run.owner is not None:
            self._given[key] = run
            self._given_last[run.queue] = run.place
            self._unasked.pop(key, None)
        elif before is None or before.status is Status.RUNNING or was_given:
            self._stand_in_line(run)
            self._unasked[key] = None
        if before is None or before.status is not run.status:
            self.stir(run.job)

    def stand_again(self, key: Key) -> None:
        """Bring a run into the line of its queue, which has changed."""
        self._return_to_line(key)

    def ask_again(self, *, now: datetime) -> None:
        """Bring back into line the parked runs whose time has come."""
        while self._parked_until and self._parked_until[0][0] <= now:
            at, key = heappop(self._parked_until)
            if self._parked.get(key) == Until(at):
                self._return_to_line(key)

    def open(self, queue: str) -> bool:
        """Let those in the line of *queue* be asked again, for more may be given ahead; say whether there are any."""
        self._open.add(queue)
        return bool(self._line[queue])

    def ask_everyone(self) -> None:
        """Bring every parked run back into line: the words of the file changed, or the environment did."""
        for key in list(self._parked):
            self._return_to_line(key)
        self._open.update(self._line)
        self._unasked.update(
            dict.fromkeys(key for key, run in self._runs.items() if run.status in WAITING and key not in self._given)
        )

    def stir(self, job: str) -> None:
        """Something about *job* changed: whoever waits for it is asked again."""
        for key in list(self._parked_on_job.pop(job, ())):
            self._return_to_line(key)

    def heard_ready(self, job: str) -> None:
        """Bring back into line what waits for the plugins' word about *job*."""
        for key in list(self._parked_on_ready.pop(job, ())):
            self._return_to_line(key)

    @property
    def has_work(self) -> bool:
        """Whether somebody is to be asked."""
        return bool(self._unasked) or any(self._line[queue] for queue in self._open)

    def ask(self, decide: Callable[[Run], Admission]) -> Iterator[tuple[Run, Admission]]:
        """Ask, line by line and in order, who may start; yield each run that was asked, with the answer.

        Whoever iterates puts what becomes of the run back with `put` before taking the next, so that a
        seat that was given away is seen by the next in line.
        """
        while self._open or self._unasked:
            queues = self._open | {self._runs[key].queue for key in self._unasked if key in self._runs}
            self._open = set()
            for queue in sorted(queues):
                yield from self._ask_line(queue, decide)
            for key in list(self._unasked):
                # Behind a full queue: it cannot start, but it is told what it waits for, or skipped.
                del self._unasked[key]
                run = self._runs.get(key)
                if run is not None and run.status in WAITING and key not in self._parked and run.owner is None:
                    yield from self._ask_one(run, decide)

    def _ask_line(self, queue: str, decide: Callable[[Run], Admission]) -> Iterator[tuple[Run, Admission]]:
        line = self._line[queue]
        while line:
            stand = line.pop()
            key = stand[1]
            run = self._runs.get(key)
            if run is None or run.status not in WAITING or run.queue != queue or key in self._parked:
                continue
            if run.owner is not None:
                continue  # Given ahead.
            self._unasked.pop(key, None)
            admission = decide(run)
            if isinstance(admission, Wait) and isinstance(admission.on, OnSeat):
                line.push(stand)
                yield run, admission
                return
            self._park_if_it_waits(run, admission)
            yield run, admission

    def _ask_one(self, run: Run, decide: Callable[[Run], Admission]) -> Iterator[tuple[Run, Admission]]:
        admission = decide(run)
        if isinstance(admission, Start | Ahead):
            return  # A seat came free while others were asked: its line is asked again, from the front.
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
            case Start() | Ahead() | Skip() | Wait():
                pass

    def _stand_in_line(self, run: Run) -> None:
        place = run.place
        self._line[run.queue].push((place, run.key))
        if self._given and place < self._given_last.get(run.queue, place):
            self.overtaken = True
        self._open.add(run.queue)

    def _return_to_line(self, key: Key) -> None:
        self._unpark(key)
        run = self._runs.get(key)
        if run is not None and run.status in WAITING and run.owner is None:
            self._stand_in_line(run)
            self._unasked[key] = None

    def _unpark(self, key: Key) -> None:
        match self._parked.pop(key, None):
            case OnJob(job=job):
                self._parked_on_job[job].discard(key)
            case OnReady(job=job):
                self._parked_on_ready[job].discard(key)
            case Until() | None:
                pass

    def _forget(self, run: Run) -> None:
        key = run.key
        if self._runs.pop(key, None) is None:
            return
        self._by_job[run.job].pop(key, None)
        if not self._by_job[run.job]:
            del self._by_job[run.job]
        self._unpark(key)
        self._unasked.pop(key, None)
        self.stir(run.job)
