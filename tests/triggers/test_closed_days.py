"""Days without slots: whatever the calendars, the slots are those of the schedule but for theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.triggers.closed_days import closed_on, ends_on
from aperture_plugin.triggers.public_holidays import check_holidays
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.calendars import DateRange, Days, HolidaysOf, YearlyDays, read_days
from aperture_plugin.words.parse_error import Unreadable
from aperture_plugin.words.phrases import read_phrase
from tests.triggers.strategies import Night, cuts, nights, schedules

RIGA = ZoneInfo("Europe/Riga")


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def fires(phrase: str, closed: list[str], since: str, until: str) -> list[str]:
    trigger = trigger_of(read_phrase(phrase), RIGA, tuple(map(read_days, closed)))
    return [f"{slot.nominal:%m-%d %H:%M}" for slot in trigger.slots(utc(since), utc(until))]


def test_dates_ranges_and_days_of_every_year_have_no_slots() -> None:
    closed = ["2026-12-24", "2026-12-26 to 2026-12-28", "every 12-30"]

    found = fires("daily at 9 AM", closed, "2026-12-23", "2027-01-01")

    assert found == ["12-23 09:00", "12-25 09:00", "12-29 09:00", "12-31 09:00"]


def test_days_of_every_year_go_on_over_the_turn_of_the_year() -> None:
    assert fires("daily at 9 AM", ["every 12-24 to 01-02"], "2026-12-23", "2027-01-05") == [
        "12-23 09:00",
        "01-03 09:00",
        "01-04 09:00",
    ]


def test_it_is_the_nominal_date_that_counts() -> None:
    # 23:30 in Riga on 24 December is 21:30Z; 00:30 on the 25th is still 24 December in UTC.
    assert fires("daily at 11:30 PM, 12:30 AM", ["2026-12-24"], "2026-12-23", "2026-12-25") == [
        "12-23 23:30",
        "12-25 00:30",
    ]


def test_public_holidays_of_a_country_and_of_a_part_of_it_have_no_slots() -> None:
    pytest.importorskip("holidays")

    latvia = fires("daily at 9 AM", ["holidays of LV"], "2026-11-17", "2026-11-20")
    california = fires("daily at 9 AM", ["holidays of US-CA"], "2026-03-30", "2026-04-02")

    assert latvia == ["11-17 09:00", "11-19 09:00"]  # 18 November: proclamation of the republic
    assert california == ["03-30 09:00", "04-01 09:00"]  # 31 March: Cesar Chavez Day


@pytest.mark.parametrize(
    ("country", "part", "message"),
    [
        ("XQ", None, '"XQ" is no country whose holidays are known'),
        ("US", "ZZ", '"ZZ" is no part of US whose holidays are known'),
    ],
)
def test_a_country_that_is_not_known_is_told(country: str, part: str | None, message: str) -> None:
    pytest.importorskip("holidays")

    with pytest.raises(Unreadable) as caught:
        check_holidays(HolidaysOf(country=country, subdivision=part))

    assert caught.value.message == message


def test_a_schedule_whose_every_slot_is_closed_ends() -> None:
    for phrase in ("every second", "cron 0 0 1 5 *", "cron */5 * 29 2 MON", "once at 2026-05-01 9 AM"):
        trigger = trigger_of(read_phrase(phrase), RIGA, (read_days("every 01-01 to 12-31"),))

        assert trigger.next_after(utc("2026-01-01")) is None
        assert list(islice(trigger.upcoming(utc("2026-01-01")), 1)) == []
    labor_day = trigger_of(read_phrase("cron 0 0 1 5 *"), RIGA, (read_days("every 05-01"),))
    assert labor_day.next_after(utc("2026-01-01")) is None


def test_a_calendar_of_dates_ends_and_one_of_every_year_does_not() -> None:
    dates = (read_days("2026-12-24"), read_days("2026-12-25 to 2027-01-01"))

    assert ends_on(dates) == date(2027, 1, 1)
    assert ends_on((*dates, read_days("every 05-01"))) is None


def days_about(wall: datetime) -> st.SearchStrategy[Days]:
    near = st.integers(-3, 3).map(lambda days: wall.date() + timedelta(days=days))
    ranges = st.tuples(near, near).map(lambda pair: DateRange(first=min(pair), last=max(pair)))
    month_days = near.map(lambda day: (day.month, day.day))
    return ranges | st.builds(YearlyDays, first=month_days, last=month_days)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), nights())
def test_the_slots_are_those_of_open_dates(data: st.DataObject, night: Night) -> None:
    closed = tuple(data.draw(st.lists(days_about(night.wall), min_size=1, max_size=3)))
    schedule = data.draw(schedules(night.wall))
    since, _, until = data.draw(cuts(night))
    trigger, bare = trigger_of(schedule, night.zone, closed), trigger_of(schedule, night.zone)

    slots = trigger.slots(since, until)

    assert slots == [slot for slot in bare.slots(since, until) if not closed_on(closed, slot.nominal.date())]
    instant = since - datetime.resolution
    for slot in slots[:20]:
        assert trigger.next_after(instant) == slot
        instant = slot.due
