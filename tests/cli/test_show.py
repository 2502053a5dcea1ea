"""`aperture show`."""

from __future__ import annotations

import subprocess
import sys
from time import process_time

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

URL = "psql postgresql://me:hunter22@host/db"
FILE = """\
timezone: Europe/Riga
preset: home
defaults:
  timeout: 4 hours
presets:
  home:
    schedules:
      scan: daily at 2 AM
schedules:
  scan:
    queue: default
    params:
      token: ${TOKEN}
      password: verysecret
      login:
        api_key: alsosecret
        user: jane
"""


def test_a_password_within_an_address_is_masked_in_any_value(world: World, shell: Shell) -> None:
    world.write(f"schedules:\n  one:\n    schedule: manual\n    command: {URL}\n")

    assert "postgresql://me:•••@host/db" in shell("show").out


def test_a_long_text_is_shown_without_delay(world: World, shell: Shell) -> None:
    world.write(f"schedules:\n  scan:\n    schedule: manual\n    command: x\n    description: {'x' * 100_000}@=\n")
    before = process_time()

    answer = shell("show", "scan")

    assert "x" * 100_000 in answer.out
    assert process_time() - before < 5


def test_each_value_comes_with_its_layer_and_line(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hush")
    world.write(FILE)

    answer = shell("show", "scan")

    assert answer.lines[:9] == [
        "schedules.yaml · preset home · Europe/Riga",
        "",
        "scan: Daily at 2:00 AM",
        "  schedule          daily at 2 AM             preset home  schedules.yaml:8",
        "  timeout           4 hours                   defaults     schedules.yaml:4",
        "  queue             default                   schedules    schedules.yaml:11",
        "  params: token     ${TOKEN}                  environment  schedules.yaml:13",
        "  params: password  •••                       schedules    schedules.yaml:14",
        "  params: login     api_key: •••, user: jane  schedules    schedules.yaml:16",
    ]
    assert "  missed            run once" in answer.out


def test_no_secret_is_shown(world: World, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hush-hush")
    monkeypatch.setenv("APERTURE_STATE", "postgresql+psycopg://me:geheim1@host/db")
    world.write(FILE)

    out = shell("show").out + shell("show", "scan").out + shell("show", "--format", "json").out

    for secret in ("hush-hush", "geheim1", "verysecret", "alsosecret"):
        assert secret not in out
    assert "postgresql+psycopg://me:•••@host/db" in out


def test_the_json_has_every_value(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n")

    answer = shell("show", "--format", "json", "--state", "sqlite:///other.db").json

    assert (answer["file"], answer["preset"]) == ("schedules.yaml", None)
    [state] = [value for value in answer["values"] if value["key"] == "state"]
    assert (state["value"], state["layer"]) == ("sqlite:///other.db", "command line")
    [scan] = answer["jobs"]
    assert scan["values"][0] == {
        "key": "schedule",
        "value": "daily at 2 AM",
        "layer": "schedules",
        "file": "schedules.yaml",
        "line": 2,
        "column": 9,
        "variables": [],
    }


def test_a_job_that_only_a_plugin_knows_has_the_defaults(world: World, shell: Shell) -> None:
    world.write("defaults:\n  timeout: 4 hours\nschedules:\n  scan: daily at 2 AM\n")
    (world.folder / "hooks").mkdir()
    (world.folder / "hooks" / "host.py").write_text(
        "from aperture_plugin import Job, hookimpl\n\n"
        "@hookimpl\ndef aperture_jobs():\n    yield Job('scan', print)\n    yield Job('backup', print)\n"
    )

    answer = shell("show", "backup")

    assert "backup: Manual only" in answer.lines
    assert "4 hours" in answer.out


def test_a_job_that_does_not_exist_is_wrong_usage(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n")

    answer = shell("show", "scna")

    assert (answer.code, answer.err.splitlines()[1]) == (2, '   hint: did you mean "scan"?')


def test_the_accepted_files_are_listed_newest_first(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n").start(at="2026-01-10 01:00")
    world.clock.advance("1 hour")
    world.save("schedules:\n  scan: daily at 3 AM\n  sync: hourly\n")
    world.save("schedules:\n  scan: daily at 3 AM\n  sync: every hour\n")

    text, listed = shell("show", "--generations"), shell("show", "--generations", "--format", "json").json

    assert [line.split() for line in text.lines[2:]] == [
        ["2", "2:00", "AM", "2", "schedules.yaml", "as", "it", "is", "now"],
        ["1", "1:00", "AM", "1", "schedules.yaml"],
    ]
    assert listed == [
        {"generation": 2, "accepted_at": "2026-01-10T02:00:00+00:00", "file": "schedules.yaml"},
        {"generation": 1, "accepted_at": "2026-01-10T01:00:00+00:00", "file": "schedules.yaml"},
    ]


def test_one_accepted_file_is_printed_byte_for_byte_even_when_the_file_is_gone(world: World, shell: Shell) -> None:
    odd = "\ufeffschedules:\r\n  scan: daily at 2 AM  # café, without a line end"
    world.file.write_bytes(odd.encode())
    world.start(at="2026-01-10 01:00").stop()
    world.file.unlink()

    words = [sys.executable, "-m", "aperture_plugin", "show", "--generation", "1"]
    printed = subprocess.run(words, check=True, capture_output=True)
    assert printed.stdout == odd.encode()
    assert shell("show", "--generation", "1", "--format", "json").json["text"] == odd


def test_a_generation_that_is_not_kept_is_wrong_usage(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n").start(at="2026-01-10 01:00")

    answer = shell("show", "--generation", "7")

    assert answer.code == 2
    assert answer.err == "error: there is no generation 7 on the store\n   hint: expected one of 1\n"
    assert shell("show", "scan", "--generation", "1").code == 2
    assert shell("show", "--generation", "1", "--generations").code == 2


def test_where_nothing_is_kept_yet_that_is_said(world: World, shell: Shell) -> None:
    world.write("schedules:\n  scan: daily at 2 AM\n")

    assert shell("show", "--generations").out == "nothing is kept yet: aperture start keeps each file that it accepts\n"
    assert "none is kept yet" in shell("show", "--generation", "1").err
