"""Past slots that somebody asks for again: one after the other, behind whatever is due, and never in its way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from aperture_plugin.app.audit import audit
from aperture_plugin.app.backfill import MOST_SLOTS, TooManySlots
from aperture_plugin.loop.messages import CancelAsked
from aperture_plugin.ports import LiveRun
from aperture_plugin.rules.runs import Run
from aperture_plugin.testing import World

SCAN = "schedules:\n  scan: every hour\n"
NEVER_TWICE = "schedules:\n  scan:\n    schedule: every hour\n    missed: skip\n"


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, 10, hour, minute, tzinfo=UTC)


def told(runs: Sequence[Run]) -> list[tuple[int | None, str, str]]:
    """Return the hours of the runs' slots, with trigger and status, in the order in which they began."""
    begun = sorted(runs, key=lambda run: (run.started_at or run.queued_at, run.id, run.attempt))
    return [(run.due.hour if run.due else None, str(run.trigger), str(run.status)) for run in begun]


def counts(world: World) -> tuple[int, int, int, int]:
    with world.beside() as store:
        total = audit(store, since=at(0), until=at(23), now=world.clock.now()).total
    return total.ran, total.skipped, total.merged, len(total.unaccounted)


def fail(run: LiveRun) -> None:
    raise RuntimeError(f"attempt {run.attempt}")


def away(world: World, text: str = NEVER_TWICE) -> World:
    """A loop that was away from 1:30 to 4:30, so that the slots of 2:00 to 4:00 passed without it."""
    world.write(text).start(at="2026-01-10 00:30").advance("1 hour").stop()
    world.clock.advance("3 hours")
    return world.start()


def test_missed_slots_run_again_in_order_each_with_its_slot_and_then_count_as_ran(world: World) -> None:
    away(world)
    assert counts(world) == (1, 3, 0, 0)

    queued = world.backfill("scan", since=at(0), only_missed=True, note="the disk was full")
    world.drain()

    assert [run.status for run in queued] == ["waiting"] * 3
    again = [run for run in world.history("scan") if run.trigger == "backfill"]
    assert told(again) == [(2, "backfill", "completed"), (3, "backfill", "completed"), (4, "backfill", "completed")]
    assert {(run.requested_by, run.note) for run in again} == {("a test", "the disk was full")}
    assert counts(world) == (4, 0, 0, 0)
    assert world.backfill("scan", since=at(0), only_missed=True) == []


def test_a_slot_merged_into_a_catch_up_was_missed_and_runs_again(world: World) -> None:
    away(world, SCAN)
    assert counts(world) == (2, 0, 2, 0)

    world.backfill("scan", since=at(0), only_missed=True)
    world.drain()

    assert counts(world) == (4, 0, 0, 0)


def test_all_slots_of_a_span_run_again_whether_they_ran_or_not(world: World) -> None:
    away(world)

    queued = world.backfill("scan", since=at(1), until=at(3))
    world.drain()

    assert [run.due for run in queued] == [at(1), at(2)]
    assert counts(world) == (2, 2, 0, 0)


def test_what_falls_due_meanwhile_comes_first_and_is_not_skipped_for_it(world: World) -> None:
    away(world).durations["scan"] = "1 hour"

    world.backfill("scan", since=at(0), only_missed=True)
    world.advance("5 hours")

    assert told([run for run in world.history("scan") if run.started_at])[-6:] == [
        (2, "backfill", "completed"),  # 4:30 to 5:30
        (5, "schedule", "completed"),  # to 6:30
        (6, "schedule", "completed"),  # to 7:30
        (7, "schedule", "completed"),
        (8, "schedule", "completed"),
        (9, "schedule", "running"),
    ]


