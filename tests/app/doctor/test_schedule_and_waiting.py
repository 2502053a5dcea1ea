"""What the doctor says of a job's schedule, its pause, what it needs, and its place in the queue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from aperture_plugin import Job, hookimpl
from aperture_plugin.ports import LiveRun
from aperture_plugin.testing import World
from tests.app.doctor.looking import alter, look_at


@pytest.fixture(autouse=True)
def _in_its_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)


def fail(run: LiveRun) -> None:
    raise OSError("the library is gone")


# ── the schedule ──


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ("daily at 3 AM", "Daily at 3:00 AM: next run in 3 hours, scheduled for 3:00 AM (Europe/Riga)"),
        (
            "weekly on monday at 4 AM",
            "Weekly on Monday at 4:00 AM: next run in 2 days, scheduled for 2026-01-12 4:00 AM (Europe/Riga)",
        ),
    ],
)
def test_the_next_run_is_told(world: World, schedule: str, told: str) -> None:
    world.write(f"timezone: Europe/Riga\nschedules:\n  scan: {schedule}\n")
    world.clock.set("2026-01-09 22:00")

    assert look_at(world, "schedule", "scan") == [("ok", told, None)]


def test_a_manual_job_never_runs_by_itself(world: World) -> None:
    world.write("schedules:\n  scan: manual\n")

    assert look_at(world, "schedule", "scan") == [("ok", "Manual only: it never runs by itself", "aperture run scan")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("schedules:\n  scan:\n    schedule: every hour\n    enabled: no\n", 4),
        ("defaults:\n  enabled: no\nschedules:\n  scan: every hour\n", 2),
        (
            "preset: home\npresets:\n  home:\n    schedules:\n      scan:\n        schedule: every hour\n"
            "        enabled: no\n",
            7,
        ),
    ],
)
def test_a_job_that_is_switched_off_is_told_with_its_line(world: World, text: str, line: int) -> None:
    world.write(text)

    assert look_at(world, "schedule", "scan") == [
        (
            "note",
            f"it is switched off at schedules.yaml:{line} (enabled: no), so none of its slots fire",
            "enabled: yes",
        )
    ]


def test_a_job_that_was_switched_off_is_told_since_when_and_whether_that_is_long_ago(world: World) -> None:
    world.write("schedules:\n  scan: every hour\n").start("2026-01-10 01:30")
    world.save("schedules:\n  scan:\n    schedule: every hour\n    enabled: no\n")
    world.advance("1 minute").stop()
    off = "it is switched off at schedules.yaml:4 (enabled: no) since {}, so none of its slots fire"

    world.clock.set("2026-01-10 05:00")
    [today] = look_at(world, "schedule", "scan")
    world.clock.set("2026-04-11 05:00")
    [much_later] = look_at(world, "schedule", "scan")

    assert today[1] == off.format("1:30 AM")
    assert much_later == (
        "note",
        off.format("2026-01-10 1:30 AM") + "; after so long it may as well be taken out of the file",
        "enabled: yes",
    )


def test_what_is_past_does_not_fire_again(world: World) -> None:
    world.write("schedules:\n  scan: once at 2026-01-01 10:00\n")

    assert look_at(world, "schedule", "scan") == [
        (
            "note",
            "Once at 2026-01-01 10:00 AM: its time is past, and it does not fire again",
            "aperture run scan",
        )
    ]


def test_a_job_that_comes_after_others_waits_for_those_that_have_not_completed(world: World) -> None:
    world.write("schedules:\n  a: manual\n  b: manual\n  chain: after a, b\n").start("2026-01-10 01:30")

    never = look_at(world, "schedule", "chain")
    world.advance("1 minute").run("a")
    half = look_at(world, "schedule", "chain")
    world.handlers["b"] = fail
    world.run("b")
    failed = look_at(world, "schedule", "chain")

    assert never == [("ok", "After a, b: it runs once a and b completed", None)]
    assert half == [("ok", "After a, b: it runs once b completed", None)]
    assert failed == [("problem", "After a, b: it runs once b completed; b last ended as failed", "aperture doctor b")]


def test_a_job_taken_out_of_the_file_does_not_run(world: World) -> None:
    world.write("schedules:\n  scan: every hour\n  sync: every hour\n").start("2026-01-10 01:30").advance("1 hour")
    world.save("schedules:\n  sync: every hour\n")

    assert look_at(world, "schedule", "scan") == [
        (
            "problem",
            "it is not in schedules.yaml since 2:30 AM, so it does not run",
            "scan: daily at 2:00 AM  # under schedules:",
        )
    ]


def test_a_job_that_only_a_plugin_knows_runs_by_hand_alone(world: World) -> None:
    class Library:
        @hookimpl
        def aperture_jobs(self) -> Iterable[Job]:
            yield Job("scan", lambda run: None)
            yield Job("spare", lambda run: None)

    world.write("schedules:\n  scan: every hour\n")

    assert look_at(world, "schedule", "spare", plugins=(Library(),)) == [
        (
            "note",
            "schedules.yaml does not name it, so it runs only by hand",
            "spare: daily at 2:00 AM  # under schedules:",
        )
    ]


def test_of_a_file_that_nobody_could_ever_read_no_schedule_is_told(world: World) -> None:
    world.write("schedules:\n  scan: every hur\n")

    assert look_at(world, "schedule", "scan") == [
        ("problem", "schedules.yaml cannot be read, and the store remembers none of it", None)
    ]


# ── a pause ──


def test_a_pause_is_told_with_its_note(world: World) -> None:
    world.write("schedules:\n  scan: every hour\n").start("2026-01-10 01:30")
    world.pause("scan", until=world.clock.now() + timedelta(days=1), note="disk swap")

    assert look_at(world, "pause", "scan") == [
        (
            "note",
            "it is paused by a test since 1:30 AM until 2026-01-11 1:30 AM, and its slots are skipped: disk swap",
            "aperture resume scan",
        )
    ]


def test_a_pause_that_is_over_is_none(world: World) -> None:
    world.write("schedules:\n  scan: every hour\n").start("2026-01-10 01:30")
    world.pause("scan", until=world.clock.now() + timedelta(minutes=5)).advance("10 minutes")

    assert look_at(world, "pause", "scan") == [("ok", "it is not paused", None)]


def test_what_failures_paused_is_a_problem(world: World) -> None:
    world.write("schedules:\n  scan:\n    schedule: every hour\n    on failure: pause\n").start("2026-01-10 01:30")
    world.handlers["scan"] = fail
    world.advance("1 hour")

    [(verdict, words, advice)] = look_at(world, "pause", "scan")

    assert (verdict, advice) == ("problem", "aperture resume scan")
    assert words == (
        "it is paused by on failure: pause since 2:00 AM, and its slots are skipped: "
        "it failed (OSError: the library is gone)"
    )


# ── what it needs ──

NEEDS = "schedules:\n  scan: {scan}\n  embed:\n    schedule: daily at 3 AM\n    needs: scan\n"


def test_all_that_a_job_needs_is_told(world: World) -> None:
    world.write(
        "limits:\n  tmdb: 2 per hour\nschedules:\n  scan: every hour\n  embed:\n    schedule: daily at 3 AM\n"
        "    needs: scan\n    limit: tmdb\n    window: 1 AM to 6 AM\n    requires env: TZ\n"
    ).start("2026-01-10 01:30").advance("1 hour")

    assert look_at(world, "needs", "embed") == [
        ("ok", "all is there that it needs: scan, TZ, an open window, tmdb", None)
    ]
    assert look_at(world, "needs", "scan") == [("ok", "it needs nothing but its turn", None)]


def test_a_need_that_never_ran_and_does_not_come_first_is_a_problem(world: World) -> None:
    first = look_at(world.write(NEEDS.format(scan="daily at 2 AM")), "needs", "embed")
    later = look_at(world.write(NEEDS.format(scan="daily at 4 AM")), "needs", "embed")
    never = look_at(world.write(NEEDS.format(scan="manual")), "needs", "embed")

    assert first == [("ok", "scan, which it needs, has never run, and is due before it", None)]
    told = "scan, which it needs, has never run; its slots are skipped until scan completes"
    assert later == never == [("problem", told, "aperture run scan")]


def test_a_chain_of_jobs_that_never_ran_comes_in_its_order(world: World) -> None:
    world.write(
        "schedules:\n  scan: daily at 2 AM\n  index: after scan\n  other: manual\n  both: after scan, other\n"
        "  embed:\n    schedule: daily at 3 AM\n    needs: [index, both]\n"
    )

    assert [verdict for verdict, *_ in look_at(world, "needs", "embed")] == ["ok", "problem"]


def test_a_need_that_failed_is_a_problem_and_leads_to_its_own_doctor(world: World) -> None:
    world.write(NEEDS.format(scan="every hour")).start("2026-01-10 01:30")
    world.handlers["scan"] = fail
    world.advance("1 hour")

    assert look_at(world, "needs", "embed") == [
        (
            "problem",
            "scan, which it needs, last ended as failed (2:00 AM); its slots are skipped until scan completes",
            "aperture doctor scan",
        )
    ]


def test_a_need_that_is_in_hand_is_waited_for(world: World) -> None:
    world.write(NEEDS.format(scan="every hour")).start("2026-01-10 01:30")
    world.durations["scan"] = "45 minutes"
    world.advance("1 hour")

    assert look_at(world, "needs", "embed") == [("note", "scan, which it needs, is running; it waits for that", None)]


def test_a_variable_that_is_not_set_is_a_problem_where_no_loop_knows_better(world: World) -> None:
    world.write("schedules:\n  scan:\n    schedule: every hour\n    requires env: TMDB_API_KEY\n")

    before = look_at(world, "needs", "scan")
    world.start("2026-01-10 01:30")
    after = look_at(world, "needs", "scan")

    assert before == [
        ("problem", "TMDB_API_KEY, which it requires, is not set; its slots are skipped", "export TMDB_API_KEY=…")
    ]
    assert after == [
        (
            "note",
            "TMDB_API_KEY, which it requires, is not set in this shell; what counts is the loop's environment",
            "export TMDB_API_KEY=…",
        )
    ]


def test_a_window_that_is_closed_and_one_that_no_slot_hits(world: World) -> None:
    world.write(
        "schedules:\n  often:\n    schedule: every hour\n    window: 2 AM to 4 AM\n"
        "  never:\n    schedule: daily at 5 AM\n    window: 2 AM to 4 AM\n"
    )

    closed = ("note", "its window (2:00 AM to 4:00 AM) is closed now; what is due waits until it opens", None)
    assert look_at(world, "needs", "often") == [closed]
    assert look_at(world, "needs", "never") == [
        closed,
        (
            "note",
            "its slots lie outside of its window (2:00 AM to 4:00 AM); each waits until the window opens",
            "aperture next --job never",
        ),
    ]


def test_a_limit_that_is_used_up_is_told_with_when_it_returns(world: World) -> None:
    world.write("limits:\n  tmdb: 1 per 2 hours\nschedules:\n  scan:\n    schedule: every hour\n    limit: tmdb\n")
    world.handlers["scan"] = lambda run: run.spend("tmdb")
    world.start("2026-01-10 01:30").advance("1 hour")

    [(verdict, words, _)] = look_at(world, "needs", "scan")

    assert verdict == "note"
    assert words == "limit tmdb is used up; it returns in 2 hours, at 4:01 AM"


def test_what_a_plugin_says_holds_the_job_back(world: World) -> None:
    class Library:
        @hookimpl
        def aperture_jobs(self) -> Iterable[Job]:
            yield Job("scan", lambda run: None)

        @hookimpl
        def aperture_ready(self, job: Job) -> list[str]:
            return [f"the server that {job.name} asks is down"]

    world.write("schedules:\n  scan: every hour\n")

    assert look_at(world, "needs", "scan", plugins=(Library(),)) == [
        ("problem", "a plugin holds it back: the server that scan asks is down", None)
    ]


# ── the queue ──


def test_a_run_behind_another_is_told_with_its_place(world: World) -> None:
    world.write("schedules:\n  slow: daily at 1 AM\n  next: daily at 1:05 AM\n  last: daily at 1:10 AM\n")
    world.durations["slow"] = "1 hour"
    world.start("2026-01-10 00:59").advance("16 minutes")

    [(verdict, words, advice)] = look_at(world, "queue", "last")
    [slow] = look_at(world, "queue", "slow")

    assert (verdict, advice) == ("note", "default: 2  # under queues:")
    assert words.endswith(
        " is queued since 1:10 AM, second of 2 in queue default, where slow has been running for 15 min; "
        "it waits for: its turn in queue default, which runs 1 at once"
    )
    assert slow == ("ok", "slow has been running for 15 min, and no other run of it waits", None)


def test_a_run_that_waits_for_longer_than_its_slots_lie_apart_is_a_problem(world: World) -> None:
    world.write("schedules:\n  scan:\n    schedule: every 30 minutes\n    window: 2 AM to 4 AM\n")
    world.start("2026-01-10 10:01").advance("45 minutes")
    soon = look_at(world, "queue", "scan")
    world.advance("30 minutes")
    late = look_at(world, "queue", "scan")

    assert [verdict for verdict, *_ in soon + late] == ["note", "problem"]
    assert late[0][1].endswith(" is waiting since 10:30 AM: its window opens at 2:00 AM")


def test_a_retry_that_waits_gives_way_to_the_next_slot(world: World) -> None:
    def fail(run: LiveRun) -> None:
        raise ValueError("the disk is gone")

    world.handlers["scan"] = fail
    world.write("schedules:\n  scan:\n    schedule: every hour\n    retry:\n      attempts: 2\n")
    world.start("2026-01-10 01:30").advance("30 minutes 10 seconds")

    [(_, words, _)] = look_at(world, "queue", "scan")

    assert words.endswith(" after the last; as a retry it gives way to the job's next slot (3:00 AM)")


def test_a_run_that_nobody_has_looked_at_waits_for_its_turn(world: World) -> None:
    world.write("schedules:\n  scan: every hour\n").start("2026-01-10 01:30")
    world.durations["scan"] = "10 minutes"
    world.advance("30 minutes")
    alter(world, "UPDATE runs SET status = 'queued', reason = NULL, owner = NULL")

    [(_, words, advice)] = look_at(world, "queue", "scan")

    assert words.endswith("first of 1 in queue default; it waits for: its turn")
    assert advice == "aperture status"


def test_nothing_in_hand_is_told(world: World) -> None:
    world.write("schedules:\n  scan: every hour\n")

    assert look_at(world, "queue", "scan") == [("ok", "no run of it is in hand", None)]


def test_of_many_that_wait_each_is_told_its_own_place(world: World) -> None:
    names = [f"job-{number:02}" for number in range(12)]
    world.write("schedules:\n  slow: daily at 1 AM\n" + "".join(f"  {name}: daily at 1:05 AM\n" for name in names))
    world.durations["slow"] = "1 hour"
    world.start("2026-01-10 00:59").advance("10 minutes")

    told = [look_at(world, "queue", name)[0][1] for name in names]

    assert "first of 12 in queue default" in told[0]
    assert "12th of 12 in queue default" in told[11]
