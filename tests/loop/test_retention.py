"""The loop forgets what is long past, in moments in which there is nothing to do."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from aperture_plugin.app.audit import audit
from aperture_plugin.loop import retention
from aperture_plugin.loop.retention import Measure
from aperture_plugin.ports import LiveRun, StoreUnavailable
from aperture_plugin.store.sql_store import SqlStore
from aperture_plugin.testing import World


def kept(world: World) -> Counter[str]:
    return Counter(run.job for run in world.history())


def test_a_year_of_runs_is_cut_down_to_what_is_kept(world: World) -> None:
    world.write(
        "schedules:\n  often: every 6 hours\n  rarely: monthly on day 1 at 2 AM\n  once: once at 2026-01-11 1:00\n"
    )

    world.start("2026-01-10 00:30").advance("366 days")

    first = min(run.queued_at for run in world.history("often"))
    assert timedelta(days=90) <= world.clock.now() - first <= timedelta(days=91, hours=6)
    assert kept(world) == Counter(often=kept(world)["often"], rarely=12, once=1)


def test_of_a_job_that_runs_often_the_latest_thousand_are_kept(world: World) -> None:
    world.write("schedules:\n  often: every 10 minutes\n").start("2026-01-10 00:05")

    world.advance("12 days")

    # 8 days have 1,152 slots, and a day passes between one round and the next.
    assert 1152 <= kept(world)["often"] <= 1152 + 144


def test_what_is_kept_can_be_accounted_for_and_the_rest_is_not_expected(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MEASURES", (Measure(older=timedelta(days=8), keep=5),))
    world.write("schedules:\n  often: every hour\n").start("2026-01-10 00:30").advance("20 days")
    now = world.clock.now()

    with world.beside() as store:
        week = audit(store, since=now - timedelta(days=7), until=now, now=now)
        ages = audit(store, since=now - timedelta(days=30), until=now, now=now)

    assert (week.is_whole, week.total.ran, week.jobs[0].kept_since) == (True, 168, None)
    assert (ages.is_whole, ages.total.ran) == (True, kept(world)["often"])
    assert ages.jobs[0].kept_since is not None
    assert timedelta(days=8) <= now - ages.jobs[0].kept_since <= timedelta(days=9, hours=1)


def test_logs_go_with_their_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def chatter(run: LiveRun) -> None:
        for number in range(300):
            run.log.info("line %d", number)

    monkeypatch.setattr(retention, "MEASURES", (Measure(older=timedelta(days=1), keep=2),))
    world.handlers["often"] = chatter
    world.write("schedules:\n  often: every 6 hours\n").start("2026-01-10 00:30").advance("1 day")
    first = world.history()[0].id
    before = len(world.log(first))
    world.advance("2 days")

    assert (before, len(world.log(first)), first in {run.id for run in world.history()}) == (300, 0, False)


def test_a_start_first_does_what_is_due_and_forgets_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MEASURES", (Measure(older=timedelta(0), keep=0),))
    world.write("schedules:\n  often: every minute\n").start("2026-01-10 00:00:30").advance("9 minutes")
    early = kept(world)["often"]
    world.advance("2 minutes")

    assert (early, kept(world)["often"]) == (9, 2)


def test_many_jobs_are_gone_through_a_few_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MEASURES", (Measure(older=timedelta(0), keep=1),))
    names = [f"job-{number}" for number in range(45)]
    world.write("schedules:\n" + "".join(f"  {name}: every 5 minutes\n" for name in names))

    world.start("2026-01-10 00:04").advance("7 minutes")
    before = kept(world)
    world.advance("3 minutes 50 seconds")

    assert set(before.values()) == {2}
    assert set(kept(world).values()) == {1}


def test_a_store_that_is_away_is_no_reason_to_worry(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retention, "MEASURES", (Measure(older=timedelta(0), keep=1),))
    world.write("schedules:\n  often: every 5 minutes\n").start("2026-01-10 00:04").advance("7 minutes")

    def away(*_: object) -> None:
        raise StoreUnavailable("gone for a minute")

    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "_check_database", away)
        patch.setattr("aperture_plugin.store.sqlite.SqliteStore._check_database", away)
        world.loop._forget(world.clock.now(), world.clock.monotonic())
    world.advance("20 minutes")

    assert kept(world)["often"] < 5
    assert "gone for a minute" not in caplog.text


def test_a_loop_that_is_stopping_forgets_nothing(world: World) -> None:
    world.write("schedules:\n  often: every 5 minutes\n").start("2026-01-10 00:04")
    world.loop.drain()

    assert world.loop._retention.next_at is None
