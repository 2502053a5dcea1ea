"""Nights on which clocks change, each opening with the real change it stands on."""

from __future__ import annotations

import time as process_time
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.schedules import Cron, Daily, Interval, Monthly, Once, Schedule, Weekday, Weekly

HOURLY = Interval(every=timedelta(hours=1))
HALF_HOURLY = Interval(every=timedelta(minutes=30))
TWO_HOURLY = Interval(every=timedelta(hours=2))


def daily(*times: str) -> Daily:
    return Daily(times=tuple(sorted(time.fromisoformat(told) for told in times)))


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def clocks(zone: str, since: str, until: str) -> list[str]:
    """Return what the clocks of *zone* do between two dates: `02:00 to 03:00 at 01:00Z on 2026-03-29`."""
    found = changes(ZoneInfo(zone), utc(since), utc(until))
    return [
        f"{change.instant.replace(tzinfo=None) + change.before:%H:%M} to "
        f"{change.instant.replace(tzinfo=None) + change.after:%H:%M} at {change.instant:%H:%MZ on %Y-%m-%d}"
        for change in found
    ]


def fires(schedule: Schedule, zone: str, since: str, until: str) -> list[str]:
    """Return what is due from *since* to *until* (in UTC), as `due nominal`: `01:00Z 02:30`."""
    slots = trigger_of(schedule, ZoneInfo(zone)).slots(utc(since), utc(until))
    return [f"{slot.due:%H:%MZ} {slot.nominal:%H:%M}" for slot in slots]


# ── Europe and America: an hour, at night ────────────────────────────────────────────────────────


def test_a_daily_time_that_is_skipped_is_due_when_the_gap_ends() -> None:
    assert clocks("Europe/Riga", "2026-03-01", "2026-04-01") == ["03:00 to 04:00 at 01:00Z on 2026-03-29"]

    assert fires(daily("03:30"), "Europe/Riga", "2026-03-28", "2026-03-31") == [
        "01:30Z 03:30",
        "01:00Z 03:30",
        "00:30Z 03:30",
    ]


def test_times_staggered_through_a_gap_are_one_slot_named_for_the_earliest() -> None:
    assert clocks("Europe/Riga", "2026-03-01", "2026-04-01") == ["03:00 to 04:00 at 01:00Z on 2026-03-29"]

    due = fires(daily("02:59", "03:10", "03:50", "04:00", "04:01"), "Europe/Riga", "2026-03-29", "2026-03-29 12:00")

    assert due == ["00:59Z 02:59", "01:00Z 03:10", "01:01Z 04:01"]


def test_a_span_that_begins_when_a_gap_ends_still_knows_the_earliest_nominal() -> None:
    assert clocks("Europe/Riga", "2026-03-01", "2026-04-01") == ["03:00 to 04:00 at 01:00Z on 2026-03-29"]

    due = fires(daily("03:10", "04:00"), "Europe/Riga", "2026-03-29 01:00", "2026-03-29 02:00")

    assert due == ["01:00Z 03:10"]


def test_a_daily_time_that_is_repeated_is_due_the_first_time_only() -> None:
    assert clocks("America/New_York", "2026-10-01", "2026-12-01") == ["02:00 to 01:00 at 06:00Z on 2026-11-01"]

    assert fires(daily("01:30"), "America/New_York", "2026-11-01", "2026-11-02") == ["05:30Z 01:30"]


def test_an_hourly_job_runs_in_both_hours_of_a_repeat() -> None:
    assert clocks("Europe/Riga", "2026-10-01", "2026-11-01") == ["04:00 to 03:00 at 01:00Z on 2026-10-25"]

    assert fires(HOURLY, "Europe/Riga", "2026-10-24 23:00", "2026-10-25 04:00") == [
        "23:00Z 02:00",
        "00:00Z 03:00",
        "01:00Z 03:00",
        "02:00Z 04:00",
        "03:00Z 05:00",
    ]


def test_a_two_hourly_job_does_not_run_twice_in_a_repeated_hour() -> None:
    assert clocks("America/New_York", "2026-10-01", "2026-12-01") == ["02:00 to 01:00 at 06:00Z on 2026-11-01"]

    at_one = Interval(every=timedelta(hours=2), offset=timedelta(hours=1))

    assert fires(at_one, "America/New_York", "2026-11-01 04:00", "2026-11-01 10:00") == ["05:00Z 01:00", "08:00Z 03:00"]


