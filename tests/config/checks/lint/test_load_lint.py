"""Heavy jobs by day, and timeouts that reach past the next slot."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Warned = Callable[..., list[str]]


@pytest.mark.parametrize(
    "schedule", ["daily at 2 PM", "daily at 2 AM, 2 PM", "every 6 hours", "every 5 hours", "cron 0 12 * * 1"]
)
def test_a_heavy_job_that_is_due_by_day_is_told(schedule: str, warned: Warned) -> None:
    text = f"schedules:\n  scan:\n    schedule: {schedule}\n    heavy: yes\n"

    assert warned(text) == ["scan: heavy-by-day"]
    assert warned(text + "    window: 10 PM to 8 AM\n") == []
    assert warned(text.replace("yes", "no")) == []


@pytest.mark.parametrize("schedule", ["daily at 2 AM", "daily at 10 PM, 7:59 AM", "manual", "after sync"])
def test_a_heavy_job_that_is_due_by_night_or_not_by_itself_is_not_told(schedule: str, warned: Warned) -> None:
    assert warned(f"schedules:\n  sync: manual\n  scan:\n    schedule: {schedule}\n    heavy: yes\n") == []


@pytest.mark.parametrize(
    ("schedule", "timeout", "told"),
    [
        ("every 30 minutes", "31 minutes", True),
        ("every 30 minutes", "30 minutes", False),
        ("daily at 1 AM, 3 AM", "3 hours", True),
        ("daily at 1 AM, 11 PM", "3 hours", True),
        ("daily at 1 AM", "20 hours", False),
        ("weekly on monday at 1 AM", "30 hours", False),
        ("manual", "30 hours", False),
    ],
)
def test_a_timeout_longer_than_the_time_to_the_next_slot_is_told(
    schedule: str, timeout: str, told: bool, warned: Warned
) -> None:
    text = f"schedules:\n  scan:\n    schedule: {schedule}\n    timeout: {timeout}\n"

    assert warned(text) == ["scan: timeout-over-interval"] * told


def test_a_timeout_for_all_jobs_is_no_word_about_this_one(warned: Warned) -> None:
    assert warned("defaults:\n  timeout: 4 hours\nschedules:\n  scan: every 30 minutes\n") == []


def test_a_job_that_skips_what_overlaps_has_thought_of_it(warned: Warned) -> None:
    text = "schedules:\n  scan:\n    schedule: every 30 minutes\n    timeout: 1 hour\n    overlap: skip\n"

    assert warned(text) == []
