"""Standard streams as they come: closed, full, broken, stopped, without letters, forced into color."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell, Terminal

FILE = "schedules:\n  a:\n    schedule: every 1 second\n    command: 'true'\n"


def in_shell(folder: Path, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a line of sh in which `aperture` is this one."""
    aperture = f'aperture() {{ "{sys.executable}" -m aperture_plugin "$@"; }}\n'
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("APERTURE", "PYTEST", "COV"))}
    return subprocess.run(
        ["sh", "-c", aperture + line],
        cwd=folder,
        env={**kept, "TZ": "UTC", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_closed_streams_change_no_answer(tmp_path: Path) -> None:
    (tmp_path / "schedules.yaml").write_text(FILE)
    (tmp_path / "bad.yaml").write_text("schedules:\n  a: evry hour\n")

    done = in_shell(
        tmp_path,
        "aperture check >&-; echo $?; aperture check 2>&-; echo $?; aperture check <&- >&- 2>&-; echo $?; "
        "aperture check bad.yaml >&- 2>&-; echo $?",
    )

    codes = [line for line in done.stdout.splitlines() if line.isdigit()]
    assert (codes, done.stderr) == (["0", "0", "0", "1"], "")


def test_an_output_that_cannot_be_written_is_told_and_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "schedules.yaml").write_text(FILE)

    done = in_shell(tmp_path, "aperture next > /dev/full; echo $?; aperture check bad.yaml 2> /dev/full; echo $?")

    assert done.stdout == "1\n2\n"
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


def test_a_loop_runs_and_stops_while_nobody_reads_its_log(terminal: Terminal) -> None:
    """The pipe is filled to the brim before it begins."""
    terminal.write(FILE)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writer, b"." * 4096)
    os.set_blocking(writer, True)
    process = subprocess.Popen(
        [sys.executable, "-m", "aperture_plugin", "start"],
        cwd=terminal.folder,
        env=terminal.environ,
        stdout=subprocess.DEVNULL,
        stderr=writer,
    )
    try:
        terminal.until(lambda: len(terminal.look("history", "--format", "json").json) > 1, seconds=30)
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        os.close(writer)


def test_a_loop_goes_on_when_the_reader_of_its_log_has_gone(terminal: Terminal) -> None:
    terminal.write(FILE)
    process = terminal.begin("start")
    assert process.stderr is not None
    assert process.stdout is not None
    process.stderr.readline()
    process.stderr.close()
    process.stdout.close()
    seen = len(terminal.look("history", "--format", "json").json)

    terminal.until(lambda: len(terminal.look("history", "--format", "json").json) > seen, seconds=30)
    process.terminate()

    assert process.wait(30) == 0


def test_log_lines_are_objects_where_that_is_asked_for(terminal: Terminal) -> None:
    terminal.write(FILE.replace("'true'", "exit 3"))
    process = terminal.begin("start", "--log-format", "json")
    terminal.until(lambda: terminal.look("history", "--status", "failed", "--format", "json").json, seconds=30)
    process.terminate()
    _, err = process.communicate(timeout=30)

    lines = [json.loads(line) for line in err.splitlines()]
    [first, *_] = lines
    assert (first["level"], first["logger"]) == ("INFO", "aperture")
    assert first["message"] == "schedules.yaml is in force: 1 job, UTC"
    failure = next(line for line in lines if line["level"] == "ERROR")
    assert (failure["job"], failure["status"], failure["attempt"]) == ("a", "failed", 1)


def test_letters_that_an_encoding_lacks_are_written_plainer(tmp_path: Path) -> None:
    (tmp_path / "schedules.yaml").write_text(FILE)

    done = in_shell(tmp_path, "aperture history; aperture status", PYTHONIOENCODING="ascii")

    assert "\\u" not in done.stdout
    assert "schedules.yaml - UTC" in done.stdout
    assert "-----" in done.stdout


def test_colors_are_forced_and_forbidden(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("schedules:\n  scan: every hour\n").start(at="2026-01-10 00:59").advance("10 minutes")

    def colored() -> list[bool]:
        return ["\x1b[" in shell(*words).out for words in (("history",), ("status",), ("doctor",), ("logs", "scan"))]

    assert colored() == [False] * 4
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert colored() == [True, True, True, False]
    monkeypatch.setenv("NO_COLOR", "1")
    assert colored() == [False] * 4
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "0")
    assert colored() == [False] * 4


def test_where_no_table_can_be_drawn_a_terminal_gets_log_lines(terminal: Terminal) -> None:
    terminal.write(FILE)
    ours, its = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "aperture_plugin", "start"],
        cwd=terminal.folder,
        env={**terminal.environ, "TERM": "dumb"},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    shown = b""
    until = time.monotonic() + 30
    try:
        while b"a completed" not in shown and time.monotonic() < until:
            shown += os.read(ours, 65536)
    finally:
        process.terminate()
        process.wait(30)
        os.close(ours)

    assert b"schedules.yaml is in force: 1 job" in shown
    assert b"a completed" in shown
    assert b"\x1b[" not in shown
