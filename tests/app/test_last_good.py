"""A start from the last accepted file, where the one on disk is bad or gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aperture_plugin import Aperture, ConfigRefused, Job, hookimpl
from aperture_plugin.app.config_history import generations
from aperture_plugin.testing import World

GOOD = "schedules:\n  scan: every 2 hours\n"
BETTER = "schedules:\n  scan: every 3 hours\n  other: daily at 3 AM\n"
BAD = "schedules:\n  scan: evry 2 hours\n"


class Host:
    """Offers the jobs it is told to."""

    def __init__(self, *names: str) -> None:
        self.names = names

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        for name in self.names:
            yield Job(name, lambda run: None)


def aperture_of(world: World, *names: str, last_good: bool = True) -> Aperture:
    return Aperture(
        world.file,
        plugins=[Host(*names)],
        environ=world.environ,
        clock=world.clock,
        entry_points=False,
        watch=False,
        last_good=last_good,
    )


@pytest.fixture
def world(world: World) -> World:
    """A world in which two files have been in force."""
    world.handlers["other"] = lambda run: None
    world.write(GOOD).start(at="2026-01-10 01:00")
    world.save(BETTER)
    return world.stop()


@pytest.mark.parametrize("text", [BAD, "", None])
def test_the_last_accepted_file_is_in_force_and_the_status_says_so(world: World, text: str | None) -> None:
    world.file.unlink() if text is None else world.write(text)

    with aperture_of(world, "scan", "other") as aperture:
        overview, status = aperture.overview(), aperture.status()

    assert sorted(job["job"] for job in status["jobs"]) == ["other", "scan"]
    assert status["config"]["rejected"]["problems"][0]["severity"] == "error"
    assert overview.generation is not None
    assert overview.generation[0] == 2


def test_a_good_file_is_taken_as_ever(world: World) -> None:
    world.write(GOOD)

    with aperture_of(world, "scan", "other") as aperture:
        overview = aperture.overview()

    assert ([job.name for job in overview.jobs], overview.rejected, overview.generation) == (["scan"], None, None)


def test_a_generation_that_is_not_good_any_more_is_passed_over(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write(BAD)

    with aperture_of(world, "scan") as aperture:  # the plugin with the other job has gone
        jobs = [job["job"] for job in aperture.status()["jobs"]]

    assert jobs == ["scan"]
    assert "generation 2 of" in caplog.text


def test_slots_missed_meanwhile_are_caught_up_as_after_any_other_start(world: World) -> None:
    world.write(BAD)
    world.clock.advance("5 hours")

    with aperture_of(world, "scan", "other") as aperture:
        triggers = {run.job: (str(run.trigger), run.missed) for run in aperture.history()}

    assert triggers == {"scan": ("catch-up", 2), "other": ("catch-up", 1)}


def test_the_next_good_save_is_in_force_and_clears_what_was_refused(world: World) -> None:
    world.write(BAD)

    with aperture_of(world, "scan", "other") as aperture:
        aperture.judge(GOOD.encode())
        aperture.pause("scan")  # a question behind it: once that is answered, the file is in force
        overview = aperture.overview()

    assert ([job.name for job in overview.jobs], overview.rejected, overview.generation) == (["scan"], None, None)


def test_without_asking_for_it_a_bad_file_starts_nothing(world: World) -> None:
    world.write(BAD)

    with pytest.raises(ConfigRefused, match="evry"):
        aperture_of(world, "scan", "other", last_good=False).start()


def test_where_nothing_was_ever_accepted_nothing_starts_and_no_store_is_made(tmp_path: Path) -> None:
    world = World(tmp_path)

    with pytest.raises(FileNotFoundError):
        aperture_of(world).start()
    world.write(BAD)
    with pytest.raises(ConfigRefused):
        aperture_of(world).start()

    assert [path.name for path in tmp_path.iterdir()] == ["schedules.yaml"]


def test_twenty_generations_are_kept_byte_for_byte(world: World) -> None:
    odd = "\ufeffschedules:\r\n  scan: every 2 hours  # café\r\n"
    world.write(GOOD).start()
    for number in range(25):
        world.save(GOOD + f"# {number}\n")
    world.file.write_bytes(odd.encode())
    world.aperture.judge(world.file.read_bytes())
    world.drain()

    with world.beside() as store:
        kept = generations(store)

    assert len(kept) == 20
    assert kept[0].text.encode() == odd.encode()
    assert [one.number for one in kept] == sorted((one.number for one in kept), reverse=True)
