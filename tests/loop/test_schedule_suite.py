"""The test suite of schedule 1.2.2, case by case: what holds of `Timetable` and `Entry`, and what they refuse.

schedule's words (`every().day.at(…)`) are refused, because a due time comes from a trigger. Its cases about due times
are answered by triggers here, each with one of the instants that schedule's own suite expects.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import schedule

from aperture_plugin.triggers.trigger import trigger_of
from aperture_plugin.words.phrases import read_phrase
from tests.loop.test_timetable import Fired

BERLIN, AUCKLAND = "Europe/Berlin", "Pacific/Auckland"

DUE: Final[dict[str, tuple[str, str, str, str, str]]] = {
    # case: phrase, its zone, now and the due time by the clock of the last zone
    "test_next_run_time": ("daily at 12:30", "UTC", "2010-01-06 12:15", "2010-01-06 12:30", "UTC"),
    "test_next_run_time_day_end": ("daily at 23:30", "UTC", "2010-12-02 23:30", "2010-12-03 23:30", "UTC"),
    "test_next_run_time_hour_end": ("every hour at :10", "UTC", "2010-10-10 12:10", "2010-10-10 13:10", "UTC"),
    "test_next_run_time_hour_end_london": (
        *("every hour at :10", "Europe/London", "2010-10-10 12:10", "2010-10-10 13:10", "Europe/London"),
    ),
    "test_next_run_time_hour_end_katmandu": (
        *("every hour at :10", "Asia/Kathmandu", "2010-10-10 12:10", "2010-10-10 13:10", "Asia/Kathmandu"),
    ),
    "test_next_run_time_minute_end": ("every minute", "UTC", "2010-10-10 10:10", "2010-10-10 10:11", "UTC"),
    "test_next_run_time_minute_end_london": (
        *("every minute", "Europe/London", "2010-10-10 10:10", "2010-10-10 10:11", "Europe/London"),
    ),
    "test_next_run_time_minute_end_katmhandu": (
        *("every minute", "Asia/Kathmandu", "2010-10-10 10:10", "2010-10-10 10:11", "Asia/Kathmandu"),
    ),
    "test_tz": ("daily at 06:30", "Asia/Kolkata", "2022-02-01 23:15", "2022-02-02 02:00", BERLIN),
    "test_tz_daily_midnight": ("daily at 00:00", "US/Central", "2023-04-14 04:50", "2023-04-14 07:00", BERLIN),
    "test_tz_daily_half_hour_offset": (
        *("daily at 10:30", "America/New_York", "2022-04-08 10:00", "2022-04-08 16:30", BERLIN),
    ),
    "test_tz_daily_dst": ("daily at 10:30", "America/New_York", "2022-03-20 10:00", "2022-03-20 15:30", BERLIN),
    "test_tz_daily_dst_overlap_hour": ("daily at 02:30", BERLIN, "2023-10-29 01:30", "2023-10-29 02:30", BERLIN),
    "test_tz_daily_exact_future_scheduling": (
        *("daily at 11:00", "Asia/Krasnoyarsk", "2022-03-20 10:00", "2022-03-21 05:00", BERLIN),
    ),
    "test_tz_daily_utc": ("daily at 00:00", "UTC", "2023-09-18 10:59", "2023-09-18 12:00", AUCKLAND),
    "test_tz_daily_issue_592": ("daily at 09:45", "US/Eastern", "2023-07-15 13:00", "2023-07-15 13:45", "UTC"),
    "test_tz_weekly_sunday_conversion": (
        *("weekly on sunday at 23:00", "Europe/Amsterdam", "2023-10-22 23:00", "2023-10-29 22:00", "UTC"),
    ),
    "test_tz_daily_new_year_offset": (
        *("daily at 12:00", "Australia/Sydney", "2023-12-31 23:00", "2024-01-01 02:00", BERLIN),
    ),
    "test_tz_daily_end_year_cross_continent": (
        *("daily at 09:00", "Asia/Tokyo", "2023-12-31 23:50", "2024-01-01 01:00", BERLIN),
    ),
    "test_tz_daily_end_month_offset": (
        *("daily at 10:00", "Australia/Sydney", "2023-02-28 23:50", "2023-03-01 00:00", BERLIN),
    ),
    "test_tz_daily_leap_year": ("daily at 04:00", "Asia/Dubai", "2024-02-28 23:50", "2024-02-29 01:00", BERLIN),
    "test_tz_daily_issue_605": ("daily at 23:00", "UTC", "2023-09-18 10:00", "2023-09-18 11:00", AUCKLAND),
    "test_tz_daily_dst_starting_point": (
        *("daily at 01:00", "Europe/London", "2023-03-26 01:30", "2023-03-26 03:00", BERLIN),
    ),
    "test_tz_daily_dst_ending_point": (
        *("daily at 06:00", "Europe/Istanbul", "2023-10-29 03:30", "2023-10-29 04:00", BERLIN),
    ),
    "test_tz_daily_issue_608_pre_dst": ("daily at 23:00", "UTC", "2023-09-18 10:00", "2023-09-18 11:00", AUCKLAND),
    "test_tz_daily_issue_608_post_dst": ("daily at 23:00", "UTC", "2024-04-08 10:00", "2024-04-08 11:00", AUCKLAND),
    "test_tz_daily_issue_608_mid_dst": ("daily at 23:00", "UTC", "2023-09-25 10:00", "2023-09-25 12:00", AUCKLAND),
    "test_tz_daily_issue_608_before_dst_end": (
        *("daily at 23:00", "UTC", "2024-04-01 10:00", "2024-04-01 12:00", AUCKLAND),
    ),
    "test_run_every_weekday_at_specific_time_today": (
        *("weekly on wednesday at 14:12", "UTC", "2010-01-06 13:16", "2010-01-06 14:12", "UTC"),
    ),
    "test_run_every_weekday_at_specific_time_past_today": (
        *("weekly on wednesday at 13:15", "UTC", "2010-01-06 13:16", "2010-01-13 13:15", "UTC"),
    ),
    "test_weekday_at_todady": ("weekly on wednesday at 22:39", "UTC", "2020-11-25 22:38", "2020-11-25 22:39", "UTC"),
}
"""Due times that schedule's suite expects, each from a trigger here."""

