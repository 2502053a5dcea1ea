"""The world's own clockwork: what a host's tests stand on."""

from __future__ import annotations

from datetime import timedelta

from aperture_plugin.testing import World


def test_time_passes_whatever_the_floats_of_an_end_round_to(aperture_world: World) -> None:
    world = aperture_world
    world.write("schedules:\n  library-scan: manual\n")
    world.durations["library-scan"] = timedelta(seconds=0.7)
    world.start(at="2026-03-30 04:30:00.1")  # 79 days after the clock began: an ulp is a nanosecond and a half

    for _ in range(5):
        world.aperture.run("library-scan")
        world.advance(timedelta(seconds=0.1))
        world.advance(timedelta(seconds=0.3))
        world.advance(timedelta(seconds=0.6))

    assert {run.status for run in world.history("library-scan")} == {"completed"}


def test_the_past_is_read_in_the_store_that_the_file_names(aperture_world: World) -> None:
    aperture_world.write("state: sqlite:///jobs.db\nschedules:\n  scan: every hour\n").start(at="2026-01-10 01:00")

    aperture_world.advance("90 minutes")

    assert {run.job for run in aperture_world.history()} == {"scan"}
    assert not (aperture_world.folder / "aperture.db").exists()
