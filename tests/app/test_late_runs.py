"""Jobs that are not ready by the time that the file expects: told once, and only where that is somebody's business."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aperture_plugin.app.late_runs import late_notices
from aperture_plugin.ports import Notice
from aperture_plugin.testing import World

FILE = """\
timezone: Europe/Riga
notify:
  ops:
    to: json://127.0.0.1:9/
expect:
  - build ready by 6:30 AM if runs take 5 minutes
schedules:
  scan: daily at 5:00 AM
  build:
    schedule: after scan
    notify: [ops]
"""


def late(world: World) -> list[Notice]:
    config = world.loop.in_force.config
    with world.beside() as store:
        return late_notices(store, config, config.jobs.get, now=world.clock.now())


def texts(world: World) -> list[str]:
    return [notice.facts["text"] for notice in late(world)]


def test_a_job_that_still_runs_at_its_time_is_told_until_it_is_of_no_use(world: World) -> None:
    world.write(FILE).start(at="2026-01-10 01:00")
    world.durations["build"] = "3 hours"  # from 5:00 AM in Riga, which is 03:00 UTC

    world.advance("3 hours 29 minutes")
    before = texts(world)
    world.advance("2 minutes")
    [told] = late(world)
    world.advance("2 hours")
    after = texts(world)
    world.advance("12 hours")

    assert before == []
    assert told.facts["text"] == "It was to be ready by 6:30 AM, and is still running."
    assert (told.key, told.job) == ("late:ready-by:build:2026-01-10T04:30:00+00:00:ops", "build")
    assert after == ["It was to be ready by 6:30 AM, and completed only after that."]
    assert texts(world) == []


def test_a_job_that_completed_in_time_is_not_told(world: World) -> None:
    world.write(FILE).start(at="2026-01-10 01:00").advance("4 hours")

    assert [run.status for run in world.history("build")] == ["completed"]
    assert texts(world) == []


def test_a_job_whose_predecessor_failed_has_not_begun(world: World) -> None:
    world.handlers["scan"] = lambda _run: 1 / 0
    world.write(FILE).start(at="2026-01-10 01:00").advance("4 hours")

    assert texts(world) == ["It was to be ready by 6:30 AM, and has not begun."]


def test_a_job_that_ran_yesterday_is_told_today(world: World) -> None:
    world.write(FILE).start(at="2026-01-10 01:00").advance("1 day")
    world.durations["build"] = "3 hours"
    world.advance("4 hours")

    assert texts(world)[-1] == "It was to be ready by 6:30 AM, and is still running."


def test_a_paused_job_and_a_time_before_the_last_save_are_nobodys_business(world: World) -> None:
    world.write(FILE).start(at="2026-01-10 01:00").pause("build").advance("4 hours")
    paused = texts(world)
    world.resume("build").save(FILE.replace("6:30", "6:45"))

    assert (paused, texts(world)) == ([], [])


@pytest.mark.parametrize(
    "change", [("ops:\n    to", "ops:\n    when: [failed]\n    to"), ("notify: [ops]", "title: B")]
)
def test_it_is_told_only_to_channels_of_the_job_that_want_it(world: World, change: tuple[str, str]) -> None:
    world.durations["build"] = timedelta(hours=3)
    world.write(FILE.replace(*change)).start(at="2026-01-10 01:00").advance("4 hours")

    assert texts(world) == []
