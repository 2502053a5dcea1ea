"""Many triggers as one stream, in queue order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.merge import merged, upcoming_of
from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import NoSlots, trigger_of
from aperture_plugin.words.schedules import Daily, Interval
from tests.triggers.strategies import Night, cuts, nights, schedules

RIGA = ZoneInfo("Europe/Riga")


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def daily(*times: str) -> Daily:
    return Daily(times=tuple(time.fromisoformat(told) for told in times))


def test_slots_of_many_come_in_the_order_due_nominal_file() -> None:
    # 29 March 2026: 03:00 becomes 04:00 at 01:00Z, so all of these are due at once.
    staggered = [daily("03:45"), daily("03:15"), daily("04:00"), daily("03:15")]
    triggers = [trigger_of(schedule, RIGA) for schedule in staggered]

    found = islice(merged(trigger.upcoming(utc("2026-03-29")) for trigger in triggers), 4)

    assert [(order, slot.nominal.strftime("%H:%M")) for order, slot in found] == [
        (1, "03:15"),
        (3, "03:15"),
        (0, "03:45"),
        (2, "04:00"),
    ]


def test_nominals_of_different_zones_are_compared_as_plain_wall_times() -> None:
    noon_in_tokyo, evening_before = trigger_of(daily("12:00"), ZoneInfo("Asia/Tokyo")), ZoneInfo("Etc/GMT+9")
    six_in_the_west = trigger_of(daily("18:00"), evening_before)

    found = islice(merged(one.upcoming(utc("2026-01-01 03:00")) for one in (noon_in_tokyo, six_in_the_west)), 2)

    assert [(order, slot.due.hour, slot.nominal.isoformat()) for order, slot in found] == [
        (1, 3, "2025-12-31T18:00:00"),
        (0, 3, "2026-01-01T12:00:00"),
    ]


def test_streams_that_end_or_never_begin_leave_the_others_alone() -> None:
    one = [Slot(utc(told), utc(told).replace(tzinfo=None)) for told in ("2026-01-01", "2026-01-03")]
    other = [Slot(utc("2026-01-02"), utc("2026-01-02").replace(tzinfo=None))]

    found = list(merged([iter(one), NoSlots().upcoming(utc("2026-01-01")), iter(other), iter(())]))

    assert [(order, slot.due.day) for order, slot in found] == [(0, 1), (2, 2), (0, 3)]


def test_of_a_stream_little_more_is_asked_than_the_reader_takes() -> None:
    asked = 0

    def counted(stream: Iterator[Slot]) -> Iterator[Slot]:
        nonlocal asked
        for slot in stream:
            asked += 1
            yield slot

    every_second = trigger_of(Interval(every=timedelta(seconds=1)), RIGA)

    list(islice(merged(counted(every_second.upcoming(utc("2026-01-01"))) for _ in range(100)), 10))

    assert asked <= 300


@settings(deadline=None, max_examples=200)
@given(st.data(), nights())
def test_a_stream_whose_first_slot_is_found_by_itself_is_the_same_stream(data: st.DataObject, night: Night) -> None:
    trigger = trigger_of(data.draw(schedules(night.wall)), night.zone)
    since = data.draw(cuts(night))[0]

    found = takewhile(lambda slot: slot.due < night.until, upcoming_of(trigger, since))

    assert list(found) == trigger.slots(since, night.until)


@settings(deadline=None, max_examples=60)
@given(st.data(), nights())
def test_merging_is_sorting(data: st.DataObject, night: Night) -> None:
    some = st.lists(schedules(night.wall), min_size=0, max_size=6)
    triggers = [trigger_of(schedule, night.zone) for schedule in data.draw(some)]
    since, until = night.since, night.until

    found = takewhile(lambda pair: pair[1].due < until, merged(trigger.upcoming(since) for trigger in triggers))

    everything = [(order, slot) for order, trigger in enumerate(triggers) for slot in trigger.slots(since, until)]
    assert list(found) == sorted(everything, key=lambda pair: (pair[1].due, pair[1].nominal, pair[0]))