def test_a_grid_time_in_a_gap_and_one_at_its_end_are_one_slot() -> None:
    assert clocks("America/New_York", "2026-03-01", "2026-04-01") == ["02:00 to 03:00 at 07:00Z on 2026-03-08"]

    assert fires(HALF_HOURLY, "America/New_York", "2026-03-08 06:30", "2026-03-08 08:00") == [
        "06:30Z 01:30",
        "07:00Z 02:00",
        "07:30Z 03:30",
    ]


def test_a_two_hourly_job_whose_time_is_skipped_runs_when_the_gap_ends() -> None:
    assert clocks("America/New_York", "2026-03-01", "2026-04-01") == ["02:00 to 03:00 at 07:00Z on 2026-03-08"]

    assert fires(TWO_HOURLY, "America/New_York", "2026-03-08 05:00", "2026-03-08 11:00") == [
        "05:00Z 00:00",
        "07:00Z 02:00",
        "08:00Z 04:00",
        "10:00Z 06:00",
    ]


def test_an_interval_that_does_not_divide_the_day_keeps_its_pace_through_changes() -> None:
    assert clocks("Europe/Riga", "2026-03-01", "2026-04-01") == ["03:00 to 04:00 at 01:00Z on 2026-03-29"]
    trigger = trigger_of(Interval(every=timedelta(minutes=50)), ZoneInfo("Europe/Riga"))

    slots = trigger.slots(utc("2026-03-29"), utc("2026-03-29 04:00"))

    midnight_of_2000 = utc("1999-12-31 22:00")
    assert all((slot.due - midnight_of_2000) % timedelta(minutes=50) == timedelta(0) for slot in slots)
    assert [slot.nominal for slot in slots] == [
        slot.due.astimezone(ZoneInfo("Europe/Riga")).replace(tzinfo=None) for slot in slots
    ]


def test_once_in_a_gap_is_due_when_the_gap_ends() -> None:
    assert clocks("Europe/Riga", "2026-03-01", "2026-04-01") == ["03:00 to 04:00 at 01:00Z on 2026-03-29"]

    assert fires(Once(at=datetime.fromisoformat("2026-03-29 03:15")), "Europe/Riga", "2026-01-01", "2027-01-01") == [
        "01:00Z 03:15"
    ]


def test_cron_of_fixed_times_is_made_up_for_after_a_gap_and_not_repeated() -> None:
    assert clocks("Europe/Riga", "2026-01-01", "2027-01-01") == [
        "03:00 to 04:00 at 01:00Z on 2026-03-29",
        "04:00 to 03:00 at 01:00Z on 2026-10-25",
    ]
    fixed = Cron(expression="15,45 3 * * *")

    assert fires(fixed, "Europe/Riga", "2026-03-29", "2026-03-30") == ["01:00Z 03:15"]
    assert fires(fixed, "Europe/Riga", "2026-10-25", "2026-10-26") == ["00:15Z 03:15", "00:45Z 03:45"]


def test_cron_with_a_star_follows_the_clocks_through_gap_and_repeat() -> None:
    assert clocks("Europe/Riga", "2026-01-01", "2027-01-01") == [
        "03:00 to 04:00 at 01:00Z on 2026-03-29",
        "04:00 to 03:00 at 01:00Z on 2026-10-25",
    ]
    starred = Cron(expression="*/30 3 * * *")

    assert fires(starred, "Europe/Riga", "2026-03-29", "2026-03-30") == []
    assert fires(starred, "Europe/Riga", "2026-10-25", "2026-10-26") == [
        "00:00Z 03:00",
        "00:30Z 03:30",
        "01:00Z 03:00",
        "01:30Z 03:30",
    ]


