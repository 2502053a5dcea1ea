"""`aperture completion`, and what a shell is then told."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from click.shell_completion import ShellComplete

from aperture_plugin.cli import cli
from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = "schedules:\n  scan: every hour\n  sync: every hour\n"


def completed(*words: str) -> list[str]:
    """Return what completes the last of *words*."""
    *before, last = words
    return [str(item.value) for item in ShellComplete(cli, {}, "aperture", "_X").get_completions(before, last)]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_each_shell_is_given_a_script_that_it_can_read(world: World, shell: Shell, name: str) -> None:
    answer = shell("completion", name)

    assert answer.code == 0
    assert "_APERTURE_COMPLETE" in answer.out
    if program := shutil.which(name):
        checked = subprocess.run([program, "-n"], input=answer.out, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")


def test_commands_options_jobs_and_runs_are_completed(world: World) -> None:
    world.write(FILE).start(at="2026-01-10 00:59").advance("10 minutes").stop()
    [run, _] = world.history()

    assert completed("hist") == ["history"]
    assert "--limit" in completed("history", "--l")
    assert completed("history", "s") == ["scan", "sync"]
    assert completed("pause", "sy") == ["sync"]
    assert completed("run", "sc") == ["scan"]
    assert run.id in completed("logs", run.id[:3])
    assert run.id in completed("cancel", run.id[:3])


def test_the_jobs_are_those_of_the_file_that_is_named(world: World) -> None:
    (world.folder / "other.yaml").write_text("schedules:\n  copy: every hour\n")

    assert completed("-f", "other.yaml", "pause", "") == ["copy"]
    assert completed("pause", "-f", "other.yaml", "") == ["copy"]
    assert completed("pause", "-f", "nothing.yaml", "") == []
