"""Each file that a command reads has a bound, and what is no file is not waited for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from aperture_plugin.files.bounded_read import LARGEST

from .conftest import Terminal, typed

FILE = "schedules:\n  scan:\n    type: manual\n    command: ls\n"
TOO_LARGE = "16 MiB"

READERS = {
    "check": (("check", "--no-plugins", "big"), TOO_LARGE),
    "start": (("start", "big"), TOO_LARGE),
    "diff": (("diff", "schedules.yaml", "big"), TOO_LARGE),
    "next": (("next", "big"), TOO_LARGE),
    "manifest": (("check", "--jobs", "big", "schedules.yaml"), TOO_LARGE),
    "diff by a manifest": (("diff", "--jobs", "big", "schedules.yaml", "schedules.yaml"), TOO_LARGE),
    "crontab": (("import", "crontab", "big"), TOO_LARGE),
    "yacron": (("import", "yacron", "big"), TOO_LARGE),
    "systemd": (("import", "systemd", "big"), TOO_LARGE),
    "token": (("start", "--web", "127.0.0.1:0", "--web-token-file", "big", "schedules.yaml"), "big holds no token"),
    "secret": (("check", "--no-plugins", "secret.yaml"), "it is larger than 64 KiB"),
}


@pytest.fixture
def folder(terminal: Terminal) -> Path:
    terminal.write(FILE)
    terminal.write(f"{FILE}    environment:\n      TOKEN: ${{file:big}}\n", "secret.yaml")
    return terminal.folder


@pytest.mark.parametrize("reader", READERS)
def test_a_file_over_its_bound_is_refused_in_words(folder: Path, reader: str) -> None:
    words, said = READERS[reader]
    with (folder / "big").open("wb") as big:
        big.truncate(LARGEST + 1)

    answer = typed(*words)

    assert said in answer.out + answer.err
    assert answer.code in ({0} if reader == "secret" else {1, 2})


@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_that_nobody_writes_into_is_not_waited_for(folder: Path, reader: str) -> None:
    os.mkfifo(folder / "big")

    answer = typed(*READERS[reader][0])

    assert "it is a named pipe, and no file" in answer.out + answer.err


def test_a_revision_over_the_bound_is_refused_in_words(folder: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True)

    git("init", "-q")
    with (folder / "schedules.yaml").open("wb") as big:
        big.truncate(LARGEST + 1)
    git("add", "schedules.yaml")
    git("commit", "-qm", "large")
    (folder / "schedules.yaml").write_text(FILE)

    answer = typed("diff", "--git", "HEAD")

    assert (answer.code, TOO_LARGE in answer.err) == (2, True)
