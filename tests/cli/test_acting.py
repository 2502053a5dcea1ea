"""`aperture cancel`, `pause`, `resume` and `run`, typed beside a loop of another process."""

from __future__ import annotations

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = "schedules:\n  slow: daily at 1 AM\n  fast:\n    schedule: daily at 1:05 AM\n"


@pytest.fixture
def busy(world: World) -> World:
    """A loop in which slow runs, and fast waits for its turn."""
    world.durations["slow"] = "1 hour"
    return world.write(FILE).start(at="2026-01-10 00:59").advance("10 minutes")


def test_a_run_that_has_not_started_is_cancelled_at_once(busy: World, shell: Shell) -> None:
    answer = shell("cancel", "fast")

    [run] = busy.history("fast")
    assert (answer.code, answer.out) == (0, f"fast is cancelled; it had not started (run {run.id})\n")
    assert run.status == "cancelled"
    assert run.reason is not None
    assert run.reason.startswith("cancelled by ")


def test_a_run_that_runs_is_asked_to_stop(busy: World, shell: Shell) -> None:
    answer = shell("cancel", "slow")

    [run] = busy.history("slow")
    assert answer.code == 0
    assert answer.out.startswith(f"slow was asked to stop (run {run.id})")
    assert run.cancel_reason is not None
    assert shell("cancel", "slow").out == f"slow was asked to stop before: {run.cancel_reason} (run {run.id})\n"


