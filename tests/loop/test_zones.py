"""The server's zone, and the rules of zones, may change: slots to come move, and what is past stays past."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from aperture_plugin.config.layers import zones
from aperture_plugin.testing import World

LOCAL = "schedules:\n  scan: daily at 3:30 AM\n"
TOWN = "Test/Town"
OWN = f"timezone: {TOWN}\n" + LOCAL


def fired(world: World) -> list[tuple[str, str, str]]:
    return [(f"{run.due:%d %H:%M}", f"{run.nominal:%d %H:%M}", run.trigger) for run in world.history("scan") if run.due]


def test_a_change_of_the_servers_zone_moves_what_comes_and_fires_nothing_that_is_past(world: World) -> None:
    world.environ["TZ"] = "Asia/Tokyo"  # 3:30 there is 18:30 the day before in UTC
    world.write(LOCAL).start(at="2026-01-10 12:00").advance("1 day").stop()

    world.environ["TZ"] = "America/New_York"  # 8:30 in UTC
    world.start().advance("1 day")

    assert fired(world) == [("10 18:30", "11 03:30", "schedule"), ("12 08:30", "12 03:30", "schedule")]


def test_a_slot_is_the_same_after_a_restart_and_a_save_in_whichever_zone_the_server_is(world: World) -> None:
    text = "timezone: Europe/Riga\n" + LOCAL
    world.write(text).start(at="2026-01-10 01:00").advance("1 hour")

    for zone in ("Asia/Tokyo", "America/New_York", "UTC"):
        world.stop()
        world.environ["TZ"] = zone
        world.start()
        world.save(f"# {zone}\n{text}")
        world.clock.step(-timedelta(hours=1))
        world.drain().advance("1 hour")

    assert fired(world) == [("10 01:30", "10 03:30", "schedule")]


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Make the rules of Test/Town those of another zone, as a new tz database does."""
    before = zoneinfo.TZPATH
    folder = tmp_path / "zones"
    (folder / "Test").mkdir(parents=True)

    def set_rules(zone: str) -> None:
        data = files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
        (folder / "Test" / "Town").write_bytes(data)
        zoneinfo.ZoneInfo.clear_cache(only_keys=[TOWN])  # others hold on to the zones that they have
        zoneinfo.reset_tzpath(to=[str(folder), *before])
        forget_names()

    yield set_rules
    zoneinfo.reset_tzpath(to=before)
    zoneinfo.ZoneInfo.clear_cache(only_keys=[TOWN])
    forget_names()


def forget_names() -> None:
    """Let a process that has looked for a zone before, in another test, look for the names of zones anew."""
    zones._all_names.cache_clear()
    zones._known.cache_clear()


def test_new_rules_move_what_comes_and_fire_nothing_that_is_past(world: World, rules: Callable[[str], None]) -> None:
    rules("Etc/GMT-2")
    world.write(OWN).start(at="2026-01-10 01:00").advance("2 hours").stop()

    rules("Etc/GMT-1")  # by these, 3:30 was at 2:30 in UTC, which has passed just now
    world.start().advance("1 day")

    assert fired(world) == [("10 01:30", "10 03:30", "schedule"), ("11 02:30", "11 03:30", "schedule")]


def test_the_same_rules_catch_up_what_was_missed(world: World, rules: Callable[[str], None]) -> None:
    rules("Etc/GMT-2")
    world.write(OWN).start(at="2026-01-10 01:00").advance("2 hours").stop()
    world.clock.advance("2 days")

    rules("Etc/GMT-2")
    world.start()

    assert fired(world) == [("10 01:30", "10 03:30", "schedule"), ("12 01:30", "12 03:30", "catch-up")]
