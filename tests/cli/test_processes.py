"""Real processes: `aperture start` in one shell, the other commands in a second one."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from datetime import datetime
from functools import partial
from pathlib import Path

import pexpect
import pytest

from aperture_plugin.store.connect import open_store
from tests.cli.conftest import Terminal

SLEEPER = "  long:\n    schedule: manual only\n    command: echo begun; sleep 30\n"
FILE = f"""\
timezone: UTC
queues:
  default: 2
schedules:
  tick:
    schedule: every 10 seconds
    command: echo tock
  three:
    schedule: manual only
    command: echo one; sleep 0.3; echo two; exit 3
{SLEEPER}"""


def seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def test_what_is_typed_in_one_shell_reaches_the_loop_in_another(terminal: Terminal) -> None:
    terminal.write(FILE)
    loop = terminal.begin("start")
    terminal.until(terminal.runs)

    queued = terminal.look("run", "long")
    [begun] = terminal.until(
        lambda: terminal.look("history", "--job", "long", "--status", "running", "--format", "json").json
    )
    states = {job["job"]: job["state"] for job in terminal.look("status", "--format", "json").json["jobs"]}
    waited = terminal.type("run", "three", "--wait")
    cancelled = terminal.look("cancel", "long")
    followed = terminal.look("logs", "long", "--follow")
    loop.send_signal(signal.SIGTERM)
    _, log = loop.communicate(timeout=20)

    assert queued.code == 0
    assert states["long"] == "running"
    assert seconds_between(begun["queued_at"], begun["started_at"]) < 1
    assert (waited.code, waited.lines[0].split(" after ")[0]) == (1, "three failed")
    assert waited.lines[0].endswith("exited with code 3")
    assert re.findall(r"INFO +(one|two)", waited.err) == ["one", "two"]
    assert cancelled.code == 0
    assert followed.lines[-1].startswith("long cancelled: cancelled by ")
    assert loop.returncode == 0
    assert "schedules.yaml is in force: 3 jobs" in log
    assert re.search(r"long started \(run \w+\)", log)


def test_a_save_takes_effect_and_a_typo_is_refused_with_its_place(terminal: Terminal) -> None:
    terminal.write(FILE)
    loop = terminal.begin("start")
    terminal.until(terminal.runs)

    terminal.write(FILE.replace("every 10 seconds", "every 1 seconds"))
    terminal.until(lambda: len(terminal.look("history", "--job", "tick", "--format", "json").json) >= 2)
    terminal.write(FILE.replace("every 10 seconds", "evry 2 seconds"))
    refused = terminal.until(lambda: terminal.look("status", "--format", "json").json["config"]["rejected"])
    status = terminal.look("status")
    loop.terminate()
    _, log = loop.communicate(timeout=20)

    assert [(problem["line"], problem["column"]) for problem in refused["problems"]] == [(6, 15)]
    assert status.code == 1
    assert "Every second" in status.out
    assert "schedules.yaml:6:15" in status.out
    assert "schedules.yaml:6:15: error: tick:" in log


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_stops_it_cleanly(terminal: Terminal, name: str) -> None:
    terminal.write(FILE)
    loop = terminal.begin("start")
    terminal.until(terminal.runs)

    loop.send_signal(getattr(signal, name))
    out, log = loop.communicate(timeout=20)

    assert (loop.returncode, out) == (0, "")
    assert (
        "stopped" in log.splitlines()[-1]
    )  # Or "stopped before it had begun": the store shows the loop a moment earlier.
    assert not terminal.runs()


@pytest.mark.parametrize("hangup", ["is heard", "is passed over"])
def test_a_terminal_that_is_closed_ends_no_loop_but_by_its_hangup(terminal: Terminal, hangup: str) -> None:
    terminal.write(FILE.replace("every 10 seconds", "every 1 seconds"))
    words = [sys.executable, "-m", "aperture_plugin", "start"]
    if hangup == "is passed over":
        words = ["sh", "-c", 'trap "" HUP; exec "$@" 2>errors', "sh", *words]
    shell, other = pty.openpty()
    loop = subprocess.Popen(
        words,
        cwd=terminal.folder,
        env=terminal.environ,
        stdin=other,
        stdout=other,
        stderr=other,
        start_new_session=True,
    )
    os.close(other)
    terminal.until(terminal.runs)

    os.close(shell)
    if hangup == "is heard":
        loop.send_signal(signal.SIGHUP)
    else:
        time.sleep(2.5)  # It draws once a second.
        assert loop.poll() is None
        loop.terminate()

    assert loop.wait(timeout=20) == 0
    assert not terminal.runs()


def test_a_second_signal_cuts_the_grace_short(terminal: Terminal) -> None:
    terminal.write(FILE)
    loop = terminal.begin("start", "--grace", "600")
    terminal.until(terminal.runs)
    terminal.look("run", "long")
    terminal.until(lambda: terminal.look("history", "--job", "long", "--status", "running", "--format", "json").json)

    loop.terminate()
    time.sleep(0.3)
    loop.terminate()
    loop.communicate(timeout=30)

    [run] = terminal.look("history", "--job", "long", "--limit", "1", "--format", "json").json
    assert loop.returncode == 0
    assert run["status"] in {"cancelled", "interrupted", "queued"}


def test_a_handler_that_closes_stdout_and_stderr_silences_nobody_else(terminal: Terminal) -> None:
    terminal.write("schedules:\n  closer: manual\n  other: manual\n")
    hooks = terminal.folder / "hooks"
    hooks.mkdir()
    terminal.write(
        "import sys\nfrom aperture_plugin import Job, hookimpl\n\n\n"
        "def close(run):\n    sys.stdout.close()\n    sys.stderr.close()\n\n\n"
        "@hookimpl\ndef aperture_jobs():\n    return [Job('closer', close), Job('other', lambda run: None)]\n",
        "hooks/closing.py",
    )
    loop = terminal.begin("start")
    terminal.until(terminal.runs)

    answers = [terminal.look("run", name, "--wait").code for name in ("closer", "other")]
    loop.terminate()
    _, log = loop.communicate(timeout=20)

    assert (answers, loop.returncode) == ([0, 0], 0)
    assert "other completed" in log
    assert log.splitlines()[-1].endswith("stopped")


def test_a_file_that_is_not_valid_is_not_started(terminal: Terminal) -> None:
    terminal.write(FILE.replace("every 10 seconds", "evry 10 seconds"))

    answer = terminal.type("start")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("schedules.yaml:6:15: error: tick:")
    assert "Traceback" not in answer.err


def test_a_plugin_that_cannot_be_loaded_is_named(terminal: Terminal) -> None:
    terminal.write(FILE)
    terminal.write("1 / 0\n", "hooks/host.py")

    answer = terminal.type("start")

    assert answer.code == 1
    assert "plugin hooks/host.py: it cannot be " in answer.err
    assert "Traceback" not in answer.err


def test_a_plugin_in_the_current_folder_is_found_by_its_name(terminal: Terminal) -> None:
    terminal.write("schedules:\n  scan: manual only\n")
    terminal.write(
        "from aperture_plugin import Job, hookimpl\n\n"
        "@hookimpl\ndef aperture_jobs():\n    yield Job('scan', lambda run: {'added': 12})\n",
        "my_host.py",
    )

    answer = terminal.type("run", "scan", "--plugin", "my_host")

    assert (answer.code, answer.lines[1:]) == (0, ["   added: 12"])


def test_where_no_loop_runs_a_job_runs_here(terminal: Terminal) -> None:
    terminal.write(FILE)

    answer = terminal.type("run", "three", "--format", "json")

    assert answer.code == 1
    assert (answer.json["job"], answer.json["status"], answer.json["trigger"]) == ("three", "failed", "manual")
    assert re.findall(r"INFO +(one|two)", answer.err) == ["one", "two"]
    [run] = terminal.look("history", "--format", "json").json
    assert run == answer.json


def test_the_traceback_of_a_run_here_is_shown_once(terminal: Terminal) -> None:
    terminal.write("schedules:\n  bad: manual only\n")
    terminal.write(
        "from aperture_plugin import Job, hookimpl\n\n"
        "@hookimpl\ndef aperture_jobs():\n    yield Job('bad', lambda: 1 / 0)\n",
        "hooks/host.py",
    )

    answer = terminal.type("run", "bad")

    assert answer.err.count("ZeroDivisionError") == 1


def test_a_job_that_does_not_exist_is_not_run_here_either(terminal: Terminal) -> None:
    terminal.write(FILE)

    answer = terminal.type("run", "thre")

    assert answer.code == 2
    assert answer.err == 'error: there is no job "thre" in schedules.yaml\n   hint: did you mean "three"?\n'


def test_ctrl_c_cancels_what_runs_here(terminal: Terminal) -> None:
    terminal.write(FILE)
    run = terminal.begin("run", "long")
    terminal.until(lambda: terminal.look("history", "--job", "long", "--status", "running", "--format", "json").json)

    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=20)

    assert run.returncode == 130
    assert re.match(r"long cancelled after .*: cancelled by ", out)


def test_what_a_program_writes_is_in_its_log_while_it_still_runs(terminal: Terminal) -> None:
    terminal.write(FILE)
    terminal.begin("run", "long")

    terminal.until(lambda: "begun" in terminal.look("logs", "long").out)

    [run] = terminal.look("history", "--job", "long", "--format", "json").json
    assert run["status"] == "running"


def test_a_run_that_was_killed_here_is_taken_up_by_the_next_start(terminal: Terminal) -> None:
    terminal.write(FILE.replace("sleep 30", '[ "$APERTURE_ATTEMPT" = 2 ] || sleep 60'))
    run = terminal.begin("run", "long")
    terminal.until(lambda: terminal.look("history", "--job", "long", "--status", "running", "--format", "json").json)

    run.kill()
    run.communicate(timeout=20)
    loop = terminal.begin("start")
    runs = terminal.until(
        lambda: terminal.look("history", "--job", "long", "--status", "completed", "--format", "json").json
    )
    loop.terminate()
    loop.communicate(timeout=20)

    assert [run["attempt"] for run in runs] == [2]


def test_a_run_here_ends_what_a_loop_left_running_and_leaves_it_to_the_next_start(terminal: Terminal) -> None:
    terminal.write(FILE.replace("default: 2", "default: 1"))
    loop = terminal.begin("start")
    terminal.until(terminal.runs)
    terminal.look("run", "long")
    [left] = terminal.until(
        lambda: terminal.look("history", "--job", "long", "--status", "running", "--format", "json").json
    )
    terminal.until(lambda: working_for(left["id"]))

    loop.kill()
    loop.communicate()
    answer = terminal.type("run", "three", "--format", "json")

    assert answer.json["status"] == "failed", "it ran, though the dead loop had held the only seat"
    attempts = terminal.look("history", "--job", "long", "--format", "json").json
    assert [(run["attempt"], run["status"] in {"queued", "waiting"}) for run in attempts] == [(2, True), (1, False)]
    assert attempts[1]["status"] == "interrupted"
    terminal.until(lambda: not working_for(left["id"]))


def working_for(run_id: str) -> list[int]:
    """Return the processes that live and have a run's id in their environment."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and f"APERTURE_RUN={run_id}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:  # it ended, or is somebody else's
            continue
    return found


