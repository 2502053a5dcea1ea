"""Secrets that lie in files beside the schedules.yaml, or where systemd puts credentials."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aperture_plugin.files.secret_files import SecretFiles, SecretVariables


def test_a_path_starts_from_the_folder_of_the_file_and_one_line_end_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_bytes(b"hunter22\n\n")
    secret = SecretFiles(tmp_path, {})

    assert secret("file:secrets/token").text == "hunter22\n"
    assert secret(f"file:{tmp_path}/secrets/token").text == "hunter22\n"


@pytest.mark.parametrize(("content", "text"), [(b"a\r\n", "a"), (b"a", "a"), (b"", ""), (b"a \n", "a ")])
def test_only_a_trailing_line_end_is_no_part_of_the_secret(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "token").write_bytes(content)

    assert SecretFiles(tmp_path, {})("file:token").text == text


def test_a_credential_lies_where_systemd_says(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("hunter22")

    assert SecretFiles(Path("/"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})("credential:db").text == "hunter22"
    assert "CREDENTIALS_DIRECTORY is not set" in SecretFiles(tmp_path, {})("credential:db").problem


@pytest.mark.parametrize("name", ["../db", "/etc/passwd", "..", ""])
def test_a_credential_is_named_without_a_path(tmp_path: Path, name: str) -> None:
    found = SecretFiles(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)})(f"credential:{name}")

    assert (found.text, found.problem) == (None, "a credential has a name, and no path")


def test_what_cannot_be_a_secret_says_why(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "zero").write_bytes(b"a\0b")
    os.mkfifo(tmp_path / "pipe")
    secret = SecretFiles(tmp_path, {})

    assert [secret(f"file:{name}").problem for name in ("large", "latin", "zero", "pipe", "nothing", ".")] == [
        "it is larger than 64 KiB",
        "it is not UTF-8",
        "there is a NUL in it",
        "it cannot be read: it is a named pipe, and no file",
        "it is not there",
        "it cannot be read: Is a directory",
    ]


def test_a_file_that_every_user_may_read_is_open(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter22")
    secret = SecretFiles(tmp_path, {})

    found = []
    for mode in (0o600, 0o640, 0o644, 0o604):
        (tmp_path / "token").chmod(mode)
        found.append(secret("file:token").is_open)

    assert found == [False, False, True, True]


def test_files_stand_beside_the_variables_of_an_environment(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter22\n")
    variables = SecretVariables(tmp_path, {"HOME": "/root"})

    assert (variables["file:token"], variables["HOME"], list(variables)) == ("hunter22", "/root", ["HOME"])
    assert "file:nothing" not in variables
