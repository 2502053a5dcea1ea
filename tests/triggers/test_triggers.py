"""What is true of triggers as values, on ordinary days and at the ends of the calendar."""

from __future__ import annotations

import pickle
import sys
from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.slots import Slot
from aperture_plugin.triggers.trigger import NoSlots, trigger_of
from aperture_plugin.triggers.walltime import EARLIEST, LATEST
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.schedules import (
    After,
    Cron,
    Daily,
    Interval,
    Manual,
    Monthly,
    Once,
    Schedule,
    Weekday,
    Weekly,
)
from tests.triggers.strategies import ZONES, schedules

RIGA = ZoneInfo("Europe/Riga")
WEEKDAYS = tuple(Weekday)[:5]


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def nominals(schedule: Schedule, since: str, until: str, zone: ZoneInfo = RIGA) -> list[str]:
    """Return the nominal times from *since* to *until* (in UTC): `2026-01-10 02:00`."""
    return [f"{slot.nominal:%Y-%m-%d %H:%M}" for slot in trigger_of(schedule, zone).slots(utc(since), utc(until))]


ONE_OF_EACH: list[Schedule] = [
    Daily(times=(time(2), time(14))),
    Weekly(days=WEEKDAYS, times=(time(4),)),
    Monthly(day=31, times=(time(4),)),
    Monthly(day="last", times=(time(4),)),
    Interval(every=timedelta(hours=2)),
    Interval(every=timedelta(minutes=7), offset=timedelta(minutes=3)),
    Cron(expression="0 3 * * 1-5"),
    Cron(expression="*/15 * * * *"),
    Once(at=datetime.fromisoformat("2026-12-24 18:00")),
    After(jobs=("recommendations",)),
    Manual(),
]


# ── ordinary days ────────────────────────────────────────────────────────────────────────────────


def test_daily_is_due_every_date_at_each_of_its_times() -> None:
    assert nominals(Daily(times=(time(2), time(14))), "2026-01-10", "2026-01-11 06:00") == [
        "2026-01-10 02:00",
        "2026-01-10 14:00",
        "2026-01-11 02:00",
    ]


def test_weekly_is_due_on_each_of_its_days() -> None:
    sunday_and_monday = Weekly(days=(Weekday.MONDAY, Weekday.SUNDAY), times=(time(4),))

    assert nominals(sunday_and_monday, "2026-01-10", "2026-01-19") == [
        "2026-01-11 04:00",
        "2026-01-12 04:00",
        "2026-01-18 04:00",
    ]


def test_a_month_that_lacks_the_day_has_no_slot() -> None:
    assert nominals(Monthly(day=31, times=(time(4),)), "2026-01-01", "2026-06-30") == [
        "2026-01-31 04:00",
        "2026-03-31 04:00",
        "2026-05-31 04:00",
    ]


def test_every_month_has_a_last_day() -> None:
    assert nominals(Monthly(day="last", times=(time(4),)), "2028-01-01", "2028-04-01") == [
        "2028-01-31 04:00",
        "2028-02-29 04:00",
        "2028-03-31 04:00",
    ]


def test_a_grid_is_counted_from_midnight_plus_its_offset() -> None:
    every_three_hours_at_ten = Interval(every=timedelta(hours=3), offset=timedelta(minutes=10))

    assert nominals(every_three_hours_at_ten, "2026-01-10 18:00", "2026-01-11 05:00") == [
        "2026-01-10 21:10",
        "2026-01-11 00:10",
        "2026-01-11 03:10",
        "2026-01-11 06:10",
    ]


def test_an_interval_that_does_not_divide_the_day_is_counted_from_2000() -> None:
    every_five_hours = Interval(every=timedelta(hours=5), offset=timedelta(minutes=30))

    slots = trigger_of(every_five_hours, RIGA).slots(utc("1999-12-31 20:00"), utc("2000-01-01 10:00"))

    assert [(slot.due, slot.nominal.isoformat()) for slot in slots] == [
        (utc("1999-12-31 22:30"), "2000-01-01T00:30:00"),
        (utc("2000-01-01 03:30"), "2000-01-01T05:30:00"),
        (utc("2000-01-01 08:30"), "2000-01-01T10:30:00"),
    ]


def test_an_interval_of_days_is_elapsed_time_and_a_summer_moves_it_by_an_hour() -> None:
    every_two_days = Interval(every=timedelta(days=2))

    walls = {told.split()[1] for told in nominals(every_two_days, "2026-01-01", "2026-12-31")}

    assert walls == {"00:00", "01:00"}


def test_once_is_due_once() -> None:
    assert nominals(Once(at=datetime.fromisoformat("2026-12-24 18:00")), "2000-01-01", "2100-01-01") == [
        "2026-12-24 18:00"
    ]
    assert nominals(Once(at=datetime.fromisoformat("2026-12-24 18:00")), "2026-12-24 16:01", "2100-01-01") == []


@pytest.mark.parametrize("schedule", [After(jobs=("recommendations",)), Manual()])
def test_what_runs_after_others_or_by_hand_has_no_slots(schedule: Schedule) -> None:
    trigger = trigger_of(schedule, RIGA)

    assert trigger == NoSlots()
    assert trigger.slots(utc("2000-01-01"), utc("2100-01-01")) == []
    assert trigger.next_after(utc("2026-01-01")) is None
    assert list(trigger.upcoming(utc("2026-01-01"))) == []


# ── spans ────────────────────────────────────────────────────────────────────────────────────────


