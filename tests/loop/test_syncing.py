"""Which turns wait for the disk."""

from __future__ import annotations

from aperture_plugin.config.model import Interrupted, JobConfig
from aperture_plugin.loop.inbox import CancelAsked
from aperture_plugin.loop.syncing import Syncs
from aperture_plugin.ports import Ended
from aperture_plugin.rules.jobs import Outcome
from aperture_plugin.rules.runs import Run
from aperture_plugin.testing import World

END = Ended(("a", 1), Outcome())


def words(world: World, text: str) -> dict[str, JobConfig]:
    world.write(text).start(at="2026-01-10 01:00")
    return dict(world.loop.state.config.jobs)


def one_run(world: World) -> Run:
    return world.run("scan")


def test_ends_and_starts_may_wait_for_company(world: World) -> None:
    jobs = words(world, "schedules:\n  scan: manual\n")

    assert Syncs(0.05).may_wait([END], [one_run(world)], jobs)


def test_what_a_person_was_told_waits_for_the_disk_at_once(world: World) -> None:
    jobs = words(world, "schedules:\n  scan: manual\n")

    assert not Syncs(0.05).may_wait([END, CancelAsked(reason="enough")], [], jobs)


def test_a_run_that_must_not_run_twice_starts_when_that_is_on_the_disk(world: World) -> None:
    jobs = words(world, "schedules:\n  scan:\n    type: manual\n    interrupted: leave\n")

    assert jobs["scan"].interrupted is Interrupted.LEAVE
    assert not Syncs(0.05).may_wait([END], [one_run(world)], jobs)


def test_the_first_that_did_not_wait_says_when_all_have_to() -> None:
    syncs = Syncs(0.05)

    syncs.wrote(10.0, waited=False)
    syncs.wrote(10.04, waited=False)

    assert (syncs.is_due(10.049), syncs.is_due(10.05)) == (False, True)


def test_nothing_is_left_to_wait_for_once_somebody_did() -> None:
    syncs = Syncs(0.05)

    syncs.wrote(10.0, waited=False)
    syncs.wrote(10.01, waited=True)

    assert syncs.at is None