OTHERWISE: Final = {
    "test_tz_daily_dst_skip_hour": "schedule runs 02:30, which is skipped, at 03:30; here the gap ends at 03:00",
    "test_tz_daily_exact_seconds_precision": "a time of day is whole minutes here; a grid has seconds",
    "test_tz_hourly_intermediate_conversion": "schedule counts hours from now; here they are a grid of the day",
    "test_tz_minutes_year_round": "schedule counts minutes from now; here they are a grid of the day",
    "test_tz_weekly_large_interval_forward": "schedule counts weeks from now; here an interval counts from 2000",
    "test_tz_weekly_large_interval_backward": "schedule counts weeks from now; here an interval counts from 2000",
    "test_tz_daily_skip_dst_change": "schedule counts days from now; here an interval counts from 2000",
    "test_tz_daily_different_simultaneous_dst_change": "schedule counts days from now; here from 2000",
    "test_tz_daily_opposite_dst_change": "schedule counts days from now; here an interval counts from 2000",
    "test_run_every_n_days_at_specific_time": "schedule counts days from now; here an interval counts from 2000",
    "test_daylight_saving_time": "naive times of the machine's zone; here every due time is an aware instant",
}
"""Cases that expect what is promised otherwise here (DESIGN.md, section 3)."""

INNER: Final = {
    *("test_align_utc_offset_no_timezone", "test_align_utc_offset_no_change", "test_align_utc_offset_with_dst_gap"),
    *("test_align_utc_offset_with_dst_fold", "test_align_utc_offset_with_dst_fold_fixate_1"),
    *("test_align_utc_offset_with_dst_fold_fixate_2", "test_align_utc_offset_after_fold_fixate"),
    *("test_move_to_next_weekday_today", "test_move_to_next_weekday_tommorrow", "test_move_to_next_weekday_nextweek"),
}
"""Cases of schedule's private functions, which nothing here calls."""

REFUSED: Final[dict[str, Callable[[Fired], object]]] = {
    "test_time_units": lambda fired: fired.timetable.every(),
    "test_singular_time_units_match_plural_units": lambda fired: fired.put("a").second,
    "test_time_range": lambda fired: fired.put("a").to(3),
    "test_time_range_repr": lambda fired: fired.put("a").latest,
    "test_at_time": lambda fired: fired.put("a").at("10:30"),
    "test_at_time_hour": lambda fired: fired.put("a").at(":30"),
    "test_at_time_minute": lambda fired: fired.put("a").at(":30"),
    "test_until_time": lambda fired: fired.put("a").until("18:30"),
    "test_tz_invalid_timezone_exceptions": lambda fired: fired.put("a").at("10:30", "FakeZone"),
    "test_run_all": lambda fired: fired.timetable.run_all(),
    "test_run_all_with_decorator": lambda fired: fired.timetable.every().minute,
    "test_run_all_with_decorator_args": lambda fired: fired.timetable.every().minute,
    "test_run_all_with_decorator_defaultargs": lambda fired: fired.timetable.every().minute,
    "test_tag_type_enforcement": lambda fired: fired.put("a").tag("hourly"),
    "test_to_string_lambda_job_func": lambda fired: fired.put("a").job_func,
    "test_repr_functools_partial_job_func": lambda fired: fired.put("a").job_func,
    "test_to_string_functools_partial_job_func": lambda fired: fired.put("a").job_func,
}
"""Cases of schedule's own words, each refused in a sentence."""


