"""Every slot that goes in comes out once: as a run, merged into one, or skipped with a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.config.model import JobConfig, Missed, Overlap
from aperture_plugin.config.problems import Place
from aperture_plugin.rules.due_slots import Due, HeldBack, Pass, Queue, fire
from aperture_plugin.rules.runs import RunTrigger
from aperture_plugin.triggers.slots import Slot

NOON = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)


def slot(hour: int) -> Slot:
    due = NOON.replace(hour=hour)
    return Slot(due, due.replace(tzinfo=None))


def due_at(*hours: int) -> Due:
    return Due.of(*map(slot, hours))


def job(
    missed: Missed = Missed.RUN_ONCE, overlap: Overlap = Overlap.QUEUE_ONE, missed_within: timedelta | None = None
) -> JobConfig:
    return JobConfig(
        name="library-scan",
        order=0,
        place=Place(1, 1),
        zone=ZoneInfo("UTC"),
        missed=missed,
        overlap=overlap,
        missed_within=missed_within,
    )


def test_a_slot_that_comes_in_time_is_queued() -> None:
    answers = fire(job(), due_at(12), now=NOON, able_since=NOON - timedelta(hours=1))

    assert answers == [Queue(slot=slot(12), trigger=RunTrigger.SCHEDULE, first_due=slot(12).due)]


def test_missed_slots_are_merged_into_one_catch_up_that_carries_the_latest() -> None:
    answers = fire(job(), due_at(2, 4, 6, 8), now=NOON, able_since=NOON)

    [run] = answers
    assert isinstance(run, Queue)
    assert (run.slot, run.trigger, run.missed, run.first_due) == (slot(8), RunTrigger.CATCH_UP, 4, slot(2).due)


def test_what_falls_due_in_the_tick_that_catches_up_is_served_by_the_same_run() -> None:
    [run] = fire(job(), due_at(8, 10, 12), now=NOON, able_since=NOON)

    assert isinstance(run, Queue)
    assert (run.slot, run.trigger, run.missed) == (slot(12), RunTrigger.CATCH_UP, 3)


def test_missed_skip_records_each_missed_slot() -> None:
    answers = fire(job(missed=Missed.SKIP), due_at(8, 10), now=NOON, able_since=NOON)

    assert [answer.slot for answer in answers] == [slot(8), slot(10)]
    assert {answer.reason for answer in answers if isinstance(answer, Pass)} == {
        "it was due while nothing ran, and the file says missed: skip"
    }


def test_slots_missed_longer_ago_than_missed_within_are_skipped_and_the_others_caught_up() -> None:
    answers = fire(job(missed_within=timedelta(hours=3)), due_at(6, 8, 10, 11), now=NOON, able_since=NOON)

    assert [type(answer).__name__ for answer in answers] == ["Pass", "Pass", "Queue"]
    assert answers[0] == Pass(
        slot=slot(6),
        reason="it was due while nothing ran, more than 3 hours ago (missed within)",
        first_due=slot(6).due,
    )
    assert isinstance(answers[2], Queue)
    assert answers[2].missed == 2


def test_a_slot_held_back_by_a_pause_is_skipped_with_its_note() -> None:
    pause = HeldBack(since=slot(7).due, until=slot(10).due, reason="it was paused by ada: disk is full")

    answers = fire(job(), due_at(6, 8, 10), now=NOON, able_since=NOON, held_back=[pause])

    assert [(type(answer).__name__, answer.slot) for answer in answers] == [("Pass", slot(8)), ("Queue", slot(10))]


@pytest.mark.parametrize(
    ("overlap", "waiting", "running", "reason"),
    [
        (Overlap.QUEUE_ONE, False, True, None),
        (Overlap.QUEUE_ONE, True, True, "another run of library-scan was already waiting"),
        (Overlap.SKIP, False, True, "library-scan was still in hand (overlap: skip)"),
        (Overlap.SKIP, False, False, None),
        (Overlap.ALLOW, True, True, None),
    ],
)
def test_overlap_says_what_becomes_of_a_slot_while_a_run_is_in_hand(
    overlap: Overlap, waiting: bool, running: bool, reason: str | None
) -> None:
    [answer] = fire(
        job(overlap=overlap),
        due_at(12),
        now=NOON,
        able_since=NOON - timedelta(hours=1),
        waiting=waiting,
        running=running,
    )

    assert (answer.reason if isinstance(answer, Pass) else None) == reason


def test_folded_slots_are_counted_with_the_earliest_answer() -> None:
    due = Due(slots=(slot(8), slot(9)), folded=600_000, first_due=slot(0).due)

    [run] = fire(job(), due, now=NOON, able_since=NOON)

    assert isinstance(run, Queue)
    assert (run.missed, run.first_due) == (600_002, slot(0).due)


def test_folded_slots_are_caught_up_with_the_missed_ones_that_they_come_before() -> None:
    due = Due(slots=(slot(8), slot(9), slot(10)), folded=3, first_due=slot(0).due)
    held_back = HeldBack(since=slot(9).due, until=slot(10).due, reason="paused")

    passed, run = fire(job(), due, now=NOON, able_since=slot(9).due, held_back=[held_back])

    assert isinstance(passed, Pass)
    assert (passed.slot, passed.count) == (slot(9), 1)
    assert isinstance(run, Queue)
    assert (run.slot, run.first_due, run.missed) == (slot(10), slot(0).due, 5)


@given(
    hours=st.sets(st.integers(0, 12), min_size=1),
    able=st.integers(0, 12),
    missed=st.sampled_from(Missed),
    overlap=st.sampled_from(Overlap),
    within=st.none() | st.integers(1, 12).map(lambda hours: timedelta(hours=hours)),
    pause=st.none() | st.tuples(st.integers(0, 12), st.integers(0, 12)),
    waiting=st.booleans(),
    running=st.booleans(),
    folded=st.integers(0, 3),
)
def test_every_slot_is_answered_for_exactly_once(
    hours: set[int],
    able: int,
    missed: Missed,
    overlap: Overlap,
    within: timedelta | None,
    pause: tuple[int, int] | None,
    waiting: bool,
    running: bool,
    folded: int,
) -> None:
    slots = tuple(map(slot, sorted(hours)))
    due = Due(slots=slots, folded=folded, first_due=slots[0].due - timedelta(minutes=folded))
    held_back = None if pause is None else HeldBack(since=slot(pause[0]).due, until=slot(pause[1]).due, reason="paused")

    answers = fire(
        job(missed=missed, overlap=overlap, missed_within=within),
        due,
        now=NOON,
        able_since=slot(able).due,
        held_back=[] if held_back is None else [held_back],
        waiting=waiting,
        running=running,
    )

    assert sum(answer.count for answer in answers) == len(slots) + folded
    assert [answer.slot for answer in answers] == sorted(answer.slot for answer in answers)
    assert min(answer.first_due for answer in answers) == due.first_due
    assert sum(isinstance(answer, Queue) for answer in answers) <= (len(slots) if overlap is Overlap.ALLOW else 1)
