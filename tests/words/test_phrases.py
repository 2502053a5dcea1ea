"""Schedules as phrases: what a person types, and what every display prints."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.testing.word_strategies import schedules, timed_schedules
from aperture_plugin.words.phrases import phrase_of, read_phrase
from aperture_plugin.words.schedules import (
    After,
    AtStart,
    Cron,
    Daily,
    Interval,
    Manual,
    Monthly,
    Once,
    Schedule,
    Several,
    Weekday,
    Weekly,
)

PROMISED: dict[str, Schedule] = {
    "Daily at 2:00 AM": Daily(times=(time(2),)),
    "Daily at 2:00 AM, 2:00 PM": Daily(times=(time(2), time(14))),
    "Weekly on Sunday at 4:00 AM": Weekly(days=(Weekday.SUNDAY,), times=(time(4),)),
    "Monthly on day 1 at 4:00 AM": Monthly(day=1, times=(time(4),)),
    "Monthly on the last day at 4:00 AM": Monthly(day="last", times=(time(4),)),
    "Every 2 hours": Interval(every=timedelta(hours=2)),
    "Every hour": Interval(every=timedelta(hours=1)),
    "Every 30 minutes": Interval(every=timedelta(minutes=30)),
    "Every 3 hours at :10": Interval(every=timedelta(hours=3), offset=timedelta(minutes=10)),
    "Cron 0 3 * * 1-5": Cron(expression="0 3 * * 1-5"),
    "Once at 2026-12-24 6:00 PM": Once(at=datetime(2026, 12, 24, 18, 0)),  # noqa: DTZ001 - a wall time
    "After recommendations": After(jobs=("recommendations",)),
    "At start": AtStart(),
    "At start after 2 minutes": AtStart(delay=timedelta(minutes=2)),
    "At start unless ran within 6 hours": AtStart(unless_ran_within=timedelta(hours=6)),
    "Weekly on weekdays at 8:30 AM; weekly on weekends at 10:00 AM": Several(
        schedules=(
            Weekly(days=tuple(Weekday)[:5], times=(time(8, 30),)),
            Weekly(days=(Weekday.SATURDAY, Weekday.SUNDAY), times=(time(10),)),
        )
    ),
    "Manual only": Manual(),
}
"""The table of DESIGN.md, section 2."""

RESTATED = {
    "  dAILY   AT  02:00,14:00 ": "Daily at 2:00 AM, 2:00 PM",
    "daily at 2 pm and 2 am, and 02:00": "Daily at 2:00 AM, 2:00 PM",
    "weekly on fri, mon and sunday at 4 AM and 5 pm": "Weekly on Sunday, Monday, Friday at 4:00 AM, 5:00 PM",
    "weekly on weekdays at 9am": "Weekly on weekdays at 9:00 AM",
    "weekly on mon, tue, wed, thu, fri at 9am": "Weekly on weekdays at 9:00 AM",
    "weekly on saturday and sunday at 12 pm": "Weekly on weekends at 12:00 PM",
    "monthly on day 07 at 00:00": "Monthly on day 7 at 12:00 AM",
    "monthly on last day at 4 AM, 4 PM": "Monthly on the last day at 4:00 AM, 4:00 PM",
    "monthly on day last at 4 AM": "Monthly on the last day at 4:00 AM",
    "every 90m": "Every 90 minutes",
    "every 1 hour 30 minutes": "Every 90 minutes",
    "every 1 hour": "Every hour",
    "every 60 seconds": "Every minute",
    "every second": "Every second",
    "every day": "Every 24 hours",
    "every 1 week": "Every 168 hours",
    "every 24 hours at 2:30": "Every 24 hours at 2:30",
    "every 3 hours at 0:10:00": "Every 3 hours at :10",
    "every 3 hours at :00": "Every 3 hours",
    "every 2 days at 30:00:05": "Every 48 hours at 30:00:05",
    "CRON  0 3 *  * mon-fri": "Cron 0 3 * * MON-FRI",
    "once at 2026-12-24T18:00": "Once at 2026-12-24 6:00 PM",
    "after A, b and c": "After A, b, c",
    "AT  start AFTER 2m, 30s": "At start after 2 minutes 30 seconds",
    "at start unless ran within 1d after 90s": "At start after 1 minute 30 seconds unless ran within 1 day",
    "every hour;At Start ; DAILY at 2 am": "Every hour; at start; daily at 2:00 AM",
    "every hour; every 60 minutes": "Every hour",
    "manual": "Manual only",
    "MANUAL ONLY": "Manual only",
}


@pytest.mark.parametrize("phrase", PROMISED)
def test_every_promised_phrase_reads_as_its_schedule_and_prints_as_it_stands(phrase: str) -> None:
    assert read_phrase(phrase) == PROMISED[phrase]
    assert phrase_of(PROMISED[phrase]) == phrase


@pytest.mark.parametrize("text", RESTATED)
def test_a_phrase_prints_in_one_way_however_it_was_written(text: str) -> None:
    assert phrase_of(read_phrase(text)) == RESTATED[text]


@given(schedules())
def test_a_phrase_printed_and_read_again_is_the_same_schedule(schedule: Schedule) -> None:
    phrase = phrase_of(schedule)

    assert read_phrase(phrase) == schedule
    assert phrase_of(read_phrase(phrase)) == phrase


@given(schedules(), st.integers(1, 3))
def test_extra_spaces_do_not_matter(schedule: Schedule, spaces: int) -> None:
    spaced = phrase_of(schedule).replace(" ", " " * spaces)

    assert read_phrase(f"{' ' * spaces}{spaced}\t") == schedule


@given(timed_schedules())
def test_case_does_not_matter(schedule: Schedule) -> None:
    phrase = phrase_of(schedule)

    assert read_phrase(phrase.upper()) == schedule
    assert read_phrase(phrase.lower()) == schedule


def test_case_matters_in_the_names_of_jobs_only() -> None:
    assert read_phrase("AFTER Scan AND backup") == After(jobs=("Scan", "backup"))


@given(timed_schedules())
def test_several_days_or_times_are_joined_by_commas_or_and(schedule: Schedule) -> None:
    phrase = phrase_of(schedule)

    for joint in (",", " and ", " , and "):
        assert read_phrase(phrase.replace(", ", joint)) == schedule
