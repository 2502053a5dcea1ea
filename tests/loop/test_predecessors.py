"""needs and after: what waits for what, across failures, retries, restarts and hand-started runs."""

from __future__ import annotations

import pytest

from aperture_plugin.loop.messages import CancelAsked
from aperture_plugin.ports import LiveRun
from aperture_plugin.testing import World

NEEDS = """\
queues:
  default: 5
schedules:
  library-scan: daily at 2 AM
  embeddings:
    schedule: daily at 2 AM
    needs: [library-scan]
"""

AFTER = """\
schedules:
  recommendations: daily at 2 AM
  top-picks: daily at 3 AM
  library-build: after recommendations and top-picks
"""


def fail(run: LiveRun) -> None:
    raise ValueError("the disk is gone")


def statuses(world: World, job: str) -> list[str]:
    return [run.status for run in world.history(job)]


def test_a_due_job_waits_while_a_needed_job_runs_and_then_starts(world: World) -> None:
    world.durations["library-scan"] = "1 hour"
    world.write(NEEDS).start(at="2026-01-10 01:00")

    world.advance("1 hour 30 minutes")
    [waiting] = world.history("embeddings")
    world.advance("1 hour")

    assert (waiting.status, waiting.reason) == ("waiting", "library-scan is running")
    [scan], [embeddings] = world.history("library-scan"), world.history("embeddings")
    assert (embeddings.status, embeddings.started_at) == ("completed", scan.finished_at)


def test_a_due_job_is_skipped_when_the_needed_job_failed(world: World) -> None:
    world.handlers["library-scan"] = fail

    world.write(NEEDS).start(at="2026-01-10 01:00").advance("2 hours")

    [run] = world.history("embeddings")
    assert (run.status, run.reason) == (
        "skipped",
        "library-scan last ended as failed (2:00 AM), and embeddings needs it",
    )


@pytest.mark.parametrize("restarted", [False, True])
def test_a_needed_run_that_was_cancelled_before_it_began_is_its_jobs_last_run(world: World, restarted: bool) -> None:
    world.durations["hog"] = "1 hour"
    world.write(
        "schedules:\n  library-scan: daily at 1:10 AM, 2:00 AM\n  hog: daily at 1:50 AM\n"
        "  embeddings:\n    schedule: daily at 2:20 AM\n    needs: [library-scan]\n"
    ).start(at="2026-01-10 01:00")
    world.advance("1 hour 10 minutes")

    world.loop.inbox.put(CancelAsked(job="library-scan", reason="cancelled by ada"))
    world.drain()
    if restarted:
        world.kill().start()
    world.advance("1 hour")

    [run] = world.history("embeddings")
    assert (run.status, run.reason) == (
        "skipped",
        "library-scan last ended as cancelled (2:10 AM), and embeddings needs it",
    )


def test_a_due_job_waits_for_the_retries_of_a_needed_job(world: World) -> None:
    def fail_twice(run: LiveRun) -> None:
        if run.attempt < 3:
            fail(run)

    world.handlers["library-scan"] = fail_twice
    text = NEEDS.replace("daily at 2 AM\n  emb", "\n    schedule: daily at 2 AM\n    retry:\n      attempts: 3\n  emb")

    world.write(text).start(at="2026-01-10 01:00").advance("2 hours")

    assert statuses(world, "library-scan") == ["failed", "failed", "completed"]
    assert statuses(world, "embeddings") == ["completed"]


def test_what_a_person_starts_by_hand_does_not_wait_for_what_it_needs(world: World) -> None:
    world.write(NEEDS).start(at="2026-01-10 01:00")

    run = world.run("embeddings")

    assert (run.status, run.trigger) == ("completed", "manual")


def test_after_a_long_outage_the_catch_ups_run_in_the_order_of_their_needs(world: World) -> None:
    order: list[str] = []
    for name in ("library-scan", "embeddings"):
        world.handlers[name] = lambda run: order.append(run.job)
    text = NEEDS.replace("  library-scan: daily at 2 AM\n", "") + "  library-scan: daily at 2 AM\n"
    world.write(text).start(at="2026-01-10 01:00").stop()
    world.clock.advance("3 days")

    world.start()

    assert order == ["library-scan", "embeddings"]
    assert {run.trigger for run in world.history()} == {"catch-up"}


def test_a_job_runs_after_every_job_it_names_has_completed(world: World) -> None:
    world.write(AFTER).start(at="2026-01-10 01:00")

    world.advance("1 hour 30 minutes")
    before = world.history("library-build")
    world.advance("1 hour")

    assert before == []
    [run] = world.history("library-build")
    assert (run.trigger, run.status, run.due) == ("after", "completed", None)


def test_each_round_of_completions_is_followed_once(world: World) -> None:
    world.write(AFTER).start(at="2026-01-10 01:00")

    world.advance("3 days")

    assert statuses(world, "library-build") == ["completed"] * 3


def test_a_failure_is_not_followed(world: World) -> None:
    world.handlers["top-picks"] = fail

    world.write(AFTER).start(at="2026-01-10 01:00").advance("1 day")

    assert world.history("library-build") == []


def test_a_completion_by_hand_counts(world: World) -> None:
    world.write(AFTER).start(at="2026-01-10 04:00")

    world.run("recommendations")
    world.run("top-picks")

    assert statuses(world, "library-build") == ["completed"]


def test_a_follower_queued_when_the_process_dies_runs_after_the_restart(world: World) -> None:
    world.durations["library-build"] = "1 hour"
    world.write(AFTER).start(at="2026-01-10 01:00").advance("2 hours 10 minutes")

    world.kill().start().advance("2 hours")

    assert statuses(world, "library-build") == ["interrupted", "completed"]


@pytest.mark.parametrize("job", ["library-build"])
def test_a_paused_follower_is_skipped_with_the_reason(world: World, job: str) -> None:
    world.write(AFTER).start(at="2026-01-10 01:00")
    world.pause(job)

    world.advance("3 hours")

    [run] = world.history(job)
    assert (run.status, run.reason) == ("skipped", "it was paused by a test")
