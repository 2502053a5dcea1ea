"""What the doctor says of a job's runs: whether they get on, how long they last, how often they fail or are skipped."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from aperture_plugin.app.doctor.finding_text import ordinal
from aperture_plugin.ports import LiveRun
from aperture_plugin.testing import World
from tests.app.doctor.looking import alter, look_at

HOURLY = "schedules:\n  scan: every hour\n"


@pytest.fixture(autouse=True)
def _in_its_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)


def fail(run: LiveRun) -> None:
    raise OSError("the library is gone\nand its disk too")


def micros(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000)


def live(world: World, minutes: list[int], *, text: str = HOURLY) -> World:
    """Let the job run each hour, for so many minutes."""
    world.write(text).start("2026-01-10 00:30")
    for length in minutes:
        world.durations["scan"] = timedelta(minutes=length)
        world.advance("1 hour")
    return world.advance("29 minutes")


# ── progress ──


def test_what_does_not_run_has_no_progress(world: World) -> None:
    world.write(HOURLY)

    assert look_at(world, "progress", "scan") == [("ok", "no run of it is running", None)]


def test_a_run_that_gets_on_is_told_with_its_items(world: World) -> None:
    world.handlers["scan"] = lambda run: run.progress(1200, 3000)
    live(world, [40])
    world.advance("31 minutes")

    [(verdict, words, _)] = look_at(world, "progress", "scan")

    assert verdict == "ok"
    assert words.endswith(" has been running for 30 min, 1,200 of 3,000 items done")


def test_a_run_that_takes_longer_than_usual_is_a_note(world: World) -> None:
    live(world, [5, 5, 5])
    world.durations["scan"] = "50 minutes"
    world.handlers["scan"] = lambda run: run.log.info("indexing")
    world.advance("13 minutes")

    [(verdict, words, advice)] = look_at(world, "progress", "scan")

    assert verdict == "note"
    assert words.endswith("running for 12 min, longer than usual: 19 of 20 runs take up to 5 min")
    assert advice is not None
    assert advice.startswith("aperture logs ")
    assert advice.endswith(" --follow")


def test_a_run_that_says_nothing_for_long_seems_to_hang(world: World) -> None:
    live(world, [5, 5, 5])
    world.durations["scan"] = "50 minutes"
    world.handlers["scan"] = lambda run: run.log.info("indexing")
    world.advance("31 minutes")

    [(verdict, words, advice)] = look_at(world, "progress", "scan")

    assert (verdict, advice) == ("problem", "aperture cancel scan")
    assert words.endswith("running for 30 min; it last wrote something 30 minutes ago, and it usually takes 5 min")


def test_the_first_run_that_never_said_anything_seems_to_hang_too(world: World) -> None:
    live(world, [600])

    [(verdict, words, _)] = look_at(world, "progress", "scan")

    assert verdict == "problem"
    assert words.endswith("running for 59 min; it has written nothing")


def test_a_run_that_was_asked_to_stop_and_has_not_is_a_note(world: World) -> None:
    world.stubborn.add("scan")
    live(world, [59])
    world.advance("10 minutes")
    alter(world, "UPDATE runs SET cancel_reason = 'cancelled by ada'")

    [(verdict, words, _)] = look_at(world, "progress", "scan")

    assert verdict == "note"
    assert words.endswith("; it was asked to stop (cancelled by ada), and has not yet")


@pytest.mark.parametrize("another_loop_runs", [True, False])
def test_a_run_of_a_process_that_is_gone_is_a_problem(world: World, another_loop_runs: bool) -> None:
    live(world, [59])
    world.advance("2 minutes")
    if another_loop_runs:
        alter(world, "UPDATE runs SET owner = 'somebody who is gone'")
    else:
        world.kill()
        alter(world, "UPDATE loops SET boot = 'another boot of this machine'")

    [(verdict, words, advice)] = look_at(world, "progress", "scan")

    assert verdict == "problem"
    assert words.endswith("but the process it belongs to is gone; a loop marks it interrupted and runs it again")
    assert advice == (None if another_loop_runs else "aperture start")


def test_a_run_of_another_machine_lives_as_long_as_its_lease(world: World) -> None:
    live(world, [59])
    world.advance("2 minutes")
    alter(world, f"UPDATE loops SET host = 'attic', beat_at = {micros(world.clock.now())}")
    alive = look_at(world, "progress", "scan")
    world.clock.advance("20 seconds")
    gone = look_at(world, "progress", "scan")

    assert [verdict for verdict, *_ in alive + gone] == ["ok", "problem"]


# ── durations ──


def test_runs_that_last_as_they_did_are_well(world: World) -> None:
    live(world, [5] * 30)

    assert look_at(world, "durations", "scan") == [
        ("ok", "half of its last 20 runs took up to 5 min, 19 of 20 up to 5 min", None)
    ]


def test_one_run_is_told_as_one(world: World) -> None:
    live(world, [5])

    assert look_at(world, "durations", "scan") == [("ok", "the one run that completed took 5 min", None)]


def test_without_a_run_there_is_nothing_to_compare(world: World) -> None:
    world.write(HOURLY)

    assert look_at(world, "durations", "scan") == [
        ("ok", "it has not completed yet, so there is nothing to compare", None)
    ]


def test_durations_that_grow_are_a_note(world: World) -> None:
    live(world, [5] * 10 + [8] * 20)

    assert look_at(world, "durations", "scan") == [
        (
            "note",
            "its runs grow longer: half of its last 20 runs took up to 8 min, 19 of 20 up to 8 min; "
            "of the 10 before, half took up to 5 min",
            "aperture history --job scan --limit 0",
        )
    ]


def test_runs_that_come_near_to_their_interval_are_a_note(world: World) -> None:
    live(world, [50] * 6)

    assert look_at(world, "durations", "scan") == [
        (
            "note",
            "half of its last 6 runs took up to 50 min, 19 of 20 up to 50 min; it is due every 1 h, "
            "which leaves little",
            None,
        )
    ]


def test_runs_that_outlast_their_interval_are_a_problem_with_an_interval_that_fits(world: World) -> None:
    live(world, [70] * 12)

    assert look_at(world, "durations", "scan") == [
        (
            "problem",
            "half of its last 10 runs took up to 1 h 10 min, 19 of 20 up to 1 h 10 min; it is due every 1 h, "
            "so slots fall due while it still runs",
            "schedule: every 2 hours",
        )
    ]


def test_where_no_interval_fits_none_is_advised(world: World) -> None:
    live(world, [13 * 60] * 40)

    [(verdict, _, advice)] = look_at(world, "durations", "scan")

    assert (verdict, advice) == ("problem", None)


def test_runs_that_come_near_to_their_timeout_are_a_note(world: World) -> None:
    live(world, [9] * 6, text="schedules:\n  scan:\n    schedule: every hour\n    timeout: 10 minutes\n")

    assert look_at(world, "durations", "scan")[1:] == [
        (
            "note",
            "half of its last 6 runs took up to 9 min, 19 of 20 up to 9 min; its timeout is 10 min, "
            "which leaves little",
            "timeout: 18 minutes",
        )
    ]


# ── failures ──


def test_a_row_of_failures_is_told_with_the_last_error(world: World) -> None:
    world.write(HOURLY).start("2026-01-10 00:30")
    world.advance("1 hour")
    world.handlers["scan"] = fail
    world.advance("3 hours")

    [(verdict, words, advice)] = look_at(world, "failures", "scan")

    assert verdict == "problem"
    assert words == "the last 3 runs failed (the last one 4:00 AM): OSError: the library is gone …"
    assert advice == f"aperture logs {world.history('scan')[-1].id}"


def test_one_failure_is_told_as_one(world: World) -> None:
    world.write(HOURLY).start("2026-01-10 00:30")
    world.handlers["scan"] = fail
    world.advance("1 hour")

    assert look_at(world, "failures", "scan")[0][1].startswith("the last run failed (the last one 1:00 AM): ")


def test_a_failure_without_a_reason_is_told_by_the_last_line_of_its_error(world: World) -> None:
    world.write(HOURLY).start("2026-01-10 00:30")
    world.handlers["scan"] = fail
    world.advance("1 hour")

    alter(world, "UPDATE runs SET reason = NULL, error = 'Traceback (most recent call last):\n  …\nOSError: gone\n'")
    traced = look_at(world, "failures", "scan")[0][1]
    alter(world, "UPDATE runs SET error = NULL")
    bare = look_at(world, "failures", "scan")[0][1]

    assert traced.endswith(": OSError: gone")
    assert bare.endswith(": no reason is kept")


def test_a_job_that_fails_often_is_a_note_though_its_last_run_completed(world: World) -> None:
    calls: list[int] = []

    def now_and_then(run: LiveRun) -> None:
        calls.append(1)
        if len(calls) % 4 == 1:
            raise OSError("the library is gone")

    world.write(HOURLY).start("2026-01-10 00:30")
    world.handlers["scan"] = now_and_then
    world.advance("8 hours")

    [(verdict, words, _)] = look_at(world, "failures", "scan")

    assert (verdict, words) == (
        "note",
        "2 of its last 8 runs failed; the latest of them: OSError: the library is gone",
    )


def test_a_job_that_rarely_failed_is_well(world: World) -> None:
    world.write(HOURLY).start("2026-01-10 00:30")
    world.handlers["scan"] = fail
    world.advance("1 hour")
    world.handlers.clear()
    world.advance("9 hours")

    assert look_at(world, "failures", "scan") == [("ok", "1 of its last 10 runs failed", None)]


def test_a_run_that_was_tried_again_and_completed_has_not_failed(world: World) -> None:
    def first_time(run: LiveRun) -> None:
        if run.attempt == 1:
            raise OSError("the library is gone")

    retry = "    retry:\n      attempts: 2\n      delay: 1 minute\n"
    world.write(f"schedules:\n  scan:\n    schedule: every hour\n{retry}").start("2026-01-10 00:30")
    world.handlers["scan"] = first_time
    world.advance("3 hours")

    assert look_at(world, "failures", "scan") == [("ok", "0 of its last 3 runs failed", None)]


# ── skipped slots, and lost ones ──


def test_skipped_slots_are_told_by_their_reasons(world: World) -> None:
    world.write("schedules:\n  scan:\n    schedule: every hour\n    needs: sync\n  sync: manual\n")
    world.start("2026-01-10 00:30").advance("3 hours")
    world.pause("scan", note="disk swap").advance("1 hour")

    [(verdict, words, advice)] = look_at(world, "skipped", "scan")

    assert (verdict, advice) == ("note", "aperture history --job scan --status skipped")
    assert words == (
        "4 slots skipped in the last 7 days: 3 × sync has never run, and scan needs it (last 3:00 AM); "
        "1 × it was paused by a test: disk swap (last 4:00 AM)"
    )


def test_the_rarest_reasons_are_counted(world: World) -> None:
    world.write("schedules:\n  scan:\n    schedule: every hour\n    needs: sync\n  sync: manual\n")
    world.start("2026-01-10 00:30").advance("5 hours")
    alter(world, "UPDATE runs SET reason = 'reason ' || seq")

    assert look_at(world, "skipped", "scan")[0][1].endswith("; and 2 more reasons")


def test_what_was_skipped_long_ago_is_not_told(world: World) -> None:
    world.write("schedules:\n  scan:\n    schedule: every hour\n    needs: sync\n  sync: manual\n")
    world.start("2026-01-10 00:30").advance("5 hours").stop()
    world.clock.advance("8 days")

    assert look_at(world, "skipped", "scan") == [("ok", "no slot of it was skipped in the last 7 days", None)]


def test_every_slot_of_the_last_days_is_accounted_for(world: World) -> None:
    world.write(HOURLY).start("2026-01-10 00:30").advance("5 hours").stop()
    world.clock.advance("3 hours")
    world.start().advance("1 hour").stop()
    world.clock.advance("1 hour")

    assert look_at(world, "slots", "scan") == [
        (
            "ok",
            "of 9 slots in the last 7 days 7 ran, 0 skipped, 2 merged into a catch-up; 1 more pending",
            None,
        )
    ]


def test_a_job_without_slots_has_none_to_account_for(world: World) -> None:
    world.write("schedules:\n  scan: manual\n").start("2026-01-10 00:30")

    assert look_at(world, "slots", "scan") == [("ok", "no slot of it was due in the last 7 days", None)]


def test_a_slot_that_is_lost_is_a_problem(world: World) -> None:
    world.write(HOURLY).start("2026-01-10 00:30").advance("5 hours")
    alter(world, "DELETE FROM claims WHERE due = (SELECT min(due) FROM claims)")

    assert look_at(world, "slots", "scan") == [
        (
            "problem",
            "1 slot of the last 7 days cannot be accounted for, the first due 1:00 AM",
            "aperture audit --job scan",
        )
    ]


# ── all jobs at once ──


def test_of_all_jobs_only_what_is_worth_telling_is_told_and_the_rest_counted(world: World) -> None:
    world.write(HOURLY + "  sync: every hour\n").start("2026-01-10 00:30")
    world.handlers["scan"] = fail
    world.advance("1 hour")

    failures = look_at(world, "failures")

    assert [words.partition(" (")[0] for _, words, _ in failures] == [
        "the last run failed",
        "nothing to remark on 1 of 2 jobs",
    ]
    assert look_at(world, "pause") == [("ok", "nothing to remark on all jobs", None)]


def test_many_jobs_are_looked_at_in_one_go(world: World) -> None:
    names = [f"job-{number}" for number in range(301)]
    world.write("schedules:\n" + "".join(f"  {name}: every hour\n" for name in names)).start("2026-01-10 00:30")
    world.handlers["job-7"] = fail
    world.advance("1 hour")

    (verdict, words, _), (_, rest, _) = look_at(world, "failures")

    assert (verdict, rest) == ("problem", "nothing to remark on 300 of 301 jobs")
    assert "the last run failed" in words


@pytest.mark.parametrize(
    ("place", "told"),
    [(1, "first"), (5, "fifth"), (6, "6th"), (11, "11th"), (21, "21st"), (22, "22nd"), (23, "23rd"), (112, "112th")],
)
def test_a_place_in_the_line_is_said_as_people_say_it(place: int, told: str) -> None:
    assert ordinal(place) == told


# ── ready by ──

READY = """\
timezone: UTC
expect:
  - scan ready by 6:30 AM if runs take 5 minutes
schedules:
  scan: daily at 5:00 AM
"""


def test_a_job_that_was_not_ready_by_its_time_is_a_problem(world: World) -> None:
    world.write(READY).start("2026-01-10 01:00")
    world.durations["scan"] = timedelta(hours=3)
    world.advance("5 hours 31 minutes")

    assert look_at(world, "ready", "scan") == [
        ("problem", "it was to be ready by 6:30 AM, and is still running", "aperture history scan")
    ]


def test_a_job_that_was_ready_by_its_time_needs_no_word(world: World) -> None:
    world.write(READY).start("2026-01-10 01:00").advance("6 hours")

    assert look_at(world, "ready", "scan") == []