# ── on a terminal ──


def on_a_terminal(terminal: Terminal, *words: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable,
        ["-m", "aperture_plugin", *words],
        cwd=str(terminal.folder),
        env={**terminal.environ, "TERM": "xterm-256color"},
        dimensions=(40, 120),
        encoding="utf-8",
        timeout=20,
    )


def test_a_terminal_is_shown_a_table_and_given_back_as_it_was(terminal: Terminal) -> None:
    terminal.write(FILE)

    table = on_a_terminal(terminal, "start")
    table.expect("running; Ctrl-C stops it")
    table.expect("Scheduled for")
    terminal.write(FILE.replace("every 10 seconds", "evry 10 seconds"))
    table.expect("schedules.yaml is refused; the last good one goes on")
    table.expect("schedules.yaml:6:15:")
    table.sendintr()
    table.expect("stopped\r\n")
    table.expect(pexpect.EOF)
    table.close()

    assert table.exitstatus == 0
    assert (table.before or "").count("\x1b[?25l") == 0  # The cursor is not hidden again after the end.


def test_what_a_handler_prints_stands_above_the_table_and_leaves_no_half_of_it(terminal: Terminal) -> None:
    terminal.write("schedules:\n  scan: every 2 seconds\n")
    terminal.write(
        "import sys\nfrom aperture_plugin import Job, hookimpl\n\n"
        "@hookimpl\ndef aperture_jobs():\n    yield Job('scan', scan)\n\n"
        "def scan(run):\n    print('PRINTED')\n    print('TOLD', file=sys.stderr)\n",
        "hooks/host.py",
    )

    table = on_a_terminal(terminal, "start")
    table.expect("running; Ctrl-C stops it")
    pictures = []
    for word in ("PRINTED", "TOLD", "PRINTED", "TOLD"):
        table.expect(word)
        pictures.append(table.before or "")
    table.sendintr()
    table.expect("stopped\r\n")
    table.close()

    # Each is written over the top of the picture, and what was in its line goes; the picture is drawn anew below it.
    assert all(re.search(r"(\x1b\[1A){2,}$", picture) for picture in pictures)
    assert all(re.match(r"\x1b\[K\r\n", picture) for picture in pictures[1:])


