"""The memory between looks at the jobs: what it keeps is what a look without it finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aperture_plugin.app.installation import Installation
from aperture_plugin.app.json_views import overview_json
from aperture_plugin.testing import World
from aperture_plugin.triggers.trigger import trigger_of
from tests.web.conftest import aperture_of

FILE = """\
timezone: Europe/Riga
schedules:
  often: every 15 minutes
  nightly: daily at 2 AM
  hand: manual
  ending: once at 2026-01-10 04:00
"""


def same(kept: Installation, world: World) -> bool:
    """Return whether an installation that has looked before sees what one sees that has not."""
    fresh = aperture_of(world).installation()
    seen = overview_json(fresh.overview())
    fresh.close()
    return overview_json(kept.overview()) == seen


def test_each_look_sees_what_a_first_look_would(world: World) -> None:
    kept = aperture_of(world.write(FILE)).installation()
    world.start(at="2026-01-10 00:00")
    assert same(kept, world)

    for step in ("10 minutes", "20 minutes", "2 hours", "3 hours"):
        world.advance(step)
        assert same(kept, world), step

    world.durations["hand"] = "1 hour"
    world.run("hand")
    assert same(kept, world)
    world.pause("nightly", note="the disk is full")
    assert same(kept, world)
    world.resume("nightly").advance("2 hours")
    assert same(kept, world)
    assert world.save(FILE.replace("2 AM", "3 AM") + "  new: every hour\nfreeze:\n  - 2026-01-10: a day off\n")
    assert same(kept, world)
    assert not world.save(FILE.replace("2 AM", "26 AM"))
    assert same(kept, world)
    world.stop()
    assert same(kept, world)
    kept.close()


def test_a_clock_that_is_set_back_makes_an_earlier_slot_the_next(world: World) -> None:
    kept = aperture_of(world.write(FILE)).installation()
    world.start(at="2026-01-10 06:00")
    kept.overview()

    world.clock.step(timedelta(hours=-5))

    assert same(kept, world)
    kept.close()


def test_a_second_look_searches_only_for_what_has_come_due(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []

    def search(*words: Any) -> Any:
        searched.append(str(words))
        return trigger_of(*words)

    monkeypatch.setattr("aperture_plugin.app.job_views.trigger_of", search)
    jobs = "".join(f"  job-{number}: daily at 2 AM\n" for number in range(50))
    kept = aperture_of(world.write(f"schedules:\n{jobs}  often: every 15 minutes\n")).installation()
    world.start(at="2026-01-10 00:01")

    numbers = []
    for _ in range(3):
        kept.overview()
        numbers.append(len(searched))
        world.advance("10 minutes")
    kept.close()

    assert numbers == [51, 51, 52]
