"""What holds for every command: help, exit codes, streams."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from importlib import import_module

import pytest

from aperture_plugin.cli import COMMANDS
from aperture_plugin.testing import World
from tests.cli.conftest import Shell, Terminal

NAMES = [name for section in COMMANDS.values() for name in section]


def test_help_loads_nothing_that_is_slow() -> None:
    code = (
        "import sys\nsys.argv = ['aperture', '--help']\nfrom aperture_plugin.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
    )

    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert "aperture init && aperture start" in ran.stdout
    assert set(ran.stderr.split()).isdisjoint({"rich", "sqlalchemy", "strictyaml", "pluggy", "watchdog", "humanize"})


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        ("check s.yaml", {"sqlalchemy", "rich", "strictyaml", "dateutil", "watchdog"}),
        (
            "next s.yaml",
            {"sqlalchemy", "rich", "strictyaml", "dateutil", "watchdog", "pluggy", "aperture_plugin.ports"},
        ),
    ],
)
def test_a_look_at_a_good_file_loads_nothing_heavy(terminal: Terminal, words: str, heavy: set[str]) -> None:
    terminal.write("schedules:\n  scan:\n    schedule: daily at 2 AM\n    command: 'true'\n", "s.yaml")
    code = (
        f"import sys\nsys.argv = ['aperture', *{words.split()!r}]\nfrom aperture_plugin.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
    )

    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=terminal.folder)

    assert set(ran.stderr.split()).isdisjoint(heavy)


@pytest.mark.parametrize("name", NAMES)
def test_the_line_in_the_overview_is_what_the_command_says_of_itself(name: str) -> None:
    command = import_module(f"aperture_plugin.cli.{name}").command
    [line] = [section[name] for section in COMMANDS.values() if name in section]

    first, *_ = command.help.split("\n\n")

    assert (command.name, line) == (name, first)


@pytest.mark.parametrize("name", NAMES)
def test_help_ends_with_an_example_that_can_be_typed(world: World, shell: Shell, name: str) -> None:
    help_ = shell(name, "--help")

    last = help_.lines[-1].strip()
    assert help_.code == 0
    assert last.startswith(f"Try it:  aperture {name}")
    for words in last.removeprefix("Try it:").split("&&"):
        command, *given = shlex.split(words.split(">")[0])[1:]
        # Parsed whole, and only parsed: an option that does not exist would be an error of usage.
        import_module(f"aperture_plugin.cli.{command}").command.make_context(command, given)


def test_a_misspelt_command_names_the_nearest(shell: Shell) -> None:
    answer = shell("stauts")

    assert answer.code == 2
    assert 'there is no command "stauts"; did you mean "status"?' in answer.err


@pytest.mark.parametrize(
    "words",
    [
        "check",
        "next",
        "start",
        "status",
        "history",
        "preset",
        "cancel scan",
        "run scan",
        "pause scan",
        "resume scan",
        "logs scan",
    ],
)
def test_a_file_that_is_not_there_is_wrong_usage(world: World, shell: Shell, words: str) -> None:
    answer = shell(*words.split())

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(
        "error: schedules.yaml is not there\n   hint: aperture init writes a starter file; -f FILE names another one"
    )


def test_the_nearest_file_is_named(world: World, shell: Shell) -> None:
    (world.folder / "schedules.yaml").write_text("schedules:\n  scan: manual only\n")

    answer = shell("next", "shedules.yml")

    assert answer.err == 'error: shedules.yml is not there\n   hint: did you mean "schedules.yaml"?\n'


def test_a_link_that_leads_nowhere_is_told_as_one(world: World, shell: Shell) -> None:
    (world.folder / "schedules.yaml").unlink(missing_ok=True)
    (world.folder / "schedules.yaml").symlink_to("gone.yaml")

    answer = shell("next")

    assert (answer.code, answer.err.splitlines()[0]) == (
        2,
        "error: schedules.yaml is a link that leads nowhere: gone.yaml",
    )


def test_a_folder_is_not_a_file(world: World, shell: Shell) -> None:
    answer = shell("next", "-f", ".")

    assert (answer.code, answer.err) == (
        2,
        "error: . is a folder, and no file\n   hint: name a file; aperture init . writes a starter file there\n",
    )


@pytest.mark.parametrize(
    "words",
    [("next", "other.yaml"), ("next", "-f", "other.yaml"), ("-f", "other.yaml", "next"), ("next", "--file=other.yaml")],
)
def test_the_file_may_be_named_anywhere(world: World, shell: Shell, words: tuple[str, ...]) -> None:
    (world.folder / "other.yaml").write_text("schedules:\n  scan: daily at 2 AM\n")

    assert "scan" in shell(*words, "--count", "1").out


def test_two_files_are_one_too_many(world: World, shell: Shell) -> None:
    answer = shell("next", "a.yaml", "-f", "b.yaml")

    assert (answer.code, answer.err.splitlines()[0]) == (2, "error: two files are named: a.yaml and b.yaml")


def test_the_environment_names_the_file(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.folder / "other.yaml").write_text("schedules:\n  scan: daily at 2 AM\n")
    monkeypatch.setenv("APERTURE_CONFIG", "other.yaml")

    assert "scan" in shell("next", "--count", "1").out


def test_a_reader_that_has_seen_enough_is_no_error(terminal: Terminal) -> None:
    terminal.write("schedules:\n  scan: every second\n")
    read_end, write_end = os.pipe()
    os.close(read_end)

    ran = subprocess.run(
        [sys.executable, "-m", "aperture_plugin", "next", "--until", "2 hours"],
        cwd=terminal.folder,
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_terminal_that_lacks_a_letter_is_no_reason_for_a_traceback(terminal: Terminal) -> None:
    terminal.write("schedules:\n  scan:\n    schedule: dåily\n")

    ran = subprocess.run(
        [sys.executable, "-m", "aperture_plugin", "check"],
        cwd=terminal.folder,
        env={**terminal.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert ran.returncode == 1
    assert b"d\\xe5ily" in ran.stdout
    assert ran.stderr == b""


def test_a_fault_of_our_own_is_told_in_a_line(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n")
    monkeypatch.setattr("aperture_plugin.cli.next.coming", lambda *_, **__: 1 / 0)

    answer = shell("next")

    assert answer.code == 1
    assert answer.err.startswith(
        "error: aperture itself failed: ZeroDivisionError: division by zero (test_command_line.py:"
    )
    assert "Traceback" not in answer.err


def test_ctrl_c_is_130(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    world.write("schedules:\n  scan: daily at 2 AM\n")
    monkeypatch.setattr("aperture_plugin.cli.next.coming", interrupted)

    assert shell("next").code == 130


def test_the_version_is_told(shell: Shell) -> None:
    from aperture_plugin import __version__

    assert shell("--version").out == f"aperture {__version__}\n"
