"""One runs, others queue; who comes first; what happens to a job that is still in hand."""

from __future__ import annotations

import pytest

from aperture_plugin.ports import LiveRun
from aperture_plugin.testing import World


def test_runs_due_together_queue_in_the_order_of_the_file(world: World) -> None:
    order: list[str] = []
    for name in ("b", "a", "c"):
        world.handlers[name] = lambda run: order.append(run.job)
    world.write("schedules:\n  b: daily at 2 AM\n  a: daily at 2 AM\n  c: daily at 1:30 AM\n")

    world.start(at="2026-01-10 01:00").advance("2 hours")

    assert order == ["c", "b", "a"]


def test_a_queue_runs_at_most_its_number(world: World) -> None:
    at_once: list[int] = []

    def handle(run: LiveRun) -> None:
        running = [each for each in world.history() if each.status == "running" and each.queue == "quick"]
        at_once.append(len(running))

    names = [f"job-{number}" for number in range(6)]
    world.handlers.update(dict.fromkeys(names, handle))
    jobs = "".join(f"  {name}:\n    schedule: daily at 2 AM\n    queue: quick\n" for name in names)
    world.write(f"queues:\n  quick: 2\nschedules:\n{jobs}")

    world.start(at="2026-01-10 01:00").advance("2 hours")

    assert [run.status for run in world.history()] == ["completed"] * 6
    assert max(at_once) == 2


def test_the_order_a_person_staggered_survives_the_night_the_clocks_go_forward(world: World) -> None:
    # Riga, 2026-03-29: 03:00 to 04:00 does not exist, so both jobs fall due at 04:00.
    order: list[str] = []
    for name in ("second", "first"):
        world.handlers[name] = lambda run: order.append(run.job)
    world.write(
        "timezone: Europe/Riga\nschedules:\n  second: daily at 3:30 AM\n  first: daily at 3:10 AM\n",
    )

    world.start(at="2026-03-28 23:00").advance("3 hours")

    assert order == ["first", "second"]
    assert len({run.due for run in world.history()}) == 1


@pytest.mark.parametrize(
    ("overlap", "statuses"),
    [
        ("queue one", ["completed", "running", "skipped", "waiting"]),
        ("skip", ["completed", "skipped", "skipped", "running"]),
        ("allow", ["completed", "completed", "running", "running"]),
    ],
)
def test_a_job_still_in_hand(world: World, overlap: str, statuses: list[str]) -> None:
    world.durations["scan"] = "2 hours 30 minutes"
    world.write(f"queues:\n  default: 9\nschedules:\n  scan:\n    schedule: every hour\n    overlap: {overlap}\n")

    world.start(at="2026-01-10 00:30").advance("4 hours")

    assert [run.status for run in world.history()] == statuses