def test_a_handler_that_closes_the_terminals_stream_ends_no_loop(terminal: Terminal) -> None:
    terminal.write("schedules:\n  scan: manual only\n")
    terminal.write(
        "import sys\nfrom aperture_plugin import Job, hookimpl\n\n"
        "@hookimpl\ndef aperture_jobs():\n    yield Job('scan', lambda run: sys.stdout.close())\n",
        "hooks/host.py",
    )
    table = on_a_terminal(terminal, "start")
    table.expect("running; Ctrl-C stops it")

    terminal.type("run", "scan", "--wait")
    time.sleep(2.5)  # It draws once a second.
    lives = table.isalive()
    table.kill(signal.SIGTERM)
    table.expect(pexpect.EOF)
    table.close()

    assert (lives, table.exitstatus) == (True, 0)


def test_a_terminal_is_shown_a_progress_bar(terminal: Terminal) -> None:
    terminal.write("schedules:\n  scan: manual only\n")
    terminal.write(
        "import time\nfrom aperture_plugin import Job, hookimpl\n\n"
        "@hookimpl\ndef aperture_jobs():\n    yield Job('scan', scan)\n\n"
        "def scan(run):\n    for n in run.track(range(40)):\n        time.sleep(0.05)\n    return {'scanned': 40}\n",
        "hooks/host.py",
    )

    shown = on_a_terminal(terminal, "run", "scan", "--wait")
    shown.expect(r"scan .*\d+%.*/40")
    shown.expect("scan completed after")
    shown.expect("scanned: 40")
    shown.expect(pexpect.EOF)
    shown.close()

    assert shown.exitstatus == 0


