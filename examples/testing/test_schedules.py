"""Tests of this host's schedules.yaml, week by week, with a fake clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from newsletter import Newsletter

from aperture_plugin.testing import World

SCHEDULES = Path(__file__).with_name("schedules.yaml")


class Office:
    """A stand-in for the services that the host's jobs use."""

    def __init__(self) -> None:
        self.is_open = True
        self.sent: list[str] = []

    def find_stories(self) -> list[str]:
        if not self.is_open:
            raise ConnectionError("nobody answers at the office")
        return ["the ferry runs again"]


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def aperture_plugins(office: Office) -> list[object]:
    """The host's plugins, which `aperture_world` loads."""
    return [Newsletter(office.find_stories, office.sent.append)]


@pytest.fixture
def world(aperture_world: World) -> World:
    """Saturday, 10 January 2026, with the schedules.yaml that this host ships."""
    return aperture_world.write(SCHEDULES.read_text(encoding="utf-8")).start(at="2026-01-10 12:00")


def test_one_letter_goes_out_each_week(world: World, office: Office) -> None:
    world.advance("14 days")

    assert [run.nominal and f"{run.nominal:%A %H:%M}" for run in world.history("send")] == ["Monday 08:00"] * 2
    assert [len(letter.splitlines()) for letter in office.sent] == [2, 7]


def test_no_letter_goes_out_when_the_stories_of_the_morning_are_missing(world: World, office: Office) -> None:
    office.is_open = False

    world.advance("2 days")

    [run] = world.history("send")
    assert office.sent == []
    assert (run.status, run.reason) == ("skipped", "collect last ended as failed (6:00 AM), and send needs it")


def test_a_weekend_without_power_is_caught_up_once(world: World, office: Office) -> None:
    world.stop()
    world.clock.advance("2 days 12 hours")

    world.start()

    [collected] = world.history("collect")
    assert (collected.trigger, collected.missed) == ("catch-up", 2)
    assert office.sent == ["the ferry runs again"]