@pytest.mark.parametrize("since", ["2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:10", "2026-10-25 01:59"])
def test_a_search_that_begins_within_a_repeat_never_answers_with_the_past(since: str) -> None:
    assert clocks("Europe/Riga", "2026-10-01", "2026-11-01") == ["04:00 to 03:00 at 01:00Z on 2026-10-25"]

    for schedule in (daily("03:30"), HOURLY, Cron(expression="30 3 * * *"), Cron(expression="*/10 3 * * *")):
        slot = trigger_of(schedule, ZoneInfo("Europe/Riga")).next_after(utc(since))

        assert slot is not None
        assert slot.due > utc(since)


def test_a_starred_cron_of_one_date_finds_its_second_pass_though_its_next_wall_time_is_a_year_away() -> None:
    assert clocks("Europe/Riga", "2026-10-01", "2026-11-01") == ["04:00 to 03:00 at 01:00Z on 2026-10-25"]
    starred = Cron(expression="*/30 3 25 10 *")

    assert fires(starred, "Europe/Riga", "2026-10-25 00:50", "2027-10-25 00:00") == ["01:00Z 03:00", "01:30Z 03:30"]
    assert fires(starred, "Europe/Riga", "2026-10-25 01:50", "2027-10-25 00:30") == ["00:00Z 03:00"]


@pytest.mark.parametrize("hours", range(0, 24 * 12, 7))
def test_a_starred_cron_of_few_dates_has_its_second_pass_for_a_search_from_days_before(hours: int) -> None:
    assert clocks("Europe/Riga", "2026-10-01", "2026-11-01") == ["04:00 to 03:00 at 01:00Z on 2026-10-25"]
    trigger = trigger_of(Cron(expression="*/15 3 23,25 * *"), ZoneInfo("Europe/Riga"))
    since, midnight = utc("2026-10-25 00:00") - timedelta(hours=hours), utc("2026-10-25 00:00")

    slots = trigger.slots(since, utc("2026-10-26"))

    assert [slot.due for slot in slots if slot.due >= midnight] == [
        midnight + timedelta(minutes=minutes) for minutes in range(0, 120, 15)
    ]


def test_a_second_pass_is_not_missed_by_one_who_asked_on_the_calm_days_before() -> None:
    assert clocks("Europe/Riga", "2026-10-01", "2026-11-01") == ["04:00 to 03:00 at 01:00Z on 2026-10-25"]
    trigger = trigger_of(Cron(expression="*/30 3 25 10 *"), ZoneInfo("Europe/Riga"))

    for days in range(20, 0, -1):
        trigger.next_after(utc("2026-10-25 00:55") - timedelta(days=days))

    slot = trigger.next_after(utc("2026-10-25 00:50"))
    assert slot is not None
    assert (slot.due, slot.nominal.isoformat()) == (utc("2026-10-25 01:00"), "2026-10-25T03:00:00")


def test_a_starred_cron_whose_next_date_is_in_a_far_gap_waits_for_the_one_after() -> None:
    assert clocks("Europe/Riga", "2026-01-01", "2026-10-01") == ["03:00 to 04:00 at 01:00Z on 2026-03-29"]
    starred = trigger_of(Cron(expression="*/30 3 29 3 *"), ZoneInfo("Europe/Riga"))
    fixed = trigger_of(Cron(expression="0,30 3 29 3 *"), ZoneInfo("Europe/Riga"))

    answers = [trigger.next_after(utc("2025-12-01")) for trigger in (starred, fixed)]

    assert [slot.due for slot in answers if slot] == [utc("2027-03-29 00:00"), utc("2026-03-29 01:00")]


# ── changes that are not an hour ─────────────────────────────────────────────────────────────────


def test_lord_howe_repeats_half_an_hour_which_an_hourly_job_does_not_see() -> None:
    assert clocks("Australia/Lord_Howe", "2026-04-01", "2026-05-01") == ["02:00 to 01:30 at 15:00Z on 2026-04-04"]
    span = ("2026-04-04 14:00", "2026-04-04 17:00")

    assert fires(HOURLY, "Australia/Lord_Howe", *span) == ["14:00Z 01:00", "15:30Z 02:00", "16:30Z 03:00"]
    assert fires(Interval(every=timedelta(hours=1), offset=timedelta(minutes=30)), "Australia/Lord_Howe", *span) == [
        "14:30Z 01:30",
        "16:00Z 02:30",
    ]
    assert fires(HALF_HOURLY, "Australia/Lord_Howe", *span)[:4] == [
        "14:00Z 01:00",
        "14:30Z 01:30",
        "15:00Z 01:30",
        "15:30Z 02:00",
    ]
    assert fires(daily("01:45"), "Australia/Lord_Howe", *span) == ["14:45Z 01:45"]


