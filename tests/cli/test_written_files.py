"""Every file that a command writes keeps its mode, its links and its kind, because one function writes them all."""

from __future__ import annotations

import ast
import os
import stat
from pathlib import Path

import pytest

import aperture_plugin
from aperture_plugin.testing import World
from tests.cli.conftest import Shell

FILE = "schedules:\n  scan:\n    schedule: daily at 2 AM\n    command: ls\n"

BY_ITSELF = {"files/atomic_write.py", "store/read_only_file.py"}
"""The one function, and what copies a store into a folder that only its owner can enter."""


@pytest.mark.parametrize("option", ["--svg", "--ics"])
def test_a_picture_or_calendar_keeps_the_mode_and_the_link_of_the_file_before_it(
    world: World, shell: Shell, option: str
) -> None:
    world.write(FILE)
    real = world.folder / "real"
    real.write_text("before")
    real.chmod(0o640)
    (world.folder / "link").symlink_to("real")

    answer = shell("plan", option, "link")

    assert answer.code == 0
    assert (world.folder / "link").is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_text() != "before"


@pytest.mark.parametrize("option", ["--svg", "--ics"])
def test_a_picture_or_calendar_is_written_into_a_pipe(world: World, shell: Shell, option: str) -> None:
    world.write(FILE)
    pipe = world.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    answer = shell("plan", option, "pipe")

    assert answer.code == 0
    assert pipe.is_fifo()
    assert os.read(reader, 100)
    os.close(reader)


@pytest.mark.parametrize("words", [(), ("--minimal",)])
def test_init_writes_through_no_link_that_leads_nowhere(world: World, shell: Shell, words: tuple[str, ...]) -> None:
    world.file.unlink(missing_ok=True)
    world.file.symlink_to("elsewhere.yaml")

    answer = shell("init", *words)

    assert answer.code == 0
    assert not (world.folder / "elsewhere.yaml").exists()
    assert "left   schedules.yaml, which was there already" in answer.lines


def test_nothing_else_writes_files() -> None:
    root = Path(aperture_plugin.__file__).parent
    found = []
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if name in BY_ITSELF or name.startswith("testing/"):
            continue
        found += [f"{name}:{call.lineno}" for call in _calls(ast.parse(path.read_text())) if _writes(call)]

    assert found == []


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _writes(call: ast.Call) -> bool:
    """Return whether *call* writes a file that may be there already, by its path."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in {"write_text", "write_bytes", "mkstemp", "NamedTemporaryFile", "copyfile", "copy2", "move"}:
        return True
    modes = [*call.args[:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    return name == "open" and any(set(text) <= set("rwaxbt+") and set(text) & set("wa") for text in texts)
