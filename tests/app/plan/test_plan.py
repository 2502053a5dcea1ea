"""What a plan says: waits, collisions, chains, durations, budgets, clock changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aperture_plugin.app.plan.collisions import collisions_of
from aperture_plugin.app.plan.initial_state import EMPTY
from aperture_plugin.app.plan.job_chains import chains_of
from aperture_plugin.app.plan.job_durations import Durations, JobDuration, measured
from aperture_plugin.app.plan.plan import Plan, planned
from aperture_plugin.app.plan.plan_json import plan_json
from aperture_plugin.testing import World
from tests.app.plan.samples import config_of, instant

BEGIN = instant("2026-01-10")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def plan(
    text: str, hours: float = 24, *, since: datetime = BEGIN, lasts: dict[str, JobDuration] | None = None, **more: Any
) -> Plan:
    config = config_of(text)
    durations = Durations(config=config, measured=lasts or {}, otherwise=minutes(10))
    return planned(config, since=since, until=since + timedelta(hours=hours), durations=durations, **more)


def collided(text: str, days: int = 7) -> list[tuple[str, tuple[str, ...]]]:
    found = collisions_of(config_of(text), since=BEGIN, until=BEGIN + timedelta(days=days))
    return [(f"{one.at:%a %H:%M}", one.names) for one in found]


class TestCollisions:
    def test_jobs_due_at_the_same_instant_in_one_queue_collide(self) -> None:
        assert collided("schedules:\n  scan: daily at 2 AM\n  build: weekly on sunday at 2 AM\n") == [
            ("Sun 02:00", ("scan", "build"))
        ]

    def test_jobs_of_different_queues_do_not(self) -> None:
        text = (
            "queues:\n  quick: 1\nschedules:\n  a: daily at 2 AM\n  b:\n    schedule: daily at 2 AM\n    queue: quick\n"
        )

        assert collided(text) == []

    def test_as_many_jobs_as_the_queue_has_seats_do_not(self) -> None:
        jobs = "".join(f"  {name}: weekly on sunday at 2 AM\n" for name in "abc")

        assert collided(f"queues:\n  default: 3\nschedules:\n{jobs}") == []
        assert collided(f"queues:\n  default: 2\nschedules:\n{jobs}") == [("Sun 02:00", ("a", "b", "c"))]

    def test_the_same_instant_counts_and_not_the_same_wall_time(self) -> None:
        text = "schedules:\n  a: daily at 2 AM\n  b:\n    schedule: daily at {} AM\n    timezone: Europe/Riga\n"

        assert collided(text.format(2)) == []
        assert len(collided(text.format(4))) == 7

    def test_a_job_due_together_with_what_it_needs_does_not_collide_with_it(self) -> None:
        text = "schedules:\n  a: daily at 2 AM\n  b:\n    schedule: daily at 2 AM\n    needs: [a]\n"

        assert collided(text) == []

    def test_a_job_whose_window_is_closed_does_not_ask_for_a_seat(self) -> None:
        text = "schedules:\n  a: daily at 2 AM\n  b:\n    schedule: daily at 2 AM\n    window: 4 AM to 6 AM\n"

        assert collided(text) == []

    def test_jitter_takes_jobs_apart(self) -> None:
        text = "schedules:\n  a: daily at 2 AM\n  b:\n    schedule: daily at 2 AM\n    jitter: 10 minutes\n"

        assert collided(text) == []

    def test_a_disabled_job_collides_with_nobody(self) -> None:
        assert collided("schedules:\n  a: daily at 2 AM\n  b:\n    schedule: daily at 2 AM\n    enabled: no\n") == []

    def test_a_plan_tells_how_long_the_later_one_waits(self) -> None:
        made = plan("schedules:\n  scan: daily at 2 AM\n  build: daily at 2 AM\n")

        assert plan_json(made)["collisions"] == [
            {
                "at": "2026-01-10T02:00:00+00:00",
                "queue": "default",
                "seats": 1,
                "jobs": [{"job": "scan", "wait": 0.0}, {"job": "build", "wait": 600.0}],
            }
        ]


class TestChains:
    TEXT = (
        "schedules:\n  scan: daily at 2 AM\n  embed:\n    schedule: daily at 2:30 AM\n    needs: [scan]\n"
        "  build: after embed\n  sync: every hour\n"
    )

    def test_a_chain_is_a_job_that_nothing_waits_for_and_all_it_waits_for(self) -> None:
        assert [chain.steps for chain in chains_of(config_of(self.TEXT))] == [("scan", "embed", "build")]

    def test_two_ends_are_two_chains(self) -> None:
        text = "schedules:\n  a: daily at 2 AM\n  b: after a\n  c: after a\n  d: after b, c\n  e: after a\n"

        assert [chain.steps for chain in chains_of(config_of(text))] == [("a", "b", "c", "d"), ("a", "e")]

    def test_a_chain_as_long_as_the_file_is_no_trouble(self) -> None:
        jobs = "".join(f"  j{n}: after j{n - 1}\n" for n in range(1, 2000))

        [chain] = chains_of(config_of(f"schedules:\n  j0: daily at 2 AM\n{jobs}"))

        assert len(chain.steps) == 2000

    def test_it_is_told_when_each_is_ready_as_usual_and_in_a_slow_night(self) -> None:
        lasts = {"scan": JobDuration(typical=minutes(60), slow=minutes(90), measured=9)}

        made = plan(self.TEXT, lasts=lasts)

        [chain] = plan_json(made)["chains"]
        assert chain == {
            "job": "build",
            "steps": ["scan", "embed", "build"],
            "ready": [{"at": "2026-01-10T03:30:00+00:00", "slow_at": "2026-01-10T04:00:00+00:00"}],
        }


class TestDurations:
    def test_the_median_and_what_19_of_20_runs_do_not_exceed_are_measured(self, aperture_world: World) -> None:
        world = aperture_world.write("schedules:\n  scan: every hour\n  never: manual\n")
        world.start(at="2026-01-10 00:30")
        for count in range(1, 21):
            world.durations["scan"] = minutes(count)
            world.advance("1 hour")

        with world.beside() as store:
            found = measured(store, ["scan", "never"])

        assert found == {"scan": JobDuration(typical=minutes(10), slow=minutes(19), measured=20)}

    def test_only_the_latest_runs_count_and_only_those_that_completed(self, aperture_world: World) -> None:
        world = aperture_world.write("schedules:\n  scan: every hour\n")
        world.start(at="2026-01-10 00:30")
        for count, fails in ((40, False), (1, False), (50, True), (2, False)):
            world.durations["scan"] = minutes(count)
            world.handlers["scan"] = (lambda _: 1 / 0) if fails else (lambda _: None)
            world.advance("1 hour")

        with world.beside() as store:
            found = measured(store, ["scan"], last=2)

        assert found["scan"] == JobDuration(typical=minutes(1), slow=minutes(2), measured=2)

    def test_a_job_that_never_ran_is_taken_to_end_before_it_would_time_out(self) -> None:
        config = config_of("schedules:\n  scan:\n    schedule: daily at 2 AM\n    timeout: 4 minutes\n")

        assert Durations(config=config).typical("scan") == minutes(2)

    def test_what_a_person_says_wins_over_what_was_measured(self) -> None:
        config = config_of("schedules:\n  scan: daily at 2 AM\n")
        lasted = JobDuration(typical=minutes(1), slow=minutes(2), measured=3)

        durations = Durations(config=config, measured={"scan": lasted}, given={"scan": minutes(90)})

        assert (durations.typical("scan"), durations.slow("scan")) == (minutes(90), minutes(90))

    def test_a_measured_job_that_has_too_little_time_by_now_is_expected_to_fail(self) -> None:
        lasts = {"scan": JobDuration(typical=minutes(30), slow=minutes(30), measured=9)}

        [run] = plan("schedules:\n  scan:\n    schedule: daily at 2 AM\n    timeout: 20 minutes\n", lasts=lasts).runs

        assert (str(run.status), run.reason) == ("failed", "it timed out after 20 minutes")


class TestWhatElseIsTold:
    def test_clock_changes_within_the_span_are_told_once_for_each_zone_that_has_them(self) -> None:
        text = (
            "timezone: Europe/Riga\nschedules:\n  a: daily at 2 AM\n  b: daily at 3 AM\n"
            "  c:\n    schedule: daily at 2 AM\n    timezone: Asia/Tokyo\n"
        )

        [change] = plan_json(plan(text, 48, since=instant("2026-03-28")))["clock_changes"]

        assert change == {
            "timezone": "Europe/Riga",
            "at": "2026-03-29T04:00:00+03:00",
            "kind": "gap",
            "seconds": 3600.0,
            "wall_from": "2026-03-29T03:00",
            "wall_until": "2026-03-29T04:00",
        }

    def test_the_use_of_each_limit_is_told_and_how_many_runs_are_put_off(self) -> None:
        text = "limits:\n  omdb: 1000 per day\n  tmdb: 40 per second\nschedules:\n  scan: every 6 hours\n"

        made = plan(text, calls={"scan": {"omdb": 400}})

        assert plan_json(made)["limits"][0] == {
            "limit": "omdb",
            "budget": "1000 per day",
            "calls": 1200,
            "put_off": 1,
        }

    def test_variables_that_are_not_set_here_are_taken_to_be_set_and_told(self) -> None:
        text = "schedules:\n  scan:\n    schedule: daily at 2 AM\n    requires env: [TMDB_KEY, OMDB_KEY]\n"

        made = plan(text, environ={"OMDB_KEY": "x"})

        assert made.assumed_set == ("TMDB_KEY",)
        assert [str(run.status) for run in made.runs] == ["completed"]

    def test_a_beginning_that_is_given_is_taken(self) -> None:
        text = "schedules:\n  a: manual\n  b:\n    schedule: daily at 2 AM\n    needs: [a]\n"

        assert [run.reason for run in plan(text, beginning=EMPTY).runs] == ["a has never run, and b needs it"]
        assert [run.reason for run in plan(text).runs] == [None]

    def test_the_totals_add_up(self) -> None:
        text = "schedules:\n  scan: daily at 2 AM\n  build: daily at 2 AM\n  tick: once at 2026-01-10 3 PM\n"

        assert plan_json(plan(text))["totals"] == {
            "jobs": 3,
            "runs": 3,
            "skipped": 0,
            "collisions": 1,
            "wait": 600.0,
            "longest_wait": {"job": "build", "at": "2026-01-10T02:00:00+00:00", "wait": 600.0},
            "busy": {"default": 0.0208},
        }

    def test_a_plan_of_one_job_keeps_what_others_do_to_it(self) -> None:
        made = plan("schedules:\n  scan: daily at 2 AM\n  build: daily at 2 AM\n").of(["build"])

        assert [(run.job, run.wait) for run in made.runs] == [("build", minutes(10))]
        assert made.collisions[0].names == ("scan", "build")

    def test_each_run_is_told_in_the_zone_of_its_job(self) -> None:
        text = "schedules:\n  a:\n    schedule: daily at 2 AM\n    timezone: Asia/Tokyo\n"

        [run] = plan_json(plan(text))["runs"]

        assert run == {
            "job": "a",
            "trigger": "schedule",
            "slot": "2026-01-11T02:00:00+09:00",
            "nominal": "2026-01-11T02:00",
            "queue": "default",
            "attempt": 1,
            "missed": 0,
            "ready_at": "2026-01-11T02:00:00+09:00",
            "starts_at": "2026-01-11T02:00:00+09:00",
            "ends_at": "2026-01-11T02:10:00+09:00",
            "wait": 0.0,
            "waits": [],
            "status": "completed",
            "reason": None,
            "slow": {
                "starts_at": "2026-01-11T02:00:00+09:00",
                "ends_at": "2026-01-11T02:10:00+09:00",
                "wait": 0.0,
                "status": "completed",
            },
        }

    def test_a_wait_tells_from_when_to_when_and_what_for(self) -> None:
        made = plan("schedules:\n  scan: daily at 2 AM\n  build: daily at 2 AM\n")

        assert plan_json(made)["runs"][1]["waits"] == [
            {
                "from": "2026-01-10T02:00:00+00:00",
                "until": "2026-01-10T02:10:00+00:00",
                "for": "its turn in queue default, which runs 1 at once",
            }
        ]