def test_lord_howe_skips_half_an_hour() -> None:
    assert clocks("Australia/Lord_Howe", "2026-10-01", "2026-11-01") == ["02:00 to 02:30 at 15:30Z on 2026-10-03"]
    span = ("2026-10-03 15:00", "2026-10-03 17:00")

    assert fires(daily("02:00", "02:15", "02:30"), "Australia/Lord_Howe", *span) == ["15:30Z 02:00"]
    assert fires(HOURLY, "Australia/Lord_Howe", *span) == ["15:30Z 02:00", "16:00Z 03:00"]
    assert fires(Cron(expression="15 2 * * *"), "Australia/Lord_Howe", *span) == ["15:30Z 02:15"]


def test_a_starred_cron_keeps_its_minute_where_half_an_hour_is_repeated_or_skipped() -> None:
    assert clocks("Australia/Lord_Howe", "2026-01-01", "2027-01-01") == [
        "02:00 to 01:30 at 15:00Z on 2026-04-04",
        "02:00 to 02:30 at 15:30Z on 2026-10-03",
    ]

    assert fires(Cron(expression="45 * * * *"), "Australia/Lord_Howe", "2026-04-04 14:00", "2026-04-04 17:00") == [
        "14:45Z 01:45",
        "15:15Z 01:45",
        "16:15Z 02:45",
    ]
    assert fires(Cron(expression="*/15 3 * * *"), "Australia/Lord_Howe", "2026-10-03 15:00", "2026-10-03 17:00") == [
        "16:00Z 03:00",
        "16:15Z 03:15",
        "16:30Z 03:30",
        "16:45Z 03:45",
    ]


def test_troll_repeats_two_hours_so_a_two_hourly_job_runs_in_both() -> None:
    assert clocks("Antarctica/Troll", "2026-10-01", "2026-11-01") == ["03:00 to 01:00 at 01:00Z on 2026-10-25"]
    span = ("2026-10-24 22:00", "2026-10-25 05:00")

    assert fires(TWO_HOURLY, "Antarctica/Troll", *span) == [
        "22:00Z 00:00",
        "00:00Z 02:00",
        "02:00Z 02:00",
        "04:00Z 04:00",
    ]
    assert fires(Interval(every=timedelta(hours=3), offset=timedelta(hours=2)), "Antarctica/Troll", *span) == [
        "00:00Z 02:00"
    ]
    assert fires(daily("01:30", "02:30"), "Antarctica/Troll", *span) == ["23:30Z 01:30", "00:30Z 02:30"]


def test_troll_skips_two_hours_and_all_their_times_are_one_slot() -> None:
    assert clocks("Antarctica/Troll", "2026-03-01", "2026-04-01") == ["01:00 to 03:00 at 01:00Z on 2026-03-29"]
    span = ("2026-03-29 00:30", "2026-03-29 02:00")

    assert fires(HALF_HOURLY, "Antarctica/Troll", *span) == ["00:30Z 00:30", "01:00Z 01:00", "01:30Z 03:30"]
    assert fires(Cron(expression="30 1,2 * * *"), "Antarctica/Troll", *span) == ["01:00Z 01:30"]


def test_dublin_whose_winter_is_the_daylight_time_changes_like_its_neighbors() -> None:
    dublin, london = (clocks(zone, "2026-01-01", "2027-01-01") for zone in ("Europe/Dublin", "Europe/London"))
    assert dublin == london == ["01:00 to 02:00 at 01:00Z on 2026-03-29", "02:00 to 01:00 at 01:00Z on 2026-10-25"]

    for schedule in (daily("01:30"), HOURLY, Cron(expression="30 1 * * *"), Cron(expression="30 * * * *")):
        for night in ("2026-03-29", "2026-10-25"):
            span = (night, f"{night} 06:00")
            assert fires(schedule, "Europe/Dublin", *span) == fires(schedule, "Europe/London", *span)