@pytest.mark.parametrize("overlap", ["queue one", "skip", "allow"])
def test_whatever_the_overlap_they_run_one_after_the_other_and_cost_no_slot(world: World, overlap: str) -> None:
    away(
        world, NEVER_TWICE.replace("missed: skip", f"missed: skip\n    overlap: {overlap}") + "queues:\n  default: 9\n"
    )
    world.durations["scan"] = "20 minutes"

    world.backfill("scan", since=at(0), only_missed=True)
    world.advance("4 hours")

    runs = [run for run in world.history("scan") if run.status != "skipped"]
    again = sorted((run.started_at or at(0), run.finished_at or at(23)) for run in runs if run.is_backfill)
    assert len(again) == 3
    assert all(end <= begin for (_, end), (begin, _) in pairwise(again))
    assert [run.due for run in runs if run.trigger == "schedule"] == [at(1), at(5), at(6), at(7), at(8)]


def test_a_run_that_a_person_asks_for_is_not_refused_because_past_slots_wait(world: World) -> None:
    world.durations["scan"] = "10 minutes"
    away(world)

    world.backfill("scan", since=at(0), only_missed=True)
    asked = world.run("scan")

    assert asked.status in {"queued", "waiting"}


def test_cancelling_the_job_ends_all_of_them_and_their_slots_are_missed_as_before(world: World) -> None:
    world.durations["scan"] = "10 minutes"
    away(world)
    world.backfill("scan", since=at(0), only_missed=True)
    world.advance("1 minute")

    world.loop.inbox.put(CancelAsked(job="scan", reason="cancelled by ada"))
    world.drain()

    again = [run for run in world.history("scan") if run.trigger == "backfill"]
    assert told(again)[0] == (2, "backfill", "cancelled")
    assert {run.status for run in again} == {"cancelled"}
    assert [run.due for run in world.backfill("scan", since=at(0), only_missed=True)] == [at(3), at(4)]


def test_they_wait_while_the_job_is_paused_and_go_on_when_it_is_resumed(world: World) -> None:
    away(world).pause("scan", note="the disk")

    world.backfill("scan", since=at(0), only_missed=True)
    world.advance("10 minutes")
    waiting = [run for run in world.history("scan") if run.trigger == "backfill"]
    world.resume("scan").drain()

    assert {run.status for run in waiting} == {"waiting"}
    assert "paused" in str(waiting[0].reason)
    assert counts(world) == (4, 0, 0, 0)


def test_a_job_that_needs_this_one_waits_for_none_that_waits(world: World) -> None:
    text = NEVER_TWICE + "  report:\n    schedule: every 10 minutes\n    needs: [scan]\nqueues:\n  default: 2\n"
    away(world, text).durations["scan"] = "1 hour"

    world.backfill("scan", since=at(0), only_missed=True)
    world.pause("scan").advance("2 hours")

    assert [str(run.trigger) for run in world.history("scan") if run.status == "waiting"] == ["backfill", "backfill"]
    assert world.history("report")[-1].status == "completed"


def test_no_job_follows_the_completion_of_a_past_slot(world: World) -> None:
    away(world, NEVER_TWICE + "  mail: after scan\n")
    before = len(world.history("mail"))

    world.backfill("scan", since=at(0), only_missed=True)
    world.drain()

    assert counts(world)[0] == 4
    assert len(world.history("mail")) == before


def test_they_go_on_after_a_kill(world: World) -> None:
    world.durations["scan"] = "10 minutes"
    away(world)
    world.backfill("scan", since=at(0), only_missed=True)
    world.advance("1 minute")

    world.kill()
    world.clock.advance("1 minute")
    world.start().advance("5 hours")

    again = [run for run in world.history("scan") if run.trigger == "backfill"]
    assert told(again) == [
        (2, "backfill", "interrupted"),
        (2, "backfill", "completed"),
        (3, "backfill", "completed"),
        (4, "backfill", "completed"),
    ]


