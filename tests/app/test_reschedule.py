"""A job's schedule changed in the file by a program: `Aperture.reschedule`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from aperture_plugin import CannotEdit, ConfigRefused, Job, hookimpl
from aperture_plugin.app import reschedule
from aperture_plugin.app.source import Source
from aperture_plugin.files.bounded_read import look_at
from aperture_plugin.testing import World
from aperture_plugin.words.parse_error import Unreadable

FILE = "schedules:\n  scan: every 2 hours  # often\n  other:\n    needs: scan\n    schedule: after scan\n"


@pytest.fixture
def world(world: World) -> World:
    return world.write(FILE).start(at="2026-01-10 01:00")


def text(world: World) -> str:
    return world.file.read_bytes().decode()


def test_the_new_schedule_is_in_the_file_and_in_force(world: World) -> None:
    config = world.aperture.reschedule("scan", "daily at 3 AM")
    world.drain()

    assert text(world) == FILE.replace("every 2 hours", "daily at 3 AM") == config.text
    assert [job["schedule"] for job in world.aperture.status()["jobs"]] == ["Daily at 3:00 AM", "After scan"]


def test_a_job_that_only_a_plugin_knows_is_added(world: World) -> None:
    class Host:
        @hookimpl
        def aperture_jobs(self) -> Iterator[Job]:
            yield Job("scan", print)
            yield Job("other", print)
            yield Job("third", print)

    world.stop()
    world = World(world.folder, plugins=[Host()])
    world.start()

    world.aperture.reschedule("third", "every 6 hours")

    assert text(world) == FILE + "  third: every 6 hours\n"
    world.close()


def test_mode_owner_and_links_are_kept(world: World) -> None:
    real = world.folder / "real.yaml"
    world.file.rename(real)
    world.file.symlink_to("real.yaml")
    real.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(real, 12345, 23456)
    before = real.stat()

    world.aperture.reschedule("scan", "daily at 3 AM")

    after = real.stat()
    assert world.file.is_symlink()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert "daily at 3 AM" in real.read_text()
    assert sorted(path.name for path in world.folder.glob("*.yaml*")) == ["real.yaml", "schedules.yaml"]


def test_what_it_says_already_is_not_written_again(world: World) -> None:
    before = world.file.stat().st_mtime_ns, world.file.stat().st_ino

    world.aperture.reschedule("scan", "EVERY  2 hours")

    assert (world.file.stat().st_mtime_ns, world.file.stat().st_ino) == before


def test_what_cannot_be_is_refused_and_nothing_is_written(world: World) -> None:
    reschedule = world.aperture.reschedule

    with pytest.raises(Unreadable, match="25 is not an hour"):
        reschedule("scan", "daily at 25:00")
    with pytest.raises(Unreadable, match="30"):
        reschedule("scan", "cron 0 0 30 2 *")
    with pytest.raises(KeyError, match="scna"):
        reschedule("scna", "daily at 3 AM")
    with pytest.raises(ConfigRefused) as refused:
        reschedule("scan", "after other")
    with pytest.raises(ConfigRefused) as unknown:
        reschedule("scan", "after nobody")

    assert [problem.code for problem in refused.value.problems] == ["after-circle"]
    assert [problem.code for problem in unknown.value.problems] == ["unknown-after"]
    assert text(world) == FILE


def test_a_file_that_is_bad_on_disk_is_not_changed(world: World) -> None:
    world.write("schedules: [\n")

    with pytest.raises(ConfigRefused):
        world.aperture.reschedule("scan", "daily at 3 AM")

    assert text(world) == "schedules: [\n"


def test_a_save_by_somebody_else_meanwhile_is_not_written_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = iter([FILE.encode()])
    monkeypatch.setattr(reschedule, "look_at", lambda path: next(reads, None) or look_at(path))
    world.write(FILE + "# a person's own words\n")

    with pytest.raises(CannotEdit, match="saved by somebody else"):
        world.aperture.reschedule("scan", "daily at 3 AM")

    assert text(world).endswith("# a person's own words\n")


def test_what_stands_on_disk_is_changed_not_what_is_in_force(world: World) -> None:
    world.write(FILE + "  new:\n    schedule: every hour\n    command: ls\n")  # saved, and not yet taken in

    world.aperture.reschedule("scan", "daily at 3 AM")
    world.drain()

    assert text(world).endswith("    command: ls\n")
    assert len(world.aperture.config.jobs) == 3


def test_no_loop_is_needed(world: World) -> None:
    source = Source(path=world.file, environ={})

    config = reschedule.reschedule(source, "other", "daily at 3 AM", now=world.clock.now())

    assert config.text == text(world) == FILE.replace("after scan", "daily at 3 AM")