def test_nobody_but_the_command_line_takes_signals(terminal: Terminal) -> None:
    terminal.write(FILE)
    code = (
        "import signal\nfrom aperture_plugin import Aperture\n"
        "before = [signal.getsignal(n) for n in (15, 2, 1)]\n"
        "with Aperture('schedules.yaml'):\n    assert [signal.getsignal(n) for n in (15, 2, 1)] == before\n"
    )

    subprocess.run([sys.executable, "-c", code], cwd=terminal.folder, env=terminal.environ, check=True, timeout=30)


def test_a_bad_file_starts_from_the_last_accepted_one_where_that_is_asked_for(terminal: Terminal) -> None:
    terminal.write(FILE)
    first = terminal.begin("start")
    terminal.until(terminal.runs)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=20)
    terminal.write(FILE.replace("every 10 seconds", "evry 10 seconds"))

    refused = terminal.type("start")
    loop = terminal.begin("start", "--last-good")
    terminal.until(terminal.runs)
    status = terminal.look("status")
    terminal.write(FILE)
    terminal.until(lambda: terminal.look("status").code == 0)
    loop.send_signal(signal.SIGTERM)
    _, log = loop.communicate(timeout=20)

    assert refused.code == 1
    assert refused.err.endswith(
        "mend the file, or start from the last one that was accepted: aperture start --last-good\n"
    )
    assert re.search(r"^schedules.yaml is refused; generation 1, accepted .*, is in force$", status.out, re.M)
    assert re.search(r"WARNING generation 1 of schedules.yaml, accepted at \S+, is in force until", log)


def test_of_three_loops_that_begin_together_one_gives_the_runs_at_start(terminal: Terminal) -> None:
    terminal.write("schedules:\n  warm:\n    schedule: at start\n    command: echo warm\n")
    loops = [terminal.begin("start") for _ in range(3)]
    three = partial(len_of_loops, terminal, 3)
    terminal.until(three)
    terminal.until(lambda: terminal.look("history", "--status", "completed", "--format", "json").json)
    for loop in loops:
        loop.kill()
        loop.communicate(timeout=20)

    again = terminal.begin("start")
    runs = terminal.until(lambda: ended_runs(terminal, 2))
    again.terminate()
    again.communicate(timeout=20)

    assert [(run["trigger"], run["slot"], run["status"]) for run in runs] == [("start", None, "completed")] * 2
    assert len(terminal.look("history", "--format", "json").json) == 2


def len_of_loops(terminal: Terminal, count: int) -> bool:
    """Return whether so many loops are on the store."""
    database = terminal.folder / "aperture.db"
    if not database.exists():
        return False
    store = open_store(f"sqlite:///{database}", directory=terminal.folder)
    try:
        return store.open_to_look() and len(store.loops()) == count
    finally:
        store.close()


def ended_runs(terminal: Terminal, count: int) -> list[dict[str, object]]:
    """Return the completed runs once there are so many; none before."""
    runs: list[dict[str, object]] = terminal.look("history", "--status", "completed", "--format", "json").json
    return runs if len(runs) >= count else []
