"""What is read where a person names a file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from aperture_plugin.files.bounded_read import CannotRead, look_at, read_bounded


def test_only_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # The name of a socket may not be long.
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")

        found = {name: look_at(Path(name)) for name in ("pipe", "socket", "/dev/null", ".", "gone", "pipe/inner")}

    assert found == {
        "pipe": CannotRead("it is a named pipe, and no file"),
        "socket": CannotRead("it is a socket, and no file"),
        "/dev/null": CannotRead("it is a device, and no file"),
        ".": CannotRead("Is a directory"),
        "gone": None,
        "pipe/inner": None,
    }


def test_a_pipe_of_the_shell_is_read_to_its_end() -> None:
    pipe, end = os.pipe()
    os.write(end, b"schedules:\n")
    os.close(end)

    assert read_bounded(Path(f"/dev/fd/{pipe}")) == b"schedules:\n"
    os.close(pipe)
