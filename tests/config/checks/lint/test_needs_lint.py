"""Jobs due just before what they need, and jobs that need what never runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aperture_plugin.config.model import Reading

ReadFile = Callable[..., Reading]
Warned = Callable[..., list[str]]


def needing(job: str, needed: str) -> str:
    return f"schedules:\n  scan: {needed}\n  backup:\n    schedule: {job}\n    needs: scan\n"


@pytest.mark.parametrize(
    ("job", "needed"),
    [
        ("daily at 3 AM", "daily at 4 AM"),
        ("daily at 1 AM", "daily at 5 AM"),
        ("daily at 11:30 PM", "daily at 12:30 AM"),
        ("weekly on sunday at 3 AM", "weekly on sunday at 4 AM"),
        ("weekly on sunday at 3 AM", "daily at 4 AM"),
        ("cron 0 3 * * *", "daily at 4 AM"),
    ],
)
def test_a_job_that_is_always_due_just_before_what_it_needs_is_told(job: str, needed: str, warned: Warned) -> None:
    assert warned(needing(job, needed)) == ["backup: needs-later"]


@pytest.mark.parametrize(
    ("job", "needed"),
    [
        ("daily at 4 AM", "daily at 3 AM"),
        ("daily at 9 PM", "daily at 2 AM"),
        ("daily at 3 AM, 5 AM", "daily at 4 AM"),
        ("daily at 3 AM", "weekly on sunday at 2 AM"),
        ("daily at 3 AM", "every 2 hours"),
        ("every 2 hours", "daily at 3 AM"),
        ("after sync", "daily at 3 AM"),
        ("daily at 3 AM", "manual"),
    ],
)
def test_a_job_that_comes_after_what_it_needs_or_meets_it_by_chance_is_not_told(
    job: str, needed: str, warned: Warned
) -> None:
    assert warned(needing(job, needed) + "  sync: manual\n") == []


def test_wall_times_of_two_zones_are_not_held_against_each_other(warned: Warned) -> None:
    assert warned(needing("daily at 3 AM", "daily at 4 AM") + "    timezone: Asia/Tokyo\n") == []


def test_what_never_runs_by_itself_is_told_of_where_it_is_needed_and_where_it_is_followed(read_file: ReadFile) -> None:
    reading = read_file(
        "schedules:\n  scan:\n    schedule: daily at 2 AM\n    enabled: no\n"
        "  backup:\n    schedule: daily at 3 AM\n    needs: [scan]\n  sync: after scan\n"
    )

    told = [(problem.code, problem.job, problem.place.line, problem.place.column) for problem in reading.problems]
    assert told == [("needs-disabled", "backup", 7, 13), ("needs-disabled", "sync", 8, 9)]


def test_a_job_that_is_disabled_with_what_it_needs_is_not_told(warned: Warned) -> None:
    text = needing("daily at 3 AM", "manual").replace("scan: manual", "scan:\n    schedule: manual\n    enabled: no")

    assert warned(text + "    enabled: no\n") == []
