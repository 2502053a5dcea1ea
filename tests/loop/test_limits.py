"""Shared budgets: runs spend from them, wait a little, or are put off until they return."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aperture_plugin.app.limit_spending import Budgets
from aperture_plugin.ports import LiveRun, StoreUnavailable
from aperture_plugin.testing import World


def text(limit: str, schedule: str = "daily at 2 AM") -> str:
    return f"limits:\n  omdb: {limit}\nschedules:\n  enrichment:\n    schedule: {schedule}\n    limit: [omdb]\n"


def spender(world: World, calls: list[datetime], count: int) -> None:
    def enrich(run: LiveRun) -> None:
        while len(calls) < count:
            run.spend("omdb")
            calls.append(world.clock.now())

    world.handlers["enrichment"] = enrich


def test_a_run_waits_a_little_for_a_budget_to_return(world: World) -> None:
    calls: list[datetime] = []
    spender(world, calls, 100)

    world.write(text("40 per 10 seconds")).start(at="2026-01-10 02:00")

    assert len(calls) == 100
    assert all(later - earlier >= timedelta(seconds=10) for earlier, later in zip(calls, calls[40:], strict=False))
    assert calls[-1] - calls[0] <= timedelta(seconds=21)


def test_a_run_is_put_off_until_a_daily_budget_returns_and_goes_on_where_it_was(world: World) -> None:
    calls: list[datetime] = []
    spender(world, calls, 1500)
    world.write(text("1000 per day from 4:00 AM UTC")).start(at="2026-01-10 02:00")

    [put_off] = world.history()
    world.advance("3 hours")

    assert (put_off.status, put_off.reason) == ("waiting", "limit omdb is used up; it returns at 4:00 AM")
    [run] = world.history()
    assert (run.status, run.attempt, len(calls)) == ("completed", 1, 1500)
    assert calls[1000] == datetime(2026, 1, 10, 4, tzinfo=UTC)


def test_a_restart_forgets_no_call(world: World) -> None:
    calls: list[datetime] = []
    spender(world, calls, 1500)
    world.write(text("1000 per day from midnight UTC")).start(at="2026-01-10 02:00")

    world.kill().start().advance("1 hour")

    assert len(calls) == 1000


def test_spending_from_a_limit_that_the_file_does_not_declare_fails_with_the_nearest_name(world: World) -> None:
    world.handlers["enrichment"] = lambda run: run.spend("ombd")

    world.write(text("40 per 10 seconds")).start(at="2026-01-10 02:00")

    [run] = world.history()
    assert run.status == "failed"
    assert run.reason is not None
    assert 'declares no limit "ombd"' in run.reason
    assert "omdb" in run.reason


def test_a_daily_budget_returns_at_its_hour_of_its_zone_also_when_the_clocks_change(world: World) -> None:
    # New York, 2026-03-08: 02:00 to 03:00 does not exist. 02:30 is 07:30 UTC, 07:00 that day, 06:30 from then on.
    calls: list[datetime] = []
    spender(world, calls, 40)

    world.write(text("10 per day from 2:30 AM America/New_York", "daily at 11 PM")).start(at="2026-03-06 22:00")
    world.advance("4 days")

    assert sorted(set(calls)) == [
        datetime(2026, 3, 6, 23, tzinfo=UTC),
        datetime(2026, 3, 7, 7, 30, tzinfo=UTC),
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 3, 9, 6, 30, tzinfo=UTC),
    ]
    assert len(calls) == 40


def test_a_run_that_spends_while_the_store_is_away_waits_for_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[datetime] = []
    spender(world, calls, 3)
    fails_until(datetime(2026, 1, 10, 2, 0, 20, tzinfo=UTC), world, monkeypatch)

    world.write(text("40 per 10 seconds")).start(at="2026-01-10 02:00").advance("1 minute")

    [run] = world.history()
    assert (run.status, run.attempt, len(calls)) == ("completed", 1, 3)
    assert calls[0] >= datetime(2026, 1, 10, 2, 0, 20, tzinfo=UTC)


def test_a_run_that_spends_while_the_store_is_long_away_begins_again_when_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[datetime] = []
    spender(world, calls, 3)
    fails_until(datetime(2026, 1, 10, 2, 5, tzinfo=UTC), world, monkeypatch)

    world.write(text("40 per 10 seconds")).start(at="2026-01-10 02:00").advance("10 minutes")

    [run] = world.history()
    assert (run.status, run.attempt, len(calls)) == ("completed", 1, 3)
    assert calls[0] >= datetime(2026, 1, 10, 2, 5, tzinfo=UTC)


def fails_until(back: datetime, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody count a call before *back*, as if the store were away."""
    take = Budgets._take

    def away(self: Budgets, *given: Any) -> datetime:
        if world.clock.now() < back:
            raise StoreUnavailable("the store is away")
        return take(self, *given)

    monkeypatch.setattr(Budgets, "_take", away)
