"""What `schedule.Scheduler` and `schedule.Job` offer: each public name does what it does there, or refuses in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import schedule

from aperture_plugin.loop.timetable import Entry, Timetable
from aperture_plugin.rules.due_slots import Due
from aperture_plugin.testing import FakeClock
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.phrases import read_phrase

TEN = datetime(2026, 1, 10, 10, tzinfo=UTC)
KEPT = {
    *("cancel_job", "clear", "get_jobs", "get_next_run", "idle_seconds", "next_run", "run_pending"),
    *("run", "should_run"),
}
"""What does there what it does here; all other public names refuse."""


class Fired:
    """A timetable under a fake clock, and what it has fired."""

    def __init__(self) -> None:
        self.clock = FakeClock("2026-01-10 09:30")
        self.timetable = Timetable(self.clock)
        self.names: list[str] = []
        self.raises: set[str] = set()

    def put(self, name: str, phrase: str = "every hour") -> Entry:
        trigger = trigger_of(read_phrase(phrase), ZoneInfo("UTC"))
        return self.timetable.put(name, trigger, order=len(self.timetable), after=self.clock.now(), fire=self.fire)

    def fire(self, name: str, _due: Due) -> object:
        if name in self.raises:
            raise OSError(name)
        self.names.append(name)
        return None


@pytest.fixture
def fired() -> Fired:
    return Fired()


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_every_public_name_is_kept_or_refused(fired: Fired) -> None:
    entry = fired.put("scan")
    refused = set()
    for name in public(schedule.Scheduler) - KEPT:
        with pytest.raises(schedule.ScheduleError):
            getattr(fired.timetable, name)()
        refused.add(name)
    for name in (public(schedule.Job) | vars(schedule.Job(1)).keys()) - KEPT - {"last_run", "scheduler", "tags"}:
        with pytest.raises(schedule.ScheduleError, match=f"scan has no {name}: its schedule is a trigger"):
            getattr(entry, name)
        refused.add(name)

    assert {"every", "run_all", "do", "at", "tag", "interval"} <= refused
    assert fired.timetable.get_jobs() == [entry]


def test_what_is_due_is_fired_once_and_remembers_when(fired: Fired) -> None:
    entry = fired.put("scan")

    fired.clock.set("2026-01-10 10:00")
    fired.timetable.run_pending()
    fired.timetable.run_pending()

    assert fired.names == ["scan"]
    assert (entry.last_run, entry.next_run) == (TEN, TEN + timedelta(hours=1))


def test_an_exception_leaves_every_job_of_the_pass_due(fired: Fired) -> None:
    for name in "abc":
        fired.put(name)
    fired.raises = {"b"}
    fired.clock.set("2026-01-10 10:00")

    with pytest.raises(OSError, match="b"):
        fired.timetable.run_pending()
    fired.raises.clear()
    fired.timetable.run_pending()

    assert fired.names == ["a", "b", "c"]


def test_a_job_is_run_by_hand_only_when_it_is_due_and_goes_on(fired: Fired) -> None:
    entry = fired.put("scan")
    with pytest.raises(schedule.ScheduleError, match="scan is not due"):
        entry.run()

    fired.clock.set("2026-01-10 10:00")
    assert entry.should_run
    entry.run()
    fired.clock.set("2026-01-10 11:00")
    fired.timetable.run_pending()

    assert fired.names == ["scan", "scan"]


def test_a_job_whose_next_slot_is_set_is_fired_at_that(fired: Fired) -> None:
    fired.put("scan").set_next(TEN)

    fired.clock.set("2026-01-10 11:00")
    fired.timetable.run_pending()

    assert fired.names == ["scan"]
    assert fired.timetable.get_next_run() == TEN + timedelta(hours=2)


def test_an_entry_that_was_replaced_takes_nothing_out(fired: Fired) -> None:
    old = fired.put("scan")
    new = fired.put("scan")

    fired.timetable.cancel_job(old)
    assert fired.timetable.get_jobs("scan") == [new]
    fired.timetable.cancel_job(new)

    assert fired.timetable.get_jobs() == []
    assert (fired.timetable.next_run, fired.timetable.idle_seconds) == (None, None)


def test_a_job_that_answers_cancel_job_is_taken_out(fired: Fired) -> None:
    trigger = trigger_of(read_phrase("every hour"), ZoneInfo("UTC"))
    fired.timetable.put("once", trigger, order=0, after=fired.clock.now(), fire=lambda *_: schedule.CancelJob)

    fired.clock.set("2026-01-10 10:00")
    fired.timetable.run_pending()

    assert len(fired.timetable) == 0


def test_clear_takes_out_one_by_its_name_or_all(fired: Fired) -> None:
    for name in "abc":
        fired.put(name)

    fired.timetable.clear("b")
    left = [entry.name for entry in fired.timetable.entries()]
    fired.timetable.clear()

    assert (left, len(fired.timetable)) == (["a", "c"], 0)
