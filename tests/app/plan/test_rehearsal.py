"""A rehearsal is the loop itself: what it says is what the loop does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from aperture_plugin.app.plan.initial_state import Beginning, known, steady
from aperture_plugin.app.plan.rehearsal import Rehearsed, TooMuch, rehearse
from aperture_plugin.config.model import Config
from aperture_plugin.rules.runs import Run, Status
from aperture_plugin.testing import World
from tests.app.plan.samples import SINCE, Sample, config_of, instant, samples

SPAN = timedelta(hours=14)
TAIL = timedelta(hours=8)


def rehearsed(text: str, hours: float = 24, *, minutes: int = 10, **more: Any) -> Rehearsed:
    config = config_of(text)
    since = more.pop("since", instant("2026-01-10"))
    return rehearse(
        config, since=since, until=since + timedelta(hours=hours), takes=lambda _: timedelta(minutes=minutes), **more
    )


def times(runs: Iterable[Run]) -> list[tuple[str, str | None, str | None]]:
    def clock(at: datetime | None) -> str | None:
        return None if at is None else f"{at:%H:%M}"

    return [(run.job, clock(run.started_at), clock(run.finished_at)) for run in runs]


def facts(runs: Iterable[Run], until: datetime) -> list[tuple[object, ...]]:
    """What both must agree on of the runs due before *until* that ended soon after; ids are each one's own."""
    found: list[tuple[object, ...]] = []
    for run in runs:
        if run.priority_at < until and run.finished_at is not None and run.finished_at <= until + TAIL:
            slot = (run.job, str(run.trigger), run.due, run.nominal, run.missed, run.attempt)
            times = [None if at is None else _whole_milliseconds(at) for at in (run.started_at, run.finished_at)]
            found.append((*slot, str(run.status), run.reason, run.queued_at, *times))
    return sorted(found, key=repr)


def _whole_milliseconds(at: datetime) -> int:
    """Round *at*: a deadline is told in floating seconds, which may lie a microsecond from the exact sum."""
    return round((at - SINCE) / timedelta(milliseconds=1))


def both(sample: Sample) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return what is foretold, and what happened under the fake clock."""
    until = SINCE + SPAN
    with TemporaryDirectory() as folder:
        world = World(Path(folder)).write(sample.text)
        world.durations.update(sample.takes)
        world.start(at=SINCE).advance(SPAN + TAIL)
        happened = facts(world.history(), until)
        world.close()
    found = rehearse(sample.config, since=SINCE, until=until, takes=lambda job: sample.takes.get(job, timedelta(0)))
    return facts(found.runs, until), happened


@settings(max_examples=10, deadline=None)
@given(samples())
def test_a_rehearsal_starts_and_ends_every_run_when_the_loop_does(sample: Sample) -> None:
    foretold, happened = both(sample)

    assert foretold == happened


@pytest.mark.long
@settings(max_examples=400, deadline=None)
@given(samples())
def test_it_does_so_for_many_more_files(sample: Sample) -> None:
    foretold, happened = both(sample)

    assert foretold == happened


def test_a_slot_due_when_the_span_begins_is_in_it_and_one_due_when_it_ends_is_not() -> None:
    found = rehearsed("schedules:\n  scan: daily at 2 AM\n", since=instant("2026-01-10T02:00"))

    assert [run.due for run in found.runs] == [instant("2026-01-10T02:00")]


def test_a_run_that_begins_in_the_span_is_followed_to_its_end_beyond_it() -> None:
    found = rehearsed("schedules:\n  scan: daily at 11:50 PM\n  build: after scan\n", minutes=30)

    assert times(found.runs) == [("scan", "23:50", "00:20"), ("build", "00:20", "00:50")]
    assert found.set_off_by[found.runs[1].key] == found.runs[0].key


def test_what_a_run_waited_for_is_told_spell_by_spell() -> None:
    found = rehearsed(
        "schedules:\n  scan: daily at 2 AM\n  sync: daily at 2 AM\n  build:\n    schedule: daily at 2 AM\n"
        "    needs: [sync]\n"
    )

    [_, _, build] = found.runs
    assert found.spells[build.key] == (
        (instant("2026-01-10T02:00"), "sync is queued"),
        (instant("2026-01-10T02:10"), "sync is running"),
    )
    assert times(found.runs) == [("scan", "02:00", "02:10"), ("sync", "02:10", "02:20"), ("build", "02:20", "02:30")]


def test_without_a_history_a_job_that_is_needed_has_completed_before() -> None:
    text = "schedules:\n  scan: daily at 2 AM\n  embed:\n    schedule: daily at 1 AM\n    needs: [scan]\n"

    fresh = rehearsed(text)
    in_steady_state = rehearsed(text, beginning=steady(config_of(text), since=instant("2026-01-10")))

    assert fresh.runs[0].reason == "scan has never run, and embed needs it"
    assert times(in_steady_state.runs) == [("embed", "01:00", "01:10"), ("scan", "02:00", "02:10")]


def test_a_span_with_more_runs_than_anybody_looks_at_is_refused() -> None:
    with pytest.raises(TooMuch):
        rehearsed("schedules:\n  tick: every second\n", minutes=0, most=1000)


_STARVED = "schedules:\n  scan: every 5 minutes\n  embed:\n    schedule: daily at 1 AM\n    needs: [scan]\n"


def test_a_run_that_never_comes_to_its_turn_is_not_followed_for_days() -> None:
    found = rehearsed(_STARVED + "  tick:\n    schedule: every 10 seconds\n    overlap: skip\n", hours=2, most=1000)

    [embed] = (run for run in found.runs if run.job == "embed")
    assert embed.started_at is None, "a five-minutely job that takes ten minutes is always queued or running"
    assert sum(run.job == "tick" for run in found.runs) == 720


def test_what_is_due_after_the_span_does_not_make_it_too_long() -> None:
    found = rehearsed(_STARVED, hours=2, most=100)

    assert len([run for run in found.runs if run.job == "scan"]) == 24


def test_a_stalled_run_is_not_foretold_since_nobody_counts_items() -> None:
    [run] = rehearsed("schedules:\n  scan:\n    schedule: daily at 2 AM\n    stalled after: 1 minute\n").runs

    assert run.status is Status.COMPLETED


class TestLimits:
    """Two jobs that share a budget, and one that uses up a day's."""

    def test_calls_that_fit_into_the_budget_cost_no_time(self) -> None:
        text = "limits:\n  tmdb: 40 per 10 seconds\nschedules:\n  scan: daily at 2 AM\n"

        [run] = rehearsed(text, calls={"scan": {"tmdb": 2000}}).runs

        assert run.duration == timedelta(minutes=10)

    def test_a_job_with_more_calls_than_its_time_allows_takes_as_long_as_the_budget_lasts(self) -> None:
        text = "limits:\n  tmdb: 40 per 10 seconds\nschedules:\n  scan: daily at 2 AM\n"

        [run] = rehearsed(text, minutes=1, calls={"scan": {"tmdb": 2000}}).runs

        assert run.duration is not None
        assert timedelta(minutes=8) <= run.duration <= timedelta(minutes=9)

    def test_two_jobs_that_share_a_budget_hold_each_other_up(self) -> None:
        jobs = "schedules:\n  a: daily at 2 AM\n  b: daily at 2 AM\n"
        text = f"queues:\n  default: 2\nlimits:\n  tmdb: 40 per minute\n{jobs}"

        alone, together = (
            rehearsed(text, minutes=5, calls={name: {"tmdb": 200} for name in names}).runs for names in ("a", "ab")
        )

        assert alone[0].duration is not None
        assert all(run.duration is not None and run.duration > 1.5 * alone[0].duration for run in together)

    def test_a_run_is_put_off_until_a_daily_budget_returns_and_then_goes_on(self) -> None:
        text = "limits:\n  omdb: 1000 per day from midnight\nschedules:\n  scan: every 6 hours\n"

        found = rehearsed(text, 30, calls={"scan": {"omdb": 400}})

        assert times(found.runs)[:4] == [
            ("scan", "00:00", "00:10"),
            ("scan", "06:00", "06:10"),
            ("scan", "00:00", "00:05"),
            ("scan", None, "18:00"),
        ]
        assert "limit omdb is used up; it returns at 12:00 AM" in [
            reason for _, reason in found.spells[found.runs[2].key]
        ]

    def test_a_limit_that_the_file_does_not_declare_is_passed_over(self) -> None:
        [run] = rehearsed("schedules:\n  scan: daily at 2 AM\n", calls={"scan": {"tmdb": 5}}).runs

        assert run.status is Status.COMPLETED


