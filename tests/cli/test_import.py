"""`aperture import`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell, Terminal, terminal

__all__ = ["terminal"]

TAB = "0 2 * * * /usr/bin/backup\n"


def test_the_file_goes_to_stdout_and_the_account_to_stderr(world: World, shell: Shell) -> None:
    (world.folder / "tab").write_text(TAB)

    answer = shell("import", "crontab", "tab", "--timezone", "Europe/Riga")

    assert answer.code == 0
    assert "  backup:\n    schedule: daily at 2:00 AM\n    command: /usr/bin/backup\n" in answer.out
    assert answer.err == "1 of 1 jobs run at the same instants from 2026-01-10 to 2027-01-11, 366 runs of them\n"


def test_what_is_written_is_valid_and_nothing_is_overwritten(world: World, shell: Shell) -> None:
    (world.folder / "tab").write_text(TAB)

    written = shell("import", "crontab", "tab", "-o", "schedules.yaml")
    checked = shell("check", "--strict")
    again = shell("import", "crontab", "tab", "-o", "schedules.yaml")

    assert (written.code, written.out) == (0, "")
    assert checked.code == 0, checked.out
    assert (again.code, again.err) == (1, "error: schedules.yaml is there already, and nothing is overwritten\n")


def test_what_is_not_taken_over_makes_the_answer_no(world: World, shell: Shell) -> None:
    (world.folder / "tab").write_text(TAB + "61 * * * * x\n")

    answer = shell("import", "crontab", "tab", "--format", "json")

    assert answer.code == 1
    assert (answer.json["equal"], len(answer.json["jobs"])) == (False, 1)
    assert answer.json["jobs"][0] == {
        "job": "backup",
        "source": "tab:1",
        "schedule": "Daily at 2:00 AM",
        "timezone": "UTC",
        "fires": 366,
        "equal": True,
        "differences": 0,
        "only_in_source": [],
        "only_in_aperture": [],
        "notes": [],
    }
    assert [left["source"] for left in answer.json["left"]] == ["tab:2"]
    assert answer.json["text"].startswith("# Made by aperture import from tab.")


def test_folders_are_looked_through_and_a_service_is_found_beside_its_timer(world: World, shell: Shell) -> None:
    units = world.folder / "units"
    units.mkdir()
    (units / "a.timer").write_text("[Timer]\nOnCalendar=02:00\n")
    (units / "a.service").write_text("[Service]\nExecStart=/usr/bin/a\n")
    (units / "notes.txt").write_text("not a unit")
    (world.folder / "y.d").mkdir()
    (world.folder / "y.d" / "y.yml").write_text("jobs:\n  - name: b\n    command: ls\n    schedule: 0 1 * * *\n")

    assert "command: [/usr/bin/a]" in shell("import", "systemd", "units").out
    assert "command: [/usr/bin/a]" in shell("import", "systemd", "units/a.timer").out
    assert "  b:\n    schedule: daily at 1:00 AM\n" in shell("import", "yacron", "y.d").out


def test_stdin_is_a_source(world: World) -> None:
    words = [sys.executable, "-m", "aperture_plugin", "import", "crontab", "-"]

    ran = subprocess.run(words, input=TAB, check=True, capture_output=True, text=True)

    assert ran.stdout.startswith("# Made by aperture import from stdin.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("crontab", "nothing"), "error: nothing is not there"),
        (("yacron", "empty"), "error: there is no .yaml or .yml file in empty"),
        (("crontab", "empty"), "error: empty cannot be read: Is a directory"),
        (("crontab", "tab", "--timezone", "Rigga"), 'error: --timezone: "Rigga" is not a time zone'),
    ],
)
def test_wrong_usage_is_told(world: World, shell: Shell, words: tuple[str, ...], told: str) -> None:
    (world.folder / "empty").mkdir()
    (world.folder / "tab").write_text(TAB)

    answer = shell("import", *words)

    assert (answer.code, answer.err.splitlines()[0]) == (2, told)


def test_bytes_that_are_no_text_are_refused(world: World, shell: Shell) -> None:
    (world.folder / "tab").write_bytes(b"# \n0 5 * * * cp /home/jos\xe9/x /srv\n")

    answer = shell("import", "crontab", "tab")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "error: tab:2: the byte 0xe9 is no text in UTF-8, and nothing was taken over\n"
        "   hint: write it anew, such as by  iconv -f latin1 -t utf-8 tab\n"
    )


def test_bytes_that_are_no_text_on_stdin_are_to_be_piped_through_another_program(terminal: Terminal) -> None:
    table = b"0 5 * * * cp /home/jos\xe9/x /srv\n"
    words = [sys.executable, "-m", "aperture_plugin", "import", "crontab", "-"]

    env = terminal.environ
    answer = subprocess.run(words, input=table, cwd=terminal.folder, env=env, capture_output=True, check=False)

    assert (answer.returncode, answer.stdout) == (1, b"")
    assert answer.stderr.decode().splitlines()[1] == "   hint: pipe it through  iconv -f latin1 -t utf-8"


def test_the_drop_ins_and_the_template_beside_a_timer_are_read(world: World, shell: Shell) -> None:
    (world.folder / "scrub@tank.timer").write_text("[Timer]\nOnCalendar=daily\n")
    (world.folder / "scrub@tank.timer.d").mkdir()
    (world.folder / "scrub@tank.timer.d" / "override.conf").write_text("[Timer]\nOnCalendar=\nOnCalendar=12:00\n")
    (world.folder / "scrub@.service").write_text("[Service]\nExecStart=/sbin/zpool scrub %i\n")

    answer = shell("import", "systemd", "scrub@tank.timer")

    assert "    schedule: daily at 12:00 PM\n" in answer.out
    assert "    command: [/sbin/zpool, scrub, tank]\n" in answer.out