# ── changes at midnight ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "night", "change"),
    [
        ("Africa/Cairo", "2026-04-23 22:00", "00:00 to 01:00 at 22:00Z on 2026-04-23"),
        ("Asia/Beirut", "2026-03-28 22:00", "00:00 to 01:00 at 22:00Z on 2026-03-28"),
        ("America/Sao_Paulo", "2018-11-04 03:00", "00:00 to 01:00 at 03:00Z on 2018-11-04"),
    ],
)
def test_a_day_without_its_midnight_still_has_its_grid_and_its_daily_slot(zone: str, night: str, change: str) -> None:
    end = utc(night)
    date = end.date().isoformat()
    assert change in clocks(zone, date, (end + timedelta(days=2)).date().isoformat())
    span = (night, (end + timedelta(hours=5)).isoformat(sep=" ")[:19])

    assert fires(daily("00:00"), zone, *span) == [f"{end:%H:%MZ} 00:00"]
    assert fires(Interval(every=timedelta(hours=24)), zone, *span) == [f"{end:%H:%MZ} 00:00"]
    assert [told.split()[1] for told in fires(TWO_HOURLY, zone, *span)] == ["00:00", "02:00", "04:00"]
    assert [told.split()[1] for told in fires(Cron(expression="0 0 * * *"), zone, *span)] == ["00:00"]
    assert fires(Cron(expression="*/30 0 * * *"), zone, *span) == []


def test_cairo_repeats_the_last_hour_of_a_day() -> None:
    assert clocks("Africa/Cairo", "2026-10-01", "2026-11-01") == ["00:00 to 23:00 at 21:00Z on 2026-10-29"]
    span = ("2026-10-29 20:00", "2026-10-29 23:00")

    assert fires(daily("23:30", "00:00"), "Africa/Cairo", *span) == ["20:30Z 23:30", "22:00Z 00:00"]
    assert fires(HOURLY, "Africa/Cairo", *span) == ["20:00Z 23:00", "21:00Z 23:00", "22:00Z 00:00"]
    assert fires(Monthly(day=29, times=(time(23, 15),)), "Africa/Cairo", *span) == ["20:15Z 23:15"]


def test_a_starred_cron_on_one_weekday_does_not_run_in_the_midnight_hour_that_is_skipped() -> None:
    assert clocks("Africa/Cairo", "2026-04-01", "2026-05-01") == ["00:00 to 01:00 at 22:00Z on 2026-04-23"]
    fridays = Cron(expression="*/30 0,1 * * FRI")

    assert fires(fridays, "Africa/Cairo", "2026-04-18", "2026-04-25") == ["22:00Z 01:00", "22:30Z 01:30"]


# ── days that never were, and zones that moved for good ──────────────────────────────────────────


def test_the_friday_that_apia_skipped_is_a_gap_like_any_other() -> None:
    assert clocks("Pacific/Apia", "2011-12-01", "2012-01-01") == ["00:00 to 00:00 at 10:00Z on 2011-12-30"]
    span = ("2011-12-30 09:00", "2011-12-30 12:00")

    assert fires(daily("02:00"), "Pacific/Apia", *span) == ["10:00Z 02:00"]
    assert fires(daily("00:00"), "Pacific/Apia", *span) == ["10:00Z 00:00"]
    assert fires(Weekly(days=(Weekday.FRIDAY,), times=(time(18, 0),)), "Pacific/Apia", *span) == ["10:00Z 18:00"]
    assert fires(Monthly(day=30, times=(time(4, 0),)), "Pacific/Apia", *span) == ["10:00Z 04:00"]
    assert fires(Cron(expression="0 4 * * 5"), "Pacific/Apia", *span) == ["10:00Z 04:00"]
    assert fires(Cron(expression="0 * * * 5"), "Pacific/Apia", *span) == []
    assert fires(HOURLY, "Pacific/Apia", *span) == ["09:00Z 23:00", "10:00Z 00:00", "11:00Z 01:00"]
    [slot] = trigger_of(daily("02:00"), ZoneInfo("Pacific/Apia")).slots(utc(span[0]), utc(span[1]))
    assert slot.nominal == datetime.fromisoformat("2011-12-30 02:00")