def test_a_span_holds_its_beginning_and_not_its_end() -> None:
    trigger = trigger_of(Interval(every=timedelta(hours=1)), RIGA)

    slots = trigger.slots(utc("2026-01-10 01:00"), utc("2026-01-10 03:00"))

    assert [slot.due.hour for slot in slots] == [1, 2]


def test_a_span_that_ends_before_it_begins_is_empty() -> None:
    trigger = trigger_of(Interval(every=timedelta(hours=1)), RIGA)

    assert trigger.slots(utc("2026-01-10"), utc("2026-01-09")) == []
    assert trigger.slots(utc("2026-01-10"), utc("2026-01-10")) == []


def test_next_is_strictly_after() -> None:
    trigger = trigger_of(Interval(every=timedelta(hours=1)), RIGA)

    at_one = trigger.next_after(utc("2026-01-10 00:59:59.999999"))

    assert at_one == Slot(utc("2026-01-10 01:00"), datetime.fromisoformat("2026-01-10 03:00"))
    assert trigger.next_after(at_one.due) == Slot(utc("2026-01-10 02:00"), datetime.fromisoformat("2026-01-10 04:00"))


@pytest.mark.parametrize("schedule", ONE_OF_EACH)
def test_an_instant_may_be_told_in_any_zone_and_is_answered_in_utc(schedule: Schedule) -> None:
    trigger = trigger_of(schedule, RIGA)
    instant = utc("2026-03-28 12:34")

    slot = trigger.next_after(instant)

    assert slot == trigger.next_after(instant.astimezone(ZoneInfo("America/New_York")))
    assert slot is None or slot.due.tzinfo is UTC
    assert slot is None or slot.nominal.tzinfo is None


@pytest.mark.parametrize("schedule", ONE_OF_EACH)
def test_an_instant_without_a_zone_is_refused(schedule: Schedule) -> None:
    trigger = trigger_of(schedule, RIGA)
    naive, aware = datetime.fromisoformat("2026-01-10"), utc("2026-01-10")

    for ask in (
        lambda: trigger.next_after(naive),
        lambda: trigger.upcoming(naive),
        lambda: trigger.slots(naive, aware),
        lambda: trigger.slots(aware, naive),
    ):
        with pytest.raises(ValueError, match="an instant must be aware"):
            ask()


# ── values ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("schedule", ONE_OF_EACH)
def test_triggers_of_one_schedule_and_zone_are_one_value(schedule: Schedule) -> None:
    one, other = trigger_of(schedule, RIGA), trigger_of(schedule, ZoneInfo("Europe/Riga"))

    assert one == other
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one
    if not isinstance(schedule, After | Manual):
        assert one != trigger_of(schedule, ZoneInfo("Europe/Tallinn"))


@pytest.mark.parametrize("schedule", ONE_OF_EACH)
def test_a_trigger_is_frozen(schedule: Schedule) -> None:
    trigger = trigger_of(schedule, RIGA)

    with pytest.raises((AttributeError, TypeError)):
        trigger.zone = ZoneInfo("UTC")  # type: ignore[attr-defined]


def test_a_trigger_weighs_little() -> None:
    for number in range(60):
        trigger = trigger_of(Cron(expression=f"{number} 3 * * 1-5"), RIGA)
        fields = trigger.fields  # type: ignore[attr-defined]

        weight = sys.getsizeof(trigger) + sys.getsizeof(fields)
        weight += sum(sys.getsizeof(getattr(fields, name)) for name in type(fields).__slots__)

        assert weight < 800


def test_an_expression_nobody_checked_is_refused() -> None:
    with pytest.raises(Unreadable, match='"25" is no hour'):
        trigger_of(Cron(expression="0 25 * * *"), RIGA)


# ── the ends of the calendar ─────────────────────────────────────────────────────────────────────

ENDS = [
    datetime.min,  # noqa: DTZ901  # a zone is added below
    datetime.fromisoformat("0001-01-09 00:00"),
    datetime.fromisoformat("1850-06-01 12:00"),
    datetime.fromisoformat("9998-12-31 23:59"),
    datetime.fromisoformat("9999-12-23 23:59:59"),
    datetime.max,  # noqa: DTZ901  # a zone is added below
]
FIXED = [timezone(timedelta(hours=hours)) for hours in (-14, 0, 14)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Riga", "Pacific/Apia", "Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("schedule", ONE_OF_EACH)
def test_the_ends_of_the_calendar_are_quiet(schedule: Schedule, zone: str) -> None:
    trigger = trigger_of(schedule, ZoneInfo(zone))

    for moment in ENDS:
        for fixed in FIXED:
            instant = moment.replace(tzinfo=fixed)
            slot = trigger.next_after(instant)

            assert slot is None or EARLIEST <= slot.due < LATEST
            assert trigger.slots(instant, instant) == []


@settings(deadline=None, max_examples=100)
@given(st.data(), st.sampled_from(ZONES))
def test_every_stream_ends_where_the_calendar_does(data: st.DataObject, name: str) -> None:
    schedule = data.draw(schedules(datetime.fromisoformat("9999-12-20 02:00")))
    trigger = trigger_of(schedule, ZoneInfo(name))
    begin = LATEST - timedelta(hours=40)

    slots = list(trigger.upcoming(begin))

    assert all(begin <= slot.due < LATEST for slot in slots)
    assert slots == trigger.slots(begin, datetime.max.replace(tzinfo=UTC))


def test_a_once_that_no_calendar_holds_is_never_due() -> None:
    trigger = trigger_of(Once(at=datetime.fromisoformat("9999-12-31 23:59")), ZoneInfo("Etc/GMT+12"))

    assert trigger.next_after(utc("2026-01-01")) is None
