"""Every trigger, held against section 3 of DESIGN.md read word for word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.merge import merged, upcoming_of
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import Trigger, trigger_of
from aperture_plugin.words.schedules import Cron, Daily, Interval, Monthly, Once, Schedule, Weekday, Weekly
from tests.triggers.oracle import MINUTE, SECOND, changes_of, slots_by_walking
from tests.triggers.strategies import (
    ZONES,
    Night,
    bases,
    cron_expressions,
    cuts,
    nights,
    rare_crons,
    repeats,
    schedules,
)

everyday = settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
thorough = settings(everyday, max_examples=20_000)
short = settings(everyday, max_examples=60)

DIVISORS_IN_SECONDS = [seconds for seconds in range(1, 86401) if 86400 % seconds == 0]


def assert_slots_are_those_of_a_walk(data: st.DataObject, night: Night) -> None:
    schedule = data.draw(schedules(night.wall))
    since, _, until = data.draw(cuts(night))
    trigger = trigger_of(schedule, night.zone)

    slots = trigger.slots(since, until)

    walked = slots_by_walking(schedule, night.zone, (night.since, night.until))
    assert slots == [slot for slot in walked if since <= slot.due < until]


@everyday
@given(st.data(), nights())
def test_slots_are_those_that_a_walk_along_the_clocks_finds(data: st.DataObject, night: Night) -> None:
    assert_slots_are_those_of_a_walk(data, night)


@pytest.mark.long
@thorough
@given(st.data(), nights())
def test_slots_are_those_that_a_walk_finds_on_many_more_nights(data: st.DataObject, night: Night) -> None:
    assert_slots_are_those_of_a_walk(data, night)


@short
@given(st.data(), nights())
def test_slots_to_the_second_are_those_that_a_walk_second_by_second_finds(data: st.DataObject, night: Night) -> None:
    every = data.draw(st.sampled_from(DIVISORS_IN_SECONDS) | st.integers(1, 20_000))
    schedule = Interval(every=every * SECOND, offset=data.draw(st.integers(0, every - 1)) * SECOND)
    span = (night.change.instant - 20 * MINUTE, night.change.instant + 20 * MINUTE)
    approach = max(timedelta(0), night.change.before - night.change.after) + MINUTE

    slots = trigger_of(schedule, night.zone).slots(*span)

    assert slots == slots_by_walking(schedule, night.zone, span, SECOND, approach)


@everyday
@given(st.data(), nights())
def test_cutting_a_span_in_two_changes_no_slot(data: st.DataObject, night: Night) -> None:
    trigger = trigger_of(data.draw(schedules(night.wall)), night.zone)
    since, middle, until = data.draw(cuts(night))

    whole = trigger.slots(since, until)

    assert whole == trigger.slots(since, middle) + trigger.slots(middle, until)


@everyday
@given(st.data(), nights(), st.integers(-1, 1))
def test_next_after_and_upcoming_tell_of_the_same_slots(data: st.DataObject, night: Night, beside: int) -> None:
    trigger = trigger_of(data.draw(schedules(night.wall)), night.zone)
    since, _, until = data.draw(cuts(night))
    since += beside * datetime.resolution
    slots = trigger.slots(since, until)[:50]

    one_by_one = list(islice(following(trigger, since - datetime.resolution), len(slots)))

    assert one_by_one == slots == list(islice(trigger.upcoming(since), len(slots)))


@settings(everyday, max_examples=150)
@given(st.data(), nights())
def test_next_after_is_the_first_of_the_stream_at_any_distance_from_a_change(data: st.DataObject, night: Night) -> None:
    trigger = trigger_of(data.draw(schedules(night.wall)), night.zone)
    distances = data.draw(st.lists(st.integers(-130 * 1440, 20 * 1440), min_size=1, max_size=5))

    for distance in distances:
        instant = night.change.instant + distance * MINUTE
        assert trigger.next_after(instant) == next(trigger.upcoming(instant + datetime.resolution), None)


def assert_no_slot_depends_on_the_base(data: st.DataObject, night: Night) -> None:
    crons = (cron_expressions(night.wall) | rare_crons(night.wall)).map(lambda told: Cron(expression=told))
    schedule = data.draw(schedules(night.wall) | crons)
    walked = slots_by_walking(schedule, night.zone, (night.since, night.until))
    base = data.draw(bases(night, len(walked)))
    trigger = trigger_of(schedule, night.zone)

    doors = {
        "slots": trigger.slots(base, night.until),
        "upcoming": until(night.until, trigger.upcoming(base)),
        "next after": until(night.until, following(trigger, base - datetime.resolution)),
        "upcoming of": until(night.until, upcoming_of(trigger, base)),
        "merged": until(night.until, (slot for _, slot in merged([upcoming_of(trigger, base)]))),
    }

    for door, found in doors.items():
        assert [slot for slot in found if slot.due >= night.since] == walked, door


def until(end: datetime, stream: Iterator[Slot]) -> list[Slot]:
    return list(takewhile(lambda slot: slot.due < end, stream))


@settings(everyday, max_examples=200)
@given(st.data(), repeats() | nights())
def test_what_is_due_does_not_depend_on_where_the_search_begins(data: st.DataObject, night: Night) -> None:
    assert_no_slot_depends_on_the_base(data, night)


@pytest.mark.long
@settings(thorough, max_examples=10_000)
@given(st.data(), repeats() | nights())
def test_what_is_due_does_not_depend_on_where_many_more_searches_begin(data: st.DataObject, night: Night) -> None:
    assert_no_slot_depends_on_the_base(data, night)


def following(trigger: Trigger, instant: datetime) -> Iterator[Slot]:
    while slot := trigger.next_after(instant):
        yield slot
        instant = slot.due


@everyday
@given(st.data(), nights())
def test_slots_ascend_in_due_and_nominal_except_in_a_second_pass(data: st.DataObject, night: Night) -> None:
    schedule = data.draw(schedules(night.wall))
    assume(night.change.after >= night.change.before or not isinstance(schedule, Interval | Cron))

    slots = trigger_of(schedule, night.zone).slots(night.since, night.until)

    assert slots == sorted(slots)
    assert [slot.nominal for slot in slots] == sorted({slot.nominal for slot in slots})
    assert len({slot.due for slot in slots}) == len(slots)


def schedules_for(wall: datetime) -> list[Schedule]:
    """Return one or more schedules of each kind, all with something due within the hours about *wall*."""
    hours = [wall + timedelta(hours=hours) for hours in (-1, 0, 1)]
    times = tuple(sorted({moment.time().replace(minute=minute, second=0) for moment in hours for minute in (0, 30)}))
    weekday, near = Weekday(wall.weekday()), wall.hour
    crons = [f"*/20 {near} * * *", "30 */2 * * *", f"15,45 {near} * * *", f"5-55/10 0-23 {wall.day} * *", "0 * * * *"]
    return [
        Daily(times=times),
        Daily(times=(time(0, 0),)),
        Weekly(days=(weekday,), times=times),
        Monthly(day=wall.day, times=times),
        Monthly(day="last", times=times),
        Once(at=wall.replace(second=0) + timedelta(minutes=30)),
        *(Interval(every=timedelta(minutes=minutes)) for minutes in (10, 30, 60, 120, 180, 720, 1440, 7, 100)),
        *(Interval(every=timedelta(minutes=minutes), offset=timedelta(minutes=10)) for minutes in (30, 60, 120, 45)),
        *(Cron(expression=expression) for expression in crons),
    ]


@pytest.mark.long
@pytest.mark.parametrize("year", range(2007, 2038))
def test_every_change_of_every_zone_gives_the_slots_that_a_walk_finds(year: int) -> None:
    seen = set()
    for name in ZONES:
        for change in changes_of(name, year):
            if (shape := (change.instant, change.before, change.after)) in seen:
                continue
            seen.add(shape)
            night = Night(ZoneInfo(name), change)
            for schedule in schedules_for(night.wall):
                slots = trigger_of(schedule, night.zone).slots(night.since, night.until)

                walked = slots_by_walking(schedule, night.zone, (night.since, night.until))
                assert slots == walked, (night, schedule)


def test_the_years_told_of_have_changes_on_whole_minutes_only() -> None:
    found = [change.instant for name in ZONES[::25] for change in changes_of(name, 2026)]

    assert found
    assert all(instant.second == 0 and instant.tzinfo is UTC for instant in found)
