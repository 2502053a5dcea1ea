"""`aperture doctor`."""

from __future__ import annotations

import re

from aperture_plugin.ports import LiveRun
from aperture_plugin.testing import World
from tests.cli.conftest import Shell, Terminal

FILE = """\
schedules:
  scan:
    schedule: every hour
    command: 'true'
  off:
    schedule: daily at 5 AM
    enabled: no
    command: 'true'
"""

STEPS = [
    "file",
    "plugins",
    "store",
    "loop",
    "clock",
    "schedule",
    "pause",
    "needs",
    "queue",
    "progress",
    "durations",
    "failures",
    "skipped",
    "slots",
]


def fail(run: LiveRun) -> None:
    raise OSError("the library is gone")


def test_where_nothing_is_wrong_the_answer_is_yes(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 01:30")

    answer = shell("doctor", "scan")

    assert (answer.code, answer.err) == (0, "")
    assert answer.lines[0] == "ok       file       schedules.yaml is in force as it was saved, since 1:30 AM: 2 jobs"
    assert answer.lines[5] == "ok       schedule   Every hour: next run in 30 minutes, scheduled for 2:00 AM (UTC)"
    assert answer.lines[-1] == "Nothing is wrong."


def test_every_step_is_walked_in_order_and_told_as_json(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 01:30")

    answer = shell("doctor", "scan", "--format", "json")

    assert [finding["step"] for finding in answer.json] == STEPS
    assert answer.json[5] == {
        "step": "schedule",
        "verdict": "ok",
        "found": "Every hour: next run in 30 minutes, scheduled for 2:00 AM (UTC)",
        "advice": None,
        "job": "scan",
    }
    assert answer.json[3]["job"] is None


def test_a_problem_is_the_answer_no_and_has_a_line_to_paste(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("doctor")

    assert answer.code == 1
    at = answer.lines.index("problem  loop       no loop is running, so nothing fires")
    assert answer.lines[at + 1] == "                    → aperture start"
    at = answer.lines.index(
        "note     schedule   off: it is switched off at schedules.yaml:7 (enabled: no), so none of its slots fire"
    )
    assert answer.lines[at + 1] == "                    → enabled: yes"
    assert answer.lines[-1] == "1 problem, 2 notes."


def test_notes_alone_are_no_reason_to_say_no(world: World, shell: Shell) -> None:
    world.write(FILE).start(at="2026-01-10 01:30")

    answer = shell("doctor", "off")

    assert answer.code == 0
    assert answer.lines[-1] == "Nothing is wrong; 1 note."


def test_a_manual_job_is_told_how_to_run(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan:\n    schedule: manual\n    command: 'true'\n").start(at="2026-01-10 01:30")

    lines = shell("doctor", "scan").lines

    at = lines.index("ok       schedule   Manual only: it never runs by itself")
    assert lines[at + 1].strip() == "→ aperture run scan"


def test_another_file_stands_in_every_line_to_paste(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan:\n    schedule: manual\n    command: 'true'\n")
    (world.folder / "my jobs.yaml").write_text(world.file.read_text())

    found = shell("doctor", "scan", "-f", "my jobs.yaml", "--format", "json").json

    assert [finding["advice"] for finding in found if finding["advice"]] == [
        "aperture start 'my jobs.yaml'",
        "aperture start 'my jobs.yaml'",
        "aperture run scan -f 'my jobs.yaml'",
    ]


def test_the_problem_of_another_job_is_told_with_its_name(world: World, shell: Shell) -> None:
    world.write(FILE + "  third: every hur\n")

    answer = shell("doctor", "scan")

    assert 'third: schedules.yaml:9:16: "hur" is not a number with a unit of time' in answer.out


def test_an_unknown_job_is_wrong_usage(world: World, shell: Shell) -> None:
    world.write(FILE)

    answer = shell("doctor", "scann")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == 'error: there is no job "scann" in schedules.yaml\n   hint: did you mean "scan"?\n'


def test_of_a_file_that_cannot_be_read_any_job_may_be_asked_about(world: World, shell: Shell) -> None:
    world.write(FILE.replace("every hour", "every hur"))

    answer = shell("doctor", "scan")

    assert answer.code == 1
    assert "schedules.yaml is refused for 1 error; no loop can start with it" in answer.out


def test_a_job_that_the_store_alone_remembers_is_known(world: World, shell: Shell) -> None:
    world.write("schedules:\n  old: every hour\n").start(at="2026-01-10 01:30").advance("1 hour").stop()
    world.write(FILE)

    answer = shell("doctor", "old")

    assert answer.code == 1
    assert "it is not in schedules.yaml" in answer.out


def test_a_file_that_is_not_there_is_wrong_usage(world: World, shell: Shell) -> None:
    answer = shell("doctor")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: schedules.yaml is not there\n")


def test_what_a_run_wrote_cannot_paint_the_terminal(world: World, shell: Shell) -> None:
    def paint(run: LiveRun) -> None:
        raise OSError("\x1b[31mred")

    world.write("schedules:\n  scan: every hour\n").start(at="2026-01-10 01:30")
    world.handlers["scan"] = paint
    world.advance("1 hour")

    assert "\x1b" not in shell("doctor", "scan").out


def test_plugins_that_do_not_load_hide_nothing_else(terminal: Terminal) -> None:
    terminal.write(FILE)
    terminal.write("import no_such_module\n", "hooks/broken.py")

    answer = terminal.type("doctor", "scan")

    assert (answer.code, answer.err) == (1, "")
    assert "problem  plugins    hooks/broken.py:1: plugin hooks/broken.py: it cannot be imported" in answer.out
    assert "Every hour: next run in " in answer.out


def test_beside_a_loop_that_runs_all_is_well_and_after_kill_9_it_is_told(terminal: Terminal) -> None:
    terminal.write(FILE.replace("'true'", "sleep 10", 1))
    loop = terminal.begin("start")
    terminal.until(terminal.runs)
    assert terminal.look("run", "scan").code == 0
    terminal.until(lambda: "scan has been running" in terminal.look("doctor", "scan").out)

    well = terminal.look("doctor", "scan")
    loop.kill()
    loop.communicate()
    dead = terminal.look("doctor", "scan")

    assert (well.code, dead.code) == (0, 1)
    assert re.search(r"no loop is running, so nothing fires; the last one \(pid \d+ on .+\) died", dead.out)
    assert "but the process it belongs to is gone; a loop marks it interrupted and runs it again" in dead.out
