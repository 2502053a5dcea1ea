"""`schedule`, driven by our triggers: when is which job due next?

`schedule.Scheduler` looks at every job at each pass, reads the clock by itself and thinks in naive
local time. Here the next due job stands at the top of a heap, the clock is injected, and a due time is
an aware instant that a trigger worked out. What stays is its shape: a scheduler of jobs, `run_pending`,
`next_run`, `idle_seconds`, `cancel_job`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any, Final

import schedule

from aperture_plugin.ports import Clock
from aperture_plugin.rules.firing import Due
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import Trigger

__all__ = ["EACH_HAS_A_ROW", "TOLD_ONE_BY_ONE", "Entry", "Timetable"]

TOLD_ONE_BY_ONE: Final = 1000
"""So many slots of one job that are due at once are told one by one; those before are folded into the first."""
EACH_HAS_A_ROW: Final = 100_000
"""So many are where each is recorded by itself."""

Fire = Callable[[str, Due], object]


class Entry(schedule.Job):
    """One job in the timetable: a `schedule.Job` whose due time comes from a trigger.

    Args:
        name: The job's.
        trigger: Yields its slots.
        order: Its place in the file, which breaks ties.
        fire: Called with the name and what is due.
        scheduler: The timetable it stands in.
    """

    def __init__(self, name: str, trigger: Trigger, order: int, fire: Fire, scheduler: Timetable) -> None:
        # Not super().__init__(): its fields describe a schedule in schedule's own terms, which a trigger replaces,
        # and 100,000 jobs would each carry a dozen empty ones.
        self.name = name
        self.trigger = trigger
        self.order = order
        self.fire = fire
        self.scheduler: Timetable = scheduler
        self.slot: Slot | None = None

    _ahead: tuple[Due, Slot | None] | None = None

    @property
    def next_run(self) -> datetime | None:  # type: ignore[override]  # worked out, where schedule keeps a field
        """When it is due next, aware and in UTC; None for never."""
        return None if self.slot is None else self.slot.due

    @property
    def tags(self) -> set[Hashable]:  # type: ignore[override]  # worked out, where schedule keeps a field
        """Its name, so that `get_jobs(tag)` and `clear(tag)` find it."""
        return {self.name}

    @property
    def should_run(self) -> bool:
        """Whether it is due now."""
        return self.slot is not None and self.slot.due <= self.scheduler.clock.now()

    def __lt__(self, other: Entry) -> bool:
        """Compare by due instant, nominal and order in the file: the order in which runs queue."""
        if self.slot is None or other.slot is None:
            return self.slot is not None
        return (self.slot.due, self.slot.nominal, self.order) < (other.slot.due, other.slot.nominal, other.order)

    def __repr__(self) -> str:
        return f"<Entry {self.name} next={self.next_run}>"

    __str__ = __repr__

    def run(self) -> Any:
        """Fire every slot that is due by now, and move on to the next."""
        return self.fire(self.name, self._collect(self.scheduler.looked_at or self.scheduler.clock.now()))

    def set_next(self, after: datetime) -> None:
        """Make the first slot later than *after* the next."""
        self.slot = self.trigger.next_after(after)

    def look_ahead(self) -> Due:
        """Return what will be due at its next slot if that is found in time; and know already what follows then."""
        assert self.slot is not None, "only an entry in the heap is looked at"
        self._ahead = Due.of(self.slot), self.trigger.next_after(self.slot.due)
        return self._ahead[0]

    def _collect(self, now: datetime) -> Due:
        assert self.slot is not None, "only an entry in the heap is run"
        slot, ahead = self.slot, self._ahead
        first_due = slot.due
        if ahead is not None and ahead[0].slots[0] is slot:
            due, following = ahead
        else:
            due, following = Due.of(slot), self.trigger.next_after(slot.due)
        self._ahead = None
        if following is None or following.due > now:
            self.slot = following
            return due
        count = 0
        latest: deque[Slot] = deque(maxlen=self.scheduler.told_one_by_one(self.name))
        self.slot = None
        for each in self.trigger.upcoming(first_due):
            if each.due > now:
                self.slot = each
                break
            latest.append(each)
            count += 1
        return Due(slots=tuple(latest), folded=count - len(latest), first_due=first_due)


class Timetable(schedule.Scheduler):
    """All jobs that have slots, the next due at the top of a heap.

    A tick with nothing due looks at the top and is done; adding, replacing or taking out a job costs
    O(log n).

    Attributes:
        told_one_by_one: How many slots of a job that are due at once are told one by one.
        looked_at: The instant of the pass that is under way; None between passes.
    """

    def __init__(self, clock: Clock) -> None:
        # Not super().__init__(): it would set `jobs`, the list that the heap and the mapping replace.
        self.clock = clock
        self.told_one_by_one: Callable[[str], int] = lambda _name: TOLD_ONE_BY_ONE
        self.looked_at: datetime | None = None
        self._entries: dict[str, Entry] = {}
        self._heap: list[tuple[datetime, datetime, int, str, Entry]] = []

    @property
    def jobs(self) -> list[schedule.Job]:  # type: ignore[override]  # worked out, where schedule keeps a field
        """Every entry, as `schedule` names them."""
        return list(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def entries(self) -> list[Entry]:
        """Return every entry, in the order in which they were put in."""
        return list(self._entries.values())

    def put(self, name: str, trigger: Trigger, *, order: int, after: datetime, fire: Fire) -> Entry:
        """Add or replace a job.

        Args:
            after: Its first slot is the first one later than this instant.
            fire: Called at each run with the name and what is due.
        """
        entry = Entry(name, trigger, order, fire, self)
        entry.set_next(after)
        self._entries[name] = entry
        self._push(entry)
        return entry

    def next_slot(self, name: str) -> Slot | None:
        """Return a job's next slot; None where it has none."""
        entry = self._entries.get(name)
        return None if entry is None else entry.slot

    def reorder(self, name: str, order: int) -> None:
        """Let a job keep its next slot while its place in the file moves."""
        entry = self._entries[name]
        if entry.order != order:
            entry.order = order
            self._push(entry)

    def rearm(self, name: str, after: datetime) -> None:
        """Set a job's next slot to the first one later than *after*, which may lie in the past."""
        entry = self._entries.get(name)
        if entry is not None:
            entry.set_next(after)
            self._push(entry)

    def cancel_job(self, job: schedule.Job) -> None:
        """Take an entry out."""
        self.take_out(job.name if isinstance(job, Entry) else "")

    def take_out(self, name: str) -> None:
        """Take a job out; one that is not in is passed over."""
        self._entries.pop(name, None)

    def clear(self, tag: Hashable | None = None) -> None:
        """Take out the job named *tag*; all of them for None."""
        if tag is None:
            self._entries.clear()
            self._heap.clear()
        else:
            self.take_out(str(tag))

    def get_next_run(self, tag: Hashable | None = None) -> datetime | None:
        """Return when the next job is due (the one named *tag*, if given); None for never."""
        if tag is not None:
            slot = self.next_slot(str(tag))
            return None if slot is None else slot.due
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    next_run = property(get_next_run)

    @property
    def idle_seconds(self) -> float | None:
        """Seconds until the next job is due, negative if it is overdue; None for never."""
        due = self.get_next_run()
        return None if due is None else (due - self.clock.now()) / timedelta(seconds=1)

    def due_first(self) -> Iterator[Entry]:
        """Yield, in no order, every entry that is due at the very instant at which the next one is."""
        self._drop_stale()
        heap = self._heap
        places = [0] if heap else []
        while places:
            place = places.pop()
            if heap[place][0] == heap[0][0]:
                # What is due later has nothing below it that is due sooner.
                places += [child for child in (2 * place + 1, 2 * place + 2) if child < len(heap)]
                if self._stands(heap[place]):
                    yield heap[place][-1]

    def run_pending(self, now: datetime | None = None) -> None:
        """Fire every job that is due, in queue order, and set its next slot.

        Args:
            now: The one instant that all of the pass goes by, whatever is done to the clock meanwhile; None for
                what the clock says as it begins.
        """
        if not self._heap:
            return
        now = now or self.clock.now()
        if self._heap[0][0] > now:
            return
        due: list[Entry] = []
        while self._heap and self._heap[0][0] <= now:
            item = heappop(self._heap)
            if self._stands(item):
                due.append(item[-1])
        self.looked_at = now
        try:
            for entry in due:
                # An entry rearmed to where it stood before has two items in the heap; it is fired at the first.
                if entry.slot is not None and entry.slot.due <= now:
                    self._run_job(entry)
                    self._push(entry)
        finally:
            self.looked_at = None

    def _push(self, entry: Entry) -> None:
        if entry.slot is not None:
            heappush(self._heap, (entry.slot.due, entry.slot.nominal, entry.order, entry.name, entry))
        if len(self._heap) > 2 * len(self._entries) + 64:
            self._heap = [item for item in dict.fromkeys(self._heap) if self._stands(item)]
            heapify(self._heap)

    def _stands(self, item: tuple[datetime, datetime, int, str, Entry]) -> bool:
        """Say whether a heap item tells of an entry as it is now, not of one replaced or moved since."""
        entry = item[-1]
        return (
            self._entries.get(entry.name) is entry
            and entry.slot is not None
            and (entry.slot.due, entry.slot.nominal, entry.order) == item[:3]
        )

    def _drop_stale(self) -> None:
        while self._heap and not self._stands(self._heap[0]):
            heappop(self._heap)
