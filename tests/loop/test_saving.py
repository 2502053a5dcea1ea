"""A save changes the schedule, or changes nothing."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aperture_plugin import Job, hookimpl
from aperture_plugin.app import source
from aperture_plugin.config.problems import Problem
from aperture_plugin.testing import World

TWO = "schedules:\n  scan: every 2 hours\n  other: daily at 3 AM\n"


def test_a_save_puts_a_new_schedule_in_force(world: World) -> None:
    world.write(TWO).start(at="2026-01-10 01:00")

    accepted = world.save("schedules:\n  scan: every 30 minutes\n")
    world.advance("1 hour")

    assert accepted
    assert [run.due for run in world.history()] == [
        datetime(2026, 1, 10, 1, 0, tzinfo=UTC),
        datetime(2026, 1, 10, 1, 30, tzinfo=UTC),
        datetime(2026, 1, 10, 2, 0, tzinfo=UTC),
    ]


def test_a_bad_save_is_refused_and_the_last_good_one_goes_on(world: World) -> None:
    world.write(TWO).start(at="2026-01-10 01:00")

    accepted = world.save("schedules:\n  scan: evry 30 minutes\n")
    world.advance("1 hour 30 minutes")

    rejected = world.aperture.status()["config"]["rejected"]
    assert not accepted
    assert [run.due for run in world.history()] == [datetime(2026, 1, 10, 2, 0, tzinfo=UTC)]
    assert (rejected["problems"][0]["line"], rejected["problems"][0]["column"]) == (2, 9)


def test_the_next_good_save_clears_what_was_refused(world: World) -> None:
    world.write(TWO).start(at="2026-01-10 01:00")
    world.save("schedules: [\n")

    world.save(TWO)

    assert world.aperture.status()["config"]["rejected"] is None


def test_a_job_whose_words_did_not_change_keeps_its_next_run(world: World) -> None:
    # An interval that does not divide the day counts from the year 2000, not from the save.
    world.write("schedules:\n  scan: every 7 hours\n  other: daily at 3 AM\n").start(at="2026-01-10 01:00")
    before = world.loop.state.timetable.next_slot("scan")

    world.save("schedules:\n  other: daily at 4 AM\n  scan: every 7 hours\n")

    assert world.loop.state.timetable.next_slot("scan") == before


def test_running_and_queued_runs_survive_a_save(world: World) -> None:
    world.durations["scan"] = "1 hour"
    world.write(TWO + "  late: daily at 2 AM\n").start(at="2026-01-10 01:00").advance("1 hour 30 minutes")

    world.save(TWO.replace("3 AM", "5 AM") + "  late: daily at 2 AM\n")
    world.advance("1 hour")

    assert [(run.job, run.status) for run in world.history()] == [("scan", "completed"), ("late", "completed")]


def test_a_job_taken_out_of_the_file_finishes_its_run_and_its_queued_runs_are_skipped(world: World) -> None:
    world.durations["scan"] = "3 hours"
    world.write("schedules:\n  scan: every 2 hours\n").start(at="2026-01-10 01:00").advance("3 hours 10 minutes")

    world.save("schedules:\n  other: daily at 3 PM\n")
    world.advance("4 hours")

    running, queued = world.history("scan")
    assert running.status == "completed"
    assert queued.status == "skipped"
    assert queued.reason is not None
    assert queued.reason.startswith("scan was taken out of ")


def test_a_job_switched_off_is_not_started_any_more_but_runs_by_hand(world: World) -> None:
    world.write(TWO).start(at="2026-01-10 01:00")
    world.save("schedules:\n  scan:\n    schedule: every 2 hours\n    enabled: no\n")

    world.advance("5 hours")
    run = world.run("scan")

    assert [each.trigger for each in world.history()] == ["manual"]
    assert run.status == "completed"


def test_a_queue_made_wider_is_used_at_once(world: World) -> None:
    world.durations.update({"a": "1 hour", "b": "1 hour"})
    jobs = "schedules:\n  a: daily at 2 AM\n  b: daily at 2 AM\n"
    world.write(jobs).start(at="2026-01-10 01:00").advance("1 hour 1 minute")

    world.save("queues:\n  default: 2\n" + jobs)

    assert [run.status for run in world.history()] == ["running", "running"]


def test_the_accepted_text_is_kept(world: World) -> None:
    world.write(TWO).start(at="2026-01-10 01:00")
    world.save("schedules: nonsense\n")
    changed = TWO.replace("3 AM", "4 AM")

    world.save(changed)

    assert [text for _, _, _, text in world.generations()] == [changed, TWO]


class Listener:
    """A host that listens to what becomes of the file."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        yield Job("scan", lambda run: None)
        yield Job("other", lambda run: None)

    @hookimpl
    def aperture_config_loaded(self) -> None:
        self.heard.append("loaded")

    @hookimpl
    def aperture_config_rejected(self, problems: Sequence[Problem]) -> None:
        self.heard.append(problems[0].code)


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty-file"), ("# nothing but a comment\n", "empty-file"), (None, "file-gone")]
)
def test_an_empty_or_deleted_file_is_a_bad_file_in_the_log_the_status_and_the_hook(
    world: World, caplog: pytest.LogCaptureFixture, text: str | None, code: str
) -> None:
    listener = Listener()
    world = World(world.folder, plugins=[listener])
    world.write(TWO).start(at="2026-01-10 01:00")

    if text is None:
        world.file.unlink()
    else:
        world.write(text)
    good, problems = world.aperture.judge(None if text is None else world.file.read_bytes())
    world.aperture.refuse(problems)
    world.advance("1 hour")

    rejected = world.aperture.status()["config"]["rejected"]
    assert not good
    assert [problem["code"] for problem in rejected["problems"]] == [code]
    assert listener.heard == ["loaded", code]
    assert [record.levelname for record in caplog.records if f"[{code}]" in record.getMessage()] == ["ERROR"]
    assert len(world.history("scan")) == 1
    world.save(TWO)
    assert world.aperture.status()["config"]["rejected"] is None
    assert listener.heard == ["loaded", code, "loaded"]
    world.close()