class TestKnownBeginnings:
    """What the store says when the rehearsal begins."""

    TEXT = (
        "schedules:\n  scan: daily at 2 AM\n  embed:\n    schedule: daily at 3 AM\n    needs: [scan]\n"
        "  build: daily at 4 AM\n"
    )

    @staticmethod
    def beginning(world: World, config: Config) -> Beginning:
        with world.beside() as store:
            found = known(store, config, now=world.clock.now())
        assert found is not None
        return found

    def test_a_run_that_runs_goes_on_and_holds_up_the_next(self, aperture_world: World) -> None:
        world = aperture_world.write(self.TEXT)
        world.durations["scan"] = "5 hours"
        world.start(at="2026-01-10 01:00").advance("1 hour 30 minutes")
        config = config_of(self.TEXT)

        found = rehearse(
            config,
            since=world.clock.now(),
            until=instant("2026-01-11"),
            takes=lambda job: timedelta(hours=5 if job == "scan" else 1),
            beginning=self.beginning(world, config),
        )

        assert times(found.runs) == [
            ("scan", "02:00", "07:00"),
            ("embed", "07:00", "08:00"),
            ("build", "08:00", "09:00"),
        ]

    def test_a_last_run_that_failed_skips_what_needs_it(self, aperture_world: World) -> None:
        world = aperture_world.write(self.TEXT)
        world.handlers["scan"] = lambda _: 1 / 0
        world.start(at="2026-01-10 01:00").advance("1 hour 30 minutes")
        config = config_of(self.TEXT)

        found = rehearse(
            config,
            since=world.clock.now(),
            until=instant("2026-01-10T03:30"),
            takes=lambda _: timedelta(minutes=1),
            beginning=self.beginning(world, config),
        )

        assert [run.reason for run in found.runs] == ["scan last ended as failed (2:00 AM), and embed needs it"]

    def test_a_pause_holds_slots_back(self, aperture_world: World) -> None:
        world = aperture_world.write(self.TEXT).start(at="2026-01-10 01:00").pause("scan", note="the disk is full")
        config = config_of(self.TEXT)

        found = rehearse(
            config,
            since=world.clock.now(),
            until=instant("2026-01-10T02:30"),
            takes=lambda _: timedelta(minutes=1),
            beginning=self.beginning(world, config),
        )

        assert [run.reason for run in found.runs] == ["it was paused by a test: the disk is full"]

    def test_a_store_that_no_loop_has_used_knows_nothing(self, aperture_world: World) -> None:
        with aperture_world.beside() as store:
            assert known(store, config_of(self.TEXT), now=instant("2026-01-10")) is None
