"""`schedule`, driven by our triggers: when is which job due next?

`schedule.Scheduler` looks at every job at each pass, reads the clock by itself and thinks in naive
local time. Here the next due job stands at the top of a heap, the clock is injected, and a due time is
an aware instant that a trigger worked out. What stays is its shape: a scheduler of jobs, `run_pending`,
`next_run`, `idle_seconds`, `cancel_job`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any, Final

import schedule

from aperture_plugin.ports import Clock
from aperture_plugin.rules.due_slots import Due
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import Trigger

__all__ = ["EACH_HAS_A_ROW", "LISTED_ONE_BY_ONE", "Entry", "Timetable", "TimetableChanges"]

LISTED_ONE_BY_ONE: Final = 1000
"""At most this many overdue slots of a job are listed one by one; older ones are only counted."""
EACH_HAS_A_ROW: Final = 100_000
"""The same, where each slot gets a row of its own."""

Fire = Callable[[str, Due], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimetableChanges:
    """The changes that a new file makes.

    Attributes:
        out: Jobs that have no slots any more.
        put: Jobs that are new or read otherwise: name, trigger, order, and the instant that their slots come after.
        order: The places in the file of all others.
    """

    out: Sequence[str]
    put: Sequence[tuple[str, Trigger, int, datetime]]
    order: Sequence[tuple[str, int]]

    def apply(self, timetable: Timetable, fire: Fire) -> None:
        """Make the changes."""
        for name in self.out:
            timetable.take_out(name)
        for name, trigger, order, after in self.put:
            timetable.put(name, trigger, order=order, after=after, fire=fire)
        for name, order in self.order:
            timetable.reorder(name, order)


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

    last_run: datetime | None = None
    """The instant of the pass in which it was last fired, aware; None for never."""

    @property
    def next_run(self) -> datetime | None:  # type: ignore[override]  # worked out, where schedule keeps a field
        """Its next due instant, aware and in UTC; None for never."""
        return None if self.slot is None else self.slot.due

    @property
    def tags(self) -> set[Hashable]:  # type: ignore[override]  # worked out, where schedule keeps a field
        """Its name, so that `get_jobs(tag)` and `clear(tag)` find it."""
        return {self.name}

    @property
    def should_run(self) -> bool:
        """True if it is due now."""
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
        """Fire every slot that is due by now, and move on to the next.

        Raises:
            schedule.ScheduleError: It is not due: what fires is a slot, and none may fire before its time.
        """
        now = self.scheduler.looked_at or self.scheduler.clock.now()
        if self.slot is None or self.slot.due > now:
            raise schedule.ScheduleError(f"{self.name} is not due; Aperture.run(...) runs a job that has no slot")
        slot, due = self.slot, self._collect(now)
        try:
            answer = self.fire(self.name, due)
        except BaseException:
            self.slot = slot  # As with schedule, a job that raises stays due.
            raise
        finally:
            self.scheduler.moved(self)
        self.last_run = now
        return answer

    def set_next(self, after: datetime) -> None:
        """Make the first slot later than *after* the next."""
        self.slot = self.trigger.next_after(after)
        self.scheduler.moved(self)

    def _collect(self, now: datetime) -> Due:
        assert self.slot is not None, "only an entry in the heap is run"
        first_due = self.slot.due
        following = self.trigger.next_after(first_due)
        if following is None or following.due > now:
            slot, self.slot = self.slot, following
            return Due.of(slot)
        count = 0
        latest: deque[Slot] = deque(maxlen=self.scheduler.listed_one_by_one(self.name))
        self.slot = None
        for each in self.trigger.upcoming(first_due):
            if each.due > now:
                self.slot = each
                break
            latest.append(each)
            count += 1
        return Due(slots=tuple(latest), folded=count - len(latest), first_due=first_due)


def _refused(name: str) -> property:
    def refuse(entry: Entry) -> Any:
        why = "its schedule is a trigger, made of the phrase in schedules.yaml"
        raise schedule.ScheduleError(f"{entry.name} has no {name}: {why}")

    return property(refuse, doc="Refuse: a trigger takes the place of schedule's own words.")


_OWN_WORDS: Final = (
    *("second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks"),
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("at", "to", "until", "do", "tag"),
    *("interval", "latest", "unit", "at_time", "at_time_zone", "period", "start_day", "cancel_after", "job_func"),
)
"""The arguments and state of a `schedule.Job`; an entry refuses all of it."""

for _name in _OWN_WORDS:
    setattr(Entry, _name, _refused(_name))


class Timetable(schedule.Scheduler):
    """All jobs that have slots, the next due at the top of a heap.

    A tick with nothing due looks at the top and is done; adding, replacing or taking out a job costs
    O(log n).

    Attributes:
        listed_one_by_one: Number of slots of a job, due at once, that are listed one by one; older ones are counted.
        looked_at: The instant of the pass that is under way; None between passes.
    """

    def __init__(self, clock: Clock) -> None:
        # Not super().__init__(): it would set `jobs`, the list that the heap and the mapping replace.
        self.clock = clock
        self.listed_one_by_one: Callable[[str], int] = lambda _name: LISTED_ONE_BY_ONE
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
        self._entries[name] = entry
        entry.set_next(after)
        return entry

    def next_slot(self, name: str) -> Slot | None:
        """Return a job's next slot; None where it has none."""
        entry = self._entries.get(name)
        return None if entry is None else entry.slot

    def reorder(self, name: str, order: int) -> None:
        """Move a job's place in the file; it keeps its next slot."""
        entry = self._entries[name]
        if entry.order != order:
            entry.order = order
            self._push(entry)

    def moved(self, entry: Entry) -> None:
        """Keep *entry* where its next slot stands now; one that is not in is passed over."""
        if self._entries.get(entry.name) is entry:
            self._push(entry)

    def every(self, interval: int = 1) -> schedule.Job:
        """Refuse: a job of a timetable has its due times from a trigger.

        Raises:
            schedule.ScheduleError: Always.
        """
        raise schedule.ScheduleError(f"every({interval}) has no trigger; put(...) adds a job with one")

    def run_all(self, delay_seconds: int = 0) -> None:
        """Refuse: what fires is a slot, and none may fire before its time.

        Raises:
            schedule.ScheduleError: Always.
        """
        raise schedule.ScheduleError(f"run_all({delay_seconds}) would fire slots that are not due; see run_pending()")

    def cancel_job(self, job: schedule.Job) -> None:
        """Take out an entry; one that was replaced since, or is not in, is passed over."""
        if isinstance(job, Entry) and self._entries.get(job.name) is job:
            self.take_out(job.name)

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
                # One that was moved to where it stood before has two items in the heap; it is fired at the first.
                if entry.slot is not None and entry.slot.due <= now:
                    self._run_job(entry)
        finally:
            self.looked_at = None
            for entry in due:
                if entry.slot is not None and entry.slot.due <= now:
                    self.moved(entry)  # Slots fired before it raised are fired in the next pass.

    def _push(self, entry: Entry) -> None:
        if entry.slot is not None:
            heappush(self._heap, (entry.slot.due, entry.slot.nominal, entry.order, entry.name, entry))
        if len(self._heap) > 2 * len(self._entries) + 64:
            self._heap = [item for item in dict.fromkeys(self._heap) if self._stands(item)]
            heapify(self._heap)

    def _stands(self, item: tuple[datetime, datetime, int, str, Entry]) -> bool:
        """Return whether a heap item tells of an entry as it is now, not of one replaced or moved since."""
        entry = item[-1]
        return (
            self._entries.get(entry.name) is entry
            and entry.slot is not None
            and (entry.slot.due, entry.slot.nominal, entry.order) == item[:3]
        )

    def _drop_stale(self) -> None:
        while self._heap and not self._stands(self._heap[0]):
            heappop(self._heap)
