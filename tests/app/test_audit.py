"""Every slot of a range is accounted for, whatever happened to the loop."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from aperture_plugin.app.audit import Audit, audit, audit_json
from aperture_plugin.ports import LiveRun
from aperture_plugin.rules.slot_accounting import Account
from aperture_plugin.store.connect import open_store
from aperture_plugin.testing import World
from tests.loop.test_zones import OWN, rules

__all__ = ["rules"]  # a fixture, which pytest finds by its name

SCAN = "schedules:\n  scan: every 2 hours\n"
AGES = timedelta(days=30)


def audited(
    world: World, *, since: datetime | None = None, until: datetime | None = None, now: datetime | None = None
) -> Audit:
    now = now or world.clock.now()
    store = open_store("sqlite:///aperture.db", directory=world.folder)
    store.open()
    try:
        return audit(store, since=since or now - AGES, until=until or now + AGES, now=now)
    finally:
        store.close()


def forget(world: World, statement: str) -> None:
    """Do to the store what must never happen."""
    store = open_store("sqlite:///aperture.db", directory=world.folder)
    store.open()
    with store.transaction() as ledger:
        ledger._connection.execute(text(statement))  # type: ignore[attr-defined]  # nothing above it can do such a thing
    store.close()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, 10, hour, minute, tzinfo=UTC)


def test_slots_that_ran_that_were_merged_and_that_were_skipped_are_all_there_is(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("4 hours").stop()
    world.clock.advance("6 hours")
    world.start().pause("scan").advance("2 hours")

    assert audited(world).total == Account(ran=3, merged=2, skipped=1)


def test_slots_due_before_the_store_first_saw_the_job_are_not_expected(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 13:00")

    assert audited(world).total.expected == 0


def test_slots_of_a_disabled_job_and_of_one_that_is_gone_are_not_expected(world: World) -> None:
    world.write(SCAN + "  sync: every 3 hours\n").start(at="2026-01-10 01:00").advance("5 hours")
    world.save("schedules:\n  scan:\n    schedule: every 2 hours\n    enabled: no\n")
    world.advance("1 day")

    assert [(job.job, job.account.ran) for job in audited(world).jobs] == [("scan", 3), ("sync", 2)]
    assert audited(world).total == Account(ran=5)


def test_slots_since_the_last_loop_stopped_are_pending_until_the_next_start(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour").stop()
    world.clock.advance("6 hours")

    before = audited(world).total
    world.start()

    assert before == Account(ran=1, pending=3)
    assert audited(world).total == Account(ran=2, merged=2)


def test_a_run_in_hand_is_pending(world: World) -> None:
    world.durations["scan"] = "30 minutes"
    world.write(SCAN).start(at="2026-01-10 01:00").advance("1 hour 10 minutes")

    during = audited(world).total
    world.advance("30 minutes")

    assert (during, audited(world).total) == (Account(pending=1), Account(ran=1))


def test_a_run_that_is_about_to_be_tried_again_is_pending(world: World) -> None:
    def fail(run: LiveRun) -> None:
        raise ValueError("no disk")

    world.handlers["scan"] = fail
    retry = "    retry:\n      attempts: 2\n      delay: 10 minutes\n"
    world.write(f"schedules:\n  scan:\n    schedule: every 2 hours\n{retry}").start(at="2026-01-10 01:59")

    world.advance("5 minutes")
    during = audited(world).total
    world.advance("30 minutes")

    assert (during, audited(world).total) == (Account(pending=1), Account(ran=1))


def test_slots_that_passed_under_words_changed_before_the_next_start_are_let_go(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("2 hours").stop()
    world.clock.advance("6 hours")
    world.write("schedules:\n  scan: every 3 hours\n")

    world.start().advance("3 hours 30 minutes")  # 09:00, at which it starts, and 12:00

    assert audited(world).total == Account(ran=3)


def test_a_change_while_the_loop_runs_lets_nothing_go(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("2 hours")
    world.clock.set("2026-01-10 06:00")  # 04:00 and 06:00 pass without a tick

    world.save("schedules:\n  scan: every 3 hours\n")
    world.advance("1 hour")

    assert audited(world).total == Account(ran=2, merged=1)


def test_a_clock_that_was_set_back_leaves_nothing_open(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("8 hours")
    world.clock.step(-timedelta(hours=6))
    world.drain()

    world.save("schedules:\n  scan: every 30 minutes\n")
    world.advance("9 hours")

    assert audited(world).is_whole
    assert audited(world).total.pending == 0


def test_a_span_is_half_open_and_its_parts_add_up_to_the_whole(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("4 hours").stop()
    world.clock.advance("5 hours")
    world.start().advance("2 hours")

    first, second = audited(world, until=at(8)).total, audited(world, since=at(8)).total

    assert (first.expected, second.expected) == (3, 3)
    assert first + second == audited(world).total


def test_slots_still_to_come_are_neither_expected_nor_pending(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("3 hours 30 minutes")

    assert audited(world, until=at(23)).total == Account(ran=2)


def test_a_slot_whose_claim_and_run_are_gone_is_unaccounted_for(world: World) -> None:
    world.write("timezone: Europe/Riga\n" + SCAN).start(at="2026-01-10 01:00").advance("6 hours")
    due = int(at(4).timestamp() * 1_000_000)

    forget(world, f"DELETE FROM claims WHERE due = {due}")
    found = audited(world)

    assert not found.is_whole
    assert audit_json(found, found.jobs[0].zone)["unaccounted_slots"] == [
        {"job": "scan", "due": "2026-01-10T06:00:00+02:00", "nominal": "2026-01-10T06:00"}
    ]


def test_a_claim_whose_run_vanished_is_unaccounted_for(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("6 hours")

    forget(world, "DELETE FROM runs WHERE seq = 2")

    assert [slot.due for slot in audited(world).total.unaccounted] == [at(4)]


def test_a_slot_that_a_loop_ticked_past_is_not_pending_any_more(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("6 hours")
    forget(world, f"DELETE FROM claims WHERE due >= {int(at(6).timestamp() * 1_000_000)}")
    forget(world, f"UPDATE latest SET claimed = {int(at(4).timestamp() * 1_000_000)}")

    before = audited(world).total
    forget(world, f"UPDATE loops SET beat = 2, beat_at = {int(at(6, 30).timestamp() * 1_000_000)}")
    after = audited(world).total
    forget(world, "UPDATE loops SET details = '{\"draining\": true}'")

    assert (before.pending, before.is_whole) == (1, True)
    assert [slot.due for slot in after.unaccounted] == [at(6)]
    assert audited(world).total.pending == 1


@pytest.mark.parametrize("later", ["Etc/GMT-1", "Etc/GMT-3", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_slots_claimed_by_rules_of_a_zone_that_have_changed_since_are_accounted_for(
    world: World, rules: Callable[[str], None], later: str
) -> None:
    rules("Etc/GMT-2")
    world.write(OWN).start(at="2026-01-10 01:00").advance("5 days 2 hours").stop()

    rules(later)
    [job] = audited(world, since=at(0) + timedelta(days=1), until=at(0) + timedelta(days=5)).jobs

    assert job.account.is_whole
    assert (job.account.ran, job.moved) == (4, 4)


def test_a_slot_that_is_lost_stays_so_when_the_rules_of_its_zone_change(
    world: World, rules: Callable[[str], None]
) -> None:
    rules("Etc/GMT-2")
    world.write(OWN).start(at="2026-01-10 01:00").advance("5 days 2 hours").stop()
    forget(world, "DELETE FROM claims WHERE nominal LIKE '2026-01-12%'")

    rules("Etc/GMT-1")
    [job] = audited(world, since=at(0), until=at(0) + timedelta(days=5)).jobs

    assert [str(slot.nominal) for slot in job.account.unaccounted] == ["2026-01-12 03:30:00"]
    assert job.moved == 4


def test_a_schedule_that_a_later_version_wrote_is_named_and_not_passed_over(world: World) -> None:
    world.write(SCAN).start(at="2026-01-10 01:00").advance("6 hours")

    forget(world, "UPDATE eras SET schedule = 'By the moon'")
    found = audited(world)

    assert (found.jobs[0].untold, found.is_whole) == (("By the moon (UTC)",), False)


# ── random histories ──

PHRASES = ["every 30 minutes", "every 2 hours", "daily at 3:30 AM", "every 50 minutes", "manual"]
KEYS = ["", "    missed: skip\n", "    missed within: 2 hours\n", "    overlap: skip\n", "    enabled: no\n"]
Act = Callable[[World], object]


def words(first: tuple[str, str], second: tuple[str, str]) -> str:
    jobs = zip(("scan", "sync"), (first, second), strict=True)
    return "timezone: Europe/Riga\nschedules:\n" + "".join(
        f"  {name}:\n    schedule: {phrase}\n{key}" for name, (phrase, key) in jobs
    )


def files() -> st.SearchStrategy[str]:
    job = st.tuples(st.sampled_from(PHRASES), st.sampled_from(KEYS))
    return st.builds(words, job, job)


def pass_time(minutes: int, world: World) -> None:
    world.advance(timedelta(minutes=minutes))


def sleep(minutes: int, world: World) -> None:
    world.clock.advance(timedelta(minutes=minutes))
    world.drain()


def step(minutes: int, world: World) -> None:
    world.clock.step(timedelta(minutes=minutes))
    world.drain()


def restart(kill: bool, minutes: int, text: str | None, world: World) -> None:
    world.kill() if kill else world.stop()
    world.clock.advance(timedelta(minutes=minutes))
    if text is not None:
        world.write(text)
    world.start()


def save(text: str, world: World) -> None:
    world.save(text)


def pause(minutes: int, world: World) -> None:
    world.pause("scan", until=world.clock.now() + timedelta(minutes=minutes))


def resume(world: World) -> None:
    world.resume("scan")


def ask(world: World) -> None:
    world.aperture.run("sync", by="chance")
    world.drain()


def acts() -> st.SearchStrategy[Act]:
    minutes = st.integers(0, 200)
    return st.one_of(
        st.builds(partial, st.just(pass_time), minutes),
        st.builds(partial, st.just(sleep), minutes),
        st.builds(partial, st.just(step), st.integers(-200, 200)),
        st.builds(partial, st.just(restart), st.booleans(), minutes, st.none() | files()),
        st.builds(partial, st.just(save), files()),
        st.builds(partial, st.just(pause), minutes),
        st.just(resume),
        st.just(ask),
    )


def live_and_audit(text: str, taking: int, life: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.durations.update(scan=timedelta(minutes=taking), sync=timedelta(minutes=1))
        try:
            world.write(text).start(at="2026-03-28 20:00")  # the night the clocks change in Riga lies ahead
            expected, latest = 0, world.clock.now()
            for act in life:
                act(world)
                latest = max(latest, world.clock.now())
                found = audited(world, now=latest)
                assert found.is_whole, found.total.unaccounted[:3]
                # While the clock is behind, what ran early for its sake, or was merged, is to come again (promise 12).
                is_behind = world.clock.now() < latest
                assert is_behind or found.total.expected >= expected, "what was expected once is expected for ever"
                expected = found.total.expected
            world.advance(latest - world.clock.now() + timedelta(hours=1))
            in_hand = sum(max(1, run.missed) for run in world.history() if run.finished_at is None and run.due)
            assert audited(world).total.pending == in_hand, "a slot is pending that no run in hand stands for"
        finally:
            world.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=files(), taking=st.sampled_from([0, 1, 20, 200]), life=st.lists(acts(), min_size=1, max_size=8))
def test_whatever_happens_nothing_is_unaccounted_for(text: str, taking: int, life: list[Act]) -> None:
    live_and_audit(text, taking, life)


@pytest.mark.long
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=files(), taking=st.sampled_from([0, 1, 20, 200]), life=st.lists(acts(), min_size=5, max_size=20))
def test_whatever_happens_for_long_nothing_is_unaccounted_for(text: str, taking: int, life: list[Act]) -> None:
    live_and_audit(text, taking, life)


def test_a_slot_that_a_save_passed_over_stays_accounted_for_where_the_clock_is_set_back() -> None:
    before = words(("every 30 minutes", ""), ("every 30 minutes", ""))
    after = words(("every 30 minutes", ""), ("every 2 hours", ""))

    for kill in (False, True):
        life: list[Act] = [
            partial(sleep, 30),
            partial(restart, kill, 0, after),
            partial(step, -1),
            partial(pass_time, 60),
        ]
        live_and_audit(before, 0, life)