def test_a_failed_one_is_tried_again_before_the_next_and_gives_way_to_no_slot(world: World) -> None:
    world.handlers["scan"] = fail
    retry = "    retry: {attempts}\n".replace("{attempts}", "\n      attempts: 2\n      delay: 45 minutes")
    away(world, NEVER_TWICE + retry)

    world.backfill("scan", since=at(2), until=at(4), only_missed=True)
    world.advance("3 hours")

    again = [run for run in world.history("scan") if run.trigger == "backfill"]
    assert [(run.due, run.attempt) for run in sorted(again, key=lambda run: run.queued_at)][:1] == [(at(2), 1)]
    assert sorted((run.due, run.attempt, str(run.status)) for run in again) == [
        (at(2), 1, "failed"),
        (at(2), 2, "failed"),
        (at(3), 1, "failed"),
        (at(3), 2, "failed"),
    ]


def test_a_slot_that_is_asked_for_twice_is_queued_once(world: World) -> None:
    world.durations["scan"] = "10 minutes"
    away(world)

    first = world.backfill("scan", since=at(2))
    second = world.backfill("scan", since=at(1))

    assert [run.due for run in first] == [at(2), at(3), at(4)]
    assert [run.due for run in second] == [at(1)]


def test_a_new_job_can_be_run_for_the_time_before_it_was_known(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 04:30")

    queued = world.backfill("scan", since=at(2))
    world.drain()

    assert [run.due for run in queued] == [at(2), at(3), at(4)]
    assert world.backfill("scan", since=at(2), only_missed=True) == []
    assert counts(world) == (0, 0, 0, 0)


def test_the_slots_are_those_of_the_words_in_force_then(world: World) -> None:
    away(world).stop()
    world.write("schedules:\n  scan: daily at 11 PM\n").start().advance("5 minutes")

    queued = world.backfill("scan", since=at(0), only_missed=True)

    assert [run.due for run in queued] == [at(2), at(3), at(4)]


def test_too_many_slots_are_refused_with_a_span_that_is_short_enough(world: World) -> None:
    world.write("schedules:\n  scan: every second\n").start(at="2026-01-10 00:00:30")

    with pytest.raises(TooManySlots) as refused:
        world.backfill("scan", since=datetime(2001, 1, 1, tzinfo=UTC))  # 789 million slots

    assert str(refused.value) == "scan has more than 2,000 slots in this span, too many for one backfill"
    assert refused.value.until == datetime(2001, 1, 1, 0, 33, 20, tzinfo=UTC)
    assert MOST_SLOTS == 2_000


def test_one_that_fails_pauses_no_job(world: World) -> None:
    world.handlers["scan"] = fail
    away(world, NEVER_TWICE + "    on failure: pause\n    pause after: 2\n")

    world.backfill("scan", since=at(2), until=at(5), only_missed=True)
    world.drain()

    assert [str(run.status) for run in world.history("scan") if run.is_backfill] == ["failed"] * 3
    assert world.aperture.overview().jobs[0].pause is None


def test_one_that_fails_skips_no_job_that_needs_this_one(world: World) -> None:
    report = "  report:\n    schedule: every 30 minutes\n    needs: [scan]\n    missed: skip\n"
    away(world, NEVER_TWICE + report).advance("40 minutes")  # The slot of 5:00 has completed.
    world.handlers["scan"] = fail

    world.backfill("scan", since=at(2), until=at(3), only_missed=True)
    world.drain()
    del world.handlers["scan"]
    world.advance("25 minutes")

    [backfilled] = [run for run in world.history("scan") if run.is_backfill]
    [half_past_five] = [run for run in world.history("report") if run.due == at(5, 30)]
    assert backfilled.status == "failed"
    assert half_past_five.status == "completed"


def test_the_last_run_of_a_job_is_none_of_a_past_slot_after_a_restart_too(world: World) -> None:
    away(world).advance("40 minutes")
    world.handlers["scan"] = fail
    world.backfill("scan", since=at(2), until=at(3), only_missed=True)
    world.drain()

    with world.beside() as store, store.snapshot() as ledger:
        stored = ledger.last_runs()["scan"]
    before = world.aperture.overview().jobs[0].last_run
    world.stop().start()
    after = world.aperture.overview().jobs[0].last_run

    assert before is not None
    assert after is not None
    assert {run.due for run in (stored, before, after)} == {at(5)}
