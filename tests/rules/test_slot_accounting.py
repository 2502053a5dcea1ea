"""Every slot is told once: carried by a run, merged into one, skipped, pending, or unaccounted for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.config.model import JobConfig, Missed, Overlap
from aperture_plugin.config.problems import Place
from aperture_plugin.rules.due_slots import Due, HeldBack, Queue, fire
from aperture_plugin.rules.slot_accounting import Account, Fate, Taken, account, slot_fates
from aperture_plugin.triggers.slots import Slot

MIDNIGHT = datetime(2026, 1, 10, tzinfo=UTC)


def at(hour: int) -> datetime:
    return MIDNIGHT + timedelta(hours=hour)


def slots(*hours: int) -> list[Slot]:
    return [Slot(at(hour), at(hour).replace(tzinfo=None)) for hour in hours]


def taken(due: int, fate: Fate = Fate.RAN, *, first_due: int | None = None, count: int = 1) -> Taken:
    return Taken(due=at(due), first_due=at(due if first_due is None else first_due), number=count, fate=fate)


def told(hours: list[int], claims: list[Taken], *, since: int = 0, pending_after: int | None = None) -> Account:
    pending = None if pending_after is None else at(pending_after)
    return account(slot_fates(slots(*hours), claims, since=at(since), pending_after=pending))


def test_a_slot_with_a_run_of_its_own_ran_or_was_skipped_or_is_in_hand() -> None:
    counted = told([2, 4, 6], [taken(2), taken(4, Fate.SKIPPED), taken(6, Fate.IN_HAND)])

    assert counted == Account(ran=1, skipped=1, pending=1)
    assert counted.expected == 2
    assert counted.is_whole


def test_of_the_slots_that_one_run_catches_up_it_carries_the_last_and_the_others_are_merged() -> None:
    counted = told([2, 4, 6, 8], [taken(8, first_due=2, count=4)])

    assert counted == Account(ran=1, merged=3)


def test_slots_that_one_row_stands_for_are_all_skipped() -> None:
    counted = told([2, 4, 6], [taken(6, Fate.SKIPPED, first_due=2, count=3)])

    assert counted == Account(skipped=3)


def test_a_slot_that_nobody_claimed_is_unaccounted_for() -> None:
    counted = told([2, 4, 6], [taken(2), taken(6)])

    assert counted.unaccounted == tuple(slots(4))
    assert (counted.expected, counted.is_whole) == (3, False)


def test_a_claim_without_a_run_accounts_for_nothing() -> None:
    counted = told([2, 4, 6], [taken(4, Fate.LOST, first_due=2, count=2), taken(6)])

    assert counted.unaccounted == tuple(slots(2, 4))


def test_what_may_still_be_claimed_is_pending() -> None:
    counted = told([2, 4, 6, 8], [taken(2)], pending_after=4)

    assert (counted.pending, counted.unaccounted) == (2, tuple(slots(4)))


def test_a_run_stands_for_no_more_slots_than_it_says() -> None:
    counted = told([2, 4, 6, 8], [taken(8, first_due=2, count=3)])

    assert counted == Account(ran=1, merged=2, unaccounted=tuple(slots(6)))


def test_a_run_that_reaches_back_beyond_the_span_stands_for_slots_on_both_sides() -> None:
    counted = told([6, 8], [taken(8, first_due=2, count=4)], since=5)

    assert counted == Account(ran=1, merged=1)


def test_slots_held_back_amid_those_that_were_caught_up_keep_their_own_rows() -> None:
    claims = [taken(4, Fate.SKIPPED), taken(6, Fate.SKIPPED), taken(10, first_due=2, count=3)]

    assert told([2, 4, 6, 8, 10], claims) == Account(ran=1, merged=2, skipped=2)


def test_accounts_add_up() -> None:
    both = Account(ran=1, unaccounted=tuple(slots(2))) + Account(skipped=2, merged=3, pending=4)

    assert both == Account(ran=1, skipped=2, merged=3, pending=4, unaccounted=tuple(slots(2)))


@given(
    hours=st.sets(st.integers(0, 40), min_size=1),
    folded=st.integers(0, 5),
    able_since=st.integers(0, 41),
    paused=st.tuples(st.integers(0, 41), st.integers(0, 41)),
    missed=st.sampled_from(Missed),
    within=st.none() | st.integers(1, 40),
    overlap=st.sampled_from(Overlap),
    busy=st.booleans(),
)
def test_whatever_a_tick_decides_accounts_for_every_slot_it_was_given(
    hours: set[int],
    folded: int,
    able_since: int,
    paused: tuple[int, int],
    missed: Missed,
    within: int | None,
    overlap: Overlap,
    busy: bool,
) -> None:
    due = slots(*sorted(hours))
    folded = min(folded, len(due) - 1)
    job = JobConfig(
        name="scan",
        order=0,
        place=Place(1, 1),
        zone=ZoneInfo("UTC"),
        missed=missed,
        missed_within=None if within is None else timedelta(hours=within),
        overlap=overlap,
    )
    held_back = HeldBack(since=at(min(paused)), until=at(max(paused)), reason="it was paused")

    answers = fire(
        job,
        Due(slots=tuple(due[folded:]), folded=folded, first_due=due[0].due),
        now=at(41),
        able_since=at(able_since),
        held_back=[held_back],
        waiting=busy,
    )
    claims = [
        Taken(
            due=answer.slot.due,
            first_due=answer.first_due,
            number=answer.count,
            fate=Fate.RAN if isinstance(answer, Queue) else Fate.SKIPPED,
        )
        for answer in answers
    ]
    counted = account(slot_fates(due, claims, since=at(0), pending_after=None))

    assert counted.is_whole
    assert counted.expected == len(due)
    assert counted.ran == sum(isinstance(answer, Queue) for answer in answers)


@pytest.mark.parametrize("lost", range(6))
def test_whichever_claim_is_taken_away_its_slots_are_missed(lost: int) -> None:
    claims = [taken(1), taken(2), taken(3), taken(4), taken(5), taken(9, first_due=6, count=4)]

    counted = told(list(range(1, 10)), [claim for number, claim in enumerate(claims) if number != lost])

    assert counted.unaccounted == tuple(slots(*([lost + 1] if lost < 5 else [6, 7, 8, 9])))