def test_casablanca_leaves_its_summer_for_ramadan_and_returns() -> None:
    assert clocks("Africa/Casablanca", "2026-01-01", "2027-01-01") == [
        "03:00 to 02:00 at 02:00Z on 2026-02-15",
        "02:00 to 03:00 at 02:00Z on 2026-03-22",
    ]

    assert fires(daily("02:30"), "Africa/Casablanca", "2026-02-14", "2026-02-17") == [
        "01:30Z 02:30",
        "01:30Z 02:30",
        "02:30Z 02:30",
    ]
    assert fires(daily("02:30"), "Africa/Casablanca", "2026-03-21", "2026-03-24") == [
        "02:30Z 02:30",
        "02:00Z 02:30",
        "01:30Z 02:30",
    ]


def test_volgograd_moved_for_good_and_back_again() -> None:
    assert clocks("Europe/Volgograd", "2018-01-01", "2021-01-01") == [
        "02:00 to 03:00 at 23:00Z on 2018-10-27",
        "02:00 to 01:00 at 22:00Z on 2020-12-26",
    ]

    assert fires(daily("02:30"), "Europe/Volgograd", "2018-10-26 12:00", "2018-10-29 12:00") == [
        "23:30Z 02:30",
        "23:00Z 02:30",
        "22:30Z 02:30",
    ]
    assert fires(HOURLY, "Europe/Volgograd", "2020-12-26 20:00", "2020-12-27 00:00") == [
        "20:00Z 00:00",
        "21:00Z 01:00",
        "22:00Z 01:00",
        "23:00Z 02:00",
    ]


def test_pyongyang_ended_a_day_half_an_hour_early() -> None:
    assert clocks("Asia/Pyongyang", "2018-01-01", "2019-01-01") == ["23:30 to 00:00 at 15:00Z on 2018-05-04"]
    span = ("2018-05-04 14:00", "2018-05-04 16:30")

    assert fires(daily("23:45", "00:15"), "Asia/Pyongyang", *span) == ["15:00Z 23:45", "15:15Z 00:15"]
    assert fires(daily("23:45", "00:00"), "Asia/Pyongyang", *span) == ["15:00Z 23:45"]
    assert fires(HOURLY, "Asia/Pyongyang", *span) == ["14:30Z 23:00", "15:00Z 00:00", "16:00Z 01:00"]


def test_caracas_moved_by_half_an_hour_both_ways() -> None:
    assert clocks("America/Caracas", "2007-01-01", "2017-01-01") == [
        "03:00 to 02:30 at 07:00Z on 2007-12-09",
        "02:30 to 03:00 at 07:00Z on 2016-05-01",
    ]

    assert fires(daily("02:45"), "America/Caracas", "2007-12-09", "2007-12-10") == ["06:45Z 02:45"]
    assert fires(daily("02:45"), "America/Caracas", "2016-05-01", "2016-05-02") == ["07:00Z 02:45"]


# ── open bugs of the `schedule` library, which cannot happen here ────────────────────────────────


def test_schedule_bug_an_hourly_job_that_pauses_in_the_repeated_hour() -> None:
    assert clocks("Europe/Berlin", "2026-10-01", "2026-11-01") == ["03:00 to 02:00 at 01:00Z on 2026-10-25"]

    slots = trigger_of(HOURLY, ZoneInfo("Europe/Berlin")).slots(utc("2026-10-24"), utc("2026-10-26"))

    assert [slot.due for slot in slots] == [utc("2026-10-24") + timedelta(hours=hours) for hours in range(48)]


@pytest.mark.parametrize("server", ["UTC", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_schedule_bug_a_daily_job_an_hour_off_when_the_server_has_another_zone(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clocks("Europe/Berlin", "2026-03-01", "2026-04-01") == ["02:00 to 03:00 at 01:00Z on 2026-03-29"]
    monkeypatch.setenv("TZ", server)
    process_time.tzset()

    try:
        due = fires(daily("12:30"), "Europe/Berlin", "2026-03-28", "2026-03-31")
    finally:
        monkeypatch.undo()
        process_time.tzset()

    assert due == ["11:30Z 12:30", "10:30Z 12:30", "10:30Z 12:30"]
