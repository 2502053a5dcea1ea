"""Limits that cannot give every planned run one call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Warned = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("schedule", "limit", "told"),
    [
        ("every 30 minutes", "47 per day", True),
        ("every 30 minutes", "48 per day", False),
        ("every 30 minutes", "40 per 10 seconds", False),
        ("daily at 2 AM, 3 AM", "1 per day", True),
        ("cron 0 * * * *", "20 per day", True),
        ("manual", "1 per 30 days", False),
    ],
)
def test_a_limit_that_allows_fewer_calls_than_there_are_runs_is_told(
    schedule: str, limit: str, told: bool, warned: Warned
) -> None:
    text = f"limits:\n  omdb: {limit}\nschedules:\n  scan:\n    schedule: {schedule}\n    limit: omdb\n"

    assert warned(text) == ["limit-exceeded"] * told


def test_the_runs_of_all_jobs_are_counted_together(warned: Warned) -> None:
    one = "    schedule: every 6 hours\n    limit: omdb\n"

    assert warned(f"limits:\n  omdb: 7 per day\nschedules:\n  scan:\n{one}") == []
    assert warned(f"limits:\n  omdb: 7 per day\nschedules:\n  scan:\n{one}  sync:\n{one}") == ["limit-exceeded"]


def test_the_calls_that_the_file_declares_are_counted(warned: Warned) -> None:
    text = (
        "limits:\n  omdb: 1000 per day\nschedules:\n"
        "  scan:\n    schedule: every 2 hours\n    limit: [omdb]\n    calls: {}\n"
    )

    assert warned(text.format(50)) == []
    assert warned(text.format(100)) == ["limit-exceeded"]


def test_the_calls_that_a_plugin_declares_are_counted_where_the_file_says_nothing(warned: Warned) -> None:
    text = "limits:\n  omdb: 1000 per day\nschedules:\n  scan:\n    schedule: every 2 hours\n    limit: [omdb]\n"

    assert warned(text, declared={"scan": {"omdb": 50, "tmdb": 9000}}) == []
    assert warned(text, declared={"scan": {"omdb": 100}}) == ["limit-exceeded"]
    assert warned(text + "    calls: 10\n", declared={"scan": {"omdb": 100}}) == []
