"""Jobs that are due together in a queue that cannot start them all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aperture_plugin.config.model import Reading

ReadFile = Callable[..., Reading]
Warned = Callable[..., list[str]]


def two(one: str, other: str) -> str:
    return f"schedules:\n  scan: {one}\n  backup: {other}\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("daily at 2 AM", "daily at 2 AM"),
        ("daily at 2 AM", "daily at 1 AM, 2 AM"),
        ("daily at 2 AM", "weekly on sunday at 2 AM"),
        ("weekly on weekdays at 2 AM", "weekly on friday at 2 AM"),
        ("daily at 2 AM", "cron 0 2 * * *"),
        ("daily at 12 AM", "every 24 hours"),
    ],
)
def test_two_that_are_due_together_week_after_week_are_told_at_the_one_that_waits(
    one: str, other: str, warned: Warned
) -> None:
    assert warned(two(one, other)) == ["backup: due-together"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("daily at 2 AM", "daily at 2:01 AM"),
        ("weekly on weekdays at 2 AM", "weekly on weekends at 2 AM"),
        ("daily at 2 AM", "every hour"),
        ("every hour", "every hour"),
        ("daily at 2 AM", "monthly on day 1 at 2 AM"),
        ("daily at 2 AM", "once at 2026-12-24 2 AM"),
        ("daily at 2 AM", "after scan"),
    ],
)
def test_those_that_meet_now_and_then_or_never_are_not_told(one: str, other: str, warned: Warned) -> None:
    assert warned(two(one, other)) == []


@pytest.mark.parametrize(
    "beside", ["queue: quick", "timezone: Asia/Tokyo", "jitter: 5 minutes", "needs: scan", "enabled: no"]
)
def test_what_keeps_them_apart_is_seen(beside: str, warned: Warned) -> None:
    text = two("daily at 2 AM", f"\n    schedule: daily at 2 AM\n    {beside}")

    assert warned("queues:\n  quick: 1\n" * beside.startswith("queue") + text) == []


def test_a_queue_that_starts_as_many_has_room_for_them(warned: Warned) -> None:
    text = two("daily at 2 AM", "daily at 2 AM")

    assert warned(f"queues:\n  default: 2\n{text}") == []
    assert warned(f"queues:\n  default: 2\n{text}  sync: daily at 2 AM\n") == ["sync: due-together"]


def test_of_very_many_such_times_in_one_queue_the_first_few_are_told(read_file: ReadFile) -> None:
    jobs = "".join(
        f"  {who}-{hour}:\n    schedule: daily at {hour}:00\n    command: ls\n"
        for hour in range(24)
        for who in ("one", "other")
    )

    problems = read_file(f"schedules:\n{jobs}").problems

    assert [problem.job for problem in problems] == [f"other-{hour}" for hour in range(8)]
    assert problems[-1].hint.endswith("; 16 more such times of this queue are not shown")
