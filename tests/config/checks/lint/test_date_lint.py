"""Short months, both day fields of cron, and steps that do not come out even."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aperture_plugin.config.model import Reading

ReadFile = Callable[..., Reading]
Warned = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("schedule", "when"),
    [
        ("monthly on day 29 at 2 AM", "February of three years in four"),
        ("monthly on day 30 at 2 AM", "February"),
        ("monthly on day 31 at 2 AM", "5 of 12 months"),
        ("cron 0 2 31 * *", "5 of 12 months"),
        ("cron 0 2 31 1,2,3 *", "February"),
    ],
)
def test_a_day_that_months_lack_is_told_with_how_many(schedule: str, when: str, read_file: ReadFile) -> None:
    [problem] = read_file(f"schedules:\n  scan: {schedule}\n").problems

    assert (problem.code, problem.message.partition(" in ")[2]) == ("short-month", when)


@pytest.mark.parametrize(
    "schedule",
    [
        "monthly on day 28 at 2 AM",
        "monthly on the last day at 2 AM",
        "cron 0 2 31 1,3,5 *",
        "cron 0 2 29 2 *",
        "cron 0 2 L * *",
        "cron 0 2 15-31 * *",
        "cron 0 2 */2 * MON",
        "cron 0 2 * * 1-5",
    ],
)
def test_days_that_are_meant_are_not_told(schedule: str, warned: Warned) -> None:
    assert warned(f"schedules:\n  scan: {schedule}\n") == []


def test_both_day_fields_of_a_cron_expression_are_told(warned: Warned) -> None:
    assert warned("schedules:\n  scan: cron 0 2 13 * FRI\n") == ["scan: cron-both-days"]


@pytest.mark.parametrize(
    ("expression", "write"),
    [
        ("*/45 * * * *", "scan: every 45 minutes"),
        ("*/7 3 * * *", "scan: every 7 minutes"),
        ("0 */5 * * *", "scan: every 5 hours"),
    ],
)
def test_a_step_that_begins_anew_is_told_with_the_interval_that_does_not(
    expression: str, write: str, read_file: ReadFile
) -> None:
    [problem] = read_file(f"schedules:\n  scan: cron {expression}\n").problems

    assert (problem.code, problem.hint.rpartition("Write:  ")[2]) == ("cron-restarts", write)


@pytest.mark.parametrize("expression", ["*/15 * * * *", "*/30 3 * * *", "0 */6 * * *", "5/20 * * * *", "0 0 */3 * *"])
def test_a_step_that_comes_out_even_is_not_told(expression: str, warned: Warned) -> None:
    assert warned(f"schedules:\n  scan: cron {expression}\n") == []
