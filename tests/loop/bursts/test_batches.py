"""What falls due together is claimed in parts: the first start while the rest is claimed, and nothing else changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aperture_plugin.loop.bursts.batches import Batches
from aperture_plugin.loop.messages import PauseAsked
from aperture_plugin.loop.pending_slots import PendingSlots
from aperture_plugin.ports import Pause
from aperture_plugin.rules.due_slots import Due
from aperture_plugin.rules.runs import Status
from aperture_plugin.testing import World
from aperture_plugin.triggers.slots import Slot

DUE = datetime(2026, 1, 10, 2, tzinfo=UTC)
COUNT = 300
NAMES = [f"job-{n:03}" for n in range(COUNT)]


def slot(seconds: int = 0) -> Slot:
    due = DUE + timedelta(seconds=seconds)
    return Slot(due, due.replace(tzinfo=None))


def burst_of(count: int) -> PendingSlots:
    pending = PendingSlots()
    for name in NAMES[:count]:
        pending.fall_due(name, Due.of(slot()))
    return pending


def parts_of(pending: PendingSlots, *, needed: frozenset[str] = frozenset()) -> list[list[str]]:
    """Return the names of each part, as tick after tick claims them."""
    parts, batches = [], Batches(first=4)
    while pending:
        part = batches.take(pending, needed=needed, whole=False)
        pending.claimed(part)
        parts.append(list(part))
    return parts


def test_each_part_is_larger_than_the_one_before_and_together_they_are_all_of_it() -> None:
    parts = parts_of(burst_of(200))

    assert [len(part) for part in parts] == [4, 64, 132]
    assert [name for part in parts for name in part] == NAMES[:200]


def test_a_part_that_could_not_be_claimed_is_claimed_the_next_time() -> None:
    pending, batches = burst_of(200), Batches(first=4)

    before = batches.take(pending, needed=frozenset(), whole=False)

    assert batches.take(pending, needed=frozenset(), whole=False) == before


def test_what_another_job_needs_is_not_left_for_later() -> None:
    early, late = frozenset({NAMES[1]}), frozenset({NAMES[90]})

    assert [len(part) for part in parts_of(burst_of(200), needed=early)] == [4, 64, 132]
    assert [len(part) for part in parts_of(burst_of(200), needed=late)] == [200]


def test_what_cannot_be_put_in_order_yet_is_claimed_at_once() -> None:
    several, again, back = (burst_of(200) for _ in range(3))
    several.fall_due(NAMES[200], Due.of(slot(), slot(1)))
    again.fall_due(NAMES[3], Due.of(slot(1)))
    back.fall_due(NAMES[200], Due.of(slot(-1)))

    assert [[len(part) for part in parts_of(pending)] for pending in (several, again, back)] == [[201], [200], [201]]


def test_a_job_waits_for_what_it_needs_though_that_stands_far_behind_it(world: World) -> None:
    jobs = "".join(f"  {name}: daily at 2 AM\n" for name in NAMES[1:])
    first = f"  {NAMES[0]}:\n    schedule: daily at 2 AM\n    needs: [{NAMES[-1]}]\n"
    world.write(f"queues:\n  default: 2\nschedules:\n{first}{jobs}").start(at="2026-01-10 01:59")

    world.advance("2 minutes")

    order = [run.job for run in world.reported if run.status is Status.RUNNING]
    assert order.index(NAMES[-1]) < order.index(NAMES[0])
    assert {run.status for run in world.history()} == {Status.COMPLETED}


def test_a_save_in_the_middle_of_a_burst_loses_no_slot_of_the_old_file(world: World) -> None:
    text = "schedules:\n" + "".join(f"  {name}: daily at 2 AM\n" for name in NAMES)
    world.write(text).start(at="2026-01-10 01:59")
    world.clock.advance("1 minute")
    world.loop.tick()
    assert 0 < len(world.history()) < COUNT

    world.save(text.replace("2 AM", "3 AM"))

    assert {run.job for run in world.history()} == set(NAMES)
    assert {run.due for run in world.history()} == {DUE}


def test_a_pause_that_is_asked_for_in_the_middle_of_a_burst_holds_back_none_of_it(world: World) -> None:
    text = "queues:\n  default: 2\nschedules:\n" + "".join(f"  {name}: daily at 2 AM\n" for name in NAMES)
    world.write(text).start(at="2026-01-10 01:59")
    world.clock.advance(timedelta(minutes=1, milliseconds=1))
    world.loop.tick()
    world.loop.inbox.put(PauseAsked(pause=Pause(job=NAMES[-1], since=world.clock.now(), until=None)))

    world.advance("1 minute")

    assert [run.status for run in world.history(NAMES[-1])] == [Status.COMPLETED]


def test_a_process_that_dies_in_the_middle_of_a_burst_leaves_the_rest_to_be_caught_up(world: World) -> None:
    text = "schedules:\n" + "".join(f"  {name}: daily at 2 AM\n" for name in NAMES)
    world.write(text).start(at="2026-01-10 01:59")
    world.clock.advance("1 minute")
    world.loop.tick()
    begun = len(world.history())
    world.kill()
    world.clock.advance("1 second")

    world.start().advance("1 minute")

    runs = world.history()
    assert 0 < begun < COUNT
    assert {(run.job, run.due) for run in runs} == {(name, DUE) for name in NAMES}
    assert sum(run.trigger == "catch-up" for run in runs) == COUNT - begun