def test_there_may_be_nothing_to_cancel(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("cancel", "slow")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "error: nothing to cancel: slow is neither running nor waiting\n"


@pytest.mark.parametrize("command", ["cancel", "pause", "resume", "run"])
def test_a_job_that_does_not_exist_is_wrong_usage(world: World, shell: Shell, command: str) -> None:
    world.write("defaults:\n  command: 'true'\n" + FILE)

    answer = shell(command, "slwo")

    assert answer.code == 2
    kind = "job or run" if command == "cancel" else "job"
    assert answer.err == f'error: there is no {kind} "slwo" in schedules.yaml\n   hint: did you mean "slow"?\n'


def test_a_pause_holds_slots_back_until_it_ends(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: every hour\n").start(at="2026-01-10 00:30")

    answer = shell("pause", "scan", "--until", "2 hours", "--note", "disk is full")
    world.advance("3 hours")

    assert answer.lines[0] == "scan is paused until 2:30 AM (in 2 hours)"
    held, also_held, ran = world.history("scan")
    assert (held.status, also_held.status, ran.status) == ("skipped", "skipped", "completed")
    assert held.reason is not None
    assert held.reason.endswith(": disk is full")


def test_a_pause_may_be_lifted(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: every hour\n").start(at="2026-01-10 00:30")
    shell("pause", "scan")

    answer = shell("resume", "scan")
    world.advance("1 hour")

    assert (answer.code, answer.out) == (0, "scan is resumed; its slots fire from now on\n")
    assert [run.status for run in world.history("scan")] == ["completed"]


def test_a_job_that_is_not_paused_cannot_be_resumed(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("resume", "slow")

    assert (answer.code, answer.err) == (1, "error: slow is not paused\n")


def test_a_pause_cannot_end_in_the_past(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("pause", "slow", "--until", "2020-01-01")

    told = "2020-01-01 12:00 AM is past already: it is 12:00 AM in UTC"
    assert (answer.code, answer.err.splitlines()[0]) == (2, f"error: --until: {told}")


def test_a_run_that_is_asked_for_is_queued_behind_what_runs(busy: World, shell: Shell) -> None:
    busy.write(FILE + "  third: manual only\n")

    answer = shell("run", "third")

    assert answer.code == 0
    [run] = busy.history("third")
    assert answer.out == f"third is queued (run {run.id}); aperture logs {run.id} --follow shows it\n"
    assert (run.status, run.trigger, bool(run.requested_by)) == ("queued", "manual", True)


def test_a_job_that_waits_already_is_not_queued_again(busy: World, shell: Shell) -> None:
    answer = shell("run", "fast")

    assert (answer.code, answer.out) == (1, "fast skipped: another run of fast was already waiting\n")


def test_what_a_person_asks_for_does_not_wait_for_needs_or_its_window(world: World, shell: Shell) -> None:
    world.write(FILE + "    needs: [slow]\n    window: 1:00 AM to 6:00 AM\n").start(at="2026-01-10 00:30")

    answer = shell("run", "fast")

    assert answer.err == "fast was asked for, so it does not wait for slow, which it needs, or for its window\n"


def test_a_broken_file_does_not_keep_a_good_loop_from_running_a_job(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 00:30")
    world.write("schedules: {}\n")

    assert shell("run", "fast").code == 0


def test_a_pause_until_two_hours_ago_is_past(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("pause", "slow", "--until", "2 hours ago")

    assert answer.code == 2
    assert answer.err.startswith("error: --until: yesterday 10:00 PM is past already: it is 12:00 AM in UTC\n")


ASKED = """\
schedules:
  scan:
    schedule: manual only
    params:
      depth: 1
      api_token: none
"""


def test_a_run_may_be_asked_for_with_parameters_and_a_note(world: World, shell: Shell) -> None:
    world.handlers["scan"] = lambda run: dict(run.params)
    world.write(ASKED).start(at="2026-01-10 00:30")

    code = shell("run", "scan", "--param", "depth=3", "--param", "api_token=hunter22", "--note", "new disk").code
    waiting = shell("status").out
    world.stop().start()
    [row] = shell("history", "--format", "json").json
    shown = shell("history").out

    assert (code, row["status"], row["error"]) == (0, "completed", None)
    assert "with depth: 3, api_token: •••; note: new disk" in waiting
    assert (row["params"], row["note"]) == ({"depth": 3, "api_token": "•••"}, "new disk")
    assert row["result"]["depth"] == 3
    assert "    with depth: 3, api_token: •••; note: new disk\n" in shown
    assert "hunter22" not in waiting + shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dpeth=3"], '--param scan has no parameter "dpeth"\n   hint: did you mean "depth"?'),
        (["depth"], '--param: "depth" is not NAME=VALUE\n   hint: write such as --param depth=2'),
        (["depth=1", "depth=2"], "--param depth: it is given twice\n   hint: give each parameter once"),
        (["depth=[1"], '--param depth: "[1" is no YAML'),
    ],
)
def test_a_parameter_that_the_job_cannot_take_is_wrong_usage(
    world: World, shell: Shell, words: list[str], told: str
) -> None:
    world.write(ASKED + "    command: 'true'\n").start(at="2026-01-10 00:30")

    answer = shell("run", "scan", *[part for word in words for part in ("--param", word)])

    assert (answer.code, answer.out, world.history()) == (2, "", [])
    assert answer.err.startswith(f"error: {told}")


def test_a_command_that_runs_here_is_given_its_parameters(world: World, shell: Shell) -> None:
    world.write(
        "schedules:\n  dump:\n    command: echo $APERTURE_PARAM_TABLE_NAME $APERTURE_PARAM_ZIP\n    schedule: manual\n"
    )

    answer = shell("run", "dump", "--param", "table-name=films", "--param", "zip=007", "--note", "by hand")
    [row] = shell("history", "--format", "json").json

    assert answer.code == 0
    assert "films 007" in shell("logs", "dump").out
    assert (row["status"], row["params"], row["note"]) == (
        "completed",
        {"table-name": "films", "zip": "007"},
        "by hand",
    )


def test_what_does_not_fit_is_refused_where_no_loop_runs_too(world: World, shell: Shell) -> None:
    (world.folder / "hooks").mkdir()
    (world.folder / "hooks" / "jobs.py").write_text(PLUGIN, encoding="utf-8")
    world.write("schedules:\n  scan: manual\n")

    wrong = shell("run", "scan", "--param", "depth=many")
    right = shell("run", "scan", "--param", "depth=4", "--format", "json")

    assert (wrong.code, wrong.err) == (
        2,
        'error: --param depth: "many" is not a whole number\n   hint: write one such as 7\n',
    )
    assert (right.json["result"], right.json["params"]) == ({"depth": 4}, {"depth": 4})


PLUGIN = """\
from aperture_plugin import Job, hookimpl

@hookimpl
def aperture_jobs():
    yield Job("scan", lambda run: {"depth": run.params["depth"]}, params={"depth": 1})
"""


GROUPED = (
    "schedules:\n  scan:\n    schedule: daily at 1 AM\n    category: media\n"
    "  build:\n    schedule: daily at 1 AM\n    category: media\n  tidy: daily at 1 AM\n"
)


def test_all_jobs_are_paused_and_resumed_at_once(world: World, shell: Shell) -> None:
    world.write(GROUPED).start(at="2026-01-10 00:30")
    shell("pause", "scan", "--note", "before")

    paused = shell("pause", "--all", "--until", "2 hours", "--note", "the disk is full")
    world.advance("1 hour")

    assert paused.lines == [
        "3 jobs (scan, build, tidy) are paused until 2:30 AM (in 2 hours)",
        "   1 pause from before is replaced",
        "   aperture resume --all lifts this",
    ]
    assert {run.job: run.status for run in world.history()} == dict.fromkeys(("scan", "build", "tidy"), "skipped")
    assert all("the disk is full" in (run.reason or "") for run in world.history())
    assert shell("resume", "--all").out == "3 jobs (scan, build, tidy) are resumed; slots fire from now on\n"
    assert shell("resume", "--all").err == "error: none of 3 jobs (scan, build, tidy) is paused\n"


def test_the_jobs_of_a_category_are_meant_together(world: World, shell: Shell) -> None:
    world.write(GROUPED).start(at="2026-01-10 00:30")

    assert shell("pause", "--category", "media").lines[0] == "2 jobs (scan, build) are paused until you resume them"
    world.advance("1 hour")

    assert {run.job: run.status for run in world.history()} == {
        "scan": "skipped",
        "build": "skipped",
        "tidy": "completed",
    }
    assert shell("resume", "--category", "media").code == 0


def test_all_runs_are_cancelled_at_once(busy: World, shell: Shell) -> None:
    answer = shell("cancel", "--all", "--note", "we move")

    [slow], [fast] = busy.history("slow"), busy.history("fast")
    assert (answer.code, fast.status) == (0, "cancelled")
    assert slow.cancel_reason is not None
    assert slow.cancel_reason.endswith(": we move")
    assert shell("cancel", "--all").code == 0  # slow was asked before


@pytest.mark.parametrize("command", ["cancel", "pause", "resume"])
def test_a_choice_of_jobs_is_one_of_three(world: World, shell: Shell, command: str) -> None:
    world.write(GROUPED)

    neither, both = shell(command), shell(command, "scan", "--all")
    misspelt = shell(command, "--category", "medai")

    assert (neither.code, both.code, misspelt.code) == (2, 2, 2)
    assert neither.err.startswith("error: expected JOB, --all or --category NAME; got none of them\n")
    assert both.err.startswith("error: expected JOB, --all or --category NAME; got more than one of them\n")
    assert misspelt.err == 'error: no job has the category "medai"\n   hint: did you mean "media"?\n'


def test_a_category_that_a_plugin_gives_is_known_while_a_loop_runs(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: daily at 1 AM\n")

    answer = shell("pause", "--category", "media")

    assert answer.code == 2
    assert "those that plugins give are known while a loop runs" in answer.err