def test_an_error_of_our_own_while_a_saved_file_is_read_refuses_the_file_for_it(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise AttributeError("'Sequence' object has no attribute 'text'")

    world.write(TWO).start(at="2026-01-10 01:00")
    with monkeypatch.context() as patch:
        patch.setattr(source, "read", stumble)
        accepted, problems = world.aperture.judge(TWO.encode())
    world.aperture.refuse(problems)
    world.advance("1 hour")

    rejected = world.aperture.status()["config"]["rejected"]
    assert not accepted
    assert [problem["code"] for problem in rejected["problems"]] == ["internal-error"]
    assert rejected["problems"][0]["message"] == (
        "aperture itself failed while it read the file: AttributeError: 'Sequence' object has no attribute 'text'"
    )
    assert [bool(record.exc_info) for record in caplog.records if record.levelname == "ERROR"] == [True] + 3 * [False]
    assert len(world.history("scan")) == 1


def test_a_slip_that_spoils_a_thousand_jobs_does_not_flood_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = "".join(f"  job-{number}: daily at 2 AM\n" for number in range(1000))
    world.write(f"schedules:\n{jobs}").start()

    world.save(f"schedules:\n{jobs.replace('daily', 'dayly')}")

    told = [message for message in caplog.messages if not message.startswith("   ")]
    assert len(told) == 50 + 2
    first, *_, more, last = told
    assert caplog.messages[1].startswith("   hint: ")
    assert first.endswith('schedules.yaml:2:10: error: job-0: "dayly" begins no schedule [unknown-phrase]')
    assert more == "and 950 more; aperture check tells them all"
    assert last.endswith("schedules.yaml is refused; the last good one goes on")


def test_nothing_fires_twice_however_often_the_file_is_saved_around_a_slot(world: World) -> None:
    world.write("schedules:\n  scan: every 2 hours\n  other: daily at 3 AM\n").start(at="2026-01-10 01:59:30")

    for number in range(60):
        world.save(f"schedules:\n  scan: every 2 hours  # {number}\n  other: daily at 3:{number:02} AM\n")
        world.advance("1 second")

    assert [run.due for run in world.history()] == [datetime(2026, 1, 10, 2, 0, tzinfo=UTC)]


def test_many_saves_leave_nothing_behind(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "aperture")
    _keep_saving(world, 300)


@pytest.mark.long
def test_ten_thousand_saves_leave_nothing_behind(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "aperture")
    _keep_saving(world, 10_000)


def _keep_saving(world: World, times: int) -> None:
    """Save so many times; threads, descriptors and living objects must be as many as after the first hundred."""

    def save(number: int) -> None:
        bad = number % 7 == 0
        world.save("schedules: [\n" if bad else TWO.replace("3 AM", f"3:{number % 60:02} AM"))

    def kept() -> tuple[int, int, int]:
        gc.collect()
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir())), len(gc.get_objects())

    world.write(TWO).start(at="2026-01-10 01:00")
    for number in range(120):
        save(number)
    threads, descriptors, objects = kept()

    for number in range(times):
        save(number)

    assert kept()[:2] == (threads, descriptors)
    assert kept()[2] < objects + 2000
    assert len(world.generations()) == 20
