"""`aperture show`."""

from __future__ import annotations

import pytest

from aperture_plugin.testing import World
from tests.cli.conftest import Shell

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