def _run_pending(fired: Fired) -> None:
    for name, phrase in (("minute", "every minute"), ("hour", "every hour"), ("second", "every second")):
        fired.put(name, phrase)
    fired.timetable.run_pending()
    assert fired.names == []
    fired.clock.set("2026-01-10 09:31")
    fired.timetable.run_pending()
    assert sorted(fired.names) == ["minute", "second"]
    fired.clock.set("2026-01-10 10:00")
    fired.timetable.run_pending()
    assert sorted(fired.names) == ["hour", "minute", "minute", "second", "second"]


def _next_run_property(fired: Fired) -> None:
    assert fired.timetable.next_run is None
    fired.put("hourly")
    fired.put("daily", "daily at 9:45")
    assert fired.timetable.next_run == datetime(2026, 1, 10, 9, 45, tzinfo=UTC)


def _idle_seconds(fired: Fired) -> None:
    assert fired.timetable.idle_seconds is None
    fired.put("hourly")
    assert fired.timetable.idle_seconds == 30 * 60
    fired.clock.set("2026-01-10 10:00:30")
    assert fired.timetable.idle_seconds == -30


def _cancel_job(fired: Fired) -> None:
    first, second = fired.put("first"), fired.put("second")
    fired.timetable.cancel_job(first)
    fired.timetable.cancel_job(first)
    assert fired.timetable.get_jobs() == [second]


def _by_tag(fired: Fired) -> None:
    first, second = fired.put("first"), fired.put("second")
    assert fired.timetable.get_jobs("first") == [first]
    assert fired.timetable.get_jobs() == [first, second]
    assert fired.timetable.get_jobs("nothing") == []
    fired.timetable.clear("first")
    assert fired.timetable.get_jobs() == [second]
    fired.timetable.clear()
    assert fired.timetable.get_jobs() == []


def _next_run_with_tag(fired: Fired) -> None:
    fired.put("hourly")
    fired.put("daily", "daily at 9:45")
    assert fired.timetable.get_next_run("hourly") == datetime(2026, 1, 10, 10, tzinfo=UTC)
    assert fired.timetable.get_next_run("nothing") is None


def _arguments(fired: Fired) -> None:
    given: list[object] = []
    trigger = trigger_of(read_phrase("every hour"), ZoneInfo("UTC"))
    fired.timetable.put("scan", trigger, order=0, after=fired.clock.now(), fire=lambda *these: given.extend(these))
    fired.clock.set("2026-01-10 10:00")
    fired.timetable.run_pending()
    assert given[0] == "scan"


def _text(fired: Fired) -> None:
    assert str(fired.put("scan")) == repr(fired.put("scan")) == "<Entry scan next=2026-01-10 10:00:00+00:00>"


def _misconfigured(fired: Fired) -> None:
    fired.put("scan")
    with pytest.raises(schedule.ScheduleError):
        fired.timetable.every()
    fired.clock.set("2026-01-10 10:00")
    fired.timetable.run_pending()
    assert fired.names == ["scan"]


KEPT: Final[dict[str, Callable[[Fired], None]]] = {
    "test_run_pending": _run_pending,
    "test_next_run_property": _next_run_property,
    "test_next_run_with_tag": _next_run_with_tag,
    "test_idle_seconds": _idle_seconds,
    "test_cancel_job": _cancel_job,
    "test_cancel_jobs": _cancel_job,
    "test_get_by_tag": _by_tag,
    "test_clear_by_tag": _by_tag,
    "test_job_func_args_are_passed_on": _arguments,
    "test_to_string": _text,
    "test_to_repr": _text,
    "test_misconfigured_job_wont_break_scheduler": _misconfigured,
}
"""Cases that hold here as they do there."""


@pytest.fixture
def fired() -> Fired:
    return Fired()


@pytest.mark.parametrize("case", KEPT)
def test_a_case_that_holds(case: str, fired: Fired) -> None:
    KEPT[case](fired)


@pytest.mark.parametrize("case", REFUSED)
def test_a_case_of_words_is_refused_in_a_sentence(case: str, fired: Fired) -> None:
    with pytest.raises(schedule.ScheduleError, match=r"\w+ .* trigger|would fire slots that are not due"):
        REFUSED[case](fired)


@pytest.mark.parametrize("case", DUE)
def test_a_due_time_is_the_one_that_schedule_expects(case: str) -> None:
    phrase, zone, now, due, seen_from = DUE[case]
    clock = ZoneInfo(seen_from)
    began, expected = (datetime.fromisoformat(at).replace(tzinfo=clock) for at in (now, due))

    slot = trigger_of(read_phrase(phrase), ZoneInfo(zone)).next_after(began.astimezone(UTC))

    assert slot is not None
    assert slot.due == expected.astimezone(UTC)


def test_each_case_is_listed_once() -> None:
    groups = (KEPT.keys(), REFUSED.keys(), DUE.keys(), OTHERWISE.keys(), INNER)

    assert sum(map(len, groups)) == len(set().union(*groups)) == 81
