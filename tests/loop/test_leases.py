"""Leases and deadlines by themselves: who is taken for dead and when, and what passes until it is dealt with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from aperture_plugin.loop.deadlines import Deadline, Deadlines
from aperture_plugin.loop.lease import BEAT_SECONDS, HERE_BEAT_SECONDS, LEASE_SECONDS, LONE_BEAT_SECONDS, Lease
from aperture_plugin.ports import Ledger, LoopRecord

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


def record(name: str, host: str, beat: int = 1) -> LoopRecord:
    return LoopRecord(
        id=name, host=host, pid=1, boot="b", serves="schedule", since=NOON, beat=beat, beat_at=NOON, details={}
    )


def lease() -> Lease:
    return Lease(record=record("ours", "here"), is_alive=lambda _loop: True, beats_at=3.0)


def test_a_process_elsewhere_is_dead_when_its_beat_has_stood_still_for_a_lease() -> None:
    ours, theirs = lease(), record("theirs", "there")

    found = [ours.dead([theirs], at=at) for at in (0.0, 3.0, LEASE_SECONDS - 0.1, LEASE_SECONDS)]

    assert found == [[], [], [], [theirs]]


def test_a_namesake_in_another_container_is_looked_at_by_its_beat_and_not_by_its_number() -> None:
    ours = Lease(record=replace(record("ours", "here"), boot="a/boot/1"), is_alive=lambda _loop: False, beats_at=3.0)
    beside, namesake = (replace(record(name, "here"), boot=f"{name}/boot/1") for name in ("a", "b"))

    found = [ours.dead([beside, namesake], at=at) for at in (0.0, LEASE_SECONDS)]

    assert found == [[beside], [beside, namesake]]


def test_a_beat_that_is_seen_between_two_of_our_own_counts_from_there_on() -> None:
    ours, theirs = lease(), record("theirs", "there", beat=2)
    ours.dead([replace(theirs, beat=1)], at=0.0)

    ours.note([theirs], at=0.5)
    ours.beats_at = 100.0

    assert ours.looks_at == 0.5 + LEASE_SECONDS
    assert ours.dead([theirs], at=ours.looks_at) == [theirs]


def test_one_that_left_is_looked_for_no_more() -> None:
    ours = lease()
    ours.note([record("theirs", "there")], at=0.0)
    ours.beats_at = 100.0

    ours.note([], at=1.0)

    assert ours.looks_at == 100.0


def test_with_nobody_else_on_the_store_it_beats_less_often_and_at_once_faster_when_somebody_joins() -> None:
    ours, ledger = lease(), cast(Ledger, Beaten())
    ours.note([ours.record], at=0.0)
    ours.renewed(ours.write(ledger, now=NOON), at=100.0)
    alone = ours.beats_at

    ours.note([ours.record, record("theirs", "there")], at=101.0)
    joined = ours.beats_at
    ours.renewed(ours.write(ledger, now=NOON), at=104.0)

    assert (alone, joined, ours.beats_at) == (100 + LONE_BEAT_SECONDS, 101 + BEAT_SECONDS, 104 + BEAT_SECONDS)


def test_beside_those_of_this_place_alone_it_beats_less_often_until_somebody_joins_from_elsewhere() -> None:
    ours, ledger = lease(), cast(Ledger, Beaten())
    beside = [ours.record, record("beside", "here")]
    ours.note(beside, at=0.0)
    ours.renewed(ours.write(ledger, now=NOON), at=100.0)
    among_us = ours.beats_at

    ours.note([*beside, record("theirs", "there")], at=101.0)

    assert (among_us, ours.beats_at) == (100 + HERE_BEAT_SECONDS, 101 + BEAT_SECONDS)


def test_no_wall_clock_of_another_host_decides_whether_it_is_dead() -> None:
    ours, day = lease(), timedelta(days=1)
    slow, fast = record("slow", "there"), record("fast", "yonder")

    found = [
        ours.dead(
            [
                replace(slow, beat=beat, beat_at=NOON - day),
                replace(fast, beat=min(beat, 2), beat_at=NOON + beat * day),
            ],
            at=at,
        )
        for beat, at in enumerate((0.0, 3.0, 6.0, 9.0, 11.9, 12.0), start=1)
    ]

    assert [[loop.id for loop in dead] for dead in found] == [[]] * 5 + [["fast"]]


class Beaten:
    """A ledger that takes any beat."""

    def beat(self, loop: LoopRecord) -> bool:
        return True


def test_a_deadline_passes_again_until_what_came_of_it_is_written() -> None:
    deadlines = Deadlines()
    deadlines.watch(("a", 1), at=0.0, timeout=timedelta(seconds=5), stalled_after=None)

    first, again = deadlines.passed(5.0), deadlines.passed(5.5)
    deadlines.settled()

    assert first == again == [(("a", 1), Deadline.TIMEOUT)]
    assert (deadlines.passed(6.0), deadlines.next_at) == ([], None)
